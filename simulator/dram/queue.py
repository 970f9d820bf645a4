"""Waiting requests: every bank has a list of its own, oldest first, and knows its oldest row hit."""

from __future__ import annotations

from deltasim.runtime.compiling import inlined, kernel, part
from deltasim.simulator.dram import fields as at
from deltasim.simulator.dram.state import Integers, Memory
from deltasim.simulator.dram.timing import Timing


@kernel
def has_room(memory: Memory, timing: Timing, channel: int) -> bool:
    """Tell whether the channel's queue takes one more request."""
    return bool(memory.channel[channel, at.QUEUED] < timing.queue)


@kernel
def enqueue(
    memory: Memory, timing: Timing, channel: int, tick: int, bank: int, row: int, is_write: int, tag: int
) -> int:
    """Put a request that arrives at ``tick`` into the queue of ``channel``; return its slot, or -1 if full.

    ``bank`` is numbered over all channels, ``tag`` is the caller's and comes back in the slot. Ticks of
    arrival must not decrease within a channel, nor be before a command issued there.

    >>> from deltasim.simulator.dram.commands import issue
    >>> from deltasim.simulator.dram.scheduler import next_command
    >>> from deltasim.simulator.dram.loading import load_standard
    >>> from deltasim.simulator.dram.state import empty_memory
    >>> timing = load_standard("DDR3-1600").timing()
    >>> memory = empty_memory(timing)
    >>> slot = enqueue(memory, timing, 0, 100, 3, 7, 0, 42)
    >>> tick, kind, bank = next_command(memory, timing, 0)
    >>> (tick, kind == at.ACTIVATE, bank)
    (100, True, 3)
    >>> issue(memory, timing, 0, tick, kind, bank)                # no request is served by it
    -1
    >>> next_command(memory, timing, 0)[0] - tick == timing.activate_to_read
    True
    """
    return enqueue_run(memory, timing, channel, tick, 0, 1, bank, row, is_write, tag)


@kernel
def enqueue_run(
    memory: Memory,
    timing: Timing,
    channel: int,
    tick: int,
    step: int,
    count: int,
    bank: int,
    row: int,
    is_write: int,
    tag: int,
) -> int:
    """Put ``count`` requests of one row into the queue, the first at ``tick``, ``step`` ticks apart.

    They share a slot, which is returned (-1: no room for all), and that of those before them where they go on
    at the same distance. Otherwise as `enqueue`, so many times.
    """
    return line_up(memory, timing, channel, tick, step, count, bank, row, is_write, tag)


@inlined
def line_up(
    memory: Memory,
    timing: Timing,
    channel: int,
    tick: int,
    step: int,
    count: int,
    bank: int,
    row: int,
    is_write: int,
    tag: int,
) -> int:
    """`enqueue_run` for kernels."""
    if memory.channel[channel, at.QUEUED] + count > timing.queue:
        return at.NOBODY
    tail = memory.bank[bank, at.TAIL]
    if tail != at.NOBODY and goes_on(memory, channel, tail, tick, step, count, row, is_write, tag):
        memory.rank[memory.bank[bank, at.BANK_RANK], at.PENDING] += count
        memory.channel[channel, at.QUEUED] += count
        memory.channel[channel, at.SEQUENCE] += count
        memory.slot[tail, at.STEP] = tick - (memory.slot[tail, at.ARRIVAL] + last_step(memory, tail))
        memory.slot[tail, at.COUNT] += count
        return int(tail)
    rank = memory.bank[bank, at.BANK_RANK]
    if memory.rank[rank, at.PENDING] == 0:
        wake(memory, timing, rank, tick)
        forget(memory, channel, at.COLUMN_WISHES)
        forget(memory, channel, at.ROW_WISHES)
    memory.rank[rank, at.PENDING] += count

    here = memory.channel[channel, at.FREE_SLOT]
    memory.channel[channel, at.FREE_SLOT] = memory.slot[here, at.AFTER]
    memory.channel[channel, at.QUEUED] += count
    memory.slot[here, at.ROW] = row
    memory.slot[here, at.ARRIVAL] = tick
    memory.slot[here, at.ORDER] = memory.channel[channel, at.SEQUENCE]
    memory.slot[here, at.IS_WRITE] = is_write
    memory.slot[here, at.TAG] = tag
    memory.slot[here, at.STARTED] = 0
    memory.slot[here, at.COUNT] = count
    memory.slot[here, at.STEP] = step
    memory.channel[channel, at.SEQUENCE] += count

    memory.slot[here, at.AFTER] = at.NOBODY
    memory.slot[here, at.BEFORE] = tail
    if tail == at.NOBODY:
        memory.bank[bank, at.HEAD] = here
    else:
        memory.slot[tail, at.AFTER] = here
    memory.bank[bank, at.TAIL] = here
    if memory.bank[bank, at.HIT] == at.NOBODY and memory.bank[bank, at.OPEN_ROW] == row:
        memory.bank[bank, at.HIT] = here
        wish_column(memory, timing, channel, bank)
    elif tail == at.NOBODY:  # else it waits behind others and changes nothing yet
        wish_row(memory, timing, channel, bank)
    return int(here)


