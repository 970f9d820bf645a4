"""The router rule: what one router grants and moves in one cycle.

It follows BookSim 2's input-queued router (Dally and Towles, *Principles and Practices of Interconnection
Networks*, chapters 16 to 19) as it is with ``routing_delay = 0``, ``credit_delay = 1``,
``wait_for_tail_credit = 0`` and both allocators ``separable_input_first``, without speculation, to the cycle:

* A head in front of its buffer asks for all free virtual channels of its output; its arbiter picks one, then
  the arbiter of each channel picks a head. In the next cycle it may ask for the switch.
* A channel is free from the cycle after a packet's last flit has left the router by it, whether or not there
  is a credit: buffers hold several packets, one behind the other. An atomic channel is free once all credits
  are back after that (``wait_for_tail_credit = 1``), so that its buffer never holds two packets.
* A flit asks for the switch when its channel has a credit. An input offers for each output the virtual
  channel next in turn, then its arbiter picks an output; the arbiter of each output picks an input.
* All arbiters are round robin and move on, past the winner, only when what they picked is granted in the end.
* A terminal takes flits at once, and its credits come back like those of a router.
"""

from __future__ import annotations

from deltasim.runtime.compiling import inlined, kernel
from deltasim.simulator.flit_network.state import (
    FREE,
    OWNED,
    Buffers,
    Calendar,
    Grants,
    Ints,
    Packets,
    Pointers,
    Records,
    Wires,
)


@kernel
def places_away(candidate: int, last: int, size: int) -> int:
    """How many places a round-robin arbiter that served ``last`` must move on to serve ``candidate``.

    >>> places_away(0, 3, 4), places_away(3, 3, 4), places_away(2, -1, 4)
    (0, 3, 2)
    """
    away = candidate - last - 1
    return away if away >= 0 else away + size


