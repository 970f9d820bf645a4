"""Waiting requests: every bank has a list of its own, oldest first, and knows its oldest row hit."""

from __future__ import annotations

from deltasim.runtime.compiling import inlined, kernel, part
from deltasim.simulator.dram.scheduling import fields as at
from deltasim.simulator.dram.scheduling.noting import note
from deltasim.simulator.dram.scheduling.state import Integers, Memory
from deltasim.simulator.dram.timing import Timing


@kernel
def has_free_slot(memory: Memory, timing: Timing, channel: int) -> bool:
    """Tell whether the channel's queue takes one more request."""
    return bool(memory.channel[channel, at.QUEUED] < timing.queue)


@kernel
def enqueue(
    memory: Memory,
    timing: Timing,
    channel: int,
    tick: int,
    bank: int,
    row: int,
    burst: int,
    is_write: int,
    tag: int,
) -> bool:
    """Put a request that arrives at ``tick`` into the queue of ``channel``; False if it is full.

    ``bank`` is numbered over all channels, ``burst`` over the memory; ``tag`` is the caller's and comes back
    in the slot. Ticks of arrival must not decrease within a channel, nor be before a command issued there.
    A read for a burst that another waits to read comes with that one.

    >>> from deltasim.simulator.dram.scheduling.commands import issue
    >>> from deltasim.simulator.dram.scheduling.scheduler import next_command
    >>> from deltasim.simulator.dram.loading import load_standard
    >>> from deltasim.simulator.dram.scheduling.state import empty_memory
    >>> timing = load_standard("DDR3-1600").timing()
    >>> memory = empty_memory(timing)
    >>> enqueue(memory, timing, 0, 100, 3, 7, 5, 0, 42)
    True
    >>> tick, kind, bank = next_command(memory, timing, 0)
    >>> (tick, kind == at.ACTIVATE, bank)
    (100, True, 3)
    >>> issue(memory, timing, 0, tick, kind, bank)                # no request is served by it
    -1
    >>> next_command(memory, timing, 0)[0] - tick == timing.wait("bank activate read")
    True
    """
    return line_up(memory, timing, channel, tick, 0, 1, bank, row, burst, is_write, tag) > 0


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
    burst: int,
    is_write: int,
    tag: int,
) -> int:
    """Put ``count`` requests of one row into the queue, the first at ``tick``, ``step`` ticks apart.

    They ask for burst after burst from ``burst`` on. How many of them were taken is returned (0: no room for
    all): those that share a slot, which may be that of the requests before them where they go on at the same
    distance, or that come with the bursts of another slot. Otherwise as `enqueue`, so many times.
    """
    return line_up(memory, timing, channel, tick, step, count, bank, row, burst, is_write, tag)


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
    burst: int,
    is_write: int,
    tag: int,
) -> int:
    """`enqueue_run` for kernels."""
    if memory.channel[channel, at.QUEUED] + count > timing.queue:
        return 0
    tail = memory.bank[bank, at.TAIL]
    if tail == at.NOBODY:
        memory.bank[bank, at.BURSTS], memory.bank[bank, at.BURSTS_END] = burst, burst + count
    else:
        if is_write == 0 and may_wait(memory, bank, burst, count):
            other, count = waited_for(memory, bank, burst, count)
            if other != at.NOBODY:
                share(memory, channel, other, tick, step, count, burst, tag)
                return count
        memory.bank[bank, at.BURSTS] = min(memory.bank[bank, at.BURSTS], burst)
        later(memory.bank, bank, at.BURSTS_END, burst + count)
        if goes_on(memory, channel, tail, tick, step, count, row, burst, is_write, tag):
            memory.rank[memory.bank[bank, at.BANK_RANK], at.PENDING] += count
            memory.channel[channel, at.QUEUED] += count
            memory.channel[channel, at.SEQUENCE] += count
            memory.slot[tail, at.STEP] = tick - (memory.slot[tail, at.ARRIVAL] + last_step(memory, tail))
            memory.slot[tail, at.COUNT] += count
            return count
    rank = memory.bank[bank, at.BANK_RANK]
    if memory.rank[rank, at.PENDING] == 0:
        wake(memory, timing, rank, tick)
        invalidate_best(memory, channel, at.COLUMN_CANDIDATES)
        invalidate_best(memory, channel, at.ROW_CANDIDATES)
    memory.rank[rank, at.PENDING] += count

    here = take_slot(memory, channel, tick, step, count, burst, tag)
    memory.slot[here, at.ROW] = row
    memory.slot[here, at.ORDER] = memory.channel[channel, at.SEQUENCE]
    memory.slot[here, at.IS_WRITE] = is_write
    memory.slot[here, at.STARTED] = 0
    memory.slot[here, at.SHARING] = at.NOBODY
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
        set_column_candidate(memory, timing, channel, bank)
    elif tail == at.NOBODY:  # else it waits behind others and changes nothing yet
        set_row_candidate(memory, timing, channel, bank)
    return count


