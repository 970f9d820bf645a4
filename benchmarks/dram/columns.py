"""What a weight column costs an engine that asks the DRAM rule for it."""

from __future__ import annotations

import time

import numpy as np

from benchmarks.tables import Table, spread
from deltasim.runtime.compiling import compiled
from deltasim.simulator.dram.loading import load_standard
from deltasim.simulator.dram.mapping import address_bits
from deltasim.simulator.dram.scheduling.controller import advance, ask, take
from deltasim.simulator.dram.scheduling.packing import pack
from deltasim.simulator.dram.scheduling.state import Integers

MEMORIES = ("DDR3-1600", "DDR4-2400", "LPDDR5-6400", "HBM2-2000")
OUTSTANDING = (1, 2, 8)
WIDTH = 2304
ABOUT = """\
Columns of 2304 bytes (36 bursts; LPDDR5 and HBM2 72) out of 6144, {messages} in a step and in order, fetched
by `ask`, `advance` and `take` of the DRAM controller, so many outstanding at a time. Microseconds of
processor time a column: median (lowest to highest) of {repeats} runs over {columns:,} columns; and calls of
`advance` a column."""


def measure(quick: bool = False) -> Table:
    """Microseconds a column for every memory and number of columns outstanding."""
    repeats, steps, messages = (2, 2, 50) if quick else (15, 50, 200)
    random = np.random.default_rng(0)
    numbers = np.sort(random.integers(0, 6144, (steps, messages)), axis=1).ravel()
    rows = tuple(
        (name, str(outstanding), *cost(name, outstanding, numbers, repeats))
        for name in MEMORIES
        for outstanding in OUTSTANDING
    )
    about = ABOUT.format(messages=messages, repeats=repeats, columns=numbers.size)
    columns = ("memory", "outstanding", "us a column", "calls")
    return Table("A column from DRAM", about, "python -m benchmarks dram-columns", columns, rows)


def cost(name: str, outstanding: int, numbers: Integers, repeats: int) -> tuple[str, str]:
    """Microseconds and calls of one column."""
    standard = load_standard(name)
    spent, calls = [], 0
    for _ in range(repeats):
        flat = pack(standard.timing(), address_bits(standard), outstanding)
        fetch(flat, numbers[:1], outstanding)  # so that compiling and loading are left out
        flat = pack(standard.timing(), address_bits(standard), outstanding)
        began = time.process_time()
        calls = fetch(flat, numbers, outstanding)
        spent.append((time.process_time() - began) / len(numbers) * 1e6)
    return spread(spent), f"{calls / len(numbers):.1f}"


def fetch_columns(flat: Integers, numbers: Integers, outstanding: int) -> int:
    """Fetch columns one after another, so many under way at a time; give the calls of `advance`."""
    now, asked, done, calls = 0, 0, 0, 0
    while done < numbers.size:
        while asked < numbers.size and asked - done < outstanding:
            ask(flat, now, asked, numbers[asked] * WIDTH, WIDTH, 0)
            asked += 1
        now = advance(flat, now)
        advance(flat, now)
        calls += 2
        while take(flat, now).ticket >= 0:
            done += 1
    return calls


fetch = compiled(fetch_columns)
