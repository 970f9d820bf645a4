"""Timing that a chip states itself, on the command-level rule."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from networks.errors import InputError
from simulator.chip import chip_names, load_chip
from simulator.chip.parts import Dram
from simulator.dram.explicit import explicit_bits, explicit_timing
from simulator.dram.mapping import decode
from simulator.dram.packing import pack
from simulator.dram.stream import advance, ask, take

EDGE = load_chip("edgedrnn").memory("dram")
assert isinstance(EDGE, Dram)


@settings(max_examples=40, deadline=None)
@given(row=st.integers(0, 1000), start=st.integers(0, 2047), size=st.integers(1, 2048))
def test_a_lone_column_of_one_row_is_activate_read_and_its_bursts(row: int, start: int, size: int) -> None:
    size = min(size, 2048 - start)
    timing = explicit_timing(EDGE.timing)
    flat = pack(timing, explicit_bits(EDGE.timing, EDGE.size_bytes), 1)
    assert ask(flat, 0, 0, row * 2048 + start, size, 0)
    now = 0
    while (run := take(flat, now)).ticket < 0:
        now = advance(flat, now)
    bursts = (start + size + 15) // 16 - start // 16
    first = EDGE.timing.RCD + EDGE.timing.CL
    ticks = first, first + bursts * EDGE.timing.burst_cycles
    assert (run.first_ps, run.last_ps) == tuple(tick * EDGE.timing.period_ps for tick in ticks)
    assert (run.bursts, run.hits, run.misses, run.activates) == (bursts, bursts - 1, 1, 1)


@pytest.mark.parametrize("name", chip_names())
def test_every_byte_of_a_chip_in_the_box_has_a_place(name: str) -> None:
    for memory in load_chip(name).memories:
        if not isinstance(memory, Dram):
            continue
        timing, rows = memory.timing, memory.size_bytes // (memory.timing.row_bytes * memory.timing.banks)
        bits = explicit_bits(timing, memory.size_bytes)
        for row in (0, 1, rows - 1):
            for bank in (0, timing.banks - 1):
                piece = row * timing.banks + bank if timing.order == "row-bank-column" else bank * rows + row
                for byte in (0, timing.row_bytes - 1):
                    assert decode(bits, piece * timing.row_bytes + byte) == (0, bank, row)


@pytest.mark.parametrize(
    ("field", "value", "size"),
    [("banks", 6, 6 << 20), ("row", "1536 B", 12 << 20), ("size", None, 8 * 3 << 20)],
)
def test_sizes_that_are_no_power_of_two_are_refused(field: str, value: object, size: int) -> None:
    content = EDGE.timing.model_dump(mode="json", by_alias=True) | {"order": "bank-row-column"}
    if value is not None:
        content[field] = value
    timing = type(EDGE.timing).model_validate(content)
    with pytest.raises(InputError, match=rf"timing\.{field}: \d+: .*power of two\. Use the next one\."):
        explicit_bits(timing, size)
