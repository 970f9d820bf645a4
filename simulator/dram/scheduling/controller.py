"""The memory as an engine meets it: runs of bytes are asked for, and come back by ticket.

A memory lies in one flat int64 array (`packing`). A run waits in order of arrival; its
transactions enter the queue of their channel as room comes, as in `drive`. Time is
picoseconds outside and ticks of the command clock inside: tick k is at ``k * tick_ps``, and what arrives
between two ticks is seen at the later one.

The memory is lazy. `ask` only takes note. `advance` issues every command up to and including now: whoever
asks at a picosecond does so before anybody advances to it, in the order of the rulebook's keys. It returns
when to come again, before which no run is complete. How often it is called changes nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from deltasim.runtime.compiling import inlined, kernel, part
from deltasim.simulator.dram.constraints import BUS, RANK, READ, least
from deltasim.simulator.dram.mapping import decode, together
from deltasim.simulator.dram.scheduling import fields as at
from deltasim.simulator.dram.scheduling.burst_runs import Interleave, alone, at_once
from deltasim.simulator.dram.scheduling.commands import columns, refreshed_set, row_command
from deltasim.simulator.dram.scheduling.idle import refresh_idle, was_never_asked
from deltasim.simulator.dram.scheduling.noting import note
from deltasim.simulator.dram.scheduling.packing import (
    ACTIVATES,
    ADDRESS,
    AFTER,
    ARRIVAL,
    BURSTS,
    CONFLICTS,
    DONE,
    END,
    FED_BANK,
    FED_BURST,
    FED_CHANNEL,
    FED_LEFT,
    FED_ROW,
    FEEDING,
    FIRST,
    FREE,
    HITS,
    KIND,
    KNOWN,
    LAST,
    LEFT,
    MISSES,
    NOW,
    OLDEST,
    PLACED,
    TARGET,
    TICK,
    TICKET,
    WRITE,
    YOUNGEST,
    Stream,
    parts,
    view,
)
from deltasim.simulator.dram.scheduling.queue import line_up, next_sharing
from deltasim.simulator.dram.scheduling.rank_states import StateTicks, state_ticks
from deltasim.simulator.dram.scheduling.scheduler import first_command
from deltasim.simulator.dram.scheduling.state import Integers, Memory
from deltasim.simulator.dram.timing import Timing


class Completion(NamedTuple):
    """A run that is complete; ``ticket`` is -1 where none is.

    ``first_ps``: its first data begin on the bus; ``last_ps``: its last have passed. ``bursts`` are those
    that were read or written for it, each a row hit, miss or conflict by the first command it caused; what
    came with the burst of another run is counted there.
    """

    ticket: int
    first_ps: int
    last_ps: int
    bursts: int
    hits: int
    misses: int
    conflicts: int
    activates: int


class Statistics(NamedTuple):
    """What belongs to no run: commands of the memory, and picoseconds of all its ranks together by state."""

    refreshes: int
    precharges: int
    active_ps: int
    precharged_ps: int
    active_down_ps: int
    precharged_down_ps: int


@kernel
def ask(flat: Integers, now_ps: int, ticket: int, address: int, size: int, is_write: int) -> bool:
    """Hand in a run of ``size`` bytes from ``address``; False, and nothing done, if the table is full.

    Whole transactions are moved. Times must not decrease, nor be before an `advance`; a ticket is 0 or more.

    >>> from deltasim.simulator.dram.loading import load_standard
    >>> from deltasim.simulator.dram.mapping import address_bits
    >>> from deltasim.simulator.dram.scheduling.packing import pack
    >>> standard = load_standard("DDR3-1600")
    >>> flat = pack(standard.timing(), address_bits(standard), runs=4)
    >>> ask(flat, 0, 7, 0, 128, 0)
    True
    >>> now, run = 0, take(flat, 0)
    >>> while run.ticket < 0:
    ...     now = advance(flat, now)
    ...     run = take(flat, now)
    >>> run                                       # tRCD + tCL = 22 ticks of 1250 ps, then 2 bursts of 4 ticks
    Completion(ticket=7, first_ps=27500, last_ps=37500, bursts=2, hits=1, misses=1, conflicts=0, activates=1)
    """
    stream = view(flat)
    run, register = stream.run, stream.register
    here = register[FREE]
    if here == at.NOBODY:
        return False
    register[FREE] = run[here, AFTER]
    register[PLACED] = max(register[PLACED], here + 1)
    burst = 1 << stream.bits.burst_bits
    start = address & -burst
    bursts = (address + size - start + burst - 1) >> stream.bits.burst_bits
    run[here, TICKET] = ticket
    run[here, ARRIVAL] = (now_ps + stream.timing.tick_ps - 1) // stream.timing.tick_ps
    run[here, WRITE] = is_write
    run[here, ADDRESS], run[here, END] = start, start + bursts * burst
    run[here, LEFT], run[here, BURSTS] = bursts, 0
    run[here, FIRST], run[here, LAST] = at.NEVER, 0
    for count in range(HITS, ACTIVATES + 1):
        run[here, count] = 0
    run[here, AFTER] = at.NOBODY
    if register[YOUNGEST] == at.NOBODY:
        register[OLDEST] = here
    else:
        run[register[YOUNGEST], AFTER] = here
    register[YOUNGEST] = here
    return True


@kernel
def advance(flat: Integers, now_ps: int) -> int:
    """Issue every command up to ``now_ps``; return when to come again, later than now, or NEVER.

    All runs asked for up to now have been handed in.
    """
    stream = view(flat)
    memory, timing, register, coming = stream.memory, stream.timing, stream.register, stream.coming
    limit = now_ps // timing.tick_ps
    while True:
        if register[FED_LEFT] == 0:
            feed_next(stream)
        left, channel, enters, free = register[FED_LEFT], register[FED_CHANNEL], 0, 0
        if left > 0:
            free = timing.queue - memory.channel[channel, at.QUEUED]
            enters = max(register[NOW], stream.run[register[FEEDING], ARRIVAL])
        fed, first, apart = 0, 0, 0  # transactions that enter now, and when
        if free > 0 and enters == register[NOW] and timing.channels == 1:
            fed, first = min(free, left), enters
        else:
            best = first_coming(memory, timing, coming)
            tick, kind, target = coming[best, TICK], coming[best, KIND], coming[best, TARGET]
            if free > 0 and enters <= tick:
                register[NOW] = enters
                feed(stream, enters, 0, min(free, left))
                continue
            if tick > limit:
                return soonest(stream, now_ps, tick)
            coming[best, KNOWN] = 0
            register[NOW] = max(register[NOW], tick + 1)
            if kind != at.COLUMN and kind != at.COLUMN_ACTIVATED_FOR:
                note_row_command(stream, best, tick, kind, target)
                row_command(memory, timing, best, tick, kind, target)
                continue
            until, waiting, interleave = limit, 0, Interleave(1, at.NOBODY, 0, 0)
            if kind == at.COLUMN:
                if free > 0:
                    until = min(until, enters - 1)
                elif left > 0:
                    until = min(until, before_others(timing, coming, best))
                    waiting = left if channel == best else 0
                if not alone(
                    memory, target, waiting, register[FED_BANK], register[FED_ROW], register[FED_BURST]
                ):
                    interleave = at_once(memory, timing, best, tick, target, until, waiting)
            serve(stream, best, tick, target, interleave.rounds, interleave.period)
            if interleave.other != at.NOBODY:
                serve(
                    stream,
                    best,
                    tick + interleave.offset,
                    interleave.other,
                    interleave.rounds,
                    interleave.period,
                )
                fed, first, apart = 2 * interleave.rounds, tick + 1, interleave.offset
            elif interleave.rounds > 1:
                fed, first, apart = interleave.rounds, tick + 1, interleave.period
            if waiting == 0:
                continue
        if fed > 0:
            feed(stream, first, apart, fed)


@kernel
def take(flat: Integers, now_ps: int) -> Completion:
    """Take away the next run that is complete by ``now_ps``, by (``last_ps``, ticket)."""
    stream = view(flat)
    run, register, tick_ps = stream.run, stream.register, stream.timing.tick_ps
    here = register[DONE]
    if here == at.NOBODY or run[here, LAST] * tick_ps > now_ps:
        return Completion(-1, 0, 0, 0, 0, 0, 0, 0)
    register[DONE] = run[here, AFTER]
    run[here, AFTER] = register[FREE]
    register[FREE] = here
    return Completion(
        run[here, TICKET],
        run[here, FIRST] * tick_ps,
        run[here, LAST] * tick_ps,
        run[here, BURSTS],
        run[here, HITS],
        run[here, MISSES],
        run[here, CONFLICTS],
        run[here, ACTIVATES],
    )


def finalise(flat: Integers, elapsed_ps: int) -> Statistics:
    """Issue what is due by ``elapsed_ps``, and give what was done from 0 to there; for Python only."""
    (refresh_idle if was_never_asked(flat) else advance)(flat, elapsed_ps)
    tick_ps = int(flat[0])
    ticks, begun = divmod(elapsed_ps, tick_ps)  # no command falls into the tick that has begun
    whole, more = ticks_by_state(flat, ticks), ticks_by_state(flat, ticks + 1)
    spent = (a * tick_ps + (b - a) * begun for a, b in zip(whole, more, strict=True))
    counts = parts(flat).counts.sum(axis=0)
    return Statistics(int(counts[at.REFRESHED]), int(counts[at.PRECHARGED]), *spent)


@kernel
def ticks_by_state(flat: Integers, elapsed: int) -> StateTicks:
    """Count the ticks the ranks spent in each state up to ``elapsed``."""
    stream = view(flat)
    return state_ticks(stream.memory, stream.timing, elapsed)


@inlined
def first_coming(memory: Memory, timing: Timing, coming: Integers) -> int:
    """Give the channel whose next command comes first, the lowest at one tick.

    ``coming`` (channels, 4) remembers the next command of every channel until the channel changes: whether it
    is known, tick, kind and target (`deltasim.simulator.dram.scheduling.packing`).
    """
    best = 0
    for channel in range(timing.channels):
        if coming[channel, KNOWN] == 0:
            tick, kind, target = first_command(memory, timing, channel)
            coming[channel, KNOWN] = 1
            coming[channel, TICK] = tick
            coming[channel, KIND] = kind
            coming[channel, TARGET] = target
        if coming[channel, TICK] < coming[best, TICK]:
            best = channel
    return best


@part
def before_others(timing: Timing, coming: Integers, channel: int) -> int:
    """Give the last tick before any other channel's next command; `first_coming` has found them."""
    until = at.NEVER
    for other in range(timing.channels):
        if other != channel:
            until = min(until, coming[other, TICK] - 1)
    return until


