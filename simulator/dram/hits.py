"""Many row hits in one step: how far the rule would go on with the hits of one slot, command by command.

A slot holds requests of one row that came one after another. Their commands follow each other at a fixed
distance for as long as nothing else is chosen in between: `hits_at_once` says how many that are, and
`simulator.dram.issue.columns` carries them out. Counts and state are those that so many single steps leave.
"""

from __future__ import annotations

from simulator.dram import fields as at
from simulator.dram.borrowing import part
from simulator.dram.issue import spacing
from simulator.dram.state import Memory
from simulator.dram.timing import Timing


@part
def hits_at_once(memory: Memory, timing: Timing, channel: int, tick: int, bank: int, last: int) -> int:
    """How many hits of the bank's oldest slot of hits nothing comes between, if all are issued by ``last``.

    `next_command` has just given (``tick``, COLUMN or COLUMN_OWNED, ``bank``) for this channel. The first is
    counted, so the least is 1. Meanwhile nothing may be handed in that changes what a bank wishes.
    """
    hit = memory.bank[bank, at.HIT]
    most = memory.slot[hit, at.COUNT] - timing.closed_page  # behind its last hit a row closes by itself
    last = min(last, memory.channel[channel, at.FIRST_REFRESH] - 1)
    if most <= 1 or memory.bank[bank, at.OWNED] == 1 or tick >= last:
        return 1
    is_write = memory.slot[hit, at.IS_WRITE]
    apart = spacing(timing, is_write)
    if timing.strobe_hold > 0 and (
        apart >= timing.strobe_hold or tick > memory.channel[channel, at.STROBE_UNTIL]
    ):
        return 1  # the write clock stops in between, or was started for the first
    to_precharge = timing.write_to_precharge if is_write else timing.read_to_precharge
    for other in range(memory.channel[channel, at.WISHES + at.ROW_WISHES]):
        ready = memory.wish[channel, at.ROW_WISHES, at.TICK, other]
        if ready > last or (
            memory.wish[channel, at.ROW_WISHES, at.WISHING, other] == bank and to_precharge >= apart
        ):
            continue  # it comes later; or every hit puts off the end of its own row
        last = ready - (memory.wish[channel, at.ROW_WISHES, at.KIND, other] == at.CLOSE)
    if last < tick + apart:
        return 1
    place = memory.bank[bank, at.PLACES + at.COLUMN_WISHES]
    mine = memory.wish[channel, at.COLUMN_WISHES, at.PRIORITY, place]
    for other in range(memory.channel[channel, at.WISHES + at.COLUMN_WISHES]):
        ready = memory.wish[channel, at.COLUMN_WISHES, at.TICK, other]
        if other == place or ready > last:
            continue
        first = memory.wish[channel, at.COLUMN_WISHES, at.PRIORITY, other] < mine
        after = ticks_after(memory, timing, channel, is_write, bank, other)
        if after < apart or (after == apart and first):
            last = ready - first
            if last < tick + apart:
                return 1
    return int(max(1, min(most, 1 + (last - tick) // apart)))


@part
def ticks_after(
    memory: Memory, timing: Timing, channel: int, is_write: int, bank: int, other_place: int
) -> int:
    """The least number of ticks from a read or write of ``bank`` to that of another bank's wish."""
    other = memory.wish[channel, at.COLUMN_WISHES, at.WISHING, other_place]
    writes = memory.slot[memory.bank[other, at.HIT], at.IS_WRITE]
    rank, other_rank = memory.bank[bank, at.BANK_RANK], memory.bank[other, at.BANK_RANK]
    same_group = memory.bank[bank, at.BANK_GROUP] == memory.bank[other, at.BANK_GROUP]
    ticks = timing.column_slots
    if rank == other_rank:
        if is_write and writes:
            ticks = max(ticks, timing.write_to_write)
            ticks = max(ticks, timing.write_to_write_group) if same_group else ticks
        elif is_write:
            ticks = max(ticks, timing.write_to_read)
            ticks = max(ticks, timing.write_to_read_group) if same_group else ticks
        elif writes:
            ticks = max(ticks, timing.read_to_write)
        else:
            ticks = max(ticks, timing.read_to_read)
            ticks = max(ticks, timing.read_to_read_group) if same_group else ticks
    elif timing.ranks_on_bus > 1 and rank // timing.ranks_on_bus == other_rank // timing.ranks_on_bus:
        if is_write:
            ticks = max(ticks, timing.write_to_write_rank if writes else timing.write_to_read_rank)
        else:
            ticks = max(ticks, timing.read_to_write_rank if writes else timing.read_to_read_rank)
    return ticks


@part
def changes_nothing(memory: Memory, bank: int, row: int) -> bool:
    """Whether a request for ``row`` would only line up in the bank's list, and change no wish yet."""
    if memory.bank[bank, at.TAIL] == at.NOBODY:
        return False
    return bool(memory.bank[bank, at.HIT] != at.NOBODY or memory.bank[bank, at.OPEN_ROW] != row)