@part
def take_slot(memory: Memory, channel: int, tick: int, step: int, count: int, burst: int, tag: int) -> int:
    """Take a free slot for ``count`` requests, which count as queued; the caller puts it on a list."""
    here = memory.channel[channel, at.FREE_SLOT]
    memory.channel[channel, at.FREE_SLOT] = memory.slot[here, at.AFTER]
    memory.channel[channel, at.QUEUED] += count
    memory.slot[here, at.ARRIVAL] = tick
    memory.slot[here, at.STEP] = step
    memory.slot[here, at.COUNT] = count
    memory.slot[here, at.BURST] = burst
    memory.slot[here, at.TAG] = tag
    return int(here)


@part
def free_slot(memory: Memory, channel: int, here: int) -> None:
    """Give back a slot that is on no list any more."""
    memory.slot[here, at.AFTER] = memory.channel[channel, at.FREE_SLOT]
    memory.channel[channel, at.FREE_SLOT] = here


@part
def goes_on(
    memory: Memory,
    channel: int,
    slot: int,
    tick: int,
    step: int,
    count: int,
    row: int,
    burst: int,
    is_write: int,
    tag: int,
) -> bool:
    """Whether requests are the next of a slot: row, kind, tag, burst and order go on at one distance."""
    held = memory.slot[slot, at.COUNT]
    if (
        memory.slot[slot, at.BURST] + held != burst
        or memory.slot[slot, at.ROW] != row
        or memory.slot[slot, at.TAG] != tag
        or memory.slot[slot, at.IS_WRITE] != is_write
    ):
        return False
    if memory.slot[slot, at.ORDER] + held != memory.channel[channel, at.SEQUENCE]:
        return False
    distance = tick - (memory.slot[slot, at.ARRIVAL] + last_step(memory, slot))
    return bool((held == 1 or distance == memory.slot[slot, at.STEP]) and (count == 1 or distance == step))


@part
def last_step(memory: Memory, slot: int) -> int:
    """Ticks from the first arrival of a slot to its last."""
    return int((memory.slot[slot, at.COUNT] - 1) * memory.slot[slot, at.STEP])


@part
def may_wait(memory: Memory, bank: int, burst: int, count: int) -> bool:
    """Whether a request of the bank's may wait for any of ``count`` bursts; quicker than `waited_for`."""
    return bool(burst < memory.bank[bank, at.BURSTS_END] and burst + count > memory.bank[bank, at.BURSTS])


@part
def waited_for(memory: Memory, bank: int, burst: int, count: int) -> tuple[int, int]:
    """The slot of reads that wait for the first of ``count`` bursts, and for how many of them, one by one.

    The youngest request for a burst decides: behind a write it is read anew. NOBODY, and so many bursts from
    the first on, where all of them are to be read anew.
    """
    here, alike = memory.bank[bank, at.TAIL], count
    while here != at.NOBODY:
        ahead = memory.slot[here, at.BURST] - burst
        behind = ahead + memory.slot[here, at.COUNT]
        if ahead <= 0 < behind:
            alike = min(alike, behind)
            return (at.NOBODY if memory.slot[here, at.IS_WRITE] else int(here)), int(alike)
        if 0 < ahead < alike:
            alike = ahead
        here = memory.slot[here, at.BEFORE]
    return at.NOBODY, int(alike)


@part
def share(
    memory: Memory, channel: int, slot: int, tick: int, step: int, count: int, burst: int, tag: int
) -> None:
    """Let reads come with the bursts that a slot waits for; each keeps a place of the queue until then."""
    here = take_slot(memory, channel, tick, step, count, burst, tag)
    memory.slot[here, at.AFTER] = memory.slot[slot, at.SHARING]
    memory.slot[slot, at.SHARING] = here


@kernel
def next_sharing(memory: Memory, channel: int, slot: int) -> tuple[int, int]:
    """Take one of the reads that come with the first burst of a slot: its (tag, arrival); NOBODY without any.

    For one that is about to be served, again and again until there is none.
    """
    before, here = at.NOBODY, memory.slot[slot, at.SHARING]
    while here != at.NOBODY and memory.slot[here, at.BURST] != memory.slot[slot, at.BURST]:
        before, here = here, memory.slot[here, at.AFTER]
    if here == at.NOBODY:
        return at.NOBODY, 0
    tag, arrival = int(memory.slot[here, at.TAG]), int(memory.slot[here, at.ARRIVAL])
    memory.counts[channel, at.SHARED_READS] += 1
    memory.channel[channel, at.QUEUED] -= 1
    memory.slot[here, at.ARRIVAL] += memory.slot[here, at.STEP]
    memory.slot[here, at.BURST] += 1
    memory.slot[here, at.COUNT] -= 1
    if memory.slot[here, at.COUNT] == 0:
        if before == at.NOBODY:
            memory.slot[slot, at.SHARING] = memory.slot[here, at.AFTER]
        else:
            memory.slot[before, at.AFTER] = memory.slot[here, at.AFTER]
        free_slot(memory, channel, here)
    return tag, arrival