@part
def feed_next(stream: Stream) -> None:
    """Find the next transactions of one row that are to enter a queue, if any wait."""
    run, register, bits = stream.run, stream.register, stream.bits
    here = register[FEEDING]
    if here == at.NOBODY or run[here, ADDRESS] >= run[here, END]:
        here = register[OLDEST]
        register[FEEDING] = here
        if here == at.NOBODY:
            return
        register[OLDEST] = run[here, AFTER]
        if register[OLDEST] == at.NOBODY:
            register[YOUNGEST] = at.NOBODY
    place = run[here, ADDRESS]
    channel, bank, row = decode(bits, place)
    waiting = (run[here, END] - place) >> bits.burst_bits
    count = min(together(bits, place >> bits.burst_bits), waiting)
    run[here, ADDRESS] = place + (count << bits.burst_bits)
    register[FED_LEFT] = count
    register[FED_CHANNEL], register[FED_BANK], register[FED_ROW] = channel, bank, row
    register[FED_BURST] = place >> bits.burst_bits


@part
def feed(stream: Stream, tick: int, step: int, count: int) -> None:
    """Let ``count`` transactions enter their queue, the first at ``tick``, ``step`` ticks apart."""
    register, run = stream.register, stream.register[FEEDING]
    channel, is_write = register[FED_CHANNEL], stream.run[run, WRITE]
    bank, row = register[FED_BANK], register[FED_ROW]
    while count > 0:
        burst = register[FED_BURST]
        taken = line_up(
            stream.memory, stream.timing, channel, tick, step, count, bank, row, burst, is_write, run
        )
        tick, count = tick + taken * step, count - taken
        register[FED_LEFT] -= taken
        register[FED_BURST] += taken
    stream.coming[channel, KNOWN] = 0


