"""A set-associative cache: which lines it holds, least recently used replaced first, written back when dirty.

A line's entry is ``2 * line + dirty``. The entries of a set stand in order of use, the latest first.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from deltasim.runtime.compiling import kernel

Entries = npt.NDArray[np.int64]

EMPTY = -1  # the entry of no line


class LineUse(NamedTuple):
    """What came of one look-up: whether the line was there, and what had to go for it."""

    hit: bool
    evicted: bool
    written_back: bool


class Lookup(NamedTuple):
    """Lines looked up together: some that hit, then a row of missing ones, up to ``next_line``."""

    hits: int
    first_missing: int
    missing: int
    evictions: int
    write_backs: int
    next_line: int


def empty_cache(sets: int, ways: int) -> Entries:
    """The entries of a cache that holds nothing. Shape (sets * ways,)."""
    return np.full(sets * ways, EMPTY, np.int64)


@kernel
def lines_of(address: int, size: int, line_bytes: int) -> tuple[int, int]:
    """The lines that ``size`` bytes from ``address`` lie in: (first, behind the last).

    >>> first, end = lines_of(100, 60, 64)
    >>> int(first), int(end)
    (1, 3)
    """
    return address // line_bytes, (address + size - 1) // line_bytes + 1


@kernel
def holds(entries: Entries, start: int, sets: int, ways: int, line: int) -> bool:
    """Whether a line is there; the cache's entries begin at ``start``. Changes nothing."""
    first = start + line % sets * ways
    place = first
    while place < first + ways and entries[place] >> 1 != line:
        place += 1
    return place < first + ways


@kernel
def use_line(entries: Entries, start: int, sets: int, ways: int, line: int, write: bool) -> LineUse:
    """Look a line up and make it the latest of its set; a missing one replaces the least recently used.

    A write makes the line dirty (write-back), and brings it in where it is missing (write-allocate).

    >>> entries = empty_cache(sets=1, ways=2)
    >>> [use_line(entries, 0, 1, 2, line, False).hit for line in (5, 6, 5, 7, 6)]     # 7 puts 6 out
    [False, False, True, False, False]
    """
    first = start + line % sets * ways
    place, last = first, first + ways - 1
    while place < last and entries[place] >> 1 != line:
        place += 1
    found = entries[place]
    hit = found >> 1 == line
    for later in range(place, first, -1):
        entries[later] = entries[later - 1]
    dirty = (found & 1 if hit else 0) | (1 if write else 0)
    entries[first] = 2 * line + dirty
    evicted = found != EMPTY and not hit
    return LineUse(hit, evicted, evicted and found & 1 == 1)


@kernel
def look_up_lines(
    entries: Entries, start: int, sets: int, ways: int, line: int, end: int, write: bool
) -> Lookup:
    """Look lines up from ``line`` on, up to the end of the first row of missing ones, or to ``end``.

    >>> entries = empty_cache(sets=4, ways=1)
    >>> _ = use_line(entries, 0, 4, 1, 2, False)
    >>> first = look_up_lines(entries, 0, 4, 1, 0, 4, False)
    >>> (first.first_missing, first.missing, first.next_line)
    (0, 2, 2)
    >>> second = look_up_lines(entries, 0, 4, 1, 2, 4, False)
    >>> (second.hits, second.first_missing, second.missing, second.next_line)
    (1, 3, 1, 4)
    """
    hits = evictions = write_backs = 0
    while line < end and holds(entries, start, sets, ways, line):
        use_line(entries, start, sets, ways, line, write)
        hits += 1
        line += 1
    first = line
    while line < end and not holds(entries, start, sets, ways, line):
        use = use_line(entries, start, sets, ways, line, write)
        evictions += use.evicted
        write_backs += use.written_back
        line += 1
    return Lookup(hits, first, line - first, evictions, write_backs, line)
