"""The bursts of a column: what a core asks its memory for at one time."""

from __future__ import annotations

from typing import NamedTuple

from deltasim.runtime.compiling import kernel

WHOLE = 1 << 62
"""A burst that no column reaches: every column is one burst."""


class DmaBurst(NamedTuple):
    """A run of bytes of a column, and the words that are complete with its last byte."""

    address: int
    bytes: int
    words: int


@kernel
def bursts_of(address: int, size: int, burst_bytes: int) -> int:
    """How many bursts a column of ``size`` bytes makes: it is cut at every multiple of ``burst_bytes``.

    >>> int(bursts_of(100, 64, 64)), int(bursts_of(128, 64, 64)), int(bursts_of(100, 64, WHOLE))
    (2, 1, 1)
    """
    return (address + size - 1) // burst_bytes - address // burst_bytes + 1


@kernel
def burst_of(address: int, size: int, words: int, burst_bytes: int, number: int) -> DmaBurst:
    """Burst ``number`` (from 0) of a column of ``words`` words that lies at ``address``.

    Words lie packed, so byte *b* of the column completes word ⌊b · words / size⌋; a word belongs to the
    burst that holds its last byte.

    >>> [tuple(map(int, burst_of(100, 64, 16, 64, number))) for number in range(2)]
    [(100, 28, 7), (128, 36, 9)]
    """
    first = address // burst_bytes + number
    start, end = max(address, first * burst_bytes), min(address + size, (first + 1) * burst_bytes)
    before = (start - address) * words // size
    return DmaBurst(start, end - start, (end - address) * words // size - before)