@part
def note_row_command(stream: Stream, channel: int, tick: int, kind: int, bank: int) -> None:
    """Enter an activate or precharge with the run that caused it; it has not been issued yet."""
    memory = stream.memory
    if kind != at.ACTIVATE and kind != at.PRECHARGE:
        note(memory, tick, kind, bank, 1, 0, refreshed_set(memory, stream.timing, channel))
        return
    note(memory, tick, kind, bank, 1, 0, memory.slot[memory.bank[bank, at.HEAD], at.ROW])
    head = memory.bank[bank, at.HEAD]
    run = memory.slot[head, at.TAG]
    new = 1 - memory.slot[head, at.STARTED]
    if kind == at.ACTIVATE:
        stream.run[run, MISSES] += new
        stream.run[run, ACTIVATES] += 1
    else:
        stream.run[run, CONFLICTS] += new


@part
def serve(stream: Stream, channel: int, tick: int, bank: int, count: int, apart: int) -> None:
    """Issue ``count`` row hits of one slot, ``apart`` ticks each; enter them with their run."""
    memory, timing, run, register = stream.memory, stream.timing, stream.run, stream.register
    hit = memory.bank[bank, at.HIT]
    here, is_write = memory.slot[hit, at.TAG], memory.slot[hit, at.IS_WRITE]
    latency = timing.write_latency if is_write else timing.read_latency
    if memory.slot[hit, at.SHARING] != at.NOBODY:
        other, _ = next_sharing(memory, channel, hit)
        while other != at.NOBODY:
            move(stream, other, tick + latency, tick + latency, 1)
            other, _ = next_sharing(memory, channel, hit)
    run[here, BURSTS] += count
    run[here, HITS] += count - memory.slot[hit, at.STARTED]
    note(memory, tick, at.COLUMN, bank, count, apart, memory.bank[bank, at.OPEN_ROW])
    columns(memory, timing, channel, tick, bank, count, apart)
    final = tick + (count - 1) * apart
    register[NOW] = max(register[NOW], final + 1)
    move(stream, here, tick + latency, final + latency, count)


