"""A banked memory that serves several streams at once: which bank is taken in which cycle."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from deltasim.runtime.compiling import kernel

Reserved = npt.NDArray[np.int64]

MOST_BANKS = 62  # a bit of an integer for each
NEVER = -1


class Stream(NamedTuple):
    """When a stream's accesses take place, in cycles of the memory, and how many had to wait for a bank."""

    first_cycle: int
    last_cycle: int
    conflicts: int


def nothing_reserved(window: int) -> Reserved:
    """The reservations of an idle memory: pairs (cycle, banks taken in it). Shape (2 * window,)."""
    return np.full(2 * window, NEVER, np.int64)


def window_of(slots: int, longest_bytes: int, width_bytes: int) -> int:
    """How many cycles ahead ``slots`` streams of at most so many bytes can reserve.

    An access takes a cycle of its own and waits at most for all accesses of the others.

    >>> window_of(slots=2, longest_bytes=64, width_bytes=8)
    22
    """
    return slots * (longest_bytes // width_bytes + 2) + 2


@kernel
def accesses_of(address: int, size: int, width_bytes: int) -> int:
    """How many words ``size`` bytes from ``address`` lie in.

    >>> int(accesses_of(6, 4, 8)), int(accesses_of(8, 8, 8))
    (2, 1)
    """
    return (address + size - 1) // width_bytes - address // width_bytes + 1


@kernel
def reserve(
    reserved: Reserved,
    start: int,
    window: int,
    banks: int,
    interleave: int,
    word: int,
    accesses: int,
    cycle: int,
) -> Stream:
    """Reserve a bank for every access of a stream, one after another, from ``cycle`` on.

    Word *w* lies in bank ⌊w / interleave⌋ mod banks. An access takes its bank for one cycle; where an
    earlier stream has it, the access waits, and all behind it: one conflict, however long it waits.
    ``reserved`` holds the memory's reservations from ``start`` on.

    >>> reserved = nothing_reserved(20)
    >>> tuple(map(int, reserve(reserved, 0, 20, 4, 1, 0, 4, 0)))       # banks 0 1 2 3 in cycles 0 to 3
    (0, 3, 0)
    >>> tuple(map(int, reserve(reserved, 0, 20, 4, 1, 3, 2, 3)))       # bank 3 is taken in cycle 3
    (4, 5, 1)
    """
    first = last = cycle
    conflicts = 0
    for access in range(accesses):
        bit = 1 << ((word + access) // interleave % banks)
        waited = False
        at = start + 2 * (cycle % window)
        while reserved[at] == cycle and reserved[at + 1] & bit:
            waited = True
            cycle += 1
            at = start + 2 * (cycle % window)
        if reserved[at] != cycle:
            reserved[at], reserved[at + 1] = cycle, 0
        reserved[at + 1] |= bit
        conflicts += waited
        if access == 0:
            first = cycle
        last = cycle
        cycle += 1
    return Stream(first, last, conflicts)