@inlined
def allocate_channels(
    wires: Wires,
    packets: Packets,
    buffers: Buffers,
    grants: Grants,
    pointers: Pointers,
    router: int,
    now: int,
    bids: Ints,
) -> None:
    """Grant virtual channels to the heads in front of the router's buffers.

    Every such head asks for the free channel next in its own round robin; each channel takes the asker next
    in its own. The winner may ask for the switch ``wires.grant_cycles`` later. ``bids`` is scratch of shape
    (channels of all outputs of the widest router, 3).
    """
    held, granted_output, taken, entering = buffers.held, grants.output, grants.taken, wires.entering
    channels = held.shape[1]
    first_in, last_in = wires.bounds[router], wires.bounds[router + 1]
    first_out, last_out = wires.first[router], wires.first[router + 1]
    outputs = (last_out - first_out) * channels
    inputs = (last_in - first_in) * channels
    asked = 0
    for place in range(first_in, last_in):
        wire = entering[place]
        if buffers.heads[wire] == 0:
            continue
        for channel in range(channels):
            if held[wire, channel] == 0 or granted_output[wire, channel] >= 0:
                continue
            packet = buffers.packet[wire, channel, buffers.head[wire, channel]]
            terminal = packets.destination[packet]
            output, last = wires.way[router, terminal], pointers.channel[wire, channel]
            best, nearest = -1, outputs
            for beyond in range(wires.lowest[router, terminal], wires.highest[router, terminal]):
                if taken[output, beyond] == FREE:
                    wanted = (output - first_out) * channels + beyond
                    away = places_away(wanted, last, outputs)
                    if away < nearest:
                        best, nearest = wanted, away
            if best < 0:
                continue
            if asked == 0:
                bids[:outputs, 0] = -1
            asker = (place - first_in) * channels + channel
            away = places_away(asker, pointers.owner[output, best % channels], inputs)
            if bids[best, 0] < 0:
                bids[asked, 2] = best
                asked += 1
                bids[best, 0], bids[best, 1] = asker, away
            elif away < bids[best, 1]:
                bids[best, 0], bids[best, 1] = asker, away
    for bid in range(asked):
        granted = bids[bid, 2]
        asker = bids[granted, 0]
        wire, channel = entering[first_in + asker // channels], asker % channels
        output, beyond = first_out + granted // channels, granted % channels
        buffers.heads[wire] -= 1
        granted_output[wire, channel], grants.channel[wire, channel] = output, beyond
        grants.ready[wire, channel] = now + wires.grant_cycles
        taken[output, beyond] = OWNED
        pointers.channel[wire, channel] = granted
        pointers.owner[output, beyond] = asker


@inlined
def allocate_switch(
    wires: Wires, buffers: Buffers, grants: Grants, pointers: Pointers, router: int, now: int, bids: Ints
) -> bool:
    """Grant the switch; True when ``bids[output, 0]`` holds a winner, as input * V + channel, or else -1.

    An input sends one flit a cycle and an output takes one. An input picks, for each output it can serve, the
    channel next in its round robin, then the output next in its round robin; each output takes the input next
    in its own. A shared router lets one of its outputs through.
    """
    held, granted_output, entering = buffers.held, grants.output, wires.entering
    channels = held.shape[1]
    first_in, last_in = wires.bounds[router], wires.bounds[router + 1]
    first_out, last_out = wires.first[router], wires.first[router + 1]
    inputs, outputs = last_in - first_in, last_out - first_out
    bids[:outputs, 0] = -1
    asked = False
    for place in range(first_in, last_in):
        wire = entering[place]
        if buffers.filled[wire] == 0:
            continue
        best, nearest, picked, soonest = -1, outputs, -1, channels
        last, pick = pointers.output[wire], pointers.pick[wire]
        for channel in range(channels):
            output = granted_output[wire, channel]
            if output < 0 or held[wire, channel] == 0 or grants.ready[wire, channel] > now:
                continue
            if grants.free_at[output] > now:
                continue
            if grants.credits[output, grants.channel[wire, channel]] == 0:
                continue
            away = places_away(output - first_out, last, outputs)
            soon = places_away(channel, pick - 1, channels)
            if away < nearest or (away == nearest and soon < soonest):
                best, nearest, picked, soonest = output - first_out, away, channel, soon
        if best < 0:
            continue
        asked = True
        asker = place - first_in
        away = places_away(asker, pointers.input[first_out + best], inputs)
        if bids[best, 0] < 0 or away < bids[best, 1]:
            bids[best, 0], bids[best, 1] = asker * channels + picked, away
    if asked and wires.shared[router]:
        only, nearest = -1, outputs
        for output in range(outputs):
            away = places_away(output, pointers.winner[router], outputs)
            if bids[output, 0] >= 0 and away < nearest:
                only, nearest = output, away
        pointers.winner[router] = only
        winner = bids[only, 0]
        bids[:outputs, 0] = -1
        bids[only, 0] = winner
    return asked


@inlined
def move(
    wires: Wires,
    packets: Packets,
    buffers: Buffers,
    grants: Grants,
    pointers: Pointers,
    calendar: Calendar,
    records: Records,
    router: int,
    now: int,
    bids: Ints,
) -> int:
    """Move the winners of ``allocate_switch`` out of their buffers, credits going back; return how many."""
    channels, capacity = buffers.held.shape[1], buffers.packet.shape[2]
    first_in, first_out = wires.bounds[router], wires.first[router]
    moved = 0
    for place in range(wires.first[router + 1] - first_out):
        if bids[place, 0] < 0:
            continue
        moved += 1
        asker, channel = bids[place, 0] // channels, bids[place, 0] % channels
        wire, output = wires.entering[first_in + asker], first_out + place
        beyond = grants.channel[wire, channel]
        pointers.output[wire], pointers.input[output] = place, asker
        pointers.pick[wire] = (channel + 1) % channels
        slot = buffers.head[wire, channel]
        packet, number = buffers.packet[wire, channel, slot], buffers.number[wire, channel, slot]
        buffers.head[wire, channel] = (slot + 1) % capacity
        buffers.held[wire, channel] -= 1
        buffers.filled[wire] -= 1
        buffers.waiting[router] -= 1
        if number == packets.flits[packet] - 1:
            grants.output[wire, channel] = -1
            buffers.heads[wire] += buffers.held[wire, channel] > 0
            grants.taken[output, beyond] = wires.after_tail
        grants.credits[output, beyond] -= 1
        grants.free_at[output] = now + wires.period[output]
        records.crossings[output] += 1
        launch(calendar, output, packet, number, beyond, now + wires.flight_cycles[output])
        give_back(calendar, wire, channel, now + wires.credit_cycles[wire])
    return moved


@inlined
def launch(calendar: Calendar, wire: int, packet: int, number: int, channel: int, lands: int) -> None:
    """Put a flit on a wire, to land in cycle ``lands``."""
    slot = lands % calendar.flights.size
    entry = calendar.flights[slot]
    calendar.flying[slot, entry, 0], calendar.flying[slot, entry, 1] = wire, packet
    calendar.flying[slot, entry, 2], calendar.flying[slot, entry, 3] = number, channel
    calendar.flights[slot] = entry + 1


@inlined
def give_back(calendar: Calendar, wire: int, channel: int, counts: int) -> None:
    """Return a credit to the start of a wire, where it counts from cycle ``counts`` on."""
    slot = counts % calendar.returns.size
    entry = calendar.returns[slot]
    calendar.returning[slot, entry, 0], calendar.returning[slot, entry, 1] = wire, channel
    calendar.returns[slot] = entry + 1
