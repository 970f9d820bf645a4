"""Make docs/speech.md and its chart.

python -m deltasim.workloads.speech.making OUT --reading READING.npz --data speech
python -m deltasim.validation.speech OUT docs/speech.md
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from deltasim.runtime.errors import InputError
from deltasim.validation.speech.charts import error_chart
from deltasim.validation.speech.measured import CHIPS, measured
from deltasim.validation.speech.page import CHART, page
from deltasim.validation.speech.published import SWEPT, costed


def main(arguments: list[str]) -> None:
    """Write the page and its chart."""
    parser = argparse.ArgumentParser(prog="python -m deltasim.validation.speech", description=__doc__)
    parser.add_argument("source", type=Path, help="what the making wrote")
    parser.add_argument("target", type=Path)
    parser.add_argument("--data", default="speech", help="speech, or a folder with speech.npz")
    given = parser.parse_args(arguments)
    found = measured(given.source, given.data)
    command = f"python -m deltasim.validation.speech OUT {given.target.as_posix()}"
    own = round(1 / found.delta.saved, 3)
    runs = costed(sorted({*SWEPT, own}, reverse=True), CHIPS)
    text = page(found, runs, own, command)
    (given.target.parent / CHART).write_text(error_chart(found))
    given.target.write_text(text)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except InputError as error:
        sys.exit(str(error))