@part
def goes_on(
    memory: Memory,
    channel: int,
    slot: int,
    tick: int,
    step: int,
    count: int,
    row: int,
    is_write: int,
    tag: int,
) -> bool:
    """Whether requests are the next of a slot: same row, kind and tag, in order, and at the same distance."""
    if (
        memory.slot[slot, at.ROW] != row
        or memory.slot[slot, at.TAG] != tag
        or memory.slot[slot, at.IS_WRITE] != is_write
    ):
        return False
    held = memory.slot[slot, at.COUNT]
    if memory.slot[slot, at.ORDER] + held != memory.channel[channel, at.SEQUENCE]:
        return False
    distance = tick - (memory.slot[slot, at.ARRIVAL] + last_step(memory, slot))
    return bool((held == 1 or distance == memory.slot[slot, at.STEP]) and (count == 1 or distance == step))


@part
def last_step(memory: Memory, slot: int) -> int:
    """Ticks from the first arrival of a slot to its last."""
    return int((memory.slot[slot, at.COUNT] - 1) * memory.slot[slot, at.STEP])


@part
def wish_column(memory: Memory, timing: Timing, channel: int, bank: int) -> None:
    """Write down which read or write the bank wishes next; called after every change of its oldest hit."""
    hit = memory.bank[bank, at.HIT]
    if hit == at.NOBODY:
        drop_wish(memory, channel, at.COLUMN_WISHES, bank)
        return
    field = at.NEXT_WRITE if memory.slot[hit, at.IS_WRITE] else at.NEXT_READ
    slots, order = timing.column_slots - 1, memory.slot[hit, at.ORDER]
    ready = max(memory.bank[bank, field], memory.slot[hit, at.ARRIVAL] + slots)
    kind = at.COLUMN_OWNED if memory.bank[bank, at.OWNED] else at.COLUMN
    group, rank = memory.bank[bank, at.GROUP_SHARED] + field, memory.bank[bank, at.RANK_SHARED] + field
    line = listed_place(memory, channel, at.COLUMN_WISHES, bank)
    set_wish(memory, line, ready, kind, order, group, rank, slots)
    weigh(memory, timing, channel, at.COLUMN_WISHES, line)


@part
def wish_row(memory: Memory, timing: Timing, channel: int, bank: int) -> None:
    """Write down which activate or precharge the bank wishes next; called after every change of the bank."""
    row = memory.bank[bank, at.OPEN_ROW]
    head = memory.bank[bank, at.HEAD]
    if row == at.CLOSING:
        ready, kind, order, slots = memory.bank[bank, at.NEXT_PRECHARGE], at.CLOSE, bank, -at.NEVER
        group = memory.shared.shape[0] - at.SHARED_FIELDS  # held by none
        rank, field = group, at.NEXT_PRECHARGE
    elif head == memory.bank[bank, at.HIT]:  # also when nothing waits
        drop_wish(memory, channel, at.ROW_WISHES, bank)
        return
    else:
        arrival, order = memory.slot[head, at.ARRIVAL], memory.slot[head, at.ORDER]
        if row != at.CLOSED:
            kind, field, slots = at.PRECHARGE, at.NEXT_PRECHARGE, timing.precharge_slots - 1
            arrival += slots
        elif timing.activate_apart > 0:
            kind, field, slots = at.ACTIVATE, at.NEXT_ACTIVATE, 0
            arrival += 1
        else:
            kind, field, slots = at.ACTIVATE, at.NEXT_ACTIVATE, timing.activate_slots - 1
            arrival += slots
        ready = max(memory.bank[bank, field], arrival)
        group, rank = memory.bank[bank, at.GROUP_SHARED], memory.bank[bank, at.RANK_SHARED]
    line = listed_place(memory, channel, at.ROW_WISHES, bank)
    set_wish(memory, line, ready, kind, order, group + field, rank + field, slots)
    weigh(memory, timing, channel, at.ROW_WISHES, line)


