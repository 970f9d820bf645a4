"""The stream of runs against the rule driven burst by burst, and its own promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.simulator.dram.loading import load_standard
from deltasim.simulator.dram.mapping import AddressBits, address_bits, decode
from deltasim.simulator.dram.scheduling import fields as at
from deltasim.simulator.dram.scheduling.controller import Completion, Statistics, advance, ask, finalise, take
from deltasim.simulator.dram.scheduling.idle import refresh_idle, was_never_asked
from deltasim.simulator.dram.scheduling.packing import HEAD, pack, parts
from deltasim.simulator.dram.scheduling.queue import has_free_slot
from deltasim.simulator.dram.scheduling.rank_states import state_ticks
from deltasim.simulator.dram.scheduling.state import Integers, Memory
from deltasim.simulator.dram.timing import Timing
from tests.simulator.dram.stepping import Channel
from tests.simulator.dram.strategies import timings

TAGS = 1 << 16
Run = tuple[int, int, int, int]  # ps since the one before, byte address, bytes, write
RUNS = st.lists(
    st.tuples(
        st.one_of(st.just(0), st.integers(0, 9000), st.integers(0, 400_000)),
        st.integers(0, 4000),
        st.integers(1, 900),
        st.integers(0, 1),
    ),
    min_size=1,
    max_size=14,
)


def some_bits(timing: Timing, column_bits: int, channel_low: bool) -> AddressBits:
    """Transactions of 16 bytes; the channel's bits below or above those of the column."""
    channels, banks = timing.channels, timing.ranks * timing.groups * timing.banks
    channel_bits, bank_bits = channels.bit_length() - 1, banks.bit_length() - 1
    at_channel = 0 if channel_low else column_bits
    above = column_bits + channel_bits
    pieces = [
        (at_channel, channels - 1, 0),
        (at_channel, channels - 1, bank_bits),
        (above, banks - 1, 0),
        (above + bank_bits, 3, 0),
    ]
    return AddressBits(4, 1, 3, np.array(pieces, np.int64))


