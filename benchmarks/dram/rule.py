"""How many transactions a second the DRAM model runs, from reading the trace file to the result."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np

from benchmarks.tables import Table, against, spread
from deltasim.simulator.dram.loading import load_standard
from deltasim.simulator.dram.run_trace import MemoryResult, run_trace
from deltasim.simulator.dram.scheduling.state import Integers

GOAL = 5.0  # millions a second
MEMORIES = ("DDR3-1600", "DDR4-2400", "LPDDR5-6400", "HBM2-2000")
SPACE = 64 << 20
ABOUT = """\
`run_trace` from the trace file to the result, as `deltasim memory` does; compiling and loading are left
out. A trace reads {size} of weight columns: *col256* and *col768* are columns of so many bytes at random
places in 64 MiB, *delta2304* columns of 2304 bytes in the order in which 1536 elements ask for them, a
tenth of them in a step. A transaction is a burst (64 bytes; LPDDR5 and HBM2 32). Millions of transactions
a second: median (lowest to highest) of {repeats} rounds in which all take turns, so that a slow minute of the
machine meets every row. Goal: 5."""


def measure(quick: bool = False) -> Table:
    """Millions of transactions a second for every memory and trace."""
    size, repeats = (64 << 10, 2) if quick else (4 << 20, 15)
    standards = {name: load_standard(name) for name in MEMORIES}
    runs: dict[tuple[str, str], list[MemoryResult]] = {}
    with tempfile.TemporaryDirectory() as folder:
        made = traces(size)
        for trace, (places, width) in made.items():
            Path(folder, trace).write_text("".join(f"R {place} {width}\n" for place in places))
        for _ in range(repeats):
            for trace, (name, standard) in product(made, standards.items()):
                runs.setdefault((name, trace), []).append(run_trace(standard, Path(folder, trace)))
    rows = []
    for pair, results in runs.items():
        rates = [result.transactions / result.wall_s / 1e6 for result in results]
        rows.append((*pair, f"{results[0].transactions:,}", spread(rates, 1), against(rates, GOAL)))
    about = ABOUT.format(size=f"{size >> 10} KiB", repeats=repeats)
    columns = ("memory", "trace", "transactions", "millions a second", "goal 5")
    return Table("DRAM", about, "python -m benchmarks dram", columns, tuple(sorted(rows)))


def traces(size: int) -> dict[str, tuple[Integers, int]]:
    """Byte addresses and bytes of the columns of every trace."""
    random = np.random.default_rng(0)
    steps = np.concatenate(list(read_in_order(random, size // 2304)))
    return {
        "col256": (random.integers(0, SPACE // 256, size // 256) * 256, 256),
        "col768": (random.integers(0, SPACE // 768, size // 768) * 768, 768),
        "delta2304": (steps * 2304, 2304),
    }


def read_in_order(random: np.random.Generator, columns: int) -> Iterator[Integers]:
    """Columns that 10 % of 1536 elements ask for, step by step."""
    while columns > 0:
        sent = np.flatnonzero(random.random(1536) < 0.1)[:columns]
        columns -= len(sent)
        yield sent