@part
def forget(memory: Memory, channel: int, which: int) -> None:
    """What the wishes of a list share has changed: which of them is first must be found again."""
    memory.channel[channel, at.BEST + which] = at.UNKNOWN


@part
def weigh(memory: Memory, timing: Timing, channel: int, which: int, place: int) -> None:
    """A wish is new or has changed: tell it its first legal tick; it may now be the first of its list."""
    best = memory.channel[channel, at.BEST + which]
    if best == at.UNKNOWN:
        return
    if best == place:  # it was the first, and may be later now than others
        forget(memory, channel, which)
        return
    tick = legal_from(memory, timing, channel, which, place, memory.channel[channel, next_slot(which)])
    memory.wish[place, at.TICK] = tick
    tick, priority = clocked(memory, channel, which, tick), memory.wish[place, at.PRIORITY]
    first = memory.channel[channel, at.BEST_TICK + which]
    if tick < first or (tick == first and priority < memory.channel[channel, at.BEST_PRIORITY + which]):
        memory.channel[channel, at.BEST + which] = place
        memory.channel[channel, at.BEST_TICK + which] = tick
        memory.channel[channel, at.BEST_PRIORITY + which] = priority


@part
def next_slot(which: int) -> int:
    """The field of a channel with the first free tick of the command bus for a list."""
    return at.NEXT_COLUMN_SLOT if which == at.COLUMN_WISHES else at.NEXT_ROW_SLOT


@part
def legal_from(memory: Memory, timing: Timing, channel: int, which: int, place: int, free: int) -> int:
    """Give the first tick at which bank, group, rank and command bus, from ``free`` on, allow a wish."""
    group = memory.shared[memory.wish[place, at.OF_GROUP]]
    rank = memory.shared[memory.wish[place, at.OF_RANK]]
    slots = timing.column_slots - 1 if which == at.COLUMN_WISHES else memory.wish[place, at.SLOTS]
    tick = max(max(memory.wish[place, at.READY], free + slots), max(group, rank))
    if which == at.ROW_WISHES and timing.activate_apart > 0 and tick == free:
        return after_spare_slot(memory, timing, channel, place, tick)
    return int(tick)


@part
def clocked(memory: Memory, channel: int, which: int, tick: int) -> int:
    """Give the tick of a wish with a write clock: if that has stopped, one command more before starts it."""
    return int(tick + (which == at.COLUMN_WISHES and tick >= memory.channel[channel, at.STROBE_UNTIL]))


@part
def after_spare_slot(memory: Memory, timing: Timing, channel: int, place: int, tick: int) -> int:
    """Give the tick, from the next of the bus, at which an activate ends: its first half goes before."""
    if memory.wish[place, at.KIND] != at.ACTIVATE:
        return tick
    head = memory.bank[memory.wish[place, at.WISHING], at.HEAD]
    reach = min(timing.activate_apart, tick - memory.slot[head, at.ARRIVAL])
    return int(tick + (memory.channel[channel, at.SPARE_SLOTS] & ((1 << reach) - 1) == 0))


@part
def listed(memory: Memory, channel: int, which: int) -> tuple[int, int]:
    """Give the first place of a channel's list of wishes and the one past its last."""
    begin = memory.channel[channel, at.LISTS + which]
    return begin, begin + memory.channel[channel, at.WISHES + which]


@part
def listed_place(memory: Memory, channel: int, which: int, bank: int) -> int:
    """Give the place of the bank's wish on its list, a new one if it has none."""
    place = memory.bank[bank, at.PLACES + which]
    if place == at.NOBODY:
        _, place = listed(memory, channel, which)
        memory.channel[channel, at.WISHES + which] += 1
        memory.bank[bank, at.PLACES + which] = place
        memory.wish[place, at.WISHING] = bank
    return int(place)


@part
def set_wish(
    memory: Memory, place: int, ready: int, kind: int, order: int, of_group: int, of_rank: int, slots: int
) -> None:
    """Write a wish down, but for the bank's name."""
    memory.wish[place, at.READY] = ready
    memory.wish[place, at.OF_GROUP] = of_group
    memory.wish[place, at.OF_RANK] = of_rank
    memory.wish[place, at.SLOTS] = slots
    memory.wish[place, at.PRIORITY] = min(kind, at.ACTIVATE) * at.AGES + order
    memory.wish[place, at.KIND] = kind


