"""Many row hits in one step: how far the rule would go on with the hits of one slot, command by command.

A slot holds requests of one row that came one after another. Their commands follow each other at a fixed
distance for as long as nothing else is chosen in between: `hits_at_once` says how many that are. Where two
banks interleave, as bank groups do, `interleaved_at_once` does. `commands.columns` carries them out:
counts and state are those that so many single steps leave.
"""

from __future__ import annotations

from typing import NamedTuple

from deltasim.runtime.compiling import inlined, part
from deltasim.simulator.dram.constraints import BUS, GROUP, PRECHARGE, RANK, READ, least
from deltasim.simulator.dram.scheduling import fields as at
from deltasim.simulator.dram.scheduling.commands import in_a_bank, spacing
from deltasim.simulator.dram.scheduling.queue import listed, may_wait, waited_for
from deltasim.simulator.dram.scheduling.state import Memory
from deltasim.simulator.dram.timing import Timing


class Interleave(NamedTuple):
    """Hits that are issued together: so many of a bank, ``period`` ticks apart; or two banks interleave."""

    rounds: int  # 0: they do not
    other: int  # the bank that follows ``offset`` ticks after the first, and so on; or NOBODY
    offset: int
    period: int


@inlined
def alone(memory: Memory, bank: int, left: int, fed_bank: int, fed_row: int, fed_burst: int) -> bool:
    """Whether the bank's next hit is issued by itself, whatever else waits.

    ``left`` transactions for a row of ``fed_bank`` wait for a slot of this channel's queue (0: none do): each
    hit frees a slot for the next of them.
    """
    hit = memory.bank[bank, at.HIT]
    if memory.slot[hit, at.COUNT] == 1 or left == 1 or memory.slot[hit, at.SHARING] != at.NOBODY:
        return True
    return left > 0 and not changes_nothing(memory, fed_bank, fed_row, fed_burst, left)


