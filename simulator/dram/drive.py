"""Drive a memory through a stream of records as fast as it goes: the compiled scheduler of the DRAM rule."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from deltasim.runtime.compiling import inlined, kernel, part
from deltasim.simulator.dram import fields as at
from deltasim.simulator.dram.burst_runs import Turns, alone, at_once
from deltasim.simulator.dram.coming import before_others, first_coming
from deltasim.simulator.dram.commands import columns, row_command
from deltasim.simulator.dram.mapping import decode, together
from deltasim.simulator.dram.packing import KIND, KNOWN, TARGET, TICK, view
from deltasim.simulator.dram.queue import line_up
from deltasim.simulator.dram.state import Integers, Memory
from deltasim.simulator.dram.timing import Timing

LATENCIES = 1 << 16  # bins of one tick; the last holds all that are longer

# registers of a drive
NOW = 0  # the tick at which the next transaction arrives if there is room
ADDRESS, END = 1, 2  # of the present record, in bytes: next transaction, and past its last
HELD = 3  # transactions of one row that are decoded and wait for room
CHANNEL, BANK, ROW, WRITE = 4, 5, 6, 7  # of those
FLYING = 8  # transactions that are not complete
FIRST_FLIGHT, FLIGHTS = 9, 10  # completions known: where they start in the ring, how many
LAST = 11  # the latest end of data
TRANSACTIONS, LATENCY_SUM, LATENCY_MOST = 12, 13, 14
REGISTERS = 15


class Drive(NamedTuple):
    """What a drive remembers between two blocks of records, apart from the memory."""

    register: Integers  # (REGISTERS,)
    flight: Integers  # (window,) ticks of completion, sorted, as a ring
    latency: Integers  # (LATENCIES,) transactions by latency in ticks


def new_drive(window: int) -> Drive:
    """Make an idle drive with at most ``window`` transactions in flight; 0 is as many as the queues take."""
    zeros = np.zeros
    return Drive(
        zeros(REGISTERS, np.int64),
        zeros(max(window, 1), np.int64),
        zeros(LATENCIES, np.int64),
    )


@kernel
def advance(
    flat: Integers,
    drive: Drive,
    writes: npt.NDArray[np.uint8],
    address: Integers,
    size: Integers,
    window: int,
    last: int,
) -> None:
    """Run a block of records, each cut into transactions; ``last`` 1 runs on until everything is served.

    Transactions arrive in order, each as soon as the queue of its channel has room and fewer than ``window``
    are in flight (0: no limit); the place of a completed one is free in the tick after.
    """
    stream = view(flat)
    memory, timing, bits, coming = stream.memory, stream.timing, stream.bits, stream.coming
    register = drive.register
    burst = 1 << bits.burst_bits
    now, flying, held = register[NOW], register[FLYING], register[HELD]
    channel, bank, row = register[CHANNEL], register[BANK], register[ROW]
    place, end, is_write, record = register[ADDRESS], register[END], register[WRITE], 0
    while True:
        if held == 0:
            if place >= end and record < address.size:
                place, end = address[record] & -burst, address[record] + size[record]
                is_write = writes[record]
                record += 1
            if place < end:
                channel, bank, row = decode(bits, place)
                left = (end - place + burst - 1) >> bits.burst_bits
                held = min(together(bits, place >> bits.burst_bits), left)
                place += held * burst
            elif last == 0:
                break
        room = timing.queue - memory.channel[channel, at.QUEUED] if held > 0 else 0
        fed, first, apart = 0, now, 0  # transactions that enter now, and when
        if room > 0 and (window == 0 or flying < window):
            fed = min(room, held) if window == 0 else 1
        else:
            best = first_coming(memory, timing, coming)
            tick, kind, target = coming[best, TICK], coming[best, KIND], coming[best, TARGET]
            if room > 0 and next_landing(drive) < tick:
                now = max(now, next_landing(drive) + 1)
                land(drive)
                flying -= 1
                continue
            if held == 0 and nothing_waits(memory):
                break
            coming[best, KNOWN] = 0
            now = max(now, tick)
            if kind != at.COLUMN and kind != at.COLUMN_OWNED:
                row_command(memory, timing, best, tick, kind, target)
                continue
            waiting, turns = 0, Turns(1, at.NOBODY, 0, 0)
            if kind == at.COLUMN and window == 0:
                waiting = held if channel == best else 0
                if not alone(memory, target, waiting, bank, row):
                    until = before_others(timing, coming, best) if held > 0 else at.NEVER
                    turns = at_once(memory, timing, best, tick, target, until, waiting)
            rounds, period = turns.rounds, turns.period
            slot = serve(memory, timing, drive, best, tick, target, rounds, period)
            if window > 0:
                take_off(memory, timing, drive, slot, tick)
                continue
            fed, first, apart = rounds, tick, period
            if turns.other != at.NOBODY:
                serve(memory, timing, drive, best, tick + turns.offset, turns.other, rounds, period)
                fed, apart = 2 * rounds, turns.offset
                now = max(now, tick + turns.offset + (rounds - 1) * period)
            now = max(now, tick + (rounds - 1) * period)
            flying -= fed
            fed = fed if waiting > 0 else 0
        if fed > 0:
            line_up(memory, timing, channel, first, apart, fed, bank, row, is_write, 0)
            coming[channel, KNOWN] = 0
            held -= fed
            flying += fed
    register[NOW], register[FLYING], register[HELD] = now, flying, held
    register[CHANNEL], register[BANK], register[ROW] = channel, bank, row
    register[ADDRESS], register[END], register[WRITE] = place, end, is_write


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
) -> int:
    """Issue ``count`` row hits of one slot, ``apart`` ticks each; note their latencies, give the slot."""
    slot = columns(memory, timing, channel, tick, bank, count, apart)
    register = drive.register
    is_write, step = memory.slot[slot, at.IS_WRITE], memory.slot[slot, at.STEP]
    latency = timing.write_latency if is_write else timing.read_latency
    taken = tick + latency - (memory.slot[slot, at.ARRIVAL] - count * step)
    register[LAST] = max(register[LAST], tick + (count - 1) * apart + latency)
    register[TRANSACTIONS] += count
    for _ in range(count):
        drive.latency[min(taken, LATENCIES - 1)] += 1
        register[LATENCY_SUM] += taken
        register[LATENCY_MOST] = max(register[LATENCY_MOST], taken)
        taken += apart - step
    return slot


@part
def take_off(memory: Memory, timing: Timing, drive: Drive, slot: int, tick: int) -> None:
    """Note when the place of a served transaction in the window is free."""
    register, flight, size = drive.register, drive.flight, drive.flight.size
    done = tick + (timing.write_latency if memory.slot[slot, at.IS_WRITE] else timing.read_latency)
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