@part
def drop_wish(memory: Memory, channel: int, which: int, bank: int) -> None:
    """Take the bank's wish off its list, if it is there; the last takes its place."""
    place = memory.bank[bank, at.PLACES + which]
    if place == at.NOBODY:
        return
    last = listed(memory, channel, which)[1] - 1
    best = memory.channel[channel, at.BEST + which]
    if best == place:
        forget(memory, channel, which)
    elif best == last:
        memory.channel[channel, at.BEST + which] = place
    memory.channel[channel, at.WISHES + which] -= 1
    for field in range(at.WISH_FIELDS):
        memory.wish[place, field] = memory.wish[last, field]
    memory.bank[memory.wish[last, at.WISHING], at.PLACES + which] = place
    memory.bank[bank, at.PLACES + which] = at.NOBODY


@part
def remove_hits(memory: Memory, channel: int, bank: int, count: int) -> int:
    """Take requests from the bank's oldest slot of hits; free it once it is empty, and find the next."""
    here = memory.bank[bank, at.HIT]
    memory.slot[here, at.ARRIVAL] += count * memory.slot[here, at.STEP]
    memory.slot[here, at.ORDER] += count
    memory.slot[here, at.STARTED] = 0
    memory.slot[here, at.COUNT] -= count
    if memory.slot[here, at.COUNT] > 0:
        return int(here)
    older, younger = memory.slot[here, at.BEFORE], memory.slot[here, at.AFTER]
    if older == at.NOBODY:
        memory.bank[bank, at.HEAD] = younger
    else:
        memory.slot[older, at.AFTER] = younger
    if younger == at.NOBODY:
        memory.bank[bank, at.TAIL] = older
    else:
        memory.slot[younger, at.BEFORE] = older
    row = memory.bank[bank, at.OPEN_ROW]
    while younger != at.NOBODY and memory.slot[younger, at.ROW] != row:
        younger = memory.slot[younger, at.AFTER]
    memory.bank[bank, at.HIT] = younger
    memory.slot[here, at.AFTER] = memory.channel[channel, at.FREE_SLOT]
    memory.channel[channel, at.FREE_SLOT] = here
    return int(here)


@part
def down_from(memory: Memory, timing: Timing, rank: int) -> int:
    """Give the tick at which an idle rank powers down, or NEVER."""
    if timing.power_down_after == 0 or memory.rank[rank, at.PENDING] > 0:
        return at.NEVER
    return int(memory.rank[rank, at.IDLE_FROM] + timing.power_down_after)


@part
def ready_from(memory: Memory, timing: Timing, rank: int, tick: int) -> int:
    """Give the first tick at which a rank takes a command if it is called at ``tick``."""
    down = down_from(memory, timing, rank)
    if tick <= down:
        return tick
    return max(tick, down + timing.power_down_least) + timing.power_down_exit


@part
def wake(memory: Memory, timing: Timing, rank: int, tick: int) -> None:
    """Call a rank at ``tick``: if it is powered down, account for that and hold commands until it is up."""
    down = down_from(memory, timing, rank)
    if tick <= down:
        return
    leaves = max(tick, down + timing.power_down_least)
    field = at.TICKS_DOWN_OPEN if memory.rank[rank, at.OPEN_BANKS] > 0 else at.TICKS_DOWN_CLOSED
    memory.rank[rank, field] += leaves - down
    memory.rank[rank, at.IDLE_FROM] = leaves
    ready = leaves + timing.power_down_exit
    for field in range(at.SHARED_FIELDS):
        hold_rank(memory, timing, rank, field, ready)


@part
def of_rank(memory: Memory, timing: Timing, rank: int) -> int:
    """Where `Memory.shared` holds a rank."""
    return int((memory.rank.shape[0] * timing.groups + rank) * at.SHARED_FIELDS)


@part
def hold_rank(memory: Memory, timing: Timing, rank: int, field: int, tick: int) -> None:
    """Let a command be legal no earlier than ``tick`` anywhere in the rank."""
    hold(memory, of_rank(memory, timing, rank) + field, tick)


@part
def hold(memory: Memory, place: int, tick: int) -> None:
    """Let a command be legal no earlier than ``tick`` anywhere in the group or rank that has ``place``."""
    memory.shared[place] = max(memory.shared[place], tick)


@part
def later(table: Integers, row: int, field: int, tick: int) -> None:
    """Let a command be legal no earlier than ``tick``."""
    table[row, field] = max(table[row, field], tick)
