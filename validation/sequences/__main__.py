"""Simple gated units beside GRU and LSTM, as dense and as delta networks: docs/sequences.md.

python -m deltasim.workloads.sequences.making OUT --seed 0      (seeds 0 to 2)
python -m deltasim.validation.sequences OUT docs/sequences.md
"""

from __future__ import annotations

import sys
from pathlib import Path

from deltasim.reports.cells.drawing import cell_drawing
from deltasim.runtime.errors import InputError
from deltasim.validation.sequences.measured import lines_in, of
from deltasim.validation.sequences.page import OURS, costs_of, page
from deltasim.validation.sequences.stability import driven, long_runs
from deltasim.workloads.sequences.making.__main__ import CELLS


def main(folder: Path, file: Path) -> None:
    """Measure, and write the page and its drawing."""
    lines = lines_in(folder)
    first = {cell: of(lines, "fsdd", cell)[0] for cell in CELLS}
    drawing = file.with_name(f"{file.stem}-dsgu.svg")
    drawing.write_text(cell_drawing("dsgu"), encoding="utf-8")
    text = page(
        lines,
        long_runs(list(first.values())),
        {cell: driven(cell) for cell in OURS},
        {cell: costs_of(line) for cell, line in first.items()},
        drawing.name,
        f"python -m deltasim.validation.sequences OUT docs/{file.name}",
    )
    file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    except InputError as error:
        sys.exit(str(error))
