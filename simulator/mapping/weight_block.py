"""A block of weights: the columns of one projection that one core needs and one memory holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from deltasim.runtime.arrays import Flags, Integers

Marks: TypeAlias = bytes  # 0 or 1 for each column: compared and hashed as a whole


@dataclass(frozen=True)
class Block:
    """The weights of one projection that one core needs, and where they lie.

    Columns lie one after another from ``base_address``, ``stride_bytes`` apart. An all-to-all projection has
    a column for each source neuron; a convolution has one for each input plane (``sources_per_column``
    neurons), with the kernels of this plane for the output planes on the core. A sparse projection's columns
    are packed (``stride_bytes`` 0): each is as long as its words, and beside every word lie ``index_bits``.
    ``channel`` is that of a DRAM; a scratchpad's is 0. Where the projection's columns lie in two memories,
    ``columns`` marks those that lie in this one; None: all of them do.

    >>> Block(0, 2, "dram", 0, base_address=64, stride_bytes=48, bytes=480).address(3)
    208
    """

    projection: int
    core: int
    memory: str
    channel: int
    base_address: int
    stride_bytes: int
    bytes: int
    sources_per_column: int = 1
    index_bits: int = 0
    through: str = ""  # the cache in front of the memory, where there is one
    columns: Marks | None = None

    def address(self, source: int) -> int:
        """Where the column of a source neuron begins, if it is not packed and all columns lie here."""
        return self.base_address + source // self.sources_per_column * self.stride_bytes

    def holds(self, sources: int) -> Flags:
        """Which of so many source neurons have their column here. Shape (sources,).

        >>> Block(0, 0, "dram", 0, 0, 48, 48, sources_per_column=2, columns=bytes([0, 1])).holds(4).tolist()
        [False, False, True, True]
        """
        if self.columns is None:
            return np.ones(sources, np.bool_)
        return np.repeat(np.frombuffer(self.columns, np.bool_), self.sources_per_column)

    def addresses(self, column_bytes: Integers) -> Integers:
        """Where the columns of all sources begin; ``column_bytes`` is what each fetches. Shape (sources,).

        What it gives for a column that lies elsewhere means nothing.

        >>> packed = Block(0, 0, "dram", 0, base_address=64, stride_bytes=0, bytes=9, index_bits=4)
        >>> packed.addresses(np.array([4, 0, 5])).tolist()
        [64, 68, 68]
        """
        if self.stride_bytes == 0:
            held = column_bytes if self.columns is None else column_bytes * self.holds(column_bytes.size)
            return self.base_address + np.cumsum(held) - held
        columns = np.arange(column_bytes.size, dtype=np.int64) // self.sources_per_column
        if self.columns is not None:
            before = np.cumsum(np.frombuffer(self.columns, np.bool_), dtype=np.int64) - 1
            columns = before[columns]
        return self.base_address + columns * self.stride_bytes

    @property
    def held(self) -> str:
        """How many of the projection's columns lie here, in words.

        >>> Block(0, 0, "dram", 0, 0, 48, 48, columns=bytes([0, 1, 0])).held
        '1 of 3'
        """
        return "all" if self.columns is None else f"{sum(self.columns):,} of {len(self.columns):,}"
