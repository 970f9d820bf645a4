"""How many transactions a second the DRAM model runs, from reading the trace file to the result.

    python benchmarks/dram.py TRACE [TRACE ...]

The best of several runs is told for every memory, trace and window; loading compiled code is left out. A
second table tells what a weight column of 2304 bytes costs an engine (`ask`, `advance` and `take` of
`simulator.dram.stream`), in processor time.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from deltasim.tables import print_table
from networks.kernels import compiled
from simulator.dram.loading import load_standard
from simulator.dram.mapping import address_bits
from simulator.dram.packing import pack
from simulator.dram.run_trace import run_trace
from simulator.dram.state import Integers
from simulator.dram.stream import advance, ask, take

MEMORIES = ("DDR3-1600", "DDR4-2400")
WINDOWS = (0, 8, 1)
RUNS = 9


def main(traces: list[Path]) -> None:
    """Measure and print a table."""
    rows = []
    for name in MEMORIES:
        standard = load_standard(name)
        for trace in traces:
            for window in WINDOWS:
                results = [run_trace(standard, trace, window=window) for _ in range(RUNS)]
                best = min(result.wall_s for result in results)
                rows.append((name, trace.stem, window, f"{results[0].transactions / best / 1e6:.1f}"))
    print_table("Millions of transactions a second", ("memory", "trace", "window", "rate"), rows)
    rows = [
        (name, outstanding, *column_cost(name, outstanding))
        for name in ("DDR3-1600", "DDR4-2400", "HBM2-2000", "LPDDR5-6400")
        for outstanding in (1, 2, 8)
    ]
    print_table("A column of 2304 bytes", ("memory", "outstanding", "us", "calls of advance"), rows)


def column_cost(name: str, outstanding: int) -> tuple[str, str]:
    """Microseconds and calls of one column, the best of several runs over 20,000 columns."""
    standard = load_standard(name)
    random = np.random.default_rng(0)
    columns = np.sort(random.integers(0, 6144, (100, 200)), axis=1).ravel()  # messages go up in a step
    best, calls = float("inf"), 0
    for _ in range(RUNS):
        flat = pack(standard.timing(), address_bits(standard), outstanding)
        fetch(flat, columns[:1], outstanding)  # so that loading is left out
        flat = pack(standard.timing(), address_bits(standard), outstanding)
        started = time.process_time()
        calls = fetch(flat, columns, outstanding)
        best = min(best, time.process_time() - started)
    return f"{best / len(columns) * 1e6:.2f}", f"{calls / len(columns):.2f}"


def fetch_columns(flat: Integers, columns: Integers, outstanding: int) -> int:
    """Fetch columns one after another, so many under way at a time; give the calls of `advance`."""
    now, asked, done, calls = 0, 0, 0, 0
    while done < columns.size:
        while asked < columns.size and asked - done < outstanding:
            ask(flat, now, asked, columns[asked] * 2304, 2304, 0)
            asked += 1
        now = advance(flat, now)
        advance(flat, now)
        calls += 2
        while take(flat, now).ticket >= 0:
            done += 1
    return calls


fetch = compiled(fetch_columns, cache=False)  # nobody would notice that a copy on disk is of an old rule


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
