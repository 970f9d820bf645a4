"""Hot columns near the core, the others in the DRAM: the placement ``pinned``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from deltasim.runtime.arrays import Flags, Integers
from deltasim.simulator.mapping.capacity import Allocator, Need


class Heat(NamedTuple):
    """The columns that a core stores of one projection: bytes each takes, bytes messages fetch of it."""

    bytes: Integers
    fetched: Integers


def heat_of(need: Need, words: Integers, counts: Integers) -> Heat:
    """``words`` a message of each source fetches on this core, ``counts`` messages each sent: (sources,).

    A convolution's sources share a column: what they fetch adds up.

    >>> from deltasim.simulator.mapping.column_format import Even
    >>> need = Need(0, "a->b", "b", 0, Even(columns=2, words=3, sources_per_column=2), None, bits=8)
    >>> heat_of(need, np.array([3, 2, 3, 3]), np.array([1, 2, 0, 1]))
    Heat(bytes=array([3, 3]), fetched=array([7, 3]))
    """
    size = (words * (need.bits + need.column_format.index_bits) + 7) // 8
    fetched = (counts * size).reshape(-1, need.column_format.sources_per_column).sum(axis=1)
    stride = need.column_format.stride(need.bits)
    return Heat(size if stride == 0 else np.full(fetched.size, stride, np.int64), fetched)


def near_columns(needs: Sequence[Need], heats: Sequence[Heat], free_bytes: int) -> list[Flags]:
    """Which columns of blocks that share a memory with ``free_bytes`` bytes left are kept there, block by
    block.

    The hottest come first: most bytes fetched for a byte of room, which for a column of its own is how often
    its source sent. Of equals, the first by projection, source and core. A column that does not fit is
    passed over, and colder ones are still tried.

    >>> from deltasim.simulator.mapping.column_format import Even
    >>> need = Need(0, "a->b", "b", 0, Even(columns=3, words=4, sources_per_column=1), None, bits=8)
    >>> heat = heat_of(need, np.array([4, 4, 4]), np.array([2, 9, 5]))
    >>> near_columns([need], [heat], free_bytes=11)[0].tolist()
    [False, True, True]
    """
    sizes = np.concatenate([heat.bytes for heat in heats])
    density = np.concatenate([heat.fetched for heat in heats]) / np.maximum(sizes, 1)
    source = np.concatenate([np.arange(heat.bytes.size) for heat in heats])
    lengths = [heat.bytes.size for heat in heats]
    projection = np.repeat([need.projection for need in needs], lengths)
    core = np.repeat([need.core for need in needs], lengths)
    order = np.lexsort((core, source, projection, -density))
    kept = np.zeros(sizes.size, np.bool_)
    kept[order] = fill(sizes[order], free_bytes)
    return np.split(kept, np.cumsum(lengths)[:-1])


def fill(sizes: Integers, free_bytes: int) -> Flags:
    """Take each in turn that still fits.

    >>> fill(np.array([4, 5, 3, 2]), 9).tolist(), fill(np.array([4, 7, 3, 2]), 9).tolist()
    ([True, True, False, False], [True, False, True, True])
    """
    taken = np.zeros(sizes.size, np.bool_)
    left = np.flatnonzero(sizes <= free_bytes)
    while left.size:
        ends = np.cumsum(sizes[left])
        fitting = int(np.searchsorted(ends, free_bytes, side="right"))  # at least the first: all fit alone
        taken[left[:fitting]] = True
        free_bytes -= int(ends[fitting - 1])
        left = left[fitting:]
        left = left[sizes[left] <= free_bytes]
    return taken


def take_near(allocator: Allocator, sizes: Sequence[int]) -> list[int]:
    """Addresses of the kept columns of each block, one block after another without gaps.

    >>> take_near(Allocator("scratchpad", 0, 0, size_bytes=64, access_bytes=16, taken_bytes=5), [3, 7])
    [16, 19]
    """
    base = allocator.allocate(sum(sizes))
    return list(accumulate(sizes[:-1], initial=base))
