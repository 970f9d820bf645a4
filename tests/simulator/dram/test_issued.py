"""Commands told from the rules: those that the rules issue when driven by hand, and what they add up to."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.simulator.dram.issued import ACTIVATE, PRECHARGE, READ, REFRESH, Command, Issued, Request
from deltasim.simulator.dram.scheduling import fields as at
from deltasim.simulator.dram.scheduling.controller import Statistics, finalise
from deltasim.simulator.dram.scheduling.issued import controlled_commands
from deltasim.simulator.dram.scheduling.packing import pack
from deltasim.simulator.dram.timing import Timing
from deltasim.simulator.memories.dram import DramTiming, channel_at_rest, fetch, rest
from deltasim.simulator.memories.dram_commands import in_order_commands
from tests.simulator.dram.strategies import timings
from tests.simulator.dram.test_controller import as_an_engine, burst_by_burst, some_bits

GAPS = st.one_of(st.just(0), st.integers(0, 9000), st.integers(0, 400_000))
READS = st.lists(st.tuples(GAPS, st.integers(0, 4000), st.integers(1, 900)), min_size=1, max_size=12)
NAME = {at.ACTIVATE: ACTIVATE, at.PRECHARGE: PRECHARGE, at.CLOSE: PRECHARGE, at.REFRESH: REFRESH}


def time_in(found: Issued, state: str) -> int:
    return sum(one.end_ps - one.start_ps for one in found.states if one.state == state)


def check(found: Issued) -> None:
    """Ranks are in one state at a time, buses carry one burst, a bank takes one command at a time."""
    for states in by(found.states, "rank"):
        assert states[0].start_ps == 0
        assert all(one.end_ps == other.start_ps for one, other in pairwise(states))
    for bursts in by(found.data, "bus"):
        assert all(one.end_ps <= other.start_ps for one, other in pairwise(bursts))
    for commands in by_bank(found).values():
        rows = [-1]
        for one in commands:
            if one.kind == ACTIVATE:
                assert rows[-1] == -1
                rows.append(one.row)
            elif one.kind == READ:
                assert one.row == rows[-1]
            elif one.kind == PRECHARGE:
                assert rows[-1] != -1
                rows.append(-1)
            else:
                assert rows[-1] == -1


def by(items: tuple[object, ...], field: str) -> list[list[object]]:
    found = defaultdict(list)
    for one in items:
        found[getattr(one, field)].append(one)
    return [*found.values()]


def by_bank(found: Issued) -> dict[int, list[Command]]:
    banks = defaultdict(list)
    for one in found.commands:
        for bank in one.banks:
            banks[bank].append(one)
    return banks


@settings(max_examples=60, deadline=None)
@given(
    timing=st.sampled_from([1, 1, 2]).flatmap(timings),
    reads=READS,
    column_bits=st.sampled_from([0, 2, 4]),
    rest_ps=st.integers(0, 600_000),
)
def test_a_controllers_commands_are_those_of_single_steps(
    timing: Timing, reads: list[tuple[int, int, int]], column_bits: int, rest_ps: int
) -> None:
    timing = timing._replace(burst=1)  # of these odd timings some read faster than a burst takes
    bits, runs = some_bits(timing, column_bits, True), [(*run, 0) for run in reads]
    _, driver, end_ps = burst_by_burst(timing, bits, runs, rest_ps)
    now_ps, requests = 0, []
    for gap, address, size in reads:
        now_ps += gap
        requests.append(Request(now_ps, address, size))
    found = controlled_commands(timing, bits, requests, end_ps)
    check(found)
    banks = timing.groups * timing.banks
    left = []
    for one in found.commands:
        place = () if one.kind in (PRECHARGE, REFRESH) else (one.banks[0], one.row)
        left.append((one.start_ps // timing.tick_ps, one.kind, *place))
    issued = []
    for one in driver.issued:
        if one.kind in (at.COLUMN, at.COLUMN_ACTIVATED_FOR):
            issued.append((one.tick, READ, one.target, one.row))
        elif one.kind == at.ACTIVATE:
            issued.append((one.tick, ACTIVATE, one.target, one.row))
        elif one.kind != at.PRECHARGE_SET:
            issued.append((one.tick, NAME[one.kind]))
    sets = sorted(one.tick for one in driver.issued if one.kind == at.PRECHARGE_SET)
    for one in issued:
        left.remove(one)
    assert all(kind == PRECHARGE and tick in sets for tick, kind, *_ in left)  # a row each of a set
    flat = pack(timing, bits, len(runs))
    as_an_engine(flat, runs)
    statistics = finalise(flat, end_ps)
    assert sum(one.kind == PRECHARGE for one in found.commands) == statistics.precharges
    assert banks * timing.ranks * timing.channels >= len(by_bank(found))
    spent = [time_in(found, state) for state in STATES]
    overlap = timing.precharge_slots > timing.activate_slots  # an instant for which the rule counts twice
    if not overlap and not late(found, end_ps):
        assert spent == [*statistics[2:]]


STATES = ("active", "precharged", "active power-down", "precharged power-down")
assert Statistics._fields[2:] == ("active_ps", "precharged_ps", "active_down_ps", "precharged_down_ps")


def late(found: Issued, end_ps: int) -> bool:
    """A command near the end takes effect, for the rule, in the tick in which its last half is told."""
    return any(one.end_ps > end_ps for one in found.states)


@st.composite
def channels(draw: st.DrawFn) -> DramTiming:
    """Of at least 8 KiB, which holds all that is read."""
    cas, rcd, rp, rtp = (draw(st.integers(1, 9)) for _ in range(4))
    ras, rfc = rcd + draw(st.integers(0, 9)), draw(st.integers(1, 60))
    interval = rfc + rp + ras + draw(st.sampled_from([1, 50, 5000]))
    burst, row = draw(st.sampled_from([16, 32])), draw(st.sampled_from([64, 256]))
    cycles, banks, order = (
        draw(st.sampled_from([1, 4])),
        draw(st.sampled_from([1, 4])),
        draw(st.integers(0, 1)),
    )
    delays = (cas, rcd, rp, ras, rtp, rfc, interval, cycles)
    return DramTiming(1000, *(1000 * delay for delay in delays), burst, row, banks, 128, order)


@settings(max_examples=100, deadline=None)
@given(channels(), READS, st.integers(0, 600_000))
def test_a_channels_commands_are_those_of_whole_columns(
    timing: DramTiming, reads: list[tuple[int, int, int]], rest_ps: int
) -> None:
    state, now_ps, requests, services = channel_at_rest(timing), 0, [], []
    for gap, address, size in reads:
        now_ps = max(now_ps + gap, services[-1].free_ps if services else 0)
        requests.append(Request(now_ps, address, size))
        services.append(fetch(state, timing, now_ps, address, size))
    end_ps = services[-1].last_ps + rest_ps
    found = in_order_commands(timing, requests, end_ps)
    refreshes, active_ps, precharged_ps = rest(state, timing, end_ps)
    check(found)
    kinds = [one.kind for one in found.commands]
    assert kinds.count(ACTIVATE) == sum(one.activates for one in services)
    assert kinds.count(READ) == len(found.data) == sum(one.bursts for one in services)
    assert kinds.count(REFRESH) == refreshes
    assert (time_in(found, "active"), time_in(found, "precharged")) == (active_ps, precharged_ps)
    starts = [one.start_ps for one in found.data]
    assert {one.first_ps for one in services} <= {*starts}
    assert {one.last_ps for one in services} <= {one.end_ps for one in found.data}
    for commands in by_bank(found).values():  # the standard's delays, looked up in the drawing
        for one, other in pairwise(commands):
            least = {
                (ACTIVATE, READ): timing.activate_ps,
                (READ, PRECHARGE): timing.read_to_precharge_ps,
                (PRECHARGE, ACTIVATE): timing.precharge_ps,
                (PRECHARGE, REFRESH): timing.precharge_ps,
                (REFRESH, ACTIVATE): timing.refresh_ps,
                (READ, READ): timing.burst_ps,
            }.get((one.kind, other.kind), 0)
            assert other.start_ps - one.start_ps >= least, (one, other)


@settings(max_examples=20, deadline=None)
@given(timing=timings(), end_ps=st.integers(0, 3_000_000))
def test_a_memory_that_nothing_is_asked_of_is_refreshed(timing: Timing, end_ps: int) -> None:
    bits = some_bits(timing, 2, True)
    found = controlled_commands(timing, bits, [], end_ps)
    check(found)
    statistics = finalise(pack(timing, bits, 1), end_ps)
    assert [one.kind for one in found.commands] == [REFRESH] * statistics.refreshes
    if not late(found, end_ps):
        assert [time_in(found, state) for state in STATES] == [*statistics[2:]]
