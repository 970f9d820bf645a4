"""``python -m deltasim`` is the command ``deltasim``."""

import sys

from deltasim.main import main

if __name__ == "__main__":
    sys.exit(main())
