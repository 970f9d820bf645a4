"""What a DRAM command changes: the ticks at which the commands after it become legal, and the counts."""

from __future__ import annotations

from deltasim.runtime.compiling import inlined, kernel, part
from deltasim.simulator.dram.constraints import (
    ACTIVATE,
    BANK,
    BUS,
    FOUR,
    GROUP,
    PRECHARGE,
    PRECHARGE_SET,
    RANK,
    READ,
    REFRESH,
    least,
)
from deltasim.simulator.dram.scheduling import fields as at
from deltasim.simulator.dram.scheduling.queue import (
    drop_candidate,
    hold,
    hold_rank,
    invalidate_best,
    later,
    remove_hits,
    set_column_candidate,
    set_row_candidate,
    wake,
)
from deltasim.simulator.dram.scheduling.state import Memory
from deltasim.simulator.dram.timing import Timing


@kernel
def issue(memory: Memory, timing: Timing, channel: int, tick: int, kind: int, target: int) -> int:
    """Carry out what `next_command` gave; return the slot of the request it served, or -1.

    A read's data has arrived at ``tick + timing.read_latency``, a write's at ``tick + timing.write_latency``.
    The slot's fields can be read until the next request is handed in; the request that was served arrived
    its STEP before its ARRIVAL, which is already that of the next. Reads that come with its burst
    (`deltasim.simulator.dram.scheduling.queue.next_sharing`) are taken before.
    """
    if kind == at.COLUMN or kind == at.COLUMN_ACTIVATED_FOR:
        return columns(memory, timing, channel, tick, target, 1, 0)
    row_command(memory, timing, channel, tick, kind, target)
    return at.NOBODY


@inlined
def row_command(memory: Memory, timing: Timing, channel: int, tick: int, kind: int, target: int) -> None:
    """Carry out a command that serves no request."""
    invalidate_best(memory, channel, at.ROW_CANDIDATES)
    if kind == at.PRECHARGE_SET or kind == at.REFRESH:  # they may wake the rank
        invalidate_best(memory, channel, at.COLUMN_CANDIDATES)
    if kind == at.ACTIVATE:
        activate(memory, timing, channel, tick, target)
    elif kind == at.PRECHARGE:
        start(memory, channel, memory.bank[target, at.HEAD], at.ROW_CONFLICTS)
        take_row_slots(memory, timing, channel, tick, timing.precharge_slots)
        close_row(memory, timing, channel, tick, target)
        hold_up(memory, timing, PRECHARGE, tick, target)
        set_row_candidate(memory, timing, channel, target)
    elif kind == at.CLOSE:
        close_row(memory, timing, channel, tick, target)
        hold_up_bank(memory, timing, PRECHARGE, tick, target)
        of_rank = memory.bank[target, at.RANK_SHARED]
        hold(memory, of_rank + at.NEXT_PRECHARGE, tick)  # a refresh may have waited
        set_row_candidate(memory, timing, channel, target)
    elif kind == at.PRECHARGE_SET:
        precharge_set(memory, timing, channel, tick, target)
    elif kind == at.REFRESH:
        refresh(memory, timing, channel, tick, target)


@part
def take_row_slots(memory: Memory, timing: Timing, channel: int, tick: int, slots: int) -> None:
    """Take ``slots`` of the bus for row commands from ``tick`` on; column commands may have their own."""
    if timing.activate_apart > 0 and tick > memory.channel[channel, at.NEXT_ROW_SLOT]:
        memory.channel[channel, at.SECOND_HALF] = 0
    memory.channel[channel, at.NEXT_ROW_SLOT] = tick + slots
    if timing.split_bus == 0:
        memory.channel[channel, at.NEXT_COLUMN_SLOT] = tick + slots


@part
def take_column_slots(memory: Memory, timing: Timing, channel: int, tick: int, slots: int) -> None:
    """Take ``slots`` of the bus for column commands from ``tick`` on."""
    if timing.split_bus == 0:
        take_row_slots(memory, timing, channel, tick, slots)
    else:
        memory.channel[channel, at.NEXT_COLUMN_SLOT] = tick + slots


@part
def start(memory: Memory, channel: int, slot: int, outcome: int) -> None:
    """Count a request as row hit, miss or conflict by the first command it causes."""
    if memory.slot[slot, at.STARTED] == 0:
        memory.slot[slot, at.STARTED] = 1
        memory.counts[channel, outcome] += 1


