"""Drive a memory through a stream of records as fast as it goes: the compiled scheduler of the DRAM rule."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from deltasim.runtime.compiling import inlined, kernel, part
from deltasim.simulator.dram.mapping import decode, together
from deltasim.simulator.dram.scheduling import fields as at
from deltasim.simulator.dram.scheduling.burst_runs import Interleave, alone, at_once
from deltasim.simulator.dram.scheduling.commands import columns, row_command
from deltasim.simulator.dram.scheduling.controller import before_others, first_coming
from deltasim.simulator.dram.scheduling.packing import KIND, KNOWN, TARGET, TICK, view
from deltasim.simulator.dram.scheduling.queue import line_up, next_sharing
from deltasim.simulator.dram.scheduling.state import Integers, Memory
from deltasim.simulator.dram.timing import Timing

BINS = 1 << 16  # of one tick, for the latencies below it

# registers of a drive
NOW = 0  # the tick at which the next transaction arrives if there is room
RECORD = 1  # the next record of the block
ADDRESS, END = 2, 3  # of the present record, in bytes: next transaction, and past its last
HELD = 4  # transactions of one row that are decoded and wait for room
CHANNEL, BANK, ROW, BURST, WRITE = 5, 6, 7, 8, 9  # of those
FLYING = 10  # transactions that are not complete, counted where their number is limited
FIRST_FLIGHT, FLIGHTS = 11, 12  # completions known: where they start in the ring, how many
LAST = 13  # the latest end of data
TRANSACTIONS, LATENCY_SUM = 14, 15
LONGER = 16  # latencies of BINS ticks and more that are noted
REGISTERS = 17


class Drive(NamedTuple):
    """What a drive remembers between two blocks of records, apart from the memory."""

    register: Integers  # (REGISTERS,)
    flight: Integers  # (window,) ticks of completion, sorted, as a ring
    latency: Integers  # (BINS,) transactions by latency in ticks
    longer: Integers  # latencies of BINS ticks and more, one by one, until the caller takes them


def new_drive(window: int, queue: int) -> Drive:
    """Make an idle drive with at most ``window`` transactions in flight; 0 is as many as the queues take."""
    zeros = np.zeros
    return Drive(
        zeros(REGISTERS, np.int64),
        zeros(max(window, 1), np.int64),
        zeros(BINS, np.int64),
        zeros(BINS + 3 * queue, np.int64),
    )


@kernel
def advance(
    flat: Integers,
    drive: Drive,
    writes: npt.NDArray[np.uint8],
    address: Integers,
    size: Integers,
    start: Integers,
    window: int,
    last: int,
) -> bool:
    """Run a block of records, each cut into transactions; ``last`` 1 runs on until everything is served.

    Transactions arrive in order, none before the tick ``start`` of its record, each in the tick after the
    queue of its channel has room and fewer than ``window`` are in flight (0: no limit); the place of a
    completed one is free in the tick after. False: there is no more room for long latencies; take those away
    (register LONGER to 0) and call again for the rest of the block.
    """
    stream = view(flat)
    memory, timing, bits, coming = stream.memory, stream.timing, stream.bits, stream.coming
    register = drive.register
    burst_bytes = 1 << bits.burst_bits
    now, flying, held = register[NOW], register[FLYING], register[HELD]
    channel, bank, row, burst = register[CHANNEL], register[BANK], register[ROW], register[BURST]
    place, end, is_write, record = register[ADDRESS], register[END], register[WRITE], register[RECORD]
    following, done = at.NEVER, True
    while True:
        if held == 0:
            if register[LONGER] > BINS:
                done = False
                break
            following = at.NEVER  # when the next record begins, if it has not yet
            if place >= end and record < address.size:
                following = start[record]
                if following <= now:
                    place, end = address[record] & -burst_bytes, address[record] + size[record]
                    is_write = writes[record]
                    record, following = record + 1, at.NEVER
            if place < end:
                channel, bank, row = decode(bits, place)
                burst = place >> bits.burst_bits
                left = (end - place + burst_bytes - 1) >> bits.burst_bits
                held = min(together(bits, burst), left)
                place += held * burst_bytes
            elif last == 0 and record == address.size:
                break
        free = timing.queue - memory.channel[channel, at.QUEUED] if held > 0 else 0
        enters = free > 0 and (window == 0 or flying < window)
        best, tick = 0, now
        if not enters or timing.channels > 1:  # another channel's command may come before
            best = first_coming(memory, timing, coming)
            tick = coming[best, TICK]
        fed, first, apart = 0, now, 0  # transactions that enter now, and when
        if enters and tick >= now:
            fed = min(free, held) if window == 0 else 1
        else:
            kind, target = coming[best, KIND], coming[best, TARGET]
            if free > 0 and not enters and next_landing(drive) < tick:
                now = max(now, next_landing(drive) + 1)
                land(drive)
                flying -= 1
                continue
            if held == 0:
                if following <= tick and following < at.NEVER:
                    now = following
                    continue
                if following == at.NEVER and nothing_waits(memory):
                    break
            coming[best, KNOWN] = 0
            now = max(now, tick + 1)
            if kind != at.COLUMN and kind != at.COLUMN_ACTIVATED_FOR:
                row_command(memory, timing, best, tick, kind, target)
                continue
            waiting, interleave = 0, Interleave(1, at.NOBODY, 0, 0)
            if kind == at.COLUMN and window == 0 and not enters:
                waiting = held if channel == best else 0
                if not alone(memory, target, waiting, bank, row, burst):
                    until = before_others(timing, coming, best) if held > 0 else following - 1
                    interleave = at_once(memory, timing, best, tick, target, until, waiting)
            rounds, period = interleave.rounds, interleave.period
            serve(memory, timing, drive, best, tick, target, rounds, period, window)
            if window > 0:
                continue
            fed, first, apart = rounds, tick + 1, period
            if interleave.other != at.NOBODY:
                serve(
                    memory, timing, drive, best, tick + interleave.offset, interleave.other, rounds, period, 0
                )
                fed, apart = 2 * rounds, interleave.offset
                now = max(now, tick + interleave.offset + (rounds - 1) * period + 1)
            now = max(now, tick + (rounds - 1) * period + 1)
            fed = fed if waiting > 0 else 0
        while fed > 0:
            taken = line_up(memory, timing, channel, first, apart, fed, bank, row, burst, is_write, 0)
            coming[channel, KNOWN] = 0
            first, fed, held, burst = first + taken * apart, fed - taken, held - taken, burst + taken
            flying += taken if window > 0 else 0
    register[NOW], register[FLYING], register[HELD] = now, flying, held
    register[CHANNEL], register[BANK], register[ROW], register[BURST] = channel, bank, row, burst
    register[ADDRESS], register[END], register[WRITE], register[RECORD] = place, end, is_write, record
    return done


@part
def next_landing(drive: Drive) -> int:
    """Give the tick of the earliest known completion, or NEVER."""
    if drive.register[FLIGHTS] == 0:
        return at.NEVER
    return int(drive.flight[drive.register[FIRST_FLIGHT]])


@part
def land(drive: Drive) -> None:
    """Take the earliest completion off the ring."""
    first = drive.register[FIRST_FLIGHT] + 1
    drive.register[FIRST_FLIGHT] = 0 if first == drive.flight.size else first
    drive.register[FLIGHTS] -= 1


@part
def nothing_waits(memory: Memory) -> bool:
    """Tell whether every request is served."""
    waiting = 0
    for rank in range(memory.rank.shape[0]):
        waiting += memory.rank[rank, at.PENDING]
    return waiting == 0


@inlined
def serve(
    memory: Memory,
    timing: Timing,
    drive: Drive,
    channel: int,
    tick: int,
    bank: int,
    count: int,
    apart: int,
    window: int,
) -> None:
    """Issue ``count`` row hits of one slot, ``apart`` ticks each; note their latencies and completions."""
    hit, register = memory.bank[bank, at.HIT], drive.register
    latency = timing.write_latency if memory.slot[hit, at.IS_WRITE] else timing.read_latency
    if memory.slot[hit, at.SHARING] != at.NOBODY:
        serve_sharing(memory, drive, channel, hit, tick + latency, window)
    slot = columns(memory, timing, channel, tick, bank, count, apart)
    step = memory.slot[slot, at.STEP]
    taken = tick + latency - (memory.slot[slot, at.ARRIVAL] - count * step)
    register[LAST] = max(register[LAST], tick + (count - 1) * apart + latency)
    register[TRANSACTIONS] += count
    for _ in range(count):
        note(drive, taken)
        taken += apart - step
    if window > 0:
        take_off(drive, tick + latency)


@part
def serve_sharing(memory: Memory, drive: Drive, channel: int, slot: int, done: int, window: int) -> None:
    """Note the reads that come with the first burst of a slot, whose data have passed at ``done``."""
    tag, arrival = next_sharing(memory, channel, slot)
    while tag != at.NOBODY:
        drive.register[TRANSACTIONS] += 1
        note(drive, done - arrival)
        if window > 0:
            take_off(drive, done)
        tag, arrival = next_sharing(memory, channel, slot)


@part
def note(drive: Drive, taken: int) -> None:
    """Enter the latency of a transaction, in ticks."""
    drive.register[LATENCY_SUM] += taken
    if taken < BINS:
        drive.latency[taken] += 1
    else:
        drive.longer[drive.register[LONGER]] = taken
        drive.register[LONGER] += 1


@part
def take_off(drive: Drive, done: int) -> None:
    """Note when the data of a transaction have passed, and so its place in the window is free."""
    register, flight, size = drive.register, drive.flight, drive.flight.size
    here = register[FIRST_FLIGHT] + register[FLIGHTS]
    here -= size if here >= size else 0
    for _ in range(register[FLIGHTS]):  # a completion is mostly the latest: find its place from the end
        before = here - 1 if here > 0 else size - 1
        if flight[before] <= done:
            break
        flight[here] = flight[before]
        here = before
    flight[here] = done
    register[FLIGHTS] += 1