@part
def set_column_candidate(memory: Memory, timing: Timing, channel: int, bank: int) -> None:
    """Write down which read or write is the bank's candidate; called after every change of its oldest hit."""
    hit = memory.bank[bank, at.HIT]
    if hit == at.NOBODY:
        drop_candidate(memory, channel, at.COLUMN_CANDIDATES, bank)
        return
    field = at.NEXT_WRITE if memory.slot[hit, at.IS_WRITE] else at.NEXT_READ
    ready = max(memory.bank[bank, field], memory.slot[hit, at.ARRIVAL])
    group, rank = memory.bank[bank, at.GROUP_SHARED] + field, memory.bank[bank, at.RANK_SHARED] + field
    line = listed_place(memory, channel, at.COLUMN_CANDIDATES, bank)
    if memory.bank[bank, at.ACTIVATED_FOR]:
        kind, first = at.COLUMN_ACTIVATED_FOR, at.ACTIVATED_FOR_FIRST
    else:
        kind, first = at.COLUMN, at.COLUMN_BUS if timing.split_bus else at.BY_AGE
    write_candidate(memory, line, ready, kind, first, memory.slot[hit, at.ORDER], group, rank, 0)
    update_best(memory, timing, channel, at.COLUMN_CANDIDATES, line)


@part
def set_row_candidate(memory: Memory, timing: Timing, channel: int, bank: int) -> None:
    """Write down which activate or precharge is its candidate; called after every change of the bank."""
    row = memory.bank[bank, at.OPEN_ROW]
    head = memory.bank[bank, at.HEAD]
    if row == at.CLOSING:
        ready, kind, first, order = memory.bank[bank, at.NEXT_PRECHARGE], at.CLOSE, at.AT_ONCE, bank
        group = memory.shared.shape[0] - at.SHARED_FIELDS  # held by none
        rank, field, off_bus = group, at.NEXT_PRECHARGE, -at.NEVER
    elif head == memory.bank[bank, at.HIT]:  # also when nothing waits
        drop_candidate(memory, channel, at.ROW_CANDIDATES, bank)
        return
    else:
        first, order, off_bus = at.BY_AGE, memory.slot[head, at.ORDER], 0
        kind, field = at.ACTIVATE, at.NEXT_ACTIVATE
        if row != at.CLOSED:
            kind, field = at.PRECHARGE, at.NEXT_PRECHARGE
        ready = max(memory.bank[bank, field], memory.slot[head, at.ARRIVAL])
        group, rank = memory.bank[bank, at.GROUP_SHARED], memory.bank[bank, at.RANK_SHARED]
    line = listed_place(memory, channel, at.ROW_CANDIDATES, bank)
    write_candidate(memory, line, ready, kind, first, order, group + field, rank + field, off_bus)
    update_best(memory, timing, channel, at.ROW_CANDIDATES, line)


@part
def invalidate_best(memory: Memory, channel: int, which: int) -> None:
    """What the candidates of a list share has changed: which of them is first must be found again."""
    memory.channel[channel, at.BEST + which] = at.UNKNOWN


@part
def update_best(memory: Memory, timing: Timing, channel: int, which: int, place: int) -> None:
    """A candidate is new or has changed: write its first legal tick; it may now be first of its list."""
    best = memory.channel[channel, at.BEST + which]
    if best == at.UNKNOWN:
        return
    if best == place:  # it was the first, and may be later now than others
        invalidate_best(memory, channel, which)
        return
    tick = legal_from(memory, timing, channel, which, place, memory.channel[channel, next_slot(which)])
    memory.candidate[place, at.TICK] = tick
    first, priority = memory.channel[channel, at.BEST_TICK + which], memory.candidate[place, at.PRIORITY]
    if tick < first or (tick == first and priority < memory.channel[channel, at.BEST_PRIORITY + which]):
        memory.channel[channel, at.BEST + which] = place
        memory.channel[channel, at.BEST_TICK + which] = tick
        memory.channel[channel, at.BEST_PRIORITY + which] = priority


