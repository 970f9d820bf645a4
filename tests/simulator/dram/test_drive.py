"""The compiled drive against the same rule driven one command at a time, and against its peers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.simulator.dram.loading import load_standard
from deltasim.simulator.dram.mapping import AddressBits
from deltasim.simulator.dram.run_trace import run_trace
from deltasim.simulator.dram.scheduling import drive as of
from deltasim.simulator.dram.scheduling import fields as at
from deltasim.simulator.dram.scheduling.drive import advance, new_drive
from deltasim.simulator.dram.scheduling.packing import pack, parts
from deltasim.simulator.dram.timing import Timing
from deltasim.simulator.dram.trace_reader import Records
from tests.simulator.dram.stepping import drive_slowly
from tests.simulator.dram.strategies import timings

ROWS = 4


def some_bits(timing: Timing, column_bits: int) -> AddressBits:
    """Columns lowest, then channels, banks and rows; transactions of 16 bytes."""
    channels, banks = timing.channels, timing.ranks * timing.groups * timing.banks
    channel_bits, bank_bits = channels.bit_length() - 1, banks.bit_length() - 1
    pieces = [
        (column_bits, channels - 1, 0),
        (column_bits, channels - 1, bank_bits),
        (column_bits + channel_bits, banks - 1, 0),
        (column_bits + channel_bits + bank_bits, ROWS - 1, 0),
    ]
    return AddressBits(4, 1, 3, np.array(pieces, np.int64))


records = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 1]), st.integers(0, 4000), st.integers(1, 100), st.sampled_from([0, 0, 3, 150])
    ),
    max_size=25,
)


@settings(max_examples=80, deadline=None)
@given(
    timing=st.sampled_from([1, 2]).flatmap(timings),
    asked=records,
    window=st.sampled_from([0, 1, 2, 5]),
    cut=st.integers(0, 25),
    narrow=st.booleans(),
)
def test_driving_fast_is_driving_step_by_step(
    timing: Timing,
    asked: list[tuple[int, int, int, int]],
    window: int,
    cut: int,
    narrow: bool,
) -> None:
    bits, ticks = some_bits(timing, column_bits=0 if narrow else 2), 0
    for number, (is_write, address, size, gap) in enumerate(asked):
        ticks += gap
        asked[number] = (is_write, address % 400 if narrow else address, size, ticks)
    commands, slow = drive_slowly(timing, bits, asked, window)
    flat, drive = pack(timing, bits, runs=0), new_drive(window, timing.queue)
    memory = parts(flat)
    for block, last in ((asked[:cut], 0), (asked[cut:], 1)):
        table = np.array(block, np.int64).reshape(-1, 4).T
        columns = table[0].astype(np.uint8), *(column.copy() for column in table[1:])
        drive.register[of.RECORD] = 0
        assert advance(flat, drive, *columns, window, last)
    assert np.array_equal(memory.counts, slow.counts)
    assert np.array_equal(memory.rank, slow.rank)
    served = [
        command
        for lane in commands
        for command in lane
        if command.kind in (at.COLUMN, at.COLUMN_ACTIVATED_FOR)
    ]
    done = [
        command.tick + (timing.write_latency if command.is_write else timing.read_latency)
        for command in served
    ]
    latencies = [
        end - arrival
        for end, command in zip(done, served, strict=True)
        for arrival in (command.arrival, *(arrival for _, arrival in command.sharing))
    ]
    assert drive.register[of.TRANSACTIONS] == len(latencies)
    assert drive.register[of.LAST] == max(done, default=0)
    assert drive.register[of.LATENCY_SUM] == sum(latencies)
    assert np.array_equal(np.repeat(np.arange(of.BINS), drive.latency), sorted(latencies))


def test_a_window_counts_what_is_in_flight_until_the_end_of_its_data() -> None:
    timing = load_standard("DDR3-1600")
    one = Records(np.zeros(1, np.uint8), np.array([0]), np.array([64 * 10]))
    alone = run_trace(timing, [one], window=1, power_down_after=0)
    ticks = timing.timing()
    assert alone.elapsed_s * 1e12 / ticks.tick_ps == pytest.approx(
        ticks.wait("bank activate read") + ticks.read_latency + 9 * (ticks.read_latency + 1)
    )


def test_reads_and_writes_take_turns_on_the_bus() -> None:
    standard = load_standard("DDR4-2400")
    count = 2000
    address = np.arange(count, dtype=np.int64) * 64
    kinds = {"read": np.zeros(count), "write": np.ones(count), "mixed": np.arange(count) % 2}
    results = {
        name: run_trace(standard, [Records(flags.astype(np.uint8), address, np.full(count, 64))])
        for name, flags in kinds.items()
    }
    assert results["mixed"].counts["read"] == results["mixed"].counts["write"] == count // 2
    assert results["mixed"].elapsed_s > max(results["read"].elapsed_s, results["write"].elapsed_s)
    assert results["write"].energy.read_j == 0 < results["write"].energy.write_j


def test_two_channels_carry_twice_as_much() -> None:
    one = load_standard("DDR3-1600")
    two = one.model_copy(update={"organisation": one.organisation.model_copy(update={"channels": 2})})
    stream = Records(np.zeros(1, np.uint8), np.array([0]), np.array([1 << 20]))
    single, double = run_trace(one, [stream]), run_trace(two, [stream])
    assert double.bandwidth_gb_s == pytest.approx(2 * single.bandwidth_gb_s, rel=0.02)
    assert double.utilisation == pytest.approx(single.utilisation, rel=0.02)
