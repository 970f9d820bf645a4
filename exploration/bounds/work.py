"""What one message causes on a chip, whatever else happens: bytes, accesses, flits, and times of units.

Columns that cause the same are one kind, so that the work of a step is the messages of each kind times what
one of them causes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from deltasim.networks.trace import Trace
from deltasim.runtime.arrays import Integers
from deltasim.simulator.plan.expanded_columns import column_segments_of
from deltasim.simulator.plan.multicast_trees import MulticastTrees, multicast_trees_of
from deltasim.simulator.plan.plan import Plan
from deltasim.simulator.plan.records import Records


@dataclass(frozen=True, eq=False)
class Bursts:
    """All bursts of all segments, one by one: which segment, how many bytes from where, how many words."""

    segment: Integers
    address: Integers
    bytes: Integers
    words: Integers


@dataclass(frozen=True, eq=False)
class Work:
    """A plan and a trace, laid out for counting."""

    plan: Plan
    trace: Trace

    @cached_property
    def segments(self) -> Records:
        return column_segments_of(self.plan).segments

    @cached_property
    def parts(self) -> Integers:
        """Segments of each column."""
        return column_segments_of(self.plan).parts

    @cached_property
    def multicast(self) -> MulticastTrees:
        return multicast_trees_of(self.plan)

    @cached_property
    def column(self) -> Integers:
        """The column of every message."""
        return self.plan.columns.of(self.trace.messages)

    @property
    def columns(self) -> int:
        return len(self.plan.columns.tree)

    @cached_property
    def sent(self) -> Integers:
        """Messages of each column."""
        return np.bincount(self.column, minlength=self.columns).astype(np.int64)

    @cached_property
    def arrived(self) -> Integers:
        """The places of the messages that are not lost on their way."""
        return np.delete(np.arange(len(self.trace.messages)), self.trace.lost)

    @cached_property
    def column_of(self) -> Integers:
        """The column of each segment."""
        return np.repeat(np.arange(self.columns), self.parts)

    @cached_property
    def projection_of(self) -> Integers:
        """The projection of each column."""
        sizes = np.diff(self.plan.columns.offset)
        return np.repeat(np.arange(len(sizes)), sizes)

    @cached_property
    def fetched(self) -> Integers:
        """How often each segment is fetched."""
        arrived = np.bincount(self.column[self.arrived], minlength=self.columns).astype(np.int64)
        return arrived[self.column_of]

    @cached_property
    def is_sent(self) -> Integers:
        """1 for a column that has a segment; nobody needs the others."""
        return (self.parts > 0).astype(np.int64)

    @cached_property
    def bursts(self) -> Bursts:
        """The bursts that segments are fetched in, as `simulator.components.dma_bursts` cuts them."""
        segments, size = self.segments, self.plan.stages.burst_bytes
        first = segments["address"] // size
        number = (segments["address"] + segments["bytes"] - 1) // size - first + 1
        owner = np.repeat(np.arange(len(number)), number)
        place = np.arange(len(owner)) - np.repeat(np.cumsum(number) - number, number) + first[owner]
        address, length, words = (
            array[owner] for array in (segments["address"], segments["bytes"], segments["words"])
        )
        if size >= 1 << 61:  # a column is one burst
            return Bursts(owner, address, length, words)
        begin, end = np.maximum(address, place * size), np.minimum(address + length, (place + 1) * size)
        before = (begin - address) * words // length
        return Bursts(owner, begin, end - begin, (end - address) * words // length - before)

    @cached_property
    def of_sequence(self) -> Integers:
        """The sequence of every message."""
        ends = self.trace.step_bounds[self.trace.sequence_bounds]
        return np.repeat(np.arange(self.trace.sequences), np.diff(ends))

    @cached_property
    def shared_place(self) -> Integers:
        """1 for a segment whose bytes another column has too: neurons of one input plane of a convolution."""
        order = np.lexsort((self.segments["address"], self.segments["memory"]))
        memory, address = self.segments["memory"][order], self.segments["address"][order]
        same = (memory[1:] == memory[:-1]) & (address[1:] == address[:-1])
        found = np.zeros(len(order), np.int64)
        found[order[1:]] |= same
        found[order[:-1]] |= same
        return found

    @cached_property
    def distinct_bytes(self) -> Integers:
        """Bytes that a sequence fetches from each memory at all. Shape (sequences, memories).

        Of a place that several columns share, as if none of it were fetched.
        """
        segments, memories = self.segments, len(self.plan.memories.component)
        own = segments["bytes"] * (1 - self.shared_place)
        bytes_of = np.zeros((self.columns, memories), np.int64)
        np.add.at(bytes_of, (self.column_of, segments["memory"]), own)
        sequences = self.trace.sequences
        key = self.of_sequence * self.columns + self.column
        sent = (
            np.bincount(key[self.arrived], minlength=sequences * self.columns).reshape(
                sequences, self.columns
            )
            > 0
        )
        found: Integers = sent.astype(np.int64) @ bytes_of
        return found

    def own_bursts(self, memory: int) -> tuple[Integers, Integers]:
        """Segments in a DRAM, and its bursts that hold bytes of theirs alone.

        A controller reads a burst once for all that wait for it. Within a step only a neighbour can.
        """
        segments, size = self.segments, int(self.plan.memories.records["width_bytes"][memory])
        mine = np.flatnonzero(segments["memory"] == memory)
        begin, end = segments["address"][mine], segments["address"][mine] + segments["bytes"][mine]
        inside = np.maximum(0, end // size - -(-begin // size))
        return mine, inside * (1 - self.shared_place[mine])
