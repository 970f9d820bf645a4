"""Every timing constraint probed: the command after is legal at its tick and was not a tick before.

`next_command` gives the first legal tick, so that a command is refused one tick earlier exactly when
shortening the constraint by one tick would have let it come one tick earlier: both are checked.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from deltasim.simulator.dram.constraints import place
from deltasim.simulator.dram.loading import load_standard
from deltasim.simulator.dram.scheduling import fields as at
from deltasim.simulator.dram.timing import Timing
from tests.simulator.dram.stepping import Channel, Command

# four groups of four banks; no refresh, no power-down; every delay is long enough to be the one that binds
PLAIN = load_standard("DDR4-2400").timing(power_down_after=0)._replace(refresh_interval=0)
FAR = 400  # ticks: every constraint of the past is over


def changed(timing: Timing, **changes: int) -> Timing:
    """The same timing with other fields, and other waits by their row of the table."""
    waits = {name: ticks for name, ticks in changes.items() if " " in name}
    between = timing.between.copy()
    for name, ticks in waits.items():
        between[place(*name.split())] = ticks
    others = {name: ticks for name, ticks in changes.items() if name not in waits}
    return timing._replace(between=between, **others)


def read_then(timing: Timing, bank: int, row: int, *, first: bool = False, then: bool = False) -> Command:
    """Serve bank 0 row 0 (a write if ``first``), ask for another, and give the command that serves it."""
    channel = Channel(timing)
    channel.ask(0, 0, write=first)
    channel.serve(1)
    if row == 0 and bank != 0:  # open the other bank's row long before, so that only columns are left
        channel = Channel(timing)
        channel.ask(bank, row)
        channel.ask(0, 0, write=first)
        channel.serve(2)
        channel.ask(0, 0, tick=FAR, write=first)
        start = channel.serve(1)[-1].tick
        channel.ask(bank, row, tick=start, write=then)
        return channel.serve(1)[-1]._replace(arrival=start)
    raise AssertionError("same-bank probes are written out")


def columns(first: bool, then: bool, bank: int) -> Callable[[Timing], int]:
    return lambda timing: (lambda command: command.tick - command.arrival)(
        read_then(timing, bank, 0, first=first, then=then)
    )


def commands_of(timing: Timing, *asked: tuple[int, int], write: bool = False) -> list[Command]:
    channel = Channel(timing)
    for bank, row in asked:
        channel.ask(bank, row, write=write)
    return channel.serve(len(asked))


def ticks_of(commands: list[Command], *kinds: int) -> list[int]:
    return [command.tick for command in commands if command.kind in kinds]


def between_activates(*banks: int) -> Callable[[Timing], int]:
    """From the first activate to the last, one for each bank."""

    def probe(timing: Timing) -> int:
        ticks = ticks_of(commands_of(timing, *((bank, 0) for bank in banks)), at.ACTIVATE)
        return ticks[-1] - ticks[0]

    return probe


def in_one_bank(first: int, then: int, write: bool = False) -> Callable[[Timing], int]:
    """From a command of the first row of bank 0 to one of the second row."""

    def probe(timing: Timing) -> int:
        commands = commands_of(timing, (0, 0), (0, 1), write=write)
        kinds = [at.COLUMN, at.COLUMN_ACTIVATED_FOR]
        start = ticks_of(commands, *(kinds if first == at.COLUMN else [first]))[0]
        ends = ticks_of(commands, *(kinds if then == at.COLUMN else [then]))
        return next(tick for tick in ends if tick > start) - start

    return probe


LONG_ROW_CYCLE = {"bank activate activate": 300}
# constraint, changes that make it the binding one, what is measured, what it is then
PROBES: list[tuple[str, dict[str, int], Callable[[Timing], int]]] = [
    ("bank activate read", {}, in_one_bank(at.ACTIVATE, at.COLUMN)),
    ("bank activate write", {}, in_one_bank(at.ACTIVATE, at.COLUMN, write=True)),
    ("bank activate precharge", {}, in_one_bank(at.ACTIVATE, at.PRECHARGE)),
    ("bank activate activate", LONG_ROW_CYCLE, in_one_bank(at.ACTIVATE, at.ACTIVATE)),
    ("bank precharge activate", {"bank activate activate": 1}, in_one_bank(at.PRECHARGE, at.ACTIVATE)),
    ("bank read precharge", {"bank activate precharge": 1}, in_one_bank(at.COLUMN, at.PRECHARGE)),
    (
        "bank write precharge",
        {"bank activate precharge": 1},
        in_one_bank(at.COLUMN, at.PRECHARGE, write=True),
    ),
    ("rank activate activate", {}, between_activates(0, 4)),
    ("group activate activate", {}, between_activates(0, 1)),
    ("four activate activate", {"split_bus": 1}, between_activates(0, 4, 8, 12, 1)),
    ("rank read read", {}, columns(False, False, 4)),
    ("group read read", {}, columns(False, False, 1)),
    ("rank read write", {}, columns(False, True, 4)),
    ("rank write write", {}, columns(True, True, 4)),
    ("group write write", {}, columns(True, True, 1)),
    ("rank write read", {}, columns(True, False, 4)),
    ("group write read", {}, columns(True, False, 1)),
]


@pytest.mark.parametrize(("name", "changes", "probe"), PROBES, ids=[name for name, _, _ in PROBES])
def test_the_next_command_waits_exactly_so_long(
    name: str, changes: dict[str, int], probe: Callable[[Timing], int]
) -> None:
    timing = changed(PLAIN, **changes)
    delay = timing.wait(name)
    assert probe(timing) == delay
    shorter = changed(timing, **{name: delay - 1})  # nothing else held it: refused at delay - 1
    assert probe(shorter) == delay - 1
    assert probe(changed(timing, **{name: delay + 1})) == delay + 1


RANKS = PLAIN._replace(ranks=2, ranks_on_bus=2)


@pytest.mark.parametrize(
    ("name", "first", "then"),
    [
        ("bus read read", False, False),
        ("bus read write", False, True),
        ("bus write read", True, False),
        ("bus write write", True, True),
    ],
)
def test_two_ranks_hand_the_data_bus_over(name: str, first: bool, then: bool) -> None:
    for delay in (20, 21):
        assert columns(first, then, 16)(changed(RANKS, **{name: delay})) == delay


def test_pseudo_channels_do_not_share_a_data_bus() -> None:
    timing = PLAIN._replace(ranks=2, ranks_on_bus=1)
    assert columns(True, False, 16)(timing) == 1  # only the command bus


def test_precharges_of_a_rank_keep_their_distance() -> None:
    for delay in (1, 9):
        timing = changed(
            PLAIN,
            **{"rank precharge precharge": delay, "rank activate activate": 1, "rank read read": 1},
        )
        commands = commands_of(timing, (0, 0), (4, 0), (0, 1), (4, 1))
        ticks = ticks_of(commands, at.PRECHARGE)
        assert ticks[1] - ticks[0] >= delay
        assert delay == 1 or ticks[1] - ticks[0] == delay


def test_a_refresh_closes_all_rows_waits_and_holds_the_rank() -> None:
    timing = load_standard("DDR4-2400").timing(power_down_after=0)
    channel = Channel(timing)
    due = timing.refresh_interval
    channel.ask(0, 0, tick=due - 100)
    channel.ask(5, 3, tick=due - 100)
    channel.serve(2)
    close, refresh = channel.step(), channel.step()
    assert (close.kind, close.tick) == (at.PRECHARGE_SET, due)
    assert (refresh.kind, refresh.tick) == (
        at.REFRESH,
        due + timing.wait("bank precharge_set activate"),
    )
    channel.ask(0, 0, tick=refresh.tick)
    activate = channel.step()
    assert (activate.kind, activate.tick) == (
        at.ACTIVATE,
        refresh.tick + timing.wait("bank refresh activate"),
    )


def test_a_request_whose_row_was_opened_is_served_before_the_refresh() -> None:
    timing = load_standard("DDR4-2400").timing(power_down_after=0)
    channel = Channel(timing)
    due = timing.refresh_interval
    channel.ask(0, 0, tick=due - 2)
    channel.ask(0, 0, tick=due - 2)  # a hit, but it is not the one the row was opened for
    kinds = [channel.step() for _ in range(4)]
    assert [command.kind for command in kinds] == [
        at.ACTIVATE,
        at.COLUMN_ACTIVATED_FOR,
        at.PRECHARGE_SET,
        at.REFRESH,
    ]
    assert kinds[1].tick == due - 2 + timing.wait("bank activate read") > due


def test_an_idle_rank_powers_down_and_takes_time_to_wake() -> None:
    timing = load_standard("DDR4-2400").timing(power_down_after=50)._replace(refresh_interval=0)
    channel = Channel(timing)
    channel.ask(0, 0)
    end = channel.serve(1)[-1].tick + timing.read_latency
    for wait, late in (
        (50, 0),
        (200, timing.power_down_exit),
        (51, timing.power_down_least - 1 + timing.power_down_exit),
    ):
        channel.ask(0, 0, tick=end + wait)
        served = channel.serve(1)[-1]
        assert served.tick == end + wait + late
        end = served.tick + timing.read_latency
    assert channel.memory.rank[0, at.TICKS_DOWN_OPEN] == 150 + timing.power_down_least


def test_a_write_clock_that_stopped_costs_one_command() -> None:
    timing = load_standard("LPDDR5-6400").timing(power_down_after=0)._replace(refresh_interval=0)
    channel = Channel(timing)
    channel.ask(0, 0)
    last = channel.serve(1)[-1].tick
    for wait, late in ((timing.read_clock - 1, 0), (timing.read_clock, 1)):
        channel.ask(0, 0, tick=last + wait)
        served = channel.serve(1)[-1].tick
        assert served == last + wait + late
        last = served


def test_another_command_may_come_between_the_halves_of_an_activate() -> None:
    plain = load_standard("LPDDR5-6400").timing(power_down_after=0)._replace(read_clock=0, write_clock=0)
    for apart, late in ((1, 2), (2, 1), (8, 1)):  # with 1, the second half follows at once
        channel = Channel(plain._replace(activate_apart=apart))
        channel.ask(4, 0)
        channel.serve(1)
        channel.ask(0, 0, tick=100)
        channel.ask(4, 0, tick=100)  # a hit: not the oldest
        first, second = channel.step(), channel.step()
        assert (first.kind, first.tick) == (at.ACTIVATE, 100)
        assert (second.kind, second.tick) == (at.COLUMN, 100 + late)


def test_a_long_activate_holds_the_bus_of_two_pseudo_channels() -> None:
    channel = Channel(load_standard("HBM2-2000").timing(power_down_after=0))
    channel.ask(0, 0, tick=10)
    channel.ask(16, 0, tick=10)
    assert [channel.step().tick, channel.step().tick] == [10, 12]


def test_only_precharges_begin_on_falling_edges() -> None:
    channel = Channel(PLAIN._replace(falling=1))
    channel.ask(0, 0, tick=11)
    activate, read = channel.step(), channel.step()
    assert (activate.kind, activate.tick) == (at.ACTIVATE, 12)
    assert (read.kind, read.tick) == (
        at.COLUMN_ACTIVATED_FOR,
        12 + (PLAIN.wait("bank activate read") + 1) // 2 * 2,
    )
    channel.ask(0, 1, tick=101)
    close, again = channel.step(), channel.step()
    assert (close.kind, close.tick) == (at.PRECHARGE, 101)
    reached = 101 + PLAIN.wait("bank precharge activate")
    assert (again.kind, again.tick) == (at.ACTIVATE, reached + reached % 2)


def test_a_split_bus_carries_a_row_and_a_column_command_in_one_tick() -> None:
    timing = PLAIN._replace(split_bus=1)
    channel = Channel(timing)
    channel.ask(0, 0)
    opened = channel.step().tick
    channel.ask(4, 0, tick=opened + timing.wait("bank activate read"))
    both = [channel.step(), channel.step()]
    assert both[0].tick == both[1].tick
    assert {command.kind for command in both} == {at.COLUMN_ACTIVATED_FOR, at.ACTIVATE}
