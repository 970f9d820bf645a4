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
Flags = npt.NDArray[np.bool_]


class Wires(NamedTuple):
    """A network ready to run. W wires, R routers, N terminals; all arrays are read only in use.

    >>> from simulator.noc.fabric import parse_fabric
    >>> wires = parse_fabric("ring:4").wires(2)         # 2 links and an exit a router, 4 entrances
    >>> wires.into.size, wires.way.shape
    (16, (4, 4))
    """

    first: Ints  # (R + 1,) wires that leave router r are first[r]:first[r + 1]; entrances start at first[R]
    into: Ints  # (W,) the router the wire enters, or -1 - terminal
    latency: Ints  # (W,) cycles on the wire
    period: Ints  # (W,) cycles between two flits
    entering: Ints  # (W,) wires sorted by the router they enter
    bounds: Ints  # (R + 1,) those that enter router r are entering[bounds[r]:bounds[r + 1]]
    way: Ints  # (R, N) the wire to take from router to terminal
    lowest: Ints  # (R, N) first virtual channel allowed on it
    highest: Ints  # (R, N) one past the last
    shared: Flags  # (R,) the router moves one flit a cycle in all: a bus


class Packets(NamedTuple):
    """What is sent, in any order that is sorted by creation for each source.

    >>> from simulator.noc.traffic import packets_of
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


class State(NamedTuple):
    """All that changes while packets travel. V virtual channels with B slots each on every wire."""

    packet: Ints  # (W, V, B) whose flit lies in the slot of the buffer at the wire's end
    number: Ints  # (W, V, B) which flit of the packet
    head: Ints  # (W, V) slot of the oldest flit
    held: Ints  # (W, V) flits in the buffer
    filled: Ints  # (W,) flits in the buffers of all channels
    output: Ints  # (W, V) wire granted to the packet in front, -1 before
    channel: Ints  # (W, V) virtual channel granted on it
    ready: Longs  # (W, V) cycle from which it may ask for the switch
    credits: Ints  # (W, V) free slots at the wire's end, as its start knows them
    taken: Flags  # (W, V) a packet owns the channel until its last flit has left
    free_at: Longs  # (W,) cycle from which the wire takes another flit
    waiting: Ints  # (R,) flits held by the router
    last_channel: Ints  # (W, V) round robin of an input channel over the router's output channels
    last_owner: Ints  # (W, V) round robin of an output channel over the router's input channels
    last_output: Ints  # (W,) round robin of an input over outputs
    last_input: Ints  # (W,) round robin of an output over inputs
    next_pick: Ints  # (W,) round robin of an input over its channels
    last_winner: Ints  # (R,) round robin of a shared router over its outputs
    flying: Ints  # (T, W, 4) wire, packet, flit number, channel of what lands in that cycle modulo T
    flights: Ints  # (T,) how many
    returning: Ints  # (T, W, 2) wire and channel of credits that come back
    returns: Ints  # (T,)
    queue: Ints  # (N,) place in Packets.order of the packet the terminal sends next
    offered: Ints  # (N,) flits of it that have left
    entry: Ints  # (N,) its virtual channel
    received: Ints  # (packets,) flits that reached the destination
    entered: Longs  # (packets,) cycle in which the first flit left the source, -1 before
    arrived: Longs  # (packets,) cycle in which the last flit reached the destination, -1 before
    crossings: Longs  # (W,) flits carried
    ejected: Longs  # (N,) flits that reached the terminal in the counted cycles
    peak: Ints  # (W,) most flits one buffer of the wire ever held


def fresh_state(wires: Wires, packets: Packets, virtual_channels: int, buffer: int) -> State:
    """Empty buffers, full credits, nothing under way. ``buffer`` is slots per virtual channel."""
    wire_count, terminals = wires.into.size, wires.way.shape[1]
    routers = wires.first.size - 1
    ring = int(wires.latency.max()) + 4
    per_channel = (wire_count, virtual_channels)

    def zeros(*shape: int) -> Ints:
        return np.zeros(shape, np.int32)

    def unset(*shape: int) -> Ints:
        return np.full(shape, -1, np.int32)

    return State(
        packet=zeros(*per_channel, buffer),
        number=zeros(*per_channel, buffer),
        head=zeros(*per_channel),
        held=zeros(*per_channel),
        filled=zeros(wire_count),
        output=unset(*per_channel),
        channel=zeros(*per_channel),
        ready=np.zeros(per_channel, np.int64),
        credits=np.full(per_channel, buffer, np.int32),
        taken=np.zeros(per_channel, np.bool_),
        free_at=np.zeros(wire_count, np.int64),
        waiting=zeros(routers),
        last_channel=unset(*per_channel),
        last_owner=unset(*per_channel),
        last_output=unset(wire_count),
        last_input=unset(wire_count),
        next_pick=zeros(wire_count),
        last_winner=unset(routers),
        flying=zeros(ring, wire_count, 4),
        flights=zeros(ring),
        returning=zeros(ring, wire_count, 2),
        returns=zeros(ring),
        queue=packets.bounds[:-1].copy(),
        offered=zeros(terminals),
        entry=unset(terminals),
        received=zeros(packets.created.size),
        entered=np.full(packets.created.size, -1, np.int64),
        arrived=np.full(packets.created.size, -1, np.int64),
        crossings=np.zeros(wire_count, np.int64),
        ejected=np.zeros(terminals, np.int64),
        peak=zeros(wire_count),
    )
