"""The rule of a DRAM channel: which command comes next, and at which tick it is legal.

The caller drives time. It hands in requests (`queue.enqueue`), asks what comes next
(`next_command`) and carries it out (`commands.issue`). Every request that arrives
up to a command's tick is handed in before that command is issued.

The order is first-ready, first-come-first-served, as Ramulator 2.1 has it (FRFCFS-RowHit): the command that
may begin at the earliest tick wins; at one tick reads and writes for which a row was opened come before
refreshes, refreshes before all others, and of these that of the oldest request is first, whatever it is;
where row and column commands have a bus each, both may begin. A bank serves the hits of its open row in
order of arrival. The row is closed for the oldest waiting request of the bank, never while an older request
hits it, and never before the request is served for which it was opened. A request whose row is opened
leaves the queue and so makes room. From the tick a refresh is due until it is carried out, the channel only
serves requests for which a row was opened and closes rows on the way to the refresh; refreshes that are due
at once come one after another, rank by rank.
"""

from __future__ import annotations

from deltasim.runtime.branchless import before, either
from deltasim.runtime.compiling import inlined, kernel, part
from deltasim.simulator.dram.scheduling import fields as at
from deltasim.simulator.dram.scheduling.commands import refreshed_set
from deltasim.simulator.dram.scheduling.queue import (
    beside_half,
    legal_from,
    listed,
    next_slot,
    of_rank,
    ready_from,
)
from deltasim.simulator.dram.scheduling.state import Memory
from deltasim.simulator.dram.timing import Timing


@kernel
def next_command(memory: Memory, timing: Timing, channel: int) -> tuple[int, int, int]:
    """Give (tick, kind, target) of the channel's next command, of all requests handed in so far.

    The target is a bank, for PRECHARGE_SET and REFRESH a rank. With nothing waiting it is the next refresh;
    without refreshes it is (NEVER, NOTHING, -1). Nothing is changed but the first legal
    tick of every candidate.
    """
    return first_command(memory, timing, channel)


@inlined
def first_command(memory: Memory, timing: Timing, channel: int) -> tuple[int, int, int]:
    """`next_command` for kernels, which ask for nothing else as often."""
    column = best_candidate(memory, timing, channel, at.COLUMN_CANDIDATES)
    row = best_candidate(memory, timing, channel, at.ROW_CANDIDATES)
    best, later = memory.channel[channel, at.BEST_TICK], memory.channel[channel, at.BEST_TICK + 1]
    first, other = memory.channel[channel, at.BEST_PRIORITY], memory.channel[channel, at.BEST_PRIORITY + 1]
    row_first = before(later, other, best, first)
    best, chosen = either(row_first, later, best), either(row_first, row, column)
    if best >= memory.channel[channel, at.REFRESH_DUE]:
        return command_at_refresh(memory, timing, channel)
    if chosen == at.NOBODY:
        return at.NEVER, at.NOTHING, at.NOBODY
    kind = memory.candidate[chosen, at.KIND]
    return begun(memory, channel, best, kind), kind, memory.candidate[chosen, at.BANK]


@part
def begun(memory: Memory, channel: int, tick: int, kind: int) -> int:
    """Give the tick of a command that was chosen for ``tick``: it may have to start the write clock there."""
    is_column = kind == at.COLUMN or kind == at.COLUMN_ACTIVATED_FOR
    return int(tick + (is_column and tick >= memory.channel[channel, at.CLOCK_UNTIL]))


