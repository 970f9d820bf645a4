"""A core whose columns come from DRAM, or from more than one memory: its fetch slots take turns.

At most ``outstanding_fetches`` columns are under way at once, and no other core uses the links and memories
they come by. Whoever can be served next is therefore always one of these few.
"""

from __future__ import annotations

from deltasim.runtime.arrays import Integers
from deltasim.runtime.compiling import apart, part
from deltasim.simulator.components.service_times import consumed, piece_work, rounds
from deltasim.simulator.dram.in_order import fetch
from deltasim.simulator.engines.compiled.events.fetches import (
    array_for,
    copy_on,
    count_sums,
    enter_bursts,
    pass_router,
    timing_of,
    write_buffer,
)
from deltasim.simulator.engines.compiled.events.messages import count_crossing, link_busy, span_behind
from deltasim.simulator.engines.compiled.events.queues import count, cover, hold, occupy
from deltasim.simulator.engines.compiled.phases.fifo import book_queue
from deltasim.simulator.engines.compiled.phases.lanes import (
    AT_ONCE,
    Arrivals,
    message_of,
    time_of,
    view_arrivals,
    view_state,
    view_tables,
)
from deltasim.simulator.engines.compiled.records import NONE, State, Tables
from deltasim.simulator.plan.plan import SCRATCHPAD

# What the column of a slot waits for; at a link a request goes before a response.
EMPTY, GOING, READING, COMING, SUMMING = range(5)


@apart
def consume_by_turns(
    state_directory: Integers,
    tables_directory: Integers,
    arrivals_directory: Integers,
    core: int,
    array: int,
    group: int,
) -> int:
    """Serve the slot that can be served first until all packets of the array are in the sums.

    Returns when the last one is, 0 where none came.
    """
    state, tables = view_state(state_directory), view_tables(tables_directory)
    arrivals = view_arrivals(arrivals_directory)
    lane, target = tables.links.size + core, tables.lists[tables.groups[group].first]
    first, end = arrivals.bounds[lane], arrivals.filled[lane]
    fetching, slots = tables.cores[core].fetch + array, arrivals.slots
    following, taken, places, last = first, first - first, state.units[fetching].places, first - first
    words = 0
    for slot in range(places):
        following = load(state, tables, arrivals, core, array, target, slot, following, end, taken, last)
        taken += slots[slot].stage != EMPTY
    while True:
        slot = next_slot(state, arrivals, places)
        if slot == NONE:
            break
        unit = slots[slot].unit
        start = max(slots[slot].arrival, state.units[unit].free_at)
        queue_up(state, arrivals, places, unit, start)
        state.units[unit].wait += start - slots[slot].arrival
        if slots[slot].stage in (GOING, COMING):
            cross_over(state, tables, arrivals, core, target, slot, start)
        elif slots[slot].stage == READING:
            read(state, tables, arrivals, core, array, target, slot, start)
        else:
            words += tables.copies[slots[slot].copy].words
            last = add_up(state, tables, arrivals, slot, start)
            following = load(state, tables, arrivals, core, array, target, slot, following, end, taken, last)
            taken += slots[slot].stage != EMPTY
    for number in range(taken):
        hold(state, fetching, arrivals.granted[number], arrivals.ended[number])
    book_queue(state, arrivals, fetching, arrivals.asked, AT_ONCE, arrivals.granted, taken)
    count_sums(state, tables, core, tables.cores[core].mac + array, target, words)
    state.run[0].delivered += taken
    return int(last)


@part
def next_slot(state: State, arrivals: Arrivals, places: int) -> int:
    """The slot that is served first; of equals the one that came first, then by content. NONE: all empty."""
    chosen, soonest = NONE, 0
    for slot in range(places):
        one = arrivals.slots[slot]
        if one.stage == EMPTY:
            continue
        start = max(one.arrival, state.units[one.unit].free_at)
        if chosen == NONE or start < soonest:
            chosen, soonest = slot, start
        elif start == soonest:
            other = arrivals.slots[chosen]
            if one.arrival < other.arrival or (
                one.arrival == other.arrival
                and (one.stage < other.stage or (one.stage == other.stage and one.packet < other.packet))
            ):
                chosen = slot
    return int(chosen)


@part
def queue_up(state: State, arrivals: Arrivals, places: int, unit: int, now: int) -> None:
    """Enter the queue of a unit into the books, just before it takes somebody."""
    books, waiting = state.units[unit], 0
    for slot in range(places):
        one = arrivals.slots[slot]
        if one.stage != EMPTY and one.unit == unit and one.arrival <= now:
            waiting += 1
            books.area += now - max(one.arrival, books.changed)
    books.peak = max(books.peak, waiting)
    books.changed = now


