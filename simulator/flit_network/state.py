"""What the router rule reads and changes: wires, packets and buffers, as flat arrays.

A *wire* carries flits one way: from a router's output to an input of the next router or to a terminal, or
from a terminal into its router. Wires are numbered router by router, the ones that leave terminals come last.
Every input buffer is fed by exactly one wire and is named by it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.int8]
Flags = npt.NDArray[np.bool_]

FREE, OWNED, DRAINING = 0, 1, 2


class Wires(NamedTuple):
    """A network ready to run. W wires, R routers, N terminals; all arrays are read only in use.

    >>> from deltasim.simulator.flit_network.fabric import parse_fabric
    >>> wires = parse_fabric("ring:4").wires(2)         # 2 links and an exit a router, 4 entrances
    >>> wires.into.size, wires.way.shape
    (16, (4, 4))
    """

    first: Ints  # (R + 1,) wires that leave router r are first[r]:first[r + 1]; entrances start at first[R]
    into: Ints  # (W,) the router the wire enters, or -1 - terminal
    flight_cycles: Ints  # (W,) from the grant of the switch, or a terminal's sending, to the wire's end
    credit_cycles: Ints  # (W,) from a flit's leaving the buffer at the end until its credit counts
    period: Ints  # (W,) cycles between two flits
    entering: Ints  # (W,) wires sorted by the router they enter
    bounds: Ints  # (R + 1,) those that enter router r are entering[bounds[r]:bounds[r + 1]]
    way: Ints  # (R, N) the wire to take from router to terminal
    lowest: Ints  # (R, N) first virtual channel allowed on it
    highest: Ints  # (R, N) one past the last
    shared: Flags  # (R,) the router moves one flit a cycle in all: a bus
    grant_cycles: int  # from the grant of a virtual channel until its winner may ask for the switch
    after_tail: int  # FREE or DRAINING: what a channel is once its packet's last flit has left by it


class Packets(NamedTuple):
    """What is sent, in any order that is sorted by creation for each source.

    >>> from deltasim.simulator.flit_network.traffic import packets_of
    >>> packets = packets_of([(0, 3, 2, 1), (0, 1, 2, 4)], terminals=4)     # created, from, to, flits
    >>> packets.bounds.tolist(), packets.order.tolist()
    ([0, 0, 1, 1, 2], [0, 1])
    """

    source: Ints
    destination: Ints
    created: Longs
    flits: Ints
    order: Ints  # packets source by source, first created first
    bounds: Ints  # (N + 1,) those of terminal n are order[bounds[n]:bounds[n + 1]]


class Buffers(NamedTuple):
    """The flits at the wires' ends: V virtual channels with B slots each."""

    packet: Ints  # (W, V, B) whose flit lies in the slot
    number: Ints  # (W, V, B) which flit of the packet
    head: Ints  # (W, V) slot of the oldest flit
    held: Ints  # (W, V) flits in the buffer
    filled: Ints  # (W,) flits in the buffers of all channels
    heads: Ints  # (W,) channels in front of whose buffers a head waits for a channel behind
    waiting: Ints  # (R,) flits held by the router
    peak: Ints  # (W,) most flits one buffer ever held


class Grants(NamedTuple):
    """Who may send where."""

    output: Ints  # (W, V) wire granted to the packet in front of the buffer, -1 before
    channel: Ints  # (W, V) virtual channel granted on it
    ready: Longs  # (W, V) cycle from which it may ask for the switch
    credits: Ints  # (W, V) free slots at the wire's end, as its start knows them
    taken: Bytes  # (W, V) FREE, OWNED by a packet, or DRAINING until all its credits are back
    free_at: Longs  # (W,) cycle from which the wire takes another flit


class Pointers(NamedTuple):
    """Where the round-robin arbiters stand."""

    channel: Ints  # (W, V) an input channel over the router's output channels: the last won
    owner: Ints  # (W, V) an output channel over the router's input channels: the last served
    output: Ints  # (W,) an input over outputs: the last won
    input: Ints  # (W,) an output over inputs: the last served
    pick: Ints  # (W,) an input over its channels: the next to look at
    winner: Ints  # (R,) a shared router over its outputs: the last served


class Calendar(NamedTuple):
    """What lands in which cycle, modulo T."""

    flying: Ints  # (T, W, 4) wire, packet, flit number, channel
    flights: Ints  # (T,) how many
    returning: Ints  # (T, W, 2) wire and channel of credits that come back
    returns: Ints  # (T,)


class Sources(NamedTuple):
    """Where the terminals are in sending."""

    queue: Ints  # (N,) place in Packets.order of the packet to send next
    offered: Ints  # (N,) flits of it that have left
    entry: Ints  # (N,) its virtual channel


class Records(NamedTuple):
    """What has happened so far."""

    received: Ints  # (packets,) flits that reached the destination
    entered: Longs  # (packets,) cycle in which the first flit left the source, -1 before
    arrived: Longs  # (packets,) cycle in which the last flit reached the destination, -1 before
    crossings: Longs  # (W,) flits carried
    ejected: Longs  # (N,) flits that reached the terminal in the counted cycles


class State(NamedTuple):
    """All that changes while packets travel; in parts, as kernels that are given less compile faster."""

    buffers: Buffers
    grants: Grants
    pointers: Pointers
    calendar: Calendar
    sources: Sources
    records: Records


def fresh_state(wires: Wires, packets: Packets, virtual_channels: int, buffer: int) -> State:
    """Empty buffers, full credits, nothing under way. ``buffer`` is slots per virtual channel."""
    wire_count, terminals, count = wires.into.size, wires.way.shape[1], packets.created.size
    routers = wires.first.size - 1
    ring = int(max(wires.flight_cycles.max(), wires.credit_cycles.max())) + 1
    per_channel = (wire_count, virtual_channels)

    def zeros(*shape: int) -> Ints:
        return np.zeros(shape, np.int32)

    def unset(*shape: int) -> Ints:
        return np.full(shape, -1, np.int32)

    return State(
        Buffers(
            packet=zeros(*per_channel, buffer),
            number=zeros(*per_channel, buffer),
            head=zeros(*per_channel),
            held=zeros(*per_channel),
            filled=zeros(wire_count),
            heads=zeros(wire_count),
            waiting=zeros(routers),
            peak=zeros(wire_count),
        ),
        Grants(
            output=unset(*per_channel),
            channel=zeros(*per_channel),
            ready=np.zeros(per_channel, np.int64),
            credits=np.full(per_channel, buffer, np.int32),
            taken=np.full(per_channel, FREE, np.int8),
            free_at=np.zeros(wire_count, np.int64),
        ),
        Pointers(
            channel=unset(*per_channel),
            owner=unset(*per_channel),
            output=unset(wire_count),
            input=unset(wire_count),
            pick=zeros(wire_count),
            winner=unset(routers),
        ),
        Calendar(zeros(ring, wire_count, 4), zeros(ring), zeros(ring, wire_count, 2), zeros(ring)),
        Sources(queue=packets.bounds[:-1].copy(), offered=zeros(terminals), entry=unset(terminals)),
        Records(
            received=zeros(count),
            entered=np.full(count, -1, np.int64),
            arrived=np.full(count, -1, np.int64),
            crossings=np.zeros(wire_count, np.int64),
            ejected=np.zeros(terminals, np.int64),
        ),
    )