@part
def columns(
    memory: Memory, timing: Timing, channel: int, tick: int, bank: int, count: int, apart: int
) -> int:
    """Read or write the bank's oldest row hit, or ``count`` of its slot, ``apart`` ticks each.

    More than one, and how far apart, is for `deltasim.simulator.dram.scheduling.burst_runs` to say.
    """
    rank = memory.bank[bank, at.BANK_RANK]
    invalidate_best(memory, channel, at.COLUMN_CANDIDATES)
    start(memory, channel, memory.bank[bank, at.HIT], at.ROW_HITS)
    memory.counts[channel, at.ROW_HITS] += count - 1
    slot = remove_hits(memory, channel, bank, count)
    if memory.bank[bank, at.ACTIVATED_FOR] == 1:
        memory.bank[bank, at.ACTIVATED_FOR] = 0
        memory.rank[rank, at.BANKS_ACTIVATED_FOR] -= 1
    else:
        memory.channel[channel, at.QUEUED] -= count
    is_write = memory.slot[slot, at.IS_WRITE]
    final = tick + (count - 1) * apart
    clocked = int(tick > memory.channel[channel, at.CLOCK_UNTIL])  # by the command before, in the same breath
    take_column_slots(memory, timing, channel, tick - clocked, clocked + timing.column_slots)
    if count > 1:
        take_column_slots(memory, timing, channel, final, timing.column_slots)
    memory.counts[channel, at.READS + is_write] += count
    clock = timing.write_clock if is_write else timing.read_clock
    latency = timing.write_latency if is_write else timing.read_latency
    if clock > 0:
        later(memory.channel, channel, at.CLOCK_UNTIL, final + clock)
    hold_up(memory, timing, READ + is_write, final, bank)
    if timing.ranks_on_bus > 1:
        hand_over_bus(memory, timing, rank, final, is_write)
    later(memory.rank, rank, at.IDLE_FROM, final + latency)
    memory.rank[rank, at.PENDING] -= count
    if timing.closed_page == 1 and memory.bank[bank, at.HIT] == at.NOBODY:
        memory.bank[bank, at.OPEN_ROW] = at.CLOSING
        closed = memory.bank[bank, at.NEXT_PRECHARGE] + timing.precharge_slots - 1
        later(memory.rank, rank, at.IDLE_FROM, closed)
    set_column_candidate(memory, timing, channel, bank)
    closing, head = memory.bank[bank, at.OPEN_ROW] == at.CLOSING, memory.bank[bank, at.HEAD]
    if (
        closing or head != memory.bank[bank, at.HIT]
    ):  # else it is a candidate for no other row, nor was before
        set_row_candidate(memory, timing, channel, bank)
    return slot


@part
def spacing(timing: Timing, is_write: int) -> int:
    """Ticks from one row hit to the next of the same row and kind, when nothing else is in their way."""
    kind = READ + is_write
    apart = max(timing.column_slots, in_a_bank(timing, kind, kind))
    return apart + (apart & timing.falling)


@part
def hand_over_bus(memory: Memory, timing: Timing, rank: int, tick: int, is_write: int) -> None:
    """Keep the data bus clear between this rank and the others on it."""
    first = rank // timing.ranks_on_bus * timing.ranks_on_bus
    for other in range(first, first + timing.ranks_on_bus):
        if other == rank:
            continue
        for after in range(at.SHARED_FIELDS):
            wait = least(timing.between, BUS, READ + is_write, after)
            if wait > 0:
                hold_rank(memory, timing, other, after, tick + wait)


@part
def in_a_bank(timing: Timing, before: int, after: int) -> int:
    """The least ticks between two commands to one bank: by itself, its group and its rank."""
    of_group = least(timing.between, GROUP, before, after)
    return max(
        least(timing.between, BANK, before, after), max(of_group, least(timing.between, RANK, before, after))
    )


@inlined
def hold_up_bank(memory: Memory, timing: Timing, before: int, tick: int, bank: int) -> None:
    """Hold up what the bank itself may do after a command to it at ``tick``."""
    for after in range(at.BANK_COMMANDS):
        wait = least(timing.between, BANK, before, after)
        if wait > 0:
            later(memory.bank, bank, after, tick + wait)


@inlined
def hold_up(memory: Memory, timing: Timing, before: int, tick: int, bank: int) -> None:
    """Hold up what may follow a command to a bank at ``tick``, in the bank, its group and its rank."""
    hold_up_bank(memory, timing, before, tick, bank)
    of_group, of_rank = memory.bank[bank, at.GROUP_SHARED], memory.bank[bank, at.RANK_SHARED]
    for after in range(at.SHARED_FIELDS):
        wait = least(timing.between, GROUP, before, after)
        if wait > 0:
            hold(memory, of_group + after, tick + wait)
        wait = least(timing.between, RANK, before, after)
        if wait > 0:
            hold(memory, of_rank + after, tick + wait)


