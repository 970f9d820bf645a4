"""A packed memory is the same thing by its parts, in a kernel and as one array."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.runtime.compiling import compiled
from deltasim.simulator.dram.mapping import AddressBits
from deltasim.simulator.dram.scheduling.packing import HEAD, REGISTERS, TABLES, pack, parts, view
from deltasim.simulator.dram.scheduling.state import Integers, Memory, empty_memory
from deltasim.simulator.dram.timing import Timing
from tests.simulator.dram.strategies import timings


def mark_last(flat: Integers, marks: Integers) -> None:
    """Write into the last row of every table, and tell what the memory says of itself."""
    stream = view(flat)
    memory, timing, bits = stream.memory, stream.timing, stream.bits
    memory.bank[memory.bank.shape[0] - 1, 1] = 1
    memory.shared[memory.shared.shape[0] - 1] += 2
    memory.rank[memory.rank.shape[0] - 1, 3] = 3
    memory.channel[memory.channel.shape[0] - 1, 4] = 4
    memory.slot[memory.slot.shape[0] - 1, 5] = 5
    memory.candidate[memory.candidate.shape[0] - 1, 6] = 6
    memory.counts[memory.counts.shape[0] - 1, 7] = 7
    memory.notes[memory.notes.shape[0] - 1, 5] = 8
    stream.run[stream.run.shape[0] - 1, 8] = 8
    stream.register[stream.register.shape[0] - 1] = 9
    stream.coming[stream.coming.shape[0] - 1, 3] = True
    marks[:4] = timing.tick_ps, timing.banks, bits.burst_bits, bits.bank_pieces
    marks[4], marks[5] = bits.pieces.shape[0], bits.pieces[bits.pieces.shape[0] - 1, 1]


mark = compiled(mark_last)


@settings(max_examples=25, deadline=None)
@given(timing=timings(2), runs=st.integers(1, 5), filled=st.integers(0, 3))
def test_a_kernel_writes_where_the_parts_are(timing: Timing, runs: int, filled: int) -> None:
    pieces = np.array([(0, 1, 0), (1, 3, 0), (4, 77, 0)], np.int64)
    packed = pack(timing, AddressBits(5, 1, 2, pieces), runs, 3)
    flat = np.concatenate([packed, np.full(filled, -5)])  # a row of a table, filled up
    before = parts(packed)
    assert all(
        np.array_equal(mine, fresh) for mine, fresh in zip(before, empty_memory(timing, 3), strict=True)
    )
    marks = np.zeros(6, np.int64)
    mark(flat, marks)
    assert marks.tolist() == [timing.tick_ps, timing.banks, 5, 2, 3, 77]
    after = parts(flat)
    places = dict(zip(Memory._fields, [*range(1, 8), 5], strict=True))
    for mark_left, (name, field) in enumerate(places.items(), start=1):
        table, old = getattr(after, name), getattr(before, name)
        where = (-1, field)[: table.ndim]
        assert table[where] == mark_left
        table[where] = old[where]
        assert np.array_equal(table, old), name
    end = len(packed) - pieces.size - timing.between.size
    coming = TABLES["coming"] * timing.channels
    assert flat[end - 1] == 1
    assert flat[end - coming - 1] == 9
    assert flat[end - coming - REGISTERS - TABLES["run"] + 8] == 8
    assert np.array_equal(flat[:HEAD], packed[:HEAD])
    assert np.array_equal(flat[end:], [*pieces.ravel(), *timing.between, *[-5] * filled])
