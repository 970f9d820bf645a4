"""The component rules alone: every constraint probed one picosecond before it holds and when it does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.simulator.components.service_times import (
    consumed,
    link_occupancy,
    rounds,
    scan_duration,
    scan_offset,
)
from deltasim.simulator.memories.dram import (
    CLOSED,
    DramTiming,
    State,
    channel_at_rest,
    fetch,
    refresh_until,
    rest,
)

# All different, so that no constraint can stand for another.
READ, ACTIVATE, PRECHARGE, OPEN, READ_TO_PRECHARGE = 11, 13, 17, 101, 7
REFRESH, INTERVAL, BURST = 151, 100_000, 5
TIMING = DramTiming(
    clock_ps=1,
    read_ps=READ,
    activate_ps=ACTIVATE,
    precharge_ps=PRECHARGE,
    open_ps=OPEN,
    read_to_precharge_ps=READ_TO_PRECHARGE,
    refresh_ps=REFRESH,
    interval_ps=INTERVAL,
    burst_ps=BURST,
    burst_bytes=64,
    row_bytes=256,
    banks=2,
    rows=8,
    rotate=1,
)
ROW_0, OTHER_BANK, ROW_1 = 0, 256, 512  # rows rotate over two banks


def opened() -> tuple[State, int]:
    """A channel whose row 0 was opened at 0 and read once; also when its data ended."""
    state = channel_at_rest(TIMING)
    return state, fetch(state, TIMING, 0, ROW_0, 64).last_ps


def test_miss() -> None:
    """A closed bank: activate, read, data: tRCD + CL, then one burst."""
    service = fetch(channel_at_rest(TIMING), TIMING, 40, ROW_0, 64)
    assert (service.first_ps, service.last_ps) == (40 + ACTIVATE + READ, 40 + ACTIVATE + READ + BURST)
    assert (service.bursts, service.hits, service.misses, service.conflicts, service.activates) == (
        1,
        0,
        1,
        0,
        1,
    )


def test_hit() -> None:
    state, _ = opened()
    service = fetch(state, TIMING, 1000, ROW_0 + 64, 64)
    assert (service.first_ps, service.last_ps) == (1000 + READ, 1000 + READ + BURST)
    assert (service.bursts, service.hits, service.misses, service.conflicts, service.activates) == (
        1,
        1,
        0,
        0,
        0,
    )


def test_hit_waits_for_the_data_bus() -> None:
    """A read may be given before the bus is free; its data follow those before. One tick later nothing
    waits.
    """
    for now, first in ((0, 29), (29 - READ, 29), (29 - READ + 1, 30)):
        state, last = opened()
        assert last == 29
        assert fetch(state, TIMING, now, ROW_0, 64).first_ps == first


def test_conflict() -> None:
    state, _ = opened()
    service = fetch(state, TIMING, 1000, ROW_1, 64)
    assert service.first_ps == 1000 + PRECHARGE + ACTIVATE + READ
    assert (service.hits, service.misses, service.conflicts, service.activates) == (0, 0, 1, 1)


@pytest.mark.parametrize("early", [50, 1, 0, -1])
def test_precharge_keeps_the_row_open_for_ras(early: int) -> None:
    """PRE >= ACT + tRAS, here 0 + 101: whoever comes before that waits for it."""
    state, _ = opened()
    service = fetch(state, TIMING, OPEN - early, ROW_1, 64)
    assert service.first_ps == max(OPEN, OPEN - early) + PRECHARGE + ACTIVATE + READ


@pytest.mark.parametrize("early", [5, 1, 0, -1])
def test_precharge_waits_after_a_read(early: int) -> None:
    """PRE >= last read + tRTP: a read given at 500 lets the precharge come at 507."""
    state, _ = opened()
    fetch(state, TIMING, 500, ROW_0, 64)
    service = fetch(state, TIMING, 500 + READ_TO_PRECHARGE - early, ROW_1, 64)
    ready = max(507, 507 - early)
    assert service.first_ps == ready + PRECHARGE + ACTIVATE + READ


def test_the_other_bank_is_opened_while_data_flow() -> None:
    """Banks are apart: the second activation does not wait for the first row, only its data for the bus."""
    state, last = opened()
    service = fetch(state, TIMING, 1, OTHER_BANK, 64)
    assert service.misses == 1
    assert service.first_ps == max(last, 1 + ACTIVATE + READ)


def test_a_column_over_two_rows_opens_both() -> None:
    """Bytes 192 to 320 lie in both banks: both are activated at once, the data follow each other."""
    service = fetch(channel_at_rest(TIMING), TIMING, 0, 192, 128)
    assert (service.bursts, service.misses, service.hits) == (2, 2, 0)
    assert service.last_ps - service.first_ps == 2 * BURST


def test_unaligned_bytes_move_whole_bursts() -> None:
    """100 bytes from byte 60 touch bursts 0, 1 and 2; the last two are hits of the row the first opened."""
    service = fetch(channel_at_rest(TIMING), TIMING, 0, 60, 100)
    assert (service.bursts, service.misses, service.hits) == (3, 1, 2)


def test_bank_by_bank_order_fills_a_bank_first() -> None:
    """Without rotation consecutive rows lie in one bank, and the second row conflicts."""
    timing = TIMING._replace(rotate=0)
    state = channel_at_rest(timing)
    fetch(state, timing, 0, 0, 64)
    assert fetch(state, timing, 1000, 256, 64).conflicts == 1
    assert fetch(state, timing, 2000, 256 * timing.rows, 64).misses == 1


@pytest.mark.parametrize(
    "now", [INTERVAL - 1, INTERVAL, INTERVAL + 1, INTERVAL + REFRESH, INTERVAL + REFRESH + 1]
)
def test_refresh_of_an_idle_channel(now: int) -> None:
    """Due at the interval: from then on for tRFC the channel rests; before and after it does not wait."""
    state = channel_at_rest(TIMING)
    first = fetch(state, TIMING, now, ROW_0, 64).first_ps
    start = now if now < INTERVAL else max(now, INTERVAL + REFRESH)
    assert first == start + ACTIVATE + READ


def test_refresh_closes_rows() -> None:
    """With a row open the refresh begins with a precharge, and the row has to be opened again."""
    state, _ = opened()
    service = fetch(state, TIMING, INTERVAL, ROW_0, 64)
    assert service.misses == 1
    assert service.first_ps == INTERVAL + PRECHARGE + REFRESH + ACTIVATE + READ


def test_refresh_waits_for_ras() -> None:
    """A row opened 10 before the refresh is due stays open for tRAS first."""
    state = channel_at_rest(TIMING)
    fetch(state, TIMING, INTERVAL - 10, ROW_0, 64)
    assert refresh_until(state, TIMING, INTERVAL) == INTERVAL - 10 + OPEN + PRECHARGE + REFRESH


def test_every_refresh_due_is_carried_out() -> None:
    state = channel_at_rest(TIMING)
    assert refresh_until(state, TIMING, 3 * INTERVAL + 200) == 3 * INTERVAL + 200
    assert rest(state, TIMING, 3 * INTERVAL + 200) == (3, 0, 3 * INTERVAL + 200)


def test_refreshes_that_come_due_during_a_long_column_follow_each_other() -> None:
    """A column of 200 bursts ends at 13 + 11 + 1000. Refreshes came due at 300, 600 and 900: the rows are
    closed, then these three take 151 each, until 1494; by then the next is due (1200), and during it the
    next (1500), to 1796.
    """
    timing = TIMING._replace(interval_ps=300, row_bytes=64 * 200)
    state = channel_at_rest(timing)
    assert fetch(state, timing, 0, 0, 64 * 200).last_ps == 1024
    assert 1024 + PRECHARGE + 5 * REFRESH == 1796
    assert refresh_until(state, timing, 1024) == 1796


def test_background_is_split_where_rows_open_and_close() -> None:
    """Open from the activation at 500 to the refresh at the interval; closed before and after."""
    state = channel_at_rest(TIMING)
    fetch(state, TIMING, 500, ROW_0, 64)
    end = INTERVAL + 1000
    assert rest(state, TIMING, end) == (1, INTERVAL - 500, end - (INTERVAL - 500))


def test_background_ends_with_the_run() -> None:
    """A refresh due before the end may have to wait beyond it for tRAS: the row counts as open only to the
    end.
    """
    state = channel_at_rest(TIMING)
    fetch(state, TIMING, INTERVAL - 60, ROW_0, 64)
    _, active, precharged = rest(state, TIMING, INTERVAL + 10)
    assert (active, precharged) == (70, INTERVAL + 10 - 70)


@given(
    st.lists(
        st.tuples(st.integers(0, 400), st.integers(0, 3300), st.integers(1, 700)), min_size=1, max_size=30
    ),
    st.sampled_from([1, 0]),
    st.sampled_from([300, 1000, 100_000]),
)
def test_any_sequence_of_fetches(asked: list[tuple[int, int, int]], rotate: int, interval: int) -> None:
    """Data never overlap on the bus and never come sooner than a hit would; every burst is one of three
    kinds.
    """
    timing = TIMING._replace(rotate=rotate, interval_ps=interval)
    state = channel_at_rest(timing)
    now, data_until = 0, 0
    for pause, address, size in asked:
        now += pause
        service = fetch(state, timing, now, address, size)
        assert service.first_ps >= max(now + READ, data_until)
        assert service.last_ps >= service.first_ps + service.bursts * BURST
        assert service.hits + service.misses + service.conflicts == service.bursts
        assert service.activates == service.misses + service.conflicts
        assert service.bursts == (address + size - 1) // 64 - address // 64 + 1
        assert service.free_ps > now
        data_until, now = service.last_ps, service.free_ps
    refreshes, active, precharged = rest(state, timing, data_until)
    assert active + precharged == data_until and active >= 0 and precharged >= 0
    assert refreshes >= data_until // interval - 1


def test_a_channel_at_rest_has_all_rows_closed() -> None:
    state = channel_at_rest(TIMING)
    assert (state[5::4] == CLOSED).sum() >= TIMING.banks
    assert rest(state, TIMING, 10) == (0, 0, 10)


@given(st.integers(0, 10_000), st.integers(1, 64))
def test_rounds(amount: int, lanes: int) -> None:
    assert (rounds(amount, lanes) - 1) * lanes < amount <= rounds(amount, lanes) * lanes


@given(st.integers(1, 300), st.integers(1, 16), st.integers(1, 16), st.integers(1, 9000))
def test_the_last_element_is_judged_within_the_scan(
    size: int, per_cycle: int, pad_to: int, period: int
) -> None:
    offsets = [scan_offset(position, per_cycle, period) for position in range(size)]
    assert offsets[0] == period
    assert offsets == sorted(offsets)
    assert offsets[-1] <= scan_duration(size, per_cycle, pad_to, period)
    if pad_to == 1:
        assert offsets[-1] == scan_duration(size, per_cycle, pad_to, period)


@given(st.integers(1, 50), st.integers(1, 9000), st.integers(0, 10**6))
def test_serialisation_never_shrinks(flits: int, period: int, serialisation: int) -> None:
    first = link_occupancy(flits, period, serialisation)
    assert first >= max(serialisation, flits * period)
    assert link_occupancy(flits, period, first) == first


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(0, 10**6))
def test_consumed_after_work_and_last_word(granted: int, work: int, tail: int) -> None:
    assert consumed(granted, work, tail) in (granted + work, tail)
    assert consumed(granted, work, tail) >= max(granted + work, tail)
