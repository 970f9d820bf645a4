"""Bytes over time in a fixed number of bins, whose width doubles as time goes on.

A timeline is a row of integers: the binary logarithm of the bins' width in picoseconds, then the bytes of
each bin. What is entered flows evenly; where a bin ends inside it, the bytes up to there are rounded down. So
a bin holds just what the two bins it was folded from held, and the order of entries changes nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from deltasim.runtime.compiling import kernel

Row = npt.NDArray[np.int64]

BINS = 256
WIDTH = 0  # the place of log2 of the width; the bins follow
FIRST_WIDTH = 10  # 1.024 ns
LARGEST = 2**63 - 1


def empty_timelines(number: int) -> Row:
    """Rows into which nothing has been entered. Shape (number, 1 + BINS)."""
    rows = np.zeros((number, 1 + BINS), np.int64)
    rows[:, WIDTH] = FIRST_WIDTH
    return rows


@kernel
def enter(row: Row, first_ps: int, last_ps: int, amount: int) -> None:
    """Enter bytes that flow from ``first_ps`` to ``last_ps``, or in one picosecond where these are the same.

    Of a flow so long that bytes times picoseconds do not fit into 64 bits, times count in powers of two.

    >>> row = empty_timelines(1)[0]
    >>> enter(row, 1000, 3000, 100)                 # bins of 1024 ps: 1.2 % of it lie in the first
    >>> row[1:5].tolist()
    [1, 51, 48, 0]
    """
    end = max(last_ps, first_ps + 1)
    while (end - 1) >> row[WIDTH] >= BINS:
        fold(row)
    given, place, coarse = 0, first_ps >> row[WIDTH], 0
    while (end - first_ps) >> coarse > LARGEST // max(1, amount):
        coarse += 1
    while given < amount:
        border = (place + 1) << row[WIDTH]
        flowed = amount
        if place + 1 < BINS and border < end:
            flowed = amount * ((border - first_ps) >> coarse) // ((end - first_ps) >> coarse)
        row[1 + place] += flowed - given
        given, place = flowed, place + 1


@kernel
def fold(row: Row) -> None:
    """Make every bin twice as wide."""
    for place in range(BINS // 2):
        row[1 + place] = row[1 + 2 * place] + row[2 + 2 * place]
    row[1 + BINS // 2 :] = 0
    row[WIDTH] += 1
