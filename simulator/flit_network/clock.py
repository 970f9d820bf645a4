"""The clock that drives the routers, awake only while something is under way.

One cycle, in this order: flits and credits that arrive are taken in; every terminal with a packet offers one
flit; every router that holds a flit grants virtual channels and its switch, both from the state at the start
of the cycle. A head spends ``hop_cycles`` on a router it passes, wire included (4: channel, switch, crossing,
wire), and 2 from its source into the first, so that an empty network takes ``hop_cycles * routers + 2 + flits
- 1`` cycles.
"""

from __future__ import annotations

import numpy as np

from deltasim.runtime.compiling import inlined, kernel
from deltasim.simulator.flit_network.router import (
    allocate_channels,
    allocate_switch,
    give_back,
    launch,
    move,
)
from deltasim.simulator.flit_network.state import (
    DRAINING,
    FREE,
    OWNED,
    Buffers,
    Calendar,
    Grants,
    Packets,
    Records,
    Sources,
    State,
    Wires,
)

IDLE_LIMIT = 4096  # cycles without a move while flits wait: then none will ever move


@inlined
def land(
    wires: Wires,
    packets: Packets,
    buffers: Buffers,
    grants: Grants,
    calendar: Calendar,
    records: Records,
    now: int,
    first: int,
    last: int,
) -> tuple[int, int]:
    """Take in what arrives in this cycle: flits into buffers and terminals, credits at the wires' starts.

    Returns the flits that left the network and the packets created in ``first`` to ``last`` - 1 completed.
    """
    slot = now % calendar.flights.size
    capacity = buffers.packet.shape[2]
    left, completed = 0, 0
    for entry in range(calendar.flights[slot]):
        wire, packet = calendar.flying[slot, entry, 0], calendar.flying[slot, entry, 1]
        number, channel = calendar.flying[slot, entry, 2], calendar.flying[slot, entry, 3]
        router = wires.into[wire]
        if router < 0:
            if records.received[packet] != number:
                raise RuntimeError("flits of one packet arrived out of order")
            left += 1
            give_back(calendar, wire, calendar.flying[slot, entry, 3], now + wires.credit_cycles[wire])
            records.ejected[-1 - router] += first <= now < last
            records.received[packet] += 1
            if number == packets.flits[packet] - 1:
                records.arrived[packet] = now
                completed += first <= packets.created[packet] < last
            continue
        held = buffers.held[wire, channel]
        if held == capacity:
            raise RuntimeError("a flit reached a full buffer: a credit was spent twice")
        place = (buffers.head[wire, channel] + held) % capacity
        buffers.packet[wire, channel, place], buffers.number[wire, channel, place] = packet, number
        buffers.held[wire, channel] = held + 1
        buffers.peak[wire] = max(buffers.peak[wire], held + 1)
        buffers.filled[wire] += 1
        buffers.heads[wire] += held == 0 and grants.output[wire, channel] < 0
        buffers.waiting[router] += 1
    calendar.flights[slot] = 0
    for entry in range(calendar.returns[slot]):
        wire, channel = calendar.returning[slot, entry, 0], calendar.returning[slot, entry, 1]
        grants.credits[wire, channel] += 1
        if grants.taken[wire, channel] == DRAINING and grants.credits[wire, channel] == capacity:
            grants.taken[wire, channel] = FREE
    calendar.returns[slot] = 0
    return left, completed


@inlined
def inject(
    wires: Wires,
    packets: Packets,
    grants: Grants,
    calendar: Calendar,
    sources: Sources,
    records: Records,
    terminal: int,
    now: int,
) -> int:
    """Let a terminal send one flit into its router if it has one and there is room; return flits sent.

    A packet enters by the next virtual channel, round robin, that is free and has a credit, and keeps it to
    its end.
    """
    place = sources.queue[terminal]
    if place == packets.bounds[terminal + 1]:
        return 0
    packet = packets.order[place]
    if packets.created[packet] > now:
        return 0
    wire = wires.first[wires.first.size - 1] + terminal
    number, channel = sources.offered[terminal], sources.entry[terminal]
    if number == 0:
        channels = grants.credits.shape[1]
        channel = -1
        for step in range(1, channels + 1):
            candidate = (sources.entry[terminal] + step) % channels
            if grants.taken[wire, candidate] == FREE and grants.credits[wire, candidate] > 0:
                channel = candidate
                break
    if channel < 0 or grants.credits[wire, channel] == 0:
        return 0
    if number == 0:
        sources.entry[terminal] = channel
        grants.taken[wire, channel] = OWNED
        records.entered[packet] = now
    grants.credits[wire, channel] -= 1
    records.crossings[wire] += 1
    launch(calendar, wire, packet, number, channel, now + wires.flight_cycles[wire])
    sources.offered[terminal] = number + 1
    if number == packets.flits[packet] - 1:
        sources.offered[terminal] = 0
        grants.taken[wire, channel] = wires.after_tail
        sources.queue[terminal] = place + 1
    return 1


@inlined
def next_creation(packets: Packets, sources: Sources) -> int:
    """Cycle in which the next packet comes into being; the largest integer when there is none."""
    soonest = np.int64(np.iinfo(np.int64).max)
    for terminal in range(sources.queue.size):
        place = sources.queue[terminal]
        if place < packets.bounds[terminal + 1]:
            soonest = min(soonest, packets.created[packets.order[place]])
    return int(soonest)


@kernel
def run(
    wires: Wires, packets: Packets, state: State, start: int, first: int, last: int, limit: int
) -> tuple[int, int]:
    """Run from cycle ``start`` until all packets created in ``first`` to ``last`` - 1 arrived, or ``limit``.

    Returns the cycle reached and how many of those packets are missing then. ``state`` changes in place and
    goes on from there in another call. Time jumps over cycles in which the network is empty. Raises
    RuntimeError when flits wait and none can ever move.
    """
    buffers, grants, pointers, calendar, sources, records = state
    routers, terminals = wires.shared.size, wires.way.shape[1]
    widest = 0
    for router in range(routers):
        widest = max(widest, wires.first[router + 1] - wires.first[router])
    bids = np.empty((widest * grants.credits.shape[1], 3), np.int32)
    missing = 0
    for packet in range(packets.created.size):
        missing += first <= packets.created[packet] < last and records.arrived[packet] < 0
    inside, still, now = buffers.waiting.sum() + calendar.flights.sum(), 0, start
    while missing > 0 and now < limit:
        left, completed = land(wires, packets, buffers, grants, calendar, records, now, first, last)
        inside -= left
        missing -= completed
        sent, moved = 0, 0
        for terminal in range(terminals):
            sent += inject(wires, packets, grants, calendar, sources, records, terminal, now)
        inside += sent
        for router in range(routers):
            if buffers.waiting[router] > 0:
                allocate_channels(wires, packets, buffers, grants, pointers, router, now, bids)
                if allocate_switch(wires, buffers, grants, pointers, router, now, bids):
                    moved += move(
                        wires, packets, buffers, grants, pointers, calendar, records, router, now, bids
                    )
        still = 0 if sent + moved + left > 0 else still + 1
        if still > IDLE_LIMIT + calendar.flights.size and inside > 0:
            raise RuntimeError("flits wait and none can move: the routes deadlock")
        now += 1
        if inside == 0 and still > calendar.flights.size:  # credits are home as well
            now = min(max(now, next_creation(packets, sources)), limit)
    return now, missing
