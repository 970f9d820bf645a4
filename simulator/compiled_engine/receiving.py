"""What has come to a core in a phase, in order and through its receive stage."""

from __future__ import annotations

from networks.kernels import part
from simulator.compiled_engine.arrivals import AT_ONCE, Arrivals, book_queue, sort_lane
from simulator.compiled_engine.queues import count, occupy
from simulator.compiled_engine.records import NONE, State, Tables


@part
def receive(state: State, tables: Tables, arrivals: Arrivals, core: int, target: int) -> tuple[int, int]:
    """Where the core's packets lie (first, end), with the times at which they may fetch."""
    lane, chip, unit = tables.links.size + core, tables.chip[0], tables.cores[core].receive
    first, end = arrivals.bounds[lane], arrivals.filled[lane]
    if first == end:
        return first, end
    sort_lane(arrivals, first, end)
    if unit == NONE:
        count(state, chip.core_unit + core, target, chip.receive_action, end - first)
        return first, end
    count(state, unit, target, chip.receive_action, end - first)
    for place in range(first, end):
        packet = arrivals.packets[place]
        start = max(packet.time, state.units[unit].free_at)
        arrivals.asked[place - first], arrivals.granted[place - first] = packet.time, start
        occupy(state, start, unit, chip.receive, chip.receive)
        packet.time = start + chip.receive
    book_queue(state, unit, arrivals.asked, AT_ONCE, arrivals.granted, end - first)
    return first, end