@inlined
def best_candidate(memory: Memory, timing: Timing, channel: int, which: int) -> int:
    """The place of the candidate on a list that is legal first, of equals the one with the least priority.

    It is known from the last time if nothing that its list depends on has changed
    (`invalidate_best` and `update_best` of `queue`) and if the command bus is
    free before it, and so before all the others.
    """
    known = memory.channel[channel, at.BEST + which]
    free = memory.channel[channel, next_slot(which)]
    if known == at.NOBODY or (known >= 0 and memory.channel[channel, at.BEST_TICK + which] > free):
        return int(known)
    best, first, chosen = at.NEVER, at.NO_CLASS * at.AGES, at.NOBODY
    place, end = listed(memory, channel, which)
    while place < end:
        tick = legal_from(memory, timing, channel, which, place, free)
        memory.candidate[place, at.TICK] = tick
        priority = memory.candidate[place, at.PRIORITY]
        earlier = before(tick, priority, best, first)
        best, first = either(earlier, tick, best), either(earlier, priority, first)
        chosen = either(earlier, place, chosen)
        place += 1
    memory.channel[channel, at.BEST + which] = chosen
    memory.channel[channel, at.BEST_TICK + which] = best
    memory.channel[channel, at.BEST_PRIORITY + which] = first
    return int(chosen)


@part
def command_at_refresh(memory: Memory, timing: Timing, channel: int) -> tuple[int, int, int]:
    """Give the next command when a refresh may come first; the candidates know their ticks."""
    best, first, kind, target = at.NEVER, at.NO_CLASS * at.AGES, at.NOTHING, at.NOBODY
    due = memory.channel[channel, at.REFRESH_DUE]
    for which in (at.COLUMN_CANDIDATES, at.ROW_CANDIDATES):
        begin, end = listed(memory, channel, which)
        for place in range(begin, end):
            tick, priority = memory.candidate[place, at.TICK], memory.candidate[place, at.PRIORITY]
            wanted = memory.candidate[place, at.KIND]
            allowed = tick < due or wanted == at.COLUMN_ACTIVATED_FOR or wanted == at.CLOSE
            if allowed and (tick < best or (tick == best and priority < first)):
                best, first, kind, target = tick, priority, wanted, memory.candidate[place, at.BANK]
    if due <= min(best, at.NEVER - 1):
        tick, wanted, rank = refresh_command(memory, timing, channel, due)
        if tick < best or (tick == best and first > at.REFRESH_FIRST * at.AGES):
            return tick, wanted, rank
    return begun(memory, channel, best, kind), kind, target


@part
def refresh_command(memory: Memory, timing: Timing, channel: int, due: int) -> tuple[int, int, int]:
    """Give (tick, kind, rank) of the next step towards the refresh: close the rows, then refresh."""
    first = refreshed_set(memory, timing, channel)
    rank = memory.bank[first, at.BANK_RANK]
    end = (rank + 1) * timing.groups * timing.banks
    kind = at.REFRESH
    for bank in range(first, end, timing.refresh_sets):
        if memory.bank[bank, at.ACTIVATED_FOR] == 1:
            return at.NEVER, at.NOTHING, at.NOBODY
        if memory.bank[bank, at.OPEN_ROW] != at.CLOSED:
            kind = at.PRECHARGE_SET
    held = of_rank(memory, timing, rank)
    tick = max(ready_from(memory, timing, rank, due), memory.shared[held + at.NEXT_PRECHARGE])
    for bank in range(first, end, timing.refresh_sets):
        if kind == at.REFRESH:  # told by its first tick, an activate by its own
            sooner = timing.precharge_slots - timing.activate_slots
            tick = max(tick, memory.bank[bank, at.NEXT_ACTIVATE] - sooner)
        elif memory.bank[bank, at.OPEN_ROW] != at.CLOSED:
            tick = max(tick, memory.bank[bank, at.NEXT_PRECHARGE])
    if kind == at.REFRESH:
        tick = max(tick, memory.shared[held + at.NEXT_REFRESH])
    free = memory.channel[channel, at.NEXT_ROW_SLOT]
    tick = max(tick, max(free, due))
    tick += tick & (timing.falling * (kind == at.REFRESH))
    if timing.activate_apart > 0 and tick == free:
        tick = beside_half(memory, channel, tick, kind)
    return int(tick), kind, int(rank)