@inlined
def activate(memory: Memory, timing: Timing, channel: int, tick: int, bank: int) -> None:
    """Open the row of the bank's oldest request, which leaves the queue and owns the row until served."""
    rank, of_rank = memory.bank[bank, at.BANK_RANK], memory.bank[bank, at.RANK_SHARED]
    head = memory.bank[bank, at.HEAD]
    start(memory, channel, head, at.ROW_MISSES)
    take_row_slots(memory, timing, channel, tick, timing.activate_slots)
    if timing.activate_apart > 0:
        memory.channel[channel, at.SECOND_HALF] = tick + timing.activate_apart
    memory.counts[channel, at.ACTIVATED] += 1
    memory.channel[channel, at.QUEUED] -= 1
    memory.bank[bank, at.OPEN_ROW] = memory.slot[head, at.ROW]
    memory.bank[bank, at.HIT] = head
    memory.bank[bank, at.ACTIVATED_FOR] = 1
    memory.rank[rank, at.BANKS_ACTIVATED_FOR] += 1
    if memory.rank[rank, at.OPEN_BANKS] == 0:
        memory.rank[rank, at.OPEN_SINCE] = tick + timing.activate_slots - 1
    memory.rank[rank, at.OPEN_BANKS] += 1
    hold_up(memory, timing, ACTIVATE, tick, bank)
    oldest = memory.rank[rank, at.OLDEST_ACTIVATE]
    memory.rank[rank, at.ACTIVATES + oldest] = tick
    oldest = (oldest + 1) & 3
    memory.rank[rank, at.OLDEST_ACTIVATE] = oldest
    window = memory.rank[rank, at.ACTIVATES + oldest] + least(timing.between, FOUR, ACTIVATE, ACTIVATE)
    hold(memory, of_rank + at.NEXT_ACTIVATE, window)
    set_column_candidate(memory, timing, channel, bank)
    drop_candidate(memory, channel, at.ROW_CANDIDATES, bank)


@part
def close_row(memory: Memory, timing: Timing, channel: int, tick: int, bank: int) -> None:
    """Close the bank's row by a precharge, or as if by one, at ``tick``."""
    rank = memory.bank[bank, at.BANK_RANK]
    memory.bank[bank, at.OPEN_ROW] = at.CLOSED
    memory.bank[bank, at.HIT] = at.NOBODY
    drop_candidate(memory, channel, at.COLUMN_CANDIDATES, bank)
    memory.counts[channel, at.PRECHARGED] += 1
    memory.rank[rank, at.OPEN_BANKS] -= 1
    if memory.rank[rank, at.OPEN_BANKS] == 0:
        closed = tick + timing.precharge_slots - 1
        memory.rank[rank, at.TICKS_OPEN] += closed - memory.rank[rank, at.OPEN_SINCE]


@part
def refreshed_set(memory: Memory, timing: Timing, channel: int) -> int:
    """Give the first bank of those that the next refresh is for; the others come ``refresh_sets`` apart.

    Ranks take turns, and each its parts in order.
    """
    number = memory.channel[channel, at.REFRESH_NUMBER]
    rank = channel * timing.ranks + number % timing.ranks
    return int(rank * timing.groups * timing.banks + number // timing.ranks % timing.refresh_sets)


@part
def precharge_set(memory: Memory, timing: Timing, channel: int, tick: int, rank: int) -> None:
    """Close every row of the banks that are to be refreshed together."""
    wake(memory, timing, rank, memory.channel[channel, at.REFRESH_DUE])
    take_row_slots(memory, timing, channel, tick, timing.precharge_slots)
    end = (rank + 1) * timing.groups * timing.banks
    for bank in range(refreshed_set(memory, timing, channel), end, timing.refresh_sets):
        if memory.bank[bank, at.OPEN_ROW] != at.CLOSED:
            close_row(memory, timing, channel, tick, bank)
            hold_up(memory, timing, PRECHARGE_SET, tick, bank)
            set_row_candidate(memory, timing, channel, bank)


@part
def refresh(memory: Memory, timing: Timing, channel: int, tick: int, rank: int) -> None:
    """Refresh the banks whose turn it is, whose rows are closed."""
    wake(memory, timing, rank, memory.channel[channel, at.REFRESH_DUE])
    take_row_slots(memory, timing, channel, tick, timing.precharge_slots)
    memory.counts[channel, at.REFRESHED] += 1
    end = (rank + 1) * timing.groups * timing.banks
    for bank in range(refreshed_set(memory, timing, channel), end, timing.refresh_sets):
        hold_up(memory, timing, REFRESH, tick, bank)
        set_row_candidate(memory, timing, channel, bank)
    busy = least(timing.between, BANK, REFRESH, ACTIVATE)
    later(memory.rank, rank, at.IDLE_FROM, tick + busy + timing.activate_slots - 1)
    later(memory.channel, channel, at.NEXT_COLUMN_SLOT, tick + 1)  # what it held up goes on from here
    memory.channel[channel, at.REFRESH_NUMBER] += 1
    if memory.channel[channel, at.REFRESH_NUMBER] % timing.ranks == 0:  # all ranks are due at once
        memory.channel[channel, at.REFRESH_DUE] += timing.refresh_interval
