"""The router rule: what one router grants and moves in one cycle.

Both allocators are separable, inputs first, with round-robin arbiters that move on only when they win. They
follow BookSim 2's input-queued router without speculation (Dally and Towles, chapters 16 to 19).
"""

from __future__ import annotations

from networks.kernels import kernel
from simulator.noc.state import Ints, Packets, State, Wires

SWITCH_CYCLES = 2  # from the grant to the wire: the grant's own cycle and the crossing
SEND_CYCLES = 1  # a terminal or a credit goes straight onto the wire


@kernel
def turns_away(candidate: int, last: int, size: int) -> int:
    """How many places a round-robin arbiter that served ``last`` must move on to serve ``candidate``.

    >>> turns_away(0, 3, 4), turns_away(3, 3, 4), turns_away(2, -1, 4)
    (0, 3, 2)
    """
    return (candidate - last - 1 + size) % size


@kernel
def allocate_channels(
    wires: Wires, state: State, packets: Packets, router: int, now: int, bids: Ints
) -> None:
    """Grant virtual channels to the heads in front of the router's buffers.

    Every such head asks for the free channel next in its own round robin; each channel takes the asker next
    in its own. The winner may ask for the switch from the next cycle on. ``bids`` is scratch of shape (P * V,
    2).
    """
    channels = state.held.shape[1]
    first_in, last_in = wires.bounds[router], wires.bounds[router + 1]
    first_out, last_out = wires.first[router], wires.first[router + 1]
    outputs = (last_out - first_out) * channels
    inputs = (last_in - first_in) * channels
    asked = False
    for place in range(first_in, last_in):
        wire = wires.entering[place]
        if state.filled[wire] == 0:
            continue
        for channel in range(channels):
            if state.held[wire, channel] == 0 or state.output[wire, channel] >= 0:
                continue
            packet = state.packet[wire, channel, state.head[wire, channel]]
            terminal = packets.destination[packet]
            output = wires.way[router, terminal]
            best, nearest = -1, outputs
            for beyond in range(wires.lowest[router, terminal], wires.highest[router, terminal]):
                if state.taken[output, beyond]:
                    continue
                wanted = (output - first_out) * channels + beyond
                away = turns_away(wanted, state.last_channel[wire, channel], outputs)
                if away < nearest:
                    best, nearest = wanted, away
            if best < 0:
                continue
            if not asked:
                asked = True
                bids[:outputs, 0] = -1
            asker = (place - first_in) * channels + channel
            output, beyond = first_out + best // channels, best % channels
            away = turns_away(asker, state.last_owner[output, beyond], inputs)
            if bids[best, 0] < 0 or away < bids[best, 1]:
                bids[best, 0], bids[best, 1] = asker, away
    if not asked:
        return
    for granted in range(outputs):
        asker = bids[granted, 0]
        if asker < 0:
            continue
        wire, channel = wires.entering[first_in + asker // channels], asker % channels
        output, beyond = first_out + granted // channels, granted % channels
        state.output[wire, channel] = output
        state.channel[wire, channel] = beyond
        state.ready[wire, channel] = now + 1
        state.taken[output, beyond] = True
        state.last_channel[wire, channel] = granted
        state.last_owner[output, beyond] = asker


@kernel
def allocate_switch(wires: Wires, state: State, packets: Packets, router: int, now: int, bids: Ints) -> int:
    """Grant the switch and move what won; return the number of flits moved.

    An input sends one flit a cycle and an output takes one. An input picks, for each output it can serve, the
    channel next in its round robin, then the output next in its round robin; each output takes the input next
    in its own. A shared router lets one of its outputs through. ``bids`` is scratch of shape (P * V, 2).
    """
    channels = state.held.shape[1]
    first_in, last_in = wires.bounds[router], wires.bounds[router + 1]
    first_out, last_out = wires.first[router], wires.first[router + 1]
    inputs, outputs = last_in - first_in, last_out - first_out
    bids[:outputs, 0] = -1
    asked = False
    for place in range(first_in, last_in):
        wire = wires.entering[place]
        if state.filled[wire] == 0:
            continue
        best, nearest, pick, soonest = -1, outputs, -1, channels
        for channel in range(channels):
            output = state.output[wire, channel]
            if output < 0 or state.held[wire, channel] == 0 or state.ready[wire, channel] > now:
                continue
            ends_here = wires.into[output] < 0  # a terminal always has room
            if state.free_at[output] > now or not (
                ends_here or state.credits[output, state.channel[wire, channel]] > 0
            ):
                continue
            away = turns_away(output - first_out, state.last_output[wire], outputs)
            soon = (channel - state.next_pick[wire] + channels) % channels
            if away < nearest or (away == nearest and soon < soonest):
                best, nearest, pick, soonest = output - first_out, away, channel, soon
        if best < 0:
            continue
        asked = True
        asker = place - first_in
        away = turns_away(asker, state.last_input[first_out + best], inputs)
        if bids[best, 0] < 0 or away < bids[best, 1]:
            bids[best, 0], bids[best, 1] = asker * channels + pick, away
    if not asked:
        return 0
    only = -1
    if wires.shared[router]:
        nearest = outputs
        for output in range(outputs):
            away = turns_away(output, state.last_winner[router], outputs)
            if bids[output, 0] >= 0 and away < nearest:
                only, nearest = output, away
        state.last_winner[router] = only
    moved = 0
    for output in range(outputs):
        if bids[output, 0] < 0 or (only >= 0 and output != only):
            continue
        asker, channel = bids[output, 0] // channels, bids[output, 0] % channels
        wire = wires.entering[first_in + asker]
        state.last_output[wire] = output
        state.last_input[first_out + output] = asker
        state.next_pick[wire] = (channel + 1) % channels
        _move(wires, state, packets, router, wire, channel, now)
        moved += 1
    return moved


@kernel
def _move(
    wires: Wires, state: State, packets: Packets, router: int, wire: int, channel: int, now: int
) -> None:
    """Take the oldest flit out of a buffer, send it on and send its credit back."""
    slot = state.head[wire, channel]
    packet, number = state.packet[wire, channel, slot], state.number[wire, channel, slot]
    output, beyond = state.output[wire, channel], state.channel[wire, channel]
    state.head[wire, channel] = (slot + 1) % state.packet.shape[2]
    state.held[wire, channel] -= 1
    state.filled[wire] -= 1
    state.waiting[router] -= 1
    if wires.into[output] >= 0:
        state.credits[output, beyond] -= 1
    if number == packets.flits[packet] - 1:
        state.taken[output, beyond] = False
        state.output[wire, channel] = -1
    launch(wires, state, output, packet, number, beyond, now, now + SWITCH_CYCLES)
    ring = state.returns.size
    back = (now + SEND_CYCLES + wires.latency[wire]) % ring
    entry = state.returns[back]
    state.returning[back, entry, 0], state.returning[back, entry, 1] = wire, channel
    state.returns[back] = entry + 1


@kernel
def launch(
    wires: Wires, state: State, wire: int, packet: int, number: int, channel: int, now: int, leaves: int
) -> None:
    """Put a flit on a wire in cycle ``leaves``; it lands ``latency`` cycles later.

    A credit is only a wire of one bit: it is never slower than its flit, so a wire's ``period`` does not hold
    it.
    """
    state.free_at[wire] = now + wires.period[wire]
    state.crossings[wire] += 1
    slot = (leaves + wires.latency[wire]) % state.flights.size
    entry = state.flights[slot]
    state.flying[slot, entry, 0], state.flying[slot, entry, 1] = wire, packet
    state.flying[slot, entry, 2], state.flying[slot, entry, 3] = number, channel
    state.flights[slot] = entry + 1
