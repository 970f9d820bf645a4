"""The rule of a DRAM channel: which command comes next, and at which tick it is legal.

The caller drives time. It hands in requests (`deltasim.simulator.dram.queue.enqueue`), asks what comes next
(`next_command`) and carries it out (`simulator.dram.commands.issue`). Every request that arrives up to a
command's tick is handed in before that command is issued.

The order is first-ready, first-come-first-served, row hits first: the earliest legal tick wins; at one tick
column commands (row hits) come before refreshes, refreshes before activates and precharges; then the oldest
request wins. A bank serves the hits of its open row in order of arrival. The row is closed for the oldest
waiting request of the bank, never while an older request hits it, and never before the request is served for
which it was opened. A request whose row is opened leaves the queue and so makes room. From the tick a refresh
is due, its rank only serves requests for which a row was opened, closes its rows and refreshes.
"""

from __future__ import annotations

from deltasim.runtime.branchless import before, either
from deltasim.runtime.compiling import inlined, kernel, part
from deltasim.simulator.dram import fields as at
from deltasim.simulator.dram.queue import clocked, legal_from, listed, next_slot, of_rank, ready_from
from deltasim.simulator.dram.state import Memory
from deltasim.simulator.dram.timing import Timing


@kernel
def next_command(memory: Memory, timing: Timing, channel: int) -> tuple[int, int, int]:
    """Give (tick, kind, target) of the channel's next command, of all requests handed in so far.

    The target is a bank, for PRECHARGE_ALL and REFRESH a rank. With nothing waiting it is the next refresh;
    without refreshes it is (NEVER, NOTHING, -1). Nothing is changed but that every wish is told its first
    legal tick.
    """
    return first_command(memory, timing, channel)


@inlined
def first_command(memory: Memory, timing: Timing, channel: int) -> tuple[int, int, int]:
    """`next_command` for kernels, which ask for nothing else as often."""
    column = best_wish(memory, timing, channel, at.COLUMN_WISHES)
    row = best_wish(memory, timing, channel, at.ROW_WISHES)
    best, later = memory.channel[channel, at.BEST_TICK], memory.channel[channel, at.BEST_TICK + 1]
    first, other = memory.channel[channel, at.BEST_PRIORITY], memory.channel[channel, at.BEST_PRIORITY + 1]
    row_first = before(later, other, best, first)
    best, chosen = either(row_first, later, best), either(row_first, row, column)
    if best >= memory.channel[channel, at.FIRST_REFRESH]:
        return command_at_refresh(memory, timing, channel)
    if chosen == at.NOBODY:
        return at.NEVER, at.NOTHING, at.NOBODY
    return best, memory.wish[chosen, at.KIND], memory.wish[chosen, at.WISHING]


@part
def most_slots(timing: Timing, which: int) -> int:
    """The most slots of the command bus that a command of a list takes."""
    if which == at.COLUMN_WISHES:
        return timing.column_slots
    return max(timing.activate_slots, timing.precharge_slots)


@inlined
def best_wish(memory: Memory, timing: Timing, channel: int, which: int) -> int:
    """The place of the wish on a list that is legal first, of equals the one with the least priority.

    It is known from the last time if nothing that its list depends on has changed (`waiting.forget`,
    `waiting.weigh`) and if the command bus is free before it, and so before all the others.
    """
    known = memory.channel[channel, at.BEST + which]
    free_from = memory.channel[channel, next_slot(which)] + most_slots(timing, which) - 1
    if known == at.NOBODY or (known >= 0 and memory.channel[channel, at.BEST_TICK + which] > free_from):
        return int(known)
    best, first, chosen = at.NEVER, at.NOTHING * at.AGES, at.NOBODY
    free = memory.channel[channel, next_slot(which)]
    place, end = listed(memory, channel, which)
    while place < end:
        tick = legal_from(memory, timing, channel, which, place, free)
        memory.wish[place, at.TICK] = tick
        priority = memory.wish[place, at.PRIORITY]
        earlier = before(tick, priority, best, first)
        best, first = either(earlier, tick, best), either(earlier, priority, first)
        chosen = either(earlier, place, chosen)
        place += 1
    best = clocked(memory, channel, which, best)
    memory.channel[channel, at.BEST + which] = chosen
    memory.channel[channel, at.BEST_TICK + which] = best
    memory.channel[channel, at.BEST_PRIORITY + which] = first
    return int(chosen)


@part
def command_at_refresh(memory: Memory, timing: Timing, channel: int) -> tuple[int, int, int]:
    """Give the next command when a refresh may come first; the wishes know their ticks."""
    best, first, kind, target = at.NEVER, at.NOTHING * at.AGES, at.NOTHING, at.NOBODY
    for which in (at.COLUMN_WISHES, at.ROW_WISHES):
        begin, end = listed(memory, channel, which)
        for place in range(begin, end):
            bank = memory.wish[place, at.WISHING]
            due = memory.rank[memory.bank[bank, at.BANK_RANK], at.NEXT_REFRESH]
            tick = clocked(memory, channel, which, memory.wish[place, at.TICK])
            priority = memory.wish[place, at.PRIORITY]
            wanted = memory.wish[place, at.KIND]
            allowed = tick < due or wanted == at.COLUMN_OWNED or wanted == at.CLOSE
            if allowed and (tick < best or (tick == best and priority < first)):
                best, first, kind, target = tick, priority, wanted, bank
    for rank in range(channel * timing.ranks, (channel + 1) * timing.ranks):
        if memory.rank[rank, at.NEXT_REFRESH] <= min(best, at.NEVER - 1):
            tick, wanted = refresh_command(memory, timing, channel, rank)
            if tick < best or (tick == best and wanted * at.AGES < first):
                best, first, kind, target = tick, wanted * at.AGES, wanted, rank
    return best, kind, target


@part
def refresh_command(memory: Memory, timing: Timing, channel: int, rank: int) -> tuple[int, int]:
    """Give tick and kind of the next step towards the rank's refresh: close all rows, then refresh."""
    if memory.rank[rank, at.OWNERS] > 0:
        return at.NEVER, at.NOTHING
    due = memory.rank[rank, at.NEXT_REFRESH]
    tick = max(
        ready_from(memory, timing, rank, due),
        memory.shared[of_rank(memory, timing, rank) + at.NEXT_PRECHARGE],
    )
    tick = max(tick, max(memory.channel[channel, at.NEXT_ROW_SLOT], due) + timing.precharge_slots - 1)
    banks = timing.groups * timing.banks
    kind = at.PRECHARGE_ALL if memory.rank[rank, at.OPEN_BANKS] > 0 else at.REFRESH
    field = at.NEXT_PRECHARGE if kind == at.PRECHARGE_ALL else at.NEXT_ACTIVATE
    for bank in range(rank * banks, (rank + 1) * banks):
        if kind == at.REFRESH or memory.bank[bank, at.OPEN_ROW] != at.CLOSED:
            tick = max(tick, memory.bank[bank, field])
    return tick, kind
