"""All messages of a phase cross the links, one link after the other."""

from __future__ import annotations

import numpy as np

from deltasim.runtime.arrays import Integers
from deltasim.runtime.compiling import apart, part
from deltasim.simulator.engines.compiled.counting import count_crossing, pass_router, record_busy_series
from deltasim.simulator.engines.compiled.phases.arrival_lists import (
    AT_ONCE,
    Arrivals,
    count_by_layer,
    set_sentinels,
    view_arrivals,
)
from deltasim.simulator.engines.compiled.phases.fifo import check_time, go_through, lengthen, record_waits
from deltasim.simulator.engines.compiled.phases.merge import fill_shared_merge, gather
from deltasim.simulator.engines.compiled.records import State, Tables, view_state, view_tables
from deltasim.simulator.plan.records import NONE


@apart
def cross_links(
    state_directory: Integers,
    tables_directory: Integers,
    arrivals_directory: Integers,
    now: int,
    _: int,
    group: int,
) -> int:
    """Every link takes its messages; behind it they come to further links and to cores.

    A link comes behind all that lead to it, so everything it will carry is known. Between them shared
    merges are made.
    """
    state, tables = view_state(state_directory), view_tables(tables_directory)
    arrivals = view_arrivals(arrivals_directory)
    for place in range(arrivals.filling_order.size):
        arrival_list = arrivals.filling_order[place]
        if arrival_list >= tables.links.size:
            fill_shared_merge(state, tables, arrivals, arrival_list)
        elif state.run[0].overflow == 0:
            cross_link(state, tables, arrivals, group, arrival_list)
    return now


@part
def cross_link(state: State, tables: Tables, arrivals: Arrivals, group: int, link: int) -> None:
    """One link takes its messages in the order of their arrival."""
    chip, link_record, arrival_list, run = (
        tables.chip[0],
        tables.links[link],
        tables.arrival_lists[link],
        state.run[0],
    )
    first, unit, gathered = run.keys, chip.first_link + link, gather(state, tables, arrivals, link, group)
    arrivals.bounds[link] = arrivals.filled[link] = first
    if gathered == NONE:
        return
    at, number = arrivals.parts[gathered].begin, arrivals.parts[gathered].length
    arrivals.filled[link] = first + number
    run.keys = first + number + 2  # sentinels
    work = chip.message_flits * link_record.period_ps
    if arrival_list.held == NONE:
        go_through(state, arrivals, unit, at, number, first, arrival_list.busy, work, link_record.hop_ps)
    else:
        go_through_unlike(state, tables, arrivals, link, at, number, first)
    set_sentinels(arrivals, first, first + number)
    count_by_layer(state, tables, arrivals, group, first, number)
    for place in range(tables.groups[group].first, tables.groups[group].end):
        layer = tables.lists[place]
        flits = arrivals.layers[layer].tally * chip.message_flits
        count_crossing(state, tables, unit, layer, flits)
        if link_record.leave and arrival_list.dropping > 0:
            pass_router(state, tables, unit, layer, flits * arrival_list.dropping)
    run.traversed += number


@part
def go_through_unlike(
    state: State, tables: Tables, arrivals: Arrivals, link: int, at: int, number: int, into: int
) -> None:
    """`go_through` for a link that messages from different cores hold for different times.

    Those that have come over slower links do. The work is that of their flits at the link's own pace.
    """
    run, keys, begun, unit = state.run[0], arrivals.keys, arrivals.granted, tables.chip[0].first_link + link
    link_record, row, shift, low = (
        tables.links[link],
        tables.arrival_lists[link].held,
        run.shift,
        (1 << run.shift) - 1,
    )
    free, wait, held = state.units[unit].free_at - run.opened, AT_ONCE, AT_ONCE
    arrivals.peak[0] = 0
    for place in range(number):
        key = keys[at + place]
        asked, busy = key >> shift, tables.busy[row + arrivals.messages[key & low].source]
        start = max(asked, free)
        begun[place] = start
        free, wait, held = start + busy, wait + start - asked, held + busy
        keys[into + place] = ((start + link_record.hop_ps) << shift) | (key & low)
        lengthen(arrivals.peak, begun, np.uintp(place), asked)
    state.units[unit].free_at = run.opened + free
    record_busy_series(
        state, unit, run.opened + free, held, number * tables.chip[0].message_flits * link_record.period_ps
    )
    check_time(state, run.opened + free + link_record.hop_ps)
    record_waits(state, unit, wait, int(arrivals.peak[0]))
