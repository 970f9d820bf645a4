"""How many transactions a second the DRAM model runs, from reading the trace file to the result.

    python benchmarks/dram.py TRACE [TRACE ...]

The best of several runs is told for every memory, trace and window; loading compiled code is left out.
"""

from __future__ import annotations

import sys
from pathlib import Path

from deltasim.tables import print_table
from simulator.dram.loading import load_standard
from simulator.dram.run_trace import run_trace

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


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
