"""The rule of a DRAM channel: which command comes next, and at which tick it is legal.

The caller drives time. It hands in requests (`simulator.dram.waiting.enqueue`), asks what comes next
(`next_command`) and carries it out (`simulator.dram.issue.issue`). Every request that arrives up to a
command's tick is handed in before that command is issued.

The order is first-ready, first-come-first-served, row hits first: the earliest legal tick wins; at one tick
column commands (row hits) come before refreshes, refreshes before activates and precharges; then the oldest
request wins. A bank serves the hits of its open row in order of arrival. The row is closed for the oldest
waiting request of the bank, never while an older request hits it, and never before the request is served for
which it was opened. A request whose row is opened leaves the queue and so makes room. From the tick a refresh
is due, its rank only serves requests for which a row was opened, closes its rows and refreshes.
"""

from __future__ import annotations

from networks.kernels import kernel, part
from simulator.dram import fields as at
from simulator.dram.state import Memory
from simulator.dram.timing import Timing
from simulator.dram.waiting import listed, of_rank, ready_from


@kernel
def next_command(memory: Memory, timing: Timing, channel: int) -> tuple[int, int, int]:
    """Give (tick, kind, target) of the channel's next command, of all requests handed in so far.

    The target is a bank, for PRECHARGE_ALL and REFRESH a rank. With nothing waiting it is the next refresh;
    without refreshes it is (NEVER, NOTHING, -1). Nothing is changed but that every wish is told its first
    legal tick.
    """
    best, first, chosen = at.NEVER, at.NOTHING * at.AGES, at.NOBODY
    next_slot = memory.channel[channel, at.NEXT_COLUMN_SLOT]
    strobe_until = memory.channel[channel, at.STROBE_UNTIL]
    begin, end = listed(memory, channel, at.COLUMN_WISHES)
    for place in range(begin, end):
        tick = legal_from(memory, place, next_slot)
        tick += tick >= strobe_until  # the write clock has stopped: one command more, just before, starts it
        memory.wish[place, at.TICK] = tick
        priority = memory.wish[place, at.PRIORITY]
        earlier = (tick < best) | ((tick == best) & (priority < first))
        best, first = (tick if earlier else best), (priority if earlier else first)
        chosen = place if earlier else chosen
    next_slot = memory.channel[channel, at.NEXT_ROW_SLOT]
    begin, end = listed(memory, channel, at.ROW_WISHES)
    for place in range(begin, end):
        tick = legal_from(memory, place, next_slot)
        if timing.activate_apart > 0 and tick == next_slot:
            tick = after_spare_slot(memory, timing, channel, place, tick)
        memory.wish[place, at.TICK] = tick
        priority = memory.wish[place, at.PRIORITY]
        earlier = (tick < best) | ((tick == best) & (priority < first))
        best, first = (tick if earlier else best), (priority if earlier else first)
        chosen = place if earlier else chosen
    if best >= memory.channel[channel, at.FIRST_REFRESH]:
        return command_at_refresh(memory, timing, channel)
    return best, memory.wish[chosen, at.KIND], memory.wish[chosen, at.WISHING]


@part
def legal_from(memory: Memory, place: int, next_slot: int) -> int:
    """Give the first tick at which bank, group, rank and command bus allow a wish."""
    group = memory.shared[memory.wish[place, at.OF_GROUP]]
    rank = memory.shared[memory.wish[place, at.OF_RANK]]
    slot = next_slot + memory.wish[place, at.SLOTS]
    return int(max(max(memory.wish[place, at.READY], slot), max(group, rank)))


@part
def command_at_refresh(memory: Memory, timing: Timing, channel: int) -> tuple[int, int, int]:
    """Give the next command when a refresh may come first; the wishes know their ticks."""
    best, first, kind, target = at.NEVER, at.NOTHING * at.AGES, at.NOTHING, at.NOBODY
    for which in (at.COLUMN_WISHES, at.ROW_WISHES):
        begin, end = listed(memory, channel, which)
        for place in range(begin, end):
            bank = memory.wish[place, at.WISHING]
            due = memory.rank[memory.bank[bank, at.BANK_RANK], at.NEXT_REFRESH]
            tick = memory.wish[place, at.TICK]
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
def after_spare_slot(memory: Memory, timing: Timing, channel: int, place: int, tick: int) -> int:
    """Give the tick, from the next of the bus, at which an activate ends: its first half goes before."""
    if memory.wish[place, at.KIND] != at.ACTIVATE:
        return tick
    head = memory.bank[memory.wish[place, at.WISHING], at.HEAD]
    reach = min(timing.activate_apart, tick - memory.slot[head, at.ARRIVAL])
    return int(tick + (memory.channel[channel, at.SPARE_SLOTS] & ((1 << reach) - 1) == 0))


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
