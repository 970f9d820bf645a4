"""The clock that drives the routers, awake only while something is under way.

One cycle, in this order: flits and credits that arrive are taken in; every terminal with a packet offers one
flit; every router that holds a flit grants virtual channels and its switch, both from the state at the start
of the cycle. A head thus spends 4 cycles on a router it passes (channel, switch, crossing, wire) and 2 from
its source into the first, so that an empty network takes 4 * routers + 2 + flits - 1 cycles.
"""

from __future__ import annotations

import numpy as np

from networks.kernels import kernel
from simulator.noc.router import SEND_CYCLES, allocate_channels, allocate_switch, launch
from simulator.noc.state import Packets, State, Wires

IDLE_LIMIT = 4096  # cycles without a move while flits wait: then none will ever move


@kernel
def land(wires: Wires, state: State, packets: Packets, now: int, first: int, last: int) -> tuple[int, int]:
    """Take in what arrives in this cycle: flits into buffers and terminals, credits at the wires' starts.

    Returns the flits that left the network and the packets created in ``first`` to ``last`` - 1 completed.
    """
    slot = now % state.flights.size
    capacity = state.packet.shape[2]
    left, completed = 0, 0
    for entry in range(state.flights[slot]):
        wire, packet = state.flying[slot, entry, 0], state.flying[slot, entry, 1]
        number, channel = state.flying[slot, entry, 2], state.flying[slot, entry, 3]
        router = wires.into[wire]
        if router < 0:
            if state.received[packet] != number:
                raise RuntimeError("flits of one packet arrived out of order")
            left += 1
            state.ejected[-1 - router] += first <= now < last
            state.received[packet] += 1
            if number == packets.flits[packet] - 1:
                state.arrived[packet] = now
                completed += first <= packets.created[packet] < last
            continue
        held = state.held[wire, channel]
        if held == capacity:
            raise RuntimeError("a flit reached a full buffer: a credit was spent twice")
        place = (state.head[wire, channel] + held) % capacity
        state.packet[wire, channel, place], state.number[wire, channel, place] = packet, number
        state.held[wire, channel] = held + 1
        state.peak[wire] = max(state.peak[wire], held + 1)
        state.filled[wire] += 1
        state.waiting[router] += 1
    state.flights[slot] = 0
    for entry in range(state.returns[slot]):
        state.credits[state.returning[slot, entry, 0], state.returning[slot, entry, 1]] += 1
    state.returns[slot] = 0
    return left, completed


@kernel
def inject(wires: Wires, state: State, packets: Packets, terminal: int, now: int) -> int:
    """Let a terminal send one flit into its router if it has one and there is room; return flits sent.

    A packet enters by the free virtual channel next in the terminal's round robin and keeps it to its end.
    """
    place = state.queue[terminal]
    if place == packets.bounds[terminal + 1]:
        return 0
    packet = packets.order[place]
    wire = wires.first[wires.first.size - 1] + terminal
    if packets.created[packet] > now or state.free_at[wire] > now:
        return 0
    if state.offered[terminal] == 0:
        channels = state.held.shape[1]
        chosen = -1
        for step in range(1, channels + 1):
            channel = (state.entry[terminal] + step) % channels
            if state.credits[wire, channel] > 0:
                chosen = channel
                break
        if chosen < 0:
            return 0
        state.entry[terminal] = chosen
        state.entered[packet] = now
    channel = state.entry[terminal]
    if state.credits[wire, channel] == 0:
        return 0
    state.credits[wire, channel] -= 1
    number = state.offered[terminal]
    launch(wires, state, wire, packet, number, channel, now, now + SEND_CYCLES)
    state.offered[terminal] = number + 1
    if number == packets.flits[packet] - 1:
        state.offered[terminal] = 0
        state.queue[terminal] = place + 1
    return 1


@kernel
def next_creation(state: State, packets: Packets) -> int:
    """Cycle in which the next packet comes into being; the largest integer when there is none."""
    soonest = np.int64(np.iinfo(np.int64).max)
    for terminal in range(state.queue.size):
        place = state.queue[terminal]
        if place < packets.bounds[terminal + 1]:
            soonest = min(soonest, packets.created[packets.order[place]])
    return int(soonest)


@kernel
def run(wires: Wires, state: State, packets: Packets, first: int, last: int, limit: int) -> tuple[int, int]:
    """Run until every packet created in cycles ``first`` to ``last`` - 1 has arrived, or to cycle ``limit``.

    Returns the cycle reached and how many of those packets are missing then. ``state`` changes in place. Time
    jumps over cycles in which the network is empty. Raises RuntimeError when flits wait and none ever moves.
    """
    routers, terminals = wires.shared.size, wires.way.shape[1]
    widest = 0
    for router in range(routers):
        widest = max(widest, wires.first[router + 1] - wires.first[router])
    bids = np.empty((widest * state.held.shape[1], 2), np.int32)
    missing = 0
    for packet in range(packets.created.size):
        missing += first <= packets.created[packet] < last
    inside, still, now = 0, 0, 0
    while missing > 0 and now < limit:
        left, completed = land(wires, state, packets, now, first, last)
        inside -= left
        missing -= completed
        sent, moved = 0, 0
        for terminal in range(terminals):
            sent += inject(wires, state, packets, terminal, now)
        inside += sent
        for router in range(routers):
            if state.waiting[router] > 0:
                allocate_channels(wires, state, packets, router, now, bids)
                moved += allocate_switch(wires, state, packets, router, now, bids)
        still = 0 if sent + moved + left > 0 else still + 1
        if still > IDLE_LIMIT + state.flights.size and inside > 0:
            raise RuntimeError("flits wait and none can move: the routes deadlock")
        now += 1
        if inside == 0 and still > state.flights.size:  # credits are home as well
            now = min(max(now, next_creation(state, packets)), limit)
    return now, missing
