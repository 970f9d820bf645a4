"""Make docs/music-tags.md and its charts.

python -m deltasim.workloads.music_tags.making OUT --data sounds --seed 0       (and 1, and 2)
python -m deltasim.validation.music_tags OUT docs/music-tags.md
"""

from __future__ import annotations

import sys
from pathlib import Path

from deltasim.runtime.errors import InputError
from deltasim.validation.music_tags.charts import energy_chart, parameter_chart
from deltasim.validation.music_tags.measured import families_in
from deltasim.validation.music_tags.page import ENERGY_CHART, PARAMETER_CHART, page


def main(source: Path, target: Path) -> None:
    """Write the page and its charts."""
    found = families_in(source)
    command = f"python -m deltasim.validation.music_tags OUT {target.as_posix()}"
    (target.parent / PARAMETER_CHART).write_text(parameter_chart(found))
    (target.parent / ENERGY_CHART).write_text(energy_chart(found))
    target.write_text(page(found, command))


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    except InputError as error:
        sys.exit(str(error))
