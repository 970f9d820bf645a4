"""Points a minute and core of `deltasim explore`, on studies fixed before the work on it."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.tables import Table, against
from deltasim.api.exploring import explore
from deltasim.exploration.study import Study

ABOUT = """\
Spoken digits (synthetic), {limit} sequences, every reported point on all of them, in one process. The
messages are made beforehand, by a study of one point. *Settled* are points simulated, or proved to be
dominated without a simulation; points a minute are of all that were settled, and beside them of those that
were simulated, with the bounds and without."""

GOALS = {"scratchpads": 1000.0, "caches": 200.0}
STUDIES: dict[str, dict[str, Any]] = {
    "scratchpads": {
        "base": "mesh16",
        "parameters": {
            "memories.scratchpad.size": ["12 KiB", "16 KiB", "24 KiB", "32 KiB"],
            "cores.mac.lanes": [2, 4, 8, 16],
            "cores.scan.elements_per_cycle": [4, 8, 16],
            "cores.clock": ["250 MHz", "500 MHz"],
        },
    },
    "caches": {
        "base": "mesh16-cached",
        "parameters": {
            "memories.cache.size": ["16 KiB", "32 KiB", "64 KiB"],
            "memories.cache.ways": [2, 4],
            "cores.mac.lanes": [4, 8],
        },
    },
}


def explored(name: str, limit: int, folder: Path, bounds: bool, first: bool) -> tuple[Study, float]:
    """One study afresh, and the seconds it took; of ``first`` values alone, a single point."""
    study = {"benchmark": "digits", "data": "synthetic", "limit": limit, "name": name} | STUDIES[name]
    study["objectives"] = ["energy", "latency", "area"]
    if first:
        study["parameters"] = {key: values[:1] for key, values in study["parameters"].items()}
    began = time.perf_counter()
    found = explore(study, folder / f"{name}-{bounds}-{first}.db", jobs=1, bounds=bounds)
    return found, time.perf_counter() - began


def measure(quick: bool = False) -> Table:
    """Measure every study."""
    limit = 1 if quick else 60
    rows = []
    for name in STUDIES:
        with tempfile.TemporaryDirectory() as folder:
            explored(name, limit, Path(folder), True, True)
            found, seconds = explored(name, limit, Path(folder), True, quick)
            _, whole_s = explored(name, limit, Path(folder), False, quick)
        points, simulated = len(found.points), found.tally()["done"]
        rate = 60 * points / seconds
        rows.append(
            (
                name,
                f"{points:,}",
                f"{simulated:,}",
                f"{rate:,.0f}",
                f"{60 * simulated / seconds:,.0f}",
                f"{60 * points / whole_s:,.0f}",
                f"{GOALS[name]:,.0f}",
                against([rate], GOALS[name]),
            )
        )
    columns = ("study", "settled", "simulated", "settled a minute", "simulated a minute",
               "a minute without bounds", "goal", "")  # fmt: skip
    about = ABOUT.format(limit=limit)
    return Table("Exploration", about, "python -m benchmarks exploration", columns, tuple(rows))
