"""10,000 points of the scratchpads study, in two processes."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.networks.spoken_digits import write_digits
from benchmarks.studies.rate import STUDIES
from benchmarks.tables import Table
from deltasim.api.exploring import explore

ABOUT = """\
The study *scratchpads* of the page on speed with more values of each of its parameters: spoken digits
(synthetic, {limit} sequences), every reported point on all of them, bounds as usual, in two processes. The
messages are made beforehand."""

GOAL_S = 900.0
PARAMETERS: dict[str, list[Any]] = {
    "memories.scratchpad.size": [f"{size} KiB" for size in (12, 14, 16, 20, 24, 28, 32, 40, 48, 64)],
    "cores.mac.lanes": [1, 2, 3, 4, 6, 8, 10, 12, 16, 24],
    "cores.scan.elements_per_cycle": [1, 2, 3, 4, 6, 8, 10, 12, 16, 24],
    "cores.clock": [f"{clock} MHz" for clock in (100, 150, 200, 250, 300, 350, 400, 450, 500, 550)],
}


def measure(quick: bool = False) -> Table:
    """Explore them all; with ``quick`` two values of each parameter."""
    limit, values = (1, 2) if quick else (60, 10)
    study: dict[str, Any] = {"name": "scratchpads", "base": STUDIES["scratchpads"]["base"]}
    study["objectives"] = ["energy", "latency", "area"]

    def explored(count: int, path: Path) -> Any:
        parameters = {name: given[:count] for name, given in PARAMETERS.items()}
        return explore(study | {"parameters": parameters}, path, jobs=2)

    with tempfile.TemporaryDirectory() as folder:
        study |= write_digits(Path(folder), limit)
        explored(1, Path(folder) / "first.db")
        began = time.perf_counter()
        found = explored(values, Path(folder) / "all.db")
        seconds = time.perf_counter() - began
    tally = found.tally()
    row = (
        f"{len(found.points):,}",
        f"{tally['done']:,}",
        f"{tally['bounded']:,}",
        f"{seconds:,.0f}",
        f"{60 * len(found.points) / seconds / 2:,.0f}",
        f"{GOAL_S:,.0f} s",
        "" if quick else "reached" if seconds <= GOAL_S else "missed",
    )
    columns = ("points", "simulated", "bounded", "s", "a minute and core", "goal", "")
    command = "python -m benchmarks exploration-large"
    return Table("10,000 points", ABOUT.format(limit=limit), command, columns, (row,))