def burst_by_burst(
    timing: Timing, bits: AddressBits, runs: list[Run], rest_ps: int
) -> tuple[list[Completion], Channel, int]:
    """One request and one command at a time: completions, what issued them, and the end in picoseconds."""
    driver = Channel(timing)
    memory = driver.memory
    waiting: list[tuple[int, tuple[int, int, int], int, int, int]] = []
    statistics: dict[int, list[int]] = {}
    now_ps = 0
    for ticket, (gap, address, size, is_write) in enumerate(runs):
        now_ps += gap
        places = range(address // 16 * 16, address + size, 16)
        arrival = -(-now_ps // timing.tick_ps)
        for number, place in enumerate(places):  # every burst with a tag of its own: none shares a slot
            waiting.append((arrival, decode(bits, place), place // 16, is_write, ticket * TAGS + number))
        statistics[ticket] = [at.NEVER, 0, 0, 0, 0, 0, 0]
    now = 0
    while True:
        ticks = [driver.peek(channel)[0] for channel in range(timing.channels)]
        coming = min(ticks)
        if waiting:
            arrival, (channel, bank, row), burst, is_write, tag = waiting[0]
            enters = max(now, arrival)
            if has_free_slot(memory, timing, channel) and enters <= coming:
                now = enters
                driver.ask_channel(channel, bank, row, tick=now, write=bool(is_write), tag=tag, burst=burst)
                waiting.pop(0)
                continue
        elif not memory.rank[:, at.PENDING].any():
            break
        now = max(now, coming + 1)
        count_step(driver, ticks.index(coming), statistics)
    end_ps = max(now_ps, *(one[1] * timing.tick_ps for one in statistics.values())) + rest_ps
    for channel in range(timing.channels):
        while driver.peek(channel)[0] <= end_ps // timing.tick_ps:
            driver.step(channel)
    done = [
        Completion(ticket, one[0] * timing.tick_ps, one[1] * timing.tick_ps, *one[2:])
        for ticket, one in statistics.items()
    ]
    return sorted(done, key=lambda run: (run.last_ps, run.ticket)), driver, end_ps


def count_step(driver: Channel, channel: int, statistics: dict[int, list[int]]) -> None:
    """Issue a command and enter it with its run."""
    memory, timing = driver.memory, driver.timing
    _, kind, target = driver.peek(channel)
    if kind in (at.COLUMN, at.COLUMN_ACTIVATED_FOR, at.ACTIVATE, at.PRECHARGE):
        field = at.HIT if kind in (at.COLUMN, at.COLUMN_ACTIVATED_FOR) else at.HEAD
        slot = memory.slot[memory.bank[target, field]]
        one, outcome = statistics[int(slot[at.TAG]) // TAGS], {at.ACTIVATE: 4, at.PRECHARGE: 5}.get(kind, 3)
        one[outcome] += int(slot[at.STARTED] == 0)
        one[6] += kind == at.ACTIVATE
    command = driver.step(channel)
    if kind in (at.COLUMN, at.COLUMN_ACTIVATED_FOR):
        one[2] += 1
        end = command.tick + (timing.write_latency if command.is_write else timing.read_latency)
        for tag in (command.tag, *(tag for tag, _ in command.sharing)):
            its = statistics[tag // TAGS]
            its[0], its[1] = min(its[0], end - timing.burst), max(its[1], end)


def as_an_engine(flat: Integers, runs: list[Run], *, calls: list[int] | None = None) -> list[Completion]:
    """Ask, sleep until there is something to do, take; also come at other times (``calls``) for nothing."""
    asked, now_ps = [], 0
    for ticket, (gap, *run) in enumerate(runs):
        now_ps += gap
        asked.append((now_ps, ticket, *run))
    done: list[Completion] = []
    again, visits = at.NEVER, sorted(calls or [])
    while len(done) < len(runs):
        now_ps = min([again, *(run[0] for run in asked[:1]), *visits[:1]])
        while asked and asked[0][0] == now_ps:
            assert ask(flat, *asked.pop(0))
        visits = [visit for visit in visits if visit > now_ps]
        again = advance(flat, now_ps)
        assert again > now_ps
        while (run := take(flat, now_ps)).ticket >= 0:
            assert run.last_ps == now_ps  # never told late
            done.append(run)
    return done


def parts_of(flat: Integers, like: Memory) -> Memory:
    """The arrays of a packed memory."""
    places = np.cumsum([HEAD, *(array.size for array in like)])
    return Memory(
        *(flat[a:b].reshape(array.shape) for a, b, array in zip(places, places[1:], like, strict=False))
    )


@settings(max_examples=50, deadline=None)
@given(
    timing=st.sampled_from([1, 1, 2]).flatmap(timings),
    runs=RUNS,
    column_bits=st.sampled_from([0, 2, 4, 4]),
    channel_low=st.booleans(),
    queue=st.sampled_from([1, 2, 8, 32]),
    rest_ps=st.integers(0, 600_000),
    calls=st.lists(st.integers(0, 500_000), max_size=6),
)
def test_it_does_what_single_steps_do(
    timing: Timing,
    runs: list[Run],
    column_bits: int,
    channel_low: bool,
    queue: int,
    rest_ps: int,
    calls: list[int],
) -> None:
    timing = timing._replace(queue=queue)
    bits = some_bits(timing, column_bits, channel_low)
    done, driver, end_ps = burst_by_burst(timing, bits, runs, rest_ps)
    slow = driver.memory
    flat = pack(timing, bits, len(runs))
    assert as_an_engine(flat, runs, calls=calls) == done
    statistics = finalise(flat, end_ps)
    fast = parts_of(flat, slow)
    for name in ("shared", "rank", "counts"):
        assert np.array_equal(getattr(fast, name), getattr(slow, name)), name
    hints = (at.PLACES, at.PLACES + 1, at.BURSTS, at.BURSTS_END)
    kept = [field for field in range(at.BANK_FIELDS) if field not in hints]
    assert np.array_equal(fast.bank[:, kept], slow.bank[:, kept])
    kept = [field for field in range(at.CHANNEL_FIELDS) if field != at.FREE_SLOT]
    assert np.array_equal(fast.channel[:, kept], slow.channel[:, kept])
    assert statistics.refreshes == slow.counts[:, at.REFRESHED].sum()
    assert statistics.precharges == slow.counts[:, at.PRECHARGED].sum()
    if end_ps % timing.tick_ps == 0:
        assert statistics[2:] == tuple(
            ticks * timing.tick_ps for ticks in state_ticks(slow, timing, end_ps // timing.tick_ps)
        )
    assert sum(statistics[2:]) == end_ps * timing.channels * timing.ranks


@pytest.mark.parametrize("name", ["DDR3-1600", "DDR4-2400", "LPDDR5-6400", "HBM2-2000"])
@pytest.mark.parametrize("closed_page", [False, True])
def test_weight_columns_come_out_as_with_single_steps(name: str, closed_page: bool) -> None:
    standard = load_standard(name)
    timing, bits = standard.timing(closed_page=closed_page), address_bits(standard)
    bits = bits._replace(burst_bits=4)  # so that the slow side counts in the same bursts
    random = np.random.default_rng(1)
    runs = [
        (int(gap), int(column) * 2304, 2304, int(write))
        for gap, column, write in zip(
            random.integers(0, 400_000, 30),
            random.integers(0, 1536, 30),
            random.random(30) < 0.1,
            strict=True,
        )
    ]
    done, driver, end_ps = burst_by_burst(timing, bits, runs, 0)
    slow = driver.memory
    flat = pack(timing, bits, len(runs))
    assert as_an_engine(flat, runs) == done
    assert np.array_equal(parts_of(flat, slow).counts, slow.counts)
    assert finalise(flat, end_ps).refreshes == slow.counts[:, at.REFRESHED].sum()


@settings(max_examples=15, deadline=None)
@given(
    name=st.sampled_from(["DDR3-1600", "DDR4-2400", "HBM2-2000"]),
    closed_page=st.booleans(),
    runs=st.lists(
        st.tuples(
            st.sampled_from([0, 0, 100_000, 300_001]),
            st.integers(0, 40).map(lambda number: number * 4608),
            st.integers(500, 3000),
            st.sampled_from([0, 0, 0, 1]),
        ),
        min_size=3,
        max_size=10,
    ),
)
def test_banks_that_take_turns_do_so_as_with_single_steps(
    name: str, closed_page: bool, runs: list[Run]
) -> None:
    standard = load_standard(name)
    timing = standard.timing(closed_page=closed_page)
    bits = address_bits(standard)._replace(burst_bits=4)
    done, driver, _ = burst_by_burst(timing, bits, runs, 0)
    slow = driver.memory
    flat = pack(timing, bits, len(runs))
    assert as_an_engine(flat, runs) == done
    assert np.array_equal(parts_of(flat, slow).counts, slow.counts)


def test_an_arrival_between_two_ticks_is_seen_at_the_later() -> None:
    standard = load_standard("DDR3-1600")
    timing, bits = standard.timing(power_down_after=0), address_bits(standard)
    ends = []
    for gap in (0, 1, timing.tick_ps, timing.tick_ps + 1):
        flat = pack(timing, bits, 1)
        ends.append(as_an_engine(flat, [(gap, 0, 64, 0)])[0].last_ps // timing.tick_ps)
    first = timing.wait("bank activate read") + timing.read_latency
    assert ends == [first, first + 1, first + 1, first + 2]


def test_a_full_table_takes_no_more_runs() -> None:
    standard = load_standard("DDR3-1600")
    flat = pack(standard.timing(), address_bits(standard), 1)
    assert ask(flat, 0, 0, 0, 64, 0)
    before = flat.copy()
    assert not ask(flat, 0, 1, 0, 64, 0)
    assert np.array_equal(flat, before)
    now = 0
    while take(flat, now).ticket < 0:
        now = advance(flat, now)
    assert ask(flat, now, 1, 0, 64, 0)


def test_idle_refreshes_are_caught_up_and_nobody_is_called_for_them() -> None:
    standard = load_standard("DDR3-1600")
    timing = standard.timing(power_down_after=0)
    flat = pack(timing, address_bits(standard), 1)
    assert advance(flat, 0) == at.NEVER
    elapsed = 10 * timing.refresh_interval * timing.tick_ps
    assert finalise(flat, elapsed) == Statistics(10, 0, 0, elapsed, 0, 0)
    flat = pack(timing, address_bits(standard), 1)
    assert finalise(flat, elapsed - 1) == Statistics(9, 0, 0, elapsed - 1, 0, 0)


@given(st.sampled_from([1, 2]).flatmap(timings), st.floats(0, 40))
def test_a_memory_at_rest_is_refreshed_as_by_the_whole_rule(timing: Timing, intervals: float) -> None:
    alone, whole = (pack(timing, some_bits(timing, 2, False), 1) for _ in range(2))
    until = int(intervals * (timing.refresh_interval or 150) * timing.tick_ps)
    advance(whole, until)
    refresh_idle(alone, until)
    assert was_never_asked(whole)
    for field in ("bank", "shared", "rank", "counts"):
        assert np.array_equal(getattr(parts(alone), field), getattr(parts(whole), field)), field
    assert finalise(alone, until) == finalise(whole, until)
    ask(whole, until, 0, 0, 16, 0)
    assert not was_never_asked(whole)