@part
def at_once(
    memory: Memory, timing: Timing, channel: int, tick: int, bank: int, last: int, left: int
) -> Interleave:
    """Which hits are issued together, the first for ``bank`` at ``tick``, all by ``last``; not if `alone`."""
    most = left if left > 0 else at.NEVER
    hits = min(most, hits_at_once(memory, timing, channel, tick, bank, last))
    if hits == 1:
        interleave = interleaved_at_once(memory, timing, channel, tick, bank, last, left > 0)
        rounds = min(most // 2, interleave.rounds)
        if rounds > 0:
            return Interleave(rounds, interleave.other, interleave.offset, interleave.period)
    apart = spacing(timing, memory.slot[memory.bank[bank, at.HIT], at.IS_WRITE])
    return Interleave(hits, at.NOBODY, 0, apart)


@part
def hits_at_once(memory: Memory, timing: Timing, channel: int, tick: int, bank: int, last: int) -> int:
    """How many hits of the bank's oldest slot of hits nothing comes between, if all are issued by ``last``.

    `next_command` has just given (``tick``, COLUMN or COLUMN_ACTIVATED_FOR, ``bank``) here. The first is
    counted, so the least is 1. Meanwhile nothing may be handed in that changes a candidate.
    """
    hit = memory.bank[bank, at.HIT]
    most = memory.slot[hit, at.COUNT] - timing.closed_page  # behind its last hit a row closes by itself
    last = min(last, memory.channel[channel, at.REFRESH_DUE] - 1)
    if most <= 1 or memory.bank[bank, at.ACTIVATED_FOR] == 1 or tick >= last:
        return 1
    is_write = memory.slot[hit, at.IS_WRITE]
    apart = spacing(timing, is_write)
    clock = timing.write_clock if is_write else timing.read_clock
    if clock > 0 and (apart >= clock or tick > memory.channel[channel, at.CLOCK_UNTIL]):
        return 1  # the write clock stops in between, or was started for the first
    if timing.activate_apart > 0 and half_waits(memory, channel, tick):
        return 1
    to_precharge = in_a_bank(timing, READ + is_write, PRECHARGE)
    place = memory.bank[bank, at.PLACES + at.COLUMN_CANDIDATES]
    mine = memory.candidate[place, at.PRIORITY]
    begin, end = listed(memory, channel, at.ROW_CANDIDATES)
    for other in range(begin, end):
        ready = memory.candidate[other, at.TICK]
        if ready > last or (memory.candidate[other, at.BANK] == bank and to_precharge >= apart):
            continue  # it comes later; or every hit puts off the end of its own row
        last = ready - (memory.candidate[other, at.PRIORITY] < mine + most)
    if last < tick + apart:
        return 1
    begin, end = listed(memory, channel, at.COLUMN_CANDIDATES)
    for other in range(begin, end):
        ready = memory.candidate[other, at.TICK]
        if other == place or ready > last:
            continue
        first = memory.candidate[other, at.PRIORITY] < mine
        after = ticks_after(memory, timing, channel, is_write, bank, other)
        if after < apart or (after == apart and first):
            last = ready - first
            if last < tick + apart:
                return 1
    return int(max(1, min(most, 1 + (last - tick) // apart)))


@part
def half_waits(memory: Memory, channel: int, tick: int) -> bool:
    """Whether the second half of an activate may still be to come when a command is issued at ``tick``."""
    free = memory.channel[channel, at.NEXT_ROW_SLOT]
    return bool(memory.channel[channel, at.SECOND_HALF] > 0 and tick <= free + 1)


@part
def ticks_after(
    memory: Memory, timing: Timing, channel: int, is_write: int, bank: int, other_place: int
) -> int:
    """The least number of ticks from a read or write of ``bank`` to that of another bank's candidate."""
    other = memory.candidate[other_place, at.BANK]
    writes = memory.slot[memory.bank[other, at.HIT], at.IS_WRITE]
    rank, other_rank = memory.bank[bank, at.BANK_RANK], memory.bank[other, at.BANK_RANK]
    same_group = memory.bank[bank, at.GROUP_SHARED] == memory.bank[other, at.GROUP_SHARED]
    kind, following = READ + is_write, READ + writes
    ticks = timing.column_slots
    if rank == other_rank:
        ticks = max(ticks, least(timing.between, RANK, kind, following))
        if same_group:
            ticks = max(ticks, least(timing.between, GROUP, kind, following))
    elif timing.ranks_on_bus > 1 and rank // timing.ranks_on_bus == other_rank // timing.ranks_on_bus:
        ticks = max(ticks, least(timing.between, BUS, kind, following))
    return ticks + (ticks & timing.falling)


@part
def interleaved_at_once(
    memory: Memory, timing: Timing, channel: int, tick: int, bank: int, last: int, evenly: bool
) -> Interleave:
    """How many hits of two banks' oldest slots are issued in turn, ``bank`` first at ``tick``, by ``last``.

    As for `hits_at_once`. ``evenly``: only where each follows the one before at the same distance.
    """
    nothing = Interleave(0, at.NOBODY, 0, 0)
    hit = memory.bank[bank, at.HIT]
    last = min(last, memory.channel[channel, at.REFRESH_DUE] - 1)
    # after its last hit of a slot the first bank may want something else, before the other's last
    most = memory.slot[hit, at.COUNT] - 1
    if (
        most < 2
        or memory.bank[bank, at.ACTIVATED_FOR] == 1
        or timing.read_clock > 0
        or timing.activate_apart > 0
    ):
        return nothing
    is_write = memory.slot[hit, at.IS_WRITE]
    apart = spacing(timing, is_write)
    place = memory.bank[bank, at.PLACES + at.COLUMN_CANDIDATES]
    partner = following(memory, timing, channel, tick, bank, place)
    if partner == at.NOBODY:
        return nothing
    other = memory.candidate[partner, at.BANK]
    its_hit = memory.bank[other, at.HIT]
    if memory.bank[other, at.ACTIVATED_FOR] == 1 or memory.slot[its_hit, at.IS_WRITE] != is_write:
        return nothing
    if memory.slot[its_hit, at.SHARING] != at.NOBODY:
        return nothing
    most = min(most, memory.slot[its_hit, at.COUNT] - timing.closed_page)
    between = ticks_after(memory, timing, channel, is_write, bank, partner)
    ready = memory.candidate[partner, at.TICK]
    offset = max(ready - tick, between)
    period = max(apart, offset + between)
    regular = offset == between or period == apart
    if offset >= apart or between >= apart or not regular or (evenly and period != 2 * offset):
        return nothing
    youngest = max(memory.candidate[place, at.PRIORITY], memory.candidate[partner, at.PRIORITY])
    begin, end = listed(memory, channel, at.COLUMN_CANDIDATES)
    for third in range(begin, end):
        ready = memory.candidate[third, at.TICK]
        if third == place or third == partner or ready > last:  # noqa: SIM109 (a tuple is slow to compile)
            continue
        if (  # younger, and never legal before the one whose turn it is
            memory.candidate[third, at.PRIORITY] > youngest + most
            and ticks_after(memory, timing, channel, is_write, bank, third) >= offset
            and ticks_after(memory, timing, channel, is_write, other, third) >= period - offset
        ):
            continue
        last = ready - 1
    to_precharge = in_a_bank(timing, READ + is_write, PRECHARGE)
    begin, end = listed(memory, channel, at.ROW_CANDIDATES)
    for row in range(begin, end):
        ready = memory.candidate[row, at.TICK]
        its_bank = memory.candidate[row, at.BANK]
        if ready > last or (to_precharge >= period and (its_bank == bank or its_bank == other)):  # noqa: SIM109
            continue
        last = ready - (memory.candidate[row, at.PRIORITY] < youngest + most)
    if last < tick + offset + period:
        return nothing
    return Interleave(
        int(min(most, 1 + (last - tick - offset) // period)), int(other), int(offset), int(period)
    )


@part
def following(memory: Memory, timing: Timing, channel: int, tick: int, bank: int, place: int) -> int:
    """The column candidate that follows once ``bank``'s, at ``place``, is served at ``tick``; or NOBODY."""
    is_write = memory.slot[memory.bank[bank, at.HIT], at.IS_WRITE]
    found, soonest, first = at.NOBODY, at.NEVER, 0
    begin, end = listed(memory, channel, at.COLUMN_CANDIDATES)
    for other in range(begin, end):
        if other == place:
            continue
        ready = tick + ticks_after(memory, timing, channel, is_write, bank, other)
        ready = max(ready, memory.candidate[other, at.TICK])
        priority = memory.candidate[other, at.PRIORITY]
        if ready < soonest or (ready == soonest and priority < first):
            found, soonest, first = other, ready, priority
    return int(found)


@part
def changes_nothing(memory: Memory, bank: int, row: int, burst: int, count: int) -> bool:
    """Whether requests for ``count`` bursts of a row only queue behind others and change no candidate."""
    if memory.bank[bank, at.TAIL] == at.NOBODY:
        return False
    if memory.bank[bank, at.HIT] == at.NOBODY and memory.bank[bank, at.OPEN_ROW] == row:
        return False
    if not may_wait(memory, bank, burst, count):
        return True
    shared, anew = waited_for(memory, bank, burst, count)
    return bool(shared == at.NOBODY and anew == count)