@part
def load(
    state: State, tables: Tables, arrivals: Arrivals,
    core: int, array: int, target: int, slot: int, following: int, end: int, number: int, free_ps: int,
) -> int:  # fmt: skip
    """Grant a slot that is free from ``free_ps`` on to the next packet of the array; returns who follows."""
    one, run = arrivals.slots[slot], state.run[0]
    one.stage = EMPTY
    while following < end:
        key = arrivals.keys[following]
        message, time_ps = message_of(run, key), time_of(run, key)
        following += 1
        if array_for(state, tables, message) != array:
            continue
        granted = max(time_ps, free_ps)
        arrivals.asked[number], arrivals.granted[number] = time_ps, granted
        one.packet, one.number, one.copy = message, number, copy_on(state, tables, message, core)
        one.arrival, one.span = granted + tables.chip[0].cycle, 0
        copy = tables.copies[one.copy]
        store = tables.stores[copy.store]
        count(state, store.unit + array * (store.kind == SCRATCHPAD), target, store.words, copy.words)
        one.stage, one.unit = READING, store.unit + array
        if store.kind != SCRATCHPAD:
            path = tables.paths[core * tables.chip[0].stores + copy.store]
            one.at, one.flits = path.there, tables.chip[0].request_flits
            if path.there < path.there_end:
                set_out(state, tables, arrivals, slot, tables.chip[0].core_unit + core, target, GOING)
        break
    return int(following)


@part
def set_out(
    state: State, tables: Tables, arrivals: Arrivals, slot: int, sender: int, target: int, stage: int
) -> None:
    """A packet is at the first link of its way."""
    one = arrivals.slots[slot]
    link = tables.lists[one.at]
    if tables.links[link].router:
        write_buffer(state, tables, sender, target, one.flits)
    one.stage, one.unit = stage, tables.chip[0].first_link + link


@part
def cross_over(
    state: State, tables: Tables, arrivals: Arrivals, core: int, target: int, slot: int, start: int
) -> None:
    """A request or a response takes a link, and is then at the next one, the memory or the core."""
    one, chip = arrivals.slots[slot], tables.chip[0]
    link, copy = tables.lists[one.at], tables.copies[one.copy]
    path = tables.paths[core * chip.stores + copy.store]
    busy = link_busy(tables, link, one.flits, one.span)
    one.span = span_behind(tables, link, busy)
    occupy(state, start, one.unit, busy, one.flits * tables.links[link].period)
    count_crossing(state, tables, one.unit, target, one.flits)
    head = start + tables.links[link].hop
    one.arrival, one.at = head, one.at + 1
    if one.at < (path.there_end if one.stage == GOING else path.back_end):
        one.unit = chip.first_link + tables.lists[one.at]
        return
    if tables.links[link].leave:
        pass_router(state, tables, chip.first_link + link, target, one.flits)
    if one.stage == GOING:
        one.stage, one.unit = READING, tables.stores[copy.store].unit
        one.arrival = head + max(0, one.span - chip.link_period)
    else:
        one.stage, one.unit = SUMMING, tables.cores[core].mac
        one.tail = head + one.span - chip.link_period


@part
def read(
    state: State,
    tables: Tables,
    arrivals: Arrivals,
    core: int,
    array: int,
    target: int,
    slot: int,
    start: int,
) -> None:
    """A memory is granted: its first word comes, and the last one at ``tail``."""
    one, chip = arrivals.slots[slot], tables.chip[0]
    copy = tables.copies[one.copy]
    store = tables.stores[copy.store]
    if store.kind == SCRATCHPAD:
        accesses = rounds(copy.bytes, store.width)
        occupy(state, start, one.unit, accesses * store.period, accesses * store.period)
        count(state, one.unit, target, store.read, accesses)
        one.arrival, one.tail = start + store.latency, start + store.latency + (accesses - 1) * store.period
        one.stage, one.unit = SUMMING, tables.cores[core].mac + array
        return
    timing = timing_of(store)
    service = fetch(state.channels[store.shared], timing, start, copy.address, copy.bytes)
    cover(state, store.unit, start, service.last_ps, service.bursts * timing.burst_ps)
    state.units[store.unit].free_at = service.free_ps
    enter_bursts(state, store, target, service)
    path = tables.paths[core * chip.stores + copy.store]
    one.arrival, one.tail, one.span = service.first_ps, service.last_ps, service.last_ps - service.first_ps
    one.stage, one.unit = SUMMING, tables.cores[core].mac + array
    one.at, one.flits = path.back, rounds(copy.bytes, chip.flit_bytes)
    if path.back < path.back_end:
        set_out(state, tables, arrivals, slot, store.unit, target, COMING)


@part
def add_up(state: State, tables: Tables, arrivals: Arrivals, slot: int, start: int) -> int:
    """The multiply-accumulators take the column; returns when it is in the sums."""
    one, chip = arrivals.slots[slot], tables.chip[0]
    words = tables.copies[one.copy].words
    work = piece_work(words, chip.mac_lanes, chip.cycle)
    end = consumed(start, work, one.tail)
    occupy(state, start, one.unit, end - start, work)
    arrivals.ended[one.number] = end
    return int(end)
