"""Measure deltasim's speed and write docs/benchmarks.md, or print one table.

python -m benchmarks                      all tables into docs/benchmarks.md (make bench)
python -m benchmarks engines work         these tables to the terminal
python -m benchmarks --quick --out FILE   small sizes, to see that every benchmark still works
python -m benchmarks mutants              how many deliberate faults the tests notice (benchmarks/mutation)
python -m benchmarks guard                whether anything is slower than in the last release
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
TABLES = {
    "delta-gru": "benchmarks.delta_gru",
    "training": "benchmarks.training",
    "engines": "benchmarks.engines",
    "dense": "benchmarks.dense",
    "work": "benchmarks.work",
    "spiking": "benchmarks.spiking_table",
    "memory": "benchmarks.memory",
    "exploration": "benchmarks.studies.rate",
}
APART = {  # on pages of their own: measured only when they are named
    "large": "benchmarks.large_table",  # takes many minutes and gigabytes
    "exploration-large": "benchmarks.studies.ten_thousand",  # a quarter of an hour, in two processes
    "stored-points": "benchmarks.studies.stored_points",  # makes a file of 100,000 points first
    "racing": "benchmarks.studies.racing",  # every study whole, raced, and raced again
    "dram": "benchmarks.dram.rule",
    "dram-columns": "benchmarks.dram.columns",
}
HEAD = """\
# How fast

`make bench` measures everything below side by side in one run and writes this page; contestants take
turns, and a figure is the median (lowest to highest). A goal that is missed is printed as missed. A
[large run](benchmarks-large.md) and the [DRAM model](benchmarks-dram.md) stand on pages of their own.

"""


def main(arguments: Sequence[str]) -> None:
    """Measure what is asked for."""
    if arguments[:1] == ["mutants"]:
        from benchmarks.mutation.command import main as try_mutants

        try_mutants(arguments[1:])
        return
    if arguments[:1] == ["guard"]:
        from benchmarks.guard.command import main as guard

        guard(arguments[1:])
        return
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure deltasim's speed.")
    names = ", ".join([*TABLES, *APART])
    parser.add_argument(
        "tables", nargs="*", metavar="TABLE", help=f"{names}; default: all but {', '.join(APART)}, as a page"
    )
    parser.add_argument("--quick", action="store_true", help="small sizes: does every benchmark still work?")
    parser.add_argument("--out", type=Path, default=None, help=f"page to write; default: docs/{PAGE.name}")
    asked = parser.parse_args(arguments)
    unknown = [name for name in asked.tables if name not in {**TABLES, **APART}]
    if unknown:
        parser.error(f"{unknown[0]}: there is no such table; there are: {names}")
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    from benchmarks.machine import machine

    parts = ["# Measured\n\n" if asked.tables else HEAD, machine()]
    for name in asked.tables or TABLES:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        parts.append(
            "\n" + importlib.import_module({**TABLES, **APART}[name]).measure(quick=asked.quick).markdown()
        )
    if asked.tables and asked.out is None:
        print("".join(parts[1:]))
        return
    target = asked.out or PAGE
    aside = target.with_name(f".{target.name}.part")
    aside.write_text("".join(parts), encoding="utf-8")
    os.replace(aside, target)
    print(f"The page is {target}", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
