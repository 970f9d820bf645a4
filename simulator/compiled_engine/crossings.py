"""All messages of a phase cross the links, one link after the other."""

from __future__ import annotations

from networks.kernels import apart, part
from simulator.compiled_engine.arrivals import (
    AT_ONCE,
    Arrivals,
    append,
    book_queue,
    sort_lane,
    view_arrivals,
    view_state,
    view_tables,
)
from simulator.compiled_engine.columns import pass_router
from simulator.compiled_engine.queues import cover
from simulator.compiled_engine.records import State, Tables
from simulator.compiled_engine.travel import count_crossing, link_busy, span_behind
from simulator.plan import Integers


@apart
def cross_links(
    state_directory: Integers,
    tables_directory: Integers,
    arrivals_directory: Integers,
    now: int,
    _: int,
    target: int,
) -> int:
    """Every link takes its packets; behind it they come to further links and to cores.

    A link comes behind all that lead to it, so everything it will carry is known.
    """
    state, tables = view_state(state_directory), view_tables(tables_directory)
    arrivals = view_arrivals(arrivals_directory)
    for place in range(arrivals.links.size):
        link = arrivals.links[place]
        if arrivals.filled[link] > arrivals.bounds[link] and state.run[0].overflow == 0:
            cross_link(state, tables, arrivals, target, link)
    return now


@part
def cross_link(state: State, tables: Tables, arrivals: Arrivals, target: int, link: int) -> None:
    """One link takes its packets in the order of their arrival."""
    chip, wire = tables.chip[0], tables.links[link]
    first, end, unit = arrivals.bounds[link], arrivals.filled[link], chip.first_link + link
    sort_lane(arrivals, first, end)
    flits, free, dropped = chip.message_flits, state.units[unit].free_at, 0
    for place in range(first, end):
        packet = arrivals.packets[place]
        start = max(packet.time, free)
        busy = link_busy(tables, link, flits, packet.span)
        free = start + busy
        cover(state, unit, start, free, flits * wire.period)
        arrivals.asked[place - first], arrivals.granted[place - first] = packet.time, start
        head, span = start + wire.hop, span_behind(tables, link, busy)
        entry = tables.entries[packet.place]
        for following in range(entry.following, entry.following_end):
            other = tables.lists[following]
            append(arrivals, tables.entries[other].link, head, packet.message, other, span, packet.copies)
        tail = head + max(0, span - chip.link_period)
        for drop in range(entry.drops, entry.drops_end):
            copy, core = packet.copies + tables.lists[drop], tables.lists[drop + chip.drop_cores]
            append(arrivals, tables.links.size + core, tail, packet.message, copy, AT_ONCE, packet.copies)
            dropped += 1
    state.units[unit].free_at = free
    book_queue(state, unit, arrivals.asked, AT_ONCE, arrivals.granted, end - first)
    count_crossing(state, tables, unit, target, (end - first) * flits)
    if wire.leave:
        pass_router(state, tables, unit, target, dropped * flits)
    state.run[0].traversed += end - first
