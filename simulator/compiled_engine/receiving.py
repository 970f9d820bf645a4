"""What has come to a core in a phase, in order and through its receive stage."""

from __future__ import annotations

from networks.kernels import apart
from simulator.compiled_engine.arrivals import (
    AT_ONCE,
    book_queue,
    sort_lane,
    view_arrivals,
    view_state,
    view_tables,
)
from simulator.compiled_engine.queues import count, occupy
from simulator.compiled_engine.records import NONE
from simulator.plan import Integers


@apart
def receive(
    state_directory: Integers,
    tables_directory: Integers,
    arrivals_directory: Integers,
    core: int,
    now: int,
    target: int,
) -> int:
    """Put the core's packets in order and give them the times at which they may fetch; returns ``now``."""
    state, tables = view_state(state_directory), view_tables(tables_directory)
    arrivals = view_arrivals(arrivals_directory)
    lane, chip, unit = tables.links.size + core, tables.chip[0], tables.cores[core].receive
    first, end = arrivals.bounds[lane], arrivals.filled[lane]
    if first == end:
        return now
    sort_lane(arrivals, first, end)
    if unit == NONE:
        count(state, chip.core_unit + core, target, chip.receive_action, end - first)
        return now
    count(state, unit, target, chip.receive_action, end - first)
    for place in range(first, end):
        packet = arrivals.packets[place]
        start = max(packet.time, state.units[unit].free_at)
        arrivals.asked[place - first], arrivals.granted[place - first] = packet.time, start
        occupy(state, start, unit, chip.receive, chip.receive)
        packet.time = start + chip.receive
    book_queue(state, unit, arrivals.asked, AT_ONCE, arrivals.granted, end - first)
    return now