@part
def next_slot(which: int) -> int:
    """The field of a channel with the first free tick of the command bus for a list."""
    return at.NEXT_COLUMN_SLOT if which == at.COLUMN_CANDIDATES else at.NEXT_ROW_SLOT


@part
def legal_from(memory: Memory, timing: Timing, channel: int, which: int, place: int, free: int) -> int:
    """Give the first tick at which bank, group, rank and command bus, from ``free`` on, allow a candidate."""
    group = memory.shared[memory.candidate[place, at.OF_GROUP]]
    rank = memory.shared[memory.candidate[place, at.OF_RANK]]
    bus = free if which == at.COLUMN_CANDIDATES else free + memory.candidate[place, at.OFF_BUS]
    tick = max(max(memory.candidate[place, at.READY], bus), max(group, rank))
    if timing.activate_apart + timing.falling > 0:  # one question for both, since neither is usual
        kind = memory.candidate[place, at.KIND]
        tick += tick & (timing.falling * (kind != at.PRECHARGE and kind != at.CLOSE))
        if timing.activate_apart > 0 and tick == free:
            return beside_half(memory, channel, tick, kind)
    return int(tick)


@part
def beside_half(memory: Memory, channel: int, tick: int, kind: int) -> int:
    """When a command may begin that could at ``tick``, the next of the bus, but for half an activate.

    The second half of an activate is sent when nothing else is, before another activate, and at its last tick
    in any case. A read or write that has to start the write clock takes two ticks, and leaves it the last.
    """
    latest = memory.channel[channel, at.SECOND_HALF]
    if latest == 0 or kind == at.CLOSE:
        return tick
    two = (kind == at.COLUMN or kind == at.COLUMN_ACTIVATED_FOR) and tick >= memory.channel[
        channel, at.CLOCK_UNTIL
    ]
    return int(tick + (kind == at.ACTIVATE or tick + two >= latest))


@part
def listed(memory: Memory, channel: int, which: int) -> tuple[int, int]:
    """Give the first place of a channel's list of candidates and the one past its last."""
    begin = memory.channel[channel, at.LISTS + which]
    return begin, begin + memory.channel[channel, at.CANDIDATES + which]


@part
def listed_place(memory: Memory, channel: int, which: int, bank: int) -> int:
    """Give the place of the bank's candidate on its list, a new one if it has none."""
    place = memory.bank[bank, at.PLACES + which]
    if place == at.NOBODY:
        _, place = listed(memory, channel, which)
        memory.channel[channel, at.CANDIDATES + which] += 1
        memory.bank[bank, at.PLACES + which] = place
        memory.candidate[place, at.BANK] = bank
    return int(place)


@part
def write_candidate(
    memory: Memory,
    place: int,
    ready: int,
    kind: int,
    first: int,
    order: int,
    of_group: int,
    of_rank: int,
    off_bus: int,
) -> None:
    """Write a candidate down, but for the bank's name; ``first`` is its class."""
    memory.candidate[place, at.READY] = ready
    memory.candidate[place, at.OF_GROUP] = of_group
    memory.candidate[place, at.OF_RANK] = of_rank
    memory.candidate[place, at.OFF_BUS] = off_bus
    memory.candidate[place, at.PRIORITY] = first * at.AGES + order
    memory.candidate[place, at.KIND] = kind


@part
def drop_candidate(memory: Memory, channel: int, which: int, bank: int) -> None:
    """Take the bank's candidate off its list, if it is there; the last takes its place."""
    place = memory.bank[bank, at.PLACES + which]
    if place == at.NOBODY:
        return
    last = listed(memory, channel, which)[1] - 1
    best = memory.channel[channel, at.BEST + which]
    if best == place:
        invalidate_best(memory, channel, which)
    elif best == last:
        memory.channel[channel, at.BEST + which] = place
    memory.channel[channel, at.CANDIDATES + which] -= 1
    for field in range(at.CANDIDATE_FIELDS):
        memory.candidate[place, field] = memory.candidate[last, field]
    memory.bank[memory.candidate[last, at.BANK], at.PLACES + which] = place
    memory.bank[bank, at.PLACES + which] = at.NOBODY


@part
def remove_hits(memory: Memory, channel: int, bank: int, count: int) -> int:
    """Take requests from the bank's oldest slot of hits; free it once it is empty, and find the next."""
    here = memory.bank[bank, at.HIT]
    memory.slot[here, at.ARRIVAL] += count * memory.slot[here, at.STEP]
    memory.slot[here, at.ORDER] += count
    memory.slot[here, at.BURST] += count
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
    free_slot(memory, channel, here)
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
    note(memory, down, at.DOWN, rank, leaves - down, 0, memory.rank[rank, at.OPEN_BANKS])
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
