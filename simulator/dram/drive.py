"""Drive a memory through a stream of records as fast as it goes: the compiled scheduler of the DRAM rule."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from networks.kernels import kernel
from simulator.dram import fields as at
from simulator.dram.issue import issue
from simulator.dram.mapping import AddressBits, decode
from simulator.dram.rule import next_command
from simulator.dram.state import Integers, Memory
from simulator.dram.timing import Timing
from simulator.dram.waiting import enqueue

LATENCIES = 1 << 16  # bins of one tick; the last holds all that are longer

# registers of a drive
NOW = 0  # the tick at which the next transaction arrives if there is room
RECORD = 1  # of the present block
ADDRESS, END = 2, 3  # of the present record, in bytes: next transaction, and past its last
HELD = 4  # 1: a transaction is decoded and waits for room
CHANNEL, BANK, ROW, WRITE = 5, 6, 7, 8  # of that transaction
FLYING = 9  # transactions that are not complete
FIRST_FLIGHT, FLIGHTS = 10, 11  # completions known: where they start in the ring, how many
LAST = 12  # the latest end of data
TRANSACTIONS, LATENCY_SUM, LATENCY_MOST = 13, 14, 15
REGISTERS = 16


class Drive(NamedTuple):
    """What a drive remembers between two blocks of records, apart from the memory."""

    register: Integers  # (REGISTERS,)
    flight: Integers  # (window,) ticks of completion, sorted, as a ring
    latency: Integers  # (LATENCIES,) transactions by latency in ticks
    coming: Integers  # (channels, 4): known, tick, kind, target of the channel's next command


def new_drive(timing: Timing, window: int) -> Drive:
    """Make an idle drive with at most ``window`` transactions in flight; 0 is as many as the queues take."""
    zeros = np.zeros
    return Drive(
        zeros(REGISTERS, np.int64),
        zeros(max(window, 1), np.int64),
        zeros(LATENCIES, np.int64),
        zeros((timing.channels, 4), np.int64),
    )


@kernel
def advance(
    memory: Memory,
    timing: Timing,
    bits: AddressBits,
    drive: Drive,
    is_write: npt.NDArray[np.uint8],
    address: Integers,
    size: Integers,
    window: int,
    last: int,
) -> None:
    """Run a block of records, each cut into transactions; ``last`` 1 runs on until everything is served.

    A transaction arrives as soon as the queue of its channel has room and fewer than ``window`` transactions are
    in flight (0: no limit); the place of a completed one is free in the tick after. Transactions arrive in order.
    """
    register, flight = drive.register, drive.flight
    burst = 1 << bits.burst_bits
    while True:
        if register[HELD] == 0:
            if register[ADDRESS] >= register[END] and register[RECORD] < address.size:
                record = register[RECORD]
                register[ADDRESS] = address[record] & ~(burst - 1)
                register[END] = address[record] + size[record]
                register[WRITE] = is_write[record]
                register[RECORD] += 1
            if register[ADDRESS] < register[END]:
                register[CHANNEL], register[BANK], register[ROW] = decode(bits, register[ADDRESS])
                register[ADDRESS] += burst
                register[HELD] = 1
            elif last == 0:
                return
        held, channel = register[HELD] == 1, register[CHANNEL]
        room = held and memory.channel[channel, at.QUEUED] < timing.queue
        if room and (window == 0 or register[FLYING] < window):
            enqueue(memory, timing, channel, register[NOW], register[BANK], register[ROW], register[WRITE], 0)
            drive.coming[channel, 0] = 0
            register[HELD] = 0
            register[FLYING] += 1
            continue
        best = first_coming(memory, timing, drive)
        tick = drive.coming[best, 1]
        if room and register[FLIGHTS] > 0 and flight[register[FIRST_FLIGHT]] < tick:
            register[NOW] = max(register[NOW], flight[register[FIRST_FLIGHT]] + 1)
            register[FIRST_FLIGHT] = (register[FIRST_FLIGHT] + 1) % flight.size
            register[FLIGHTS] -= 1
            register[FLYING] -= 1
            continue
        if not held and nothing_waits(memory):
            return
        kind, target = drive.coming[best, 2], drive.coming[best, 3]
        slot = issue(memory, timing, best, tick, kind, target)
        drive.coming[best, 0] = 0
        register[NOW] = max(register[NOW], tick)
        if slot != at.NOBODY:
            complete(memory, timing, drive, slot, tick, window)


@kernel
def nothing_waits(memory: Memory) -> bool:
    """Tell whether every request is served."""
    for rank in range(memory.rank.shape[0]):
        if memory.rank[rank, at.PENDING] > 0:
            return False
    return True


@kernel
def first_coming(memory: Memory, timing: Timing, drive: Drive) -> int:
    """Give the channel whose next command comes first, the lowest at one tick."""
    best = 0
    for channel in range(timing.channels):
        if drive.coming[channel, 0] == 0:
            tick, kind, target = next_command(memory, timing, channel)
            drive.coming[channel, 0] = 1
            drive.coming[channel, 1] = tick
            drive.coming[channel, 2] = kind
            drive.coming[channel, 3] = target
        if drive.coming[channel, 1] < drive.coming[best, 1]:
            best = channel
    return best


@kernel
def complete(memory: Memory, timing: Timing, drive: Drive, slot: int, tick: int, window: int) -> None:
    """Note the latency of a served transaction, and when its place in the window is free."""
    register = drive.register
    latency = timing.write_latency if memory.slot[slot, at.IS_WRITE] else timing.read_latency
    done = tick + latency
    taken = done - memory.slot[slot, at.ARRIVAL]
    drive.latency[min(taken, LATENCIES - 1)] += 1
    register[LATENCY_SUM] += taken
    register[LATENCY_MOST] = max(register[LATENCY_MOST], taken)
    register[TRANSACTIONS] += 1
    register[LAST] = max(register[LAST], done)
    if window == 0:
        register[FLYING] -= 1
        return
    flight = drive.flight
    place = register[FLIGHTS]  # a completion is mostly the latest: find its place from the end
    while place > 0:
        before = (register[FIRST_FLIGHT] + place - 1) % flight.size
        if flight[before] <= done:
            break
        flight[(before + 1) % flight.size] = flight[before]
        place -= 1
    flight[(register[FIRST_FLIGHT] + place) % flight.size] = done
    register[FLIGHTS] += 1