@part
def move(stream: Stream, here: int, first: int, last: int, count: int) -> None:
    """Enter that data of ``count`` transactions of a run have passed, from the end ``first`` to ``last``."""
    run = stream.run
    run[here, FIRST] = min(run[here, FIRST], first - stream.timing.burst)
    run[here, LAST] = max(run[here, LAST], last)
    run[here, LEFT] -= count
    if run[here, LEFT] == 0:
        finish(stream, here)


@part
def finish(stream: Stream, here: int) -> None:
    """Put a served run on the list of the done, by the end of its data and its ticket."""
    run, register = stream.run, stream.register
    before, after = at.NOBODY, register[DONE]
    last, ticket = run[here, LAST], run[here, TICKET]
    while after != at.NOBODY and (
        run[after, LAST] < last or (run[after, LAST] == last and run[after, TICKET] < ticket)
    ):
        before, after = after, run[after, AFTER]
    run[here, AFTER] = after
    if before == at.NOBODY:
        register[DONE] = here
    else:
        run[before, AFTER] = here


@part
def soonest(stream: Stream, now_ps: int, following: int) -> int:
    """A time before which no run is complete, and that of the first where it is known.

    ``following`` is the tick of the next command of all.
    """
    timing, run, register = stream.timing, stream.run, stream.register
    first = at.NEVER
    if register[DONE] != at.NOBODY:
        first = max(run[register[DONE], LAST], now_ps // timing.tick_ps + 1)  # what is complete is taken now
    buses = timing.channels * (timing.ranks // timing.ranks_on_bus)
    for here in range(register[PLACED]):
        left = run[here, LEFT]
        if left > 0:
            rounds = (left + buses - 1) // buses - 1
            latency = timing.write_latency if run[here, WRITE] else timing.read_latency
            apart = least_apart(timing, run[here, WRITE])
            first = min(first, following + rounds * apart + latency)
    return first * timing.tick_ps if first < at.NEVER else at.NEVER


@part
def least_apart(timing: Timing, is_write: int) -> int:
    """The least number of ticks between two reads, or two writes, on one data bus."""
    kind = READ + is_write
    one, other = least(timing.between, RANK, kind, kind), least(timing.between, BUS, kind, kind)
    return min(one, other) if timing.ranks_on_bus > 1 else one
