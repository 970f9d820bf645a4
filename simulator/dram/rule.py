"""The rule of a DRAM channel: which command comes next, and at which tick it is legal.

The caller drives time. It hands in requests (`simulator.dram.waiting.enqueue`), asks what comes next
(`next_command`) and carries it out (`simulator.dram.issue.issue`). Every request that arrives up to a command's
tick is handed in before that command is issued.

The order is first-ready, first-come-first-served, row hits first: the earliest legal tick wins; at one tick
column commands (row hits) come before refreshes, refreshes before activates and precharges; then the oldest
request wins. A bank serves the hits of its open row in order of arrival. The row is closed for the oldest
waiting request of the bank, never while an older request hits it, and never before the request is served for
which it was opened. A request whose row is opened leaves the queue and so makes room. From the tick a refresh
is due, its rank only serves requests for which a row was opened, closes its rows and refreshes.
"""

from __future__ import annotations

from networks.kernels import kernel
from simulator.dram import fields as at
from simulator.dram.state import Memory
from simulator.dram.timing import Timing
from simulator.dram.waiting import ready_from


@kernel
def column_tick(memory: Memory, timing: Timing, channel: int, bank: int, slot: int) -> int:
    """Give the first tick at which the open row of the bank serves the request in ``slot``."""
    field = at.NEXT_WRITE if memory.slot[slot, at.IS_WRITE] else at.NEXT_READ
    tick = max(memory.bank[bank, field], memory.group[memory.bank[bank, at.BANK_GROUP], field])
    tick = max(tick, memory.rank[memory.bank[bank, at.BANK_RANK], field])
    first_slot = max(memory.channel[channel, at.NEXT_COLUMN_SLOT], memory.slot[slot, at.ARRIVAL])
    tick = max(tick, first_slot + timing.column_slots - 1)
    if timing.strobe_hold > 0 and tick >= memory.channel[channel, at.STROBE_UNTIL]:
        tick += 1  # the write clock has stopped: one command more, just before, starts it
    return tick


@kernel
def activate_tick(memory: Memory, timing: Timing, channel: int, bank: int, arrival: int) -> int:
    """Give the first tick at which the closed bank opens a row for a request."""
    rank = memory.bank[bank, at.BANK_RANK]
    window = memory.rank[rank, at.ACTIVATES + memory.rank[rank, at.OLDEST_ACTIVATE]] + timing.four_activates
    tick = max(memory.bank[bank, at.NEXT_ACTIVATE], memory.rank[rank, at.NEXT_ACTIVATE])
    tick = max(max(tick, memory.group[memory.bank[bank, at.BANK_GROUP], at.NEXT_ACTIVATE]), window)
    next_slot = memory.channel[channel, at.NEXT_ROW_SLOT]
    if timing.activate_apart == 0:
        return max(tick, max(next_slot, arrival) + timing.activate_slots - 1)
    tick = max(tick, max(next_slot, arrival + 1))  # the first half takes a spare slot before
    if tick == next_slot:
        reach = min(timing.activate_apart, tick - arrival)
        if memory.channel[channel, at.SPARE_SLOTS] & ((1 << reach) - 1) == 0:
            tick += 1
    return tick


@kernel
def precharge_tick(memory: Memory, timing: Timing, channel: int, bank: int, arrival: int) -> int:
    """Give the first tick at which the open row of the bank is closed for a request."""
    tick = max(memory.bank[bank, at.NEXT_PRECHARGE], memory.rank[memory.bank[bank, at.BANK_RANK], at.NEXT_PRECHARGE])
    return max(tick, max(memory.channel[channel, at.NEXT_ROW_SLOT], arrival) + timing.precharge_slots - 1)


@kernel
def refresh_command(memory: Memory, timing: Timing, channel: int, rank: int) -> tuple[int, int]:
    """Give tick and kind of the next step towards the rank's refresh: close all rows, then refresh."""
    if memory.rank[rank, at.OWNERS] > 0:
        return at.NEVER, at.NOTHING
    due = memory.rank[rank, at.NEXT_REFRESH]
    tick = max(ready_from(memory, timing, rank, due), memory.rank[rank, at.NEXT_PRECHARGE])
    tick = max(tick, max(memory.channel[channel, at.NEXT_ROW_SLOT], due) + timing.precharge_slots - 1)
    banks = timing.groups * timing.banks
    kind = at.PRECHARGE_ALL if memory.rank[rank, at.OPEN_BANKS] > 0 else at.REFRESH
    field = at.NEXT_PRECHARGE if kind == at.PRECHARGE_ALL else at.NEXT_ACTIVATE
    for bank in range(rank * banks, (rank + 1) * banks):
        if kind == at.REFRESH or memory.bank[bank, at.OPEN_ROW] != at.CLOSED:
            tick = max(tick, memory.bank[bank, field])
    return tick, kind


@kernel
def next_command(memory: Memory, timing: Timing, channel: int) -> tuple[int, int, int]:
    """Give (tick, kind, target) of the channel's next command, of all requests handed in so far.

    The target is a bank, for PRECHARGE_ALL and REFRESH a rank. With nothing waiting it is the next refresh;
    without refreshes it is (NEVER, NOTHING, -1). Nothing is changed.
    """
    best, kind, target, age = at.NEVER, at.NOTHING, at.NOBODY, at.NEVER
    for place in range(memory.channel[channel, at.BUSY_BANKS]):
        bank = memory.busy[channel, place]
        due = memory.rank[memory.bank[bank, at.BANK_RANK], at.NEXT_REFRESH]
        row = memory.bank[bank, at.OPEN_ROW]
        if row == at.CLOSING:
            tick = memory.bank[bank, at.NEXT_PRECHARGE]
            if tick < best or (tick == best and kind > at.CLOSE):
                best, kind, target, age = tick, at.CLOSE, bank, at.NOBODY
            continue
        hit, head = memory.bank[bank, at.HIT], memory.bank[bank, at.HEAD]
        if hit != at.NOBODY:
            wish, order = at.COLUMN, memory.slot[hit, at.ORDER]
            tick = column_tick(memory, timing, channel, bank, hit)
            if memory.bank[bank, at.OWNED] == 1:
                wish = at.COLUMN_OWNED
            if (tick < due or wish == at.COLUMN_OWNED) and (
                tick < best or (tick == best and (wish < kind or (wish == kind and order < age)))
            ):
                best, kind, target, age = tick, wish, bank, order
        if head != hit:
            wish, order, arrival = at.ACTIVATE, memory.slot[head, at.ORDER], memory.slot[head, at.ARRIVAL]
            if row == at.CLOSED:
                tick = activate_tick(memory, timing, channel, bank, arrival)
            else:
                wish = at.PRECHARGE
                tick = precharge_tick(memory, timing, channel, bank, arrival)
            if tick < due and (tick < best or (tick == best and kind >= at.ACTIVATE and order < age)):
                best, kind, target, age = tick, wish, bank, order
    if best >= memory.channel[channel, at.FIRST_REFRESH]:
        for rank in range(channel * timing.ranks, (channel + 1) * timing.ranks):
            if memory.rank[rank, at.NEXT_REFRESH] <= best:
                tick, wish = refresh_command(memory, timing, channel, rank)
                if tick < best or (tick == best and wish < kind):
                    best, kind, target = tick, wish, rank
    return best, kind, target
