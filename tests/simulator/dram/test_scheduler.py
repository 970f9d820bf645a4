"""The DRAM rule: against a slow second writing of it, and its laws under any traffic."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.simulator.dram.loading import load_standard
from deltasim.simulator.dram.scheduling import fields as at
from deltasim.simulator.dram.scheduling.rank_states import state_ticks
from deltasim.simulator.dram.timing import Timing
from tests.simulator.dram.oracle import Oracle
from tests.simulator.dram.stepping import Channel, Command
from tests.simulator.dram.strategies import burst_of, timings, traffic

Traffic = list[tuple[int, int, int, int, bool]]


def run(timing: Timing, asked: Traffic) -> tuple[Channel, list[Command]]:
    """Hand requests in as they arrive, or as soon after as there is room; serve them all."""
    channel, commands, waiting, clock = Channel(timing), list[Command](), list(asked), 0
    arrival = 0
    banks = timing.ranks * timing.groups * timing.banks
    while waiting or channel.memory.rank[:, at.PENDING].any():
        coming = channel.peek()[0]
        if waiting and channel.memory.channel[0, at.QUEUED] < timing.queue:
            gap, bank, row, column, write = waiting[0]
            if max(arrival + gap, clock) <= coming:
                arrival = max(arrival + gap, clock)
                clock = arrival
                burst, tag = burst_of(bank % banks, row, column), len(asked) - len(waiting)
                channel.ask(bank % banks, row, tick=arrival, write=write, tag=tag, burst=burst)
                waiting.pop(0)
                continue
        commands.append(channel.step())
        clock = max(clock, commands[-1].tick)
    return channel, commands


@settings(max_examples=120, deadline=None)
@given(timing=timings(), asked=traffic())
def test_it_does_what_the_slow_writing_does(timing: Timing, asked: Traffic) -> None:
    timing = timing._replace(power_down_after=0)
    channel, oracle = Channel(timing), Oracle(timing)
    banks = timing.ranks * timing.groups * timing.banks
    tick = 0
    for gap, bank, row, column, write in asked:
        tick += gap
        while True:
            coming = oracle.next_command()
            assert channel.peek() == coming
            if coming[0] >= tick and oracle.queued < timing.queue:
                break
            tick = max(tick, coming[0])
            oracle.issue(*coming)
            channel.step()
        burst = burst_of(bank % banks, row, column)
        channel.ask(bank % banks, row, tick=tick, write=write, burst=burst)
        oracle.ask(tick, bank % banks, row, burst, write)
    for _ in range(8 * len(asked) + 20):
        coming = oracle.next_command()
        assert channel.peek() == coming
        if not oracle.requests:
            break
        oracle.issue(*coming)
        channel.step()
    assert not oracle.requests


@settings(max_examples=150, deadline=None)
@given(timing=timings(), asked=traffic())
def test_every_request_is_served_once_and_counts_add_up(timing: Timing, asked: Traffic) -> None:
    channel, commands = run(timing, asked)
    served = [command for command in commands if command.kind in (at.COLUMN, at.COLUMN_ACTIVATED_FOR)]
    shared = [tag for command in served for tag, _ in command.sharing]
    assert sorted([*(command.tag for command in served), *shared]) == list(range(len(asked)))
    counts = channel.memory.counts[0]
    assert counts[[at.ROW_HITS, at.ROW_MISSES, at.ROW_CONFLICTS]].sum() == len(served)
    assert counts[[at.READS, at.WRITES]].sum() == len(served)
    assert counts[at.SHARED_READS] == len(shared)
    open_banks = (channel.memory.bank[:, at.OPEN_ROW] != at.CLOSED).sum()
    assert counts[at.ACTIVATED] == counts[at.PRECHARGED] + open_banks
    assert open_banks == channel.memory.rank[:, at.OPEN_BANKS].sum()
    assert channel.memory.channel[0, at.QUEUED] == channel.memory.rank[:, at.BANKS_ACTIVATED_FOR].sum() == 0
    ticks = [command.tick for command in commands]
    assert ticks == sorted(ticks)


@settings(max_examples=60, deadline=None)
@given(timing=timings(), asked=traffic())
def test_accesses_to_one_row_keep_their_order(timing: Timing, asked: Traffic) -> None:
    _, commands = run(timing, asked)
    last: dict[tuple[int, int], int] = {}
    for command in commands:
        if command.kind in (at.COLUMN, at.COLUMN_ACTIVATED_FOR):
            place = (command.target, command.row)
            assert last.get(place, -1) < command.tag
            last[place] = command.tag


@settings(max_examples=60, deadline=None)
@given(timing=timings(), asked=traffic(), rest=st.integers(0, 2000))
def test_states_of_a_rank_add_up_to_the_time(timing: Timing, asked: Traffic, rest: int) -> None:
    channel, commands = run(timing, asked)
    elapsed = max((command.tick for command in commands), default=0) + timing.read_latency + rest
    spent = state_ticks(channel.memory, timing, elapsed)
    assert sum(spent) == elapsed * timing.ranks
    assert min(spent) >= 0
    assert timing.power_down_after or spent.active_down == spent.precharged_down == 0


def test_row_hits_go_first_and_older_requests_before_younger() -> None:
    timing = load_standard("DDR3-1600").timing()
    channel = Channel(timing)
    for tag, (bank, row) in enumerate([(0, 0), (0, 1), (0, 0), (1, 0)]):
        channel.ask(bank, row, tag=tag)
    tags = [command.tag for command in channel.serve(4) if command.tag >= 0]
    assert tags == [0, 2, 3, 1]  # the second row of bank 0 waits for the hit, and takes longest


def test_an_opened_row_makes_room_in_the_queue() -> None:
    timing = load_standard("DDR3-1600").timing(queue=2)
    channel = Channel(timing)
    channel.ask(0, 0)
    channel.ask(0, 1)
    assert not channel.has_free_slot()
    assert channel.step().kind == at.ACTIVATE
    assert channel.has_free_slot()


def test_a_closed_page_closes_behind_the_last_hit() -> None:
    timing = load_standard("DDR3-1600").timing(closed_page=True)
    channel = Channel(timing)
    channel.ask(0, 0)
    channel.ask(0, 0)
    commands = channel.serve(2)
    close = channel.step()
    assert close.kind == at.CLOSE
    assert close.tick == max(
        commands[-1].tick + timing.wait("bank read precharge"),
        timing.wait("bank activate precharge"),
    )
    channel.ask(0, 0, tick=close.tick)
    assert channel.step().tick == max(
        close.tick + timing.wait("bank precharge activate"), timing.wait("bank activate activate")
    )
    assert channel.memory.counts[0, at.ROW_MISSES] == 2


def test_without_refresh_and_requests_nothing_comes() -> None:
    channel = Channel(load_standard("DDR3-1600").timing()._replace(refresh_interval=0))
    assert channel.peek() == (at.NEVER, at.NOTHING, at.NOBODY)
