"""What the DRAMs of a chip did over time, as rows of a timeline: banks, data buses, states of ranks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from deltasim.simulator.dram.issued import Command, Issued, Request
from deltasim.simulator.dram.scheduling.issued import controlled_commands
from deltasim.simulator.engines.services import Services
from deltasim.simulator.memories.dram import DramTiming
from deltasim.simulator.memories.dram_commands import in_order_commands
from deltasim.simulator.plan.plan import Plan


class Row(NamedTuple):
    """A row of the viewer: of which unit, and what of it."""

    unit: int
    name: str


class Drawn(NamedTuple):
    """A slice of a row."""

    row: Row
    start_ps: int
    end_ps: int
    name: str


def issued_by(plan: Plan, found: Services) -> dict[int, Issued]:
    """What each DRAM did during a sequence, by its unit.

    An engine hands over what was asked of a DRAM and when it took it; the rule, which both engines share, is
    asked the same once more and tells its commands.
    """
    memories, elapsed_ps = plan.memories, int(found.ledger.sequence_latency_ps[0])
    asked: dict[int, list[Request]] = defaultdict(list)
    for one in found.asked:
        asked[one.unit].append(Request(*one[1:]))
    told = {}
    for memory, unit in enumerate(memories.records["unit"].tolist()):
        timing, controlled = memories.timing[memory], memories.controlled[memory]
        if isinstance(timing, DramTiming):
            told[unit] = in_order_commands(timing, asked[unit], elapsed_ps)
        elif controlled is not None:
            told[unit] = controlled_commands(*controlled, asked[unit], elapsed_ps)
    return told


def drawn(unit: int, issued: Issued) -> Iterator[Drawn]:
    """All that a DRAM did, row by row in order of time.

    A command is drawn until its bank takes the next one: a bank may be told to precharge while the last
    burst is still being read.
    """
    for state in issued.states:
        yield Drawn(Row(unit, f"rank {state.rank}"), state.start_ps, state.end_ps, state.state)
    for burst in issued.data:
        name = f"data of bank {burst.bank}"
        yield Drawn(Row(unit, f"data bus {burst.bus}"), burst.start_ps, burst.end_ps, name)
    banks: dict[int, list[Command]] = defaultdict(list)
    for command in issued.commands:
        for bank in command.banks:
            banks[bank].append(command)
    for bank in sorted(banks):
        commands = sorted(banks[bank], key=lambda one: one.start_ps)
        following = [one.start_ps for one in commands[1:]] + [commands[-1].end_ps]
        for one, next_ps in zip(commands, following, strict=True):
            name = one.kind if one.row < 0 else f"{one.kind} row {one.row}"
            yield Drawn(Row(unit, f"bank {bank}"), one.start_ps, min(one.end_ps, next_ps), name)
