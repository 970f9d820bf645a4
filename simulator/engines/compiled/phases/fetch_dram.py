"""A core whose columns come from one DRAM over one link, there and back: two lines that meet at the link.

Requests go and responses come in the order of the fetches. Whoever takes the link next is the first request
that has a slot or the first response, so nothing else has to be looked at.
"""

from __future__ import annotations

from deltasim.runtime.arrays import Integers
from deltasim.runtime.compiling import apart
from deltasim.simulator.components.service_times import consumed, piece_work, rounds
from deltasim.simulator.dram.in_order import fetched
from deltasim.simulator.engines.compiled.events.fetches import (
    copy_on,
    count_bursts,
    count_sums,
    pass_router,
    timing_of,
    write_buffer,
)
from deltasim.simulator.engines.compiled.events.messages import count_crossing, link_busy, span_behind
from deltasim.simulator.engines.compiled.events.queues import count, cover, hold
from deltasim.simulator.engines.compiled.phases.fifo import book_queue
from deltasim.simulator.engines.compiled.phases.lanes import (
    AT_ONCE,
    message_of,
    time_of,
    view_arrivals,
    view_state,
    view_tables,
)
from deltasim.simulator.ledger.timeline import enter


@apart
def consume_streamed(
    state_directory: Integers,
    tables_directory: Integers,
    arrivals_directory: Integers,
    core: int,
    array: int,
    group: int,
) -> int:
    """Let requests and responses take the link by (arrival, request first).

    Returns when the last message is in the sums, 0 where none came.
    """
    state, tables = view_state(state_directory), view_tables(tables_directory)
    arrivals = view_arrivals(arrivals_directory)
    lane, chip, target = tables.links.size + core, tables.chip[0], tables.lists[tables.groups[group].first]
    first, end = arrivals.bounds[lane], arrivals.filled[lane]
    number, units = end - first, tables.cores[core]
    if number == 0:
        return 0
    run, memory = state.run[0], arrivals.store[core]
    store = tables.stores[memory]
    timing = timing_of(store)
    link = tables.lists[tables.paths[core * chip.stores + memory].there]
    unit, wire = chip.first_link + link, tables.links[link]
    slots, link_free = state.units[units.fetch + array].places, state.units[unit].free_at
    memory_free, mac_free = state.units[store.unit].free_at, state.units[units.mac + array].free_at
    request_busy = link_busy(tables, link, chip.request_flits, AT_ONCE)
    lag = wire.hop + max(0, span_behind(tables, link, request_busy) - chip.link_period)
    gone, crossed, words, flits = 0, 0, 0, 0
    bursts, hits, misses, conflicts, activates = 0, 0, 0, 0, 0
    for come in range(number):
        while gone < number and gone < come + slots:
            key = arrivals.keys[first + gone]
            time_ps = time_of(run, key)
            granted = time_ps
            if gone >= slots:
                granted = max(granted, arrivals.ended[gone - slots])
            asked = granted + chip.cycle
            if gone > come and asked > arrivals.came[come]:
                break
            arrivals.asked[gone], arrivals.granted[gone] = time_ps, granted
            start = max(asked, link_free)
            link_free = start + request_busy
            cover(state, unit, start, link_free, chip.request_flits * wire.period)
            arrivals.crossing[crossed], arrivals.crossed[crossed] = asked, start
            arrivals.sought[gone] = start + lag
            start = max(start + lag, memory_free)
            arrivals.copy[gone] = copy_on(state, tables, message_of(run, key), core)
            copy = tables.copies[arrivals.copy[gone]]
            service = fetched(state.channels[store.shared], timing, start, copy.address, copy.bytes)
            cover(state, store.unit, start, service.last_ps, service.bursts * timing.burst_ps)
            memory_free = service.free_ps
            moved = service.bursts * store.width
            enter(state.timelines[store.shared], service.first_ps, service.last_ps, moved)
            bursts, hits, misses = bursts + service.bursts, hits + service.hits, misses + service.misses
            conflicts, activates = conflicts + service.conflicts, activates + service.activates
            arrivals.read[gone], arrivals.came[gone] = start, service.first_ps
            arrivals.span[gone] = service.last_ps - service.first_ps
            gone, crossed = gone + 1, crossed + 1
        copy = tables.copies[arrivals.copy[come]]
        start, came = max(arrivals.came[come], link_free), rounds(copy.bytes, chip.flit_bytes)
        busy = link_busy(tables, link, came, arrivals.span[come])
        link_free = start + busy
        cover(state, unit, start, link_free, came * wire.period)
        arrivals.crossing[crossed], arrivals.crossed[crossed] = arrivals.came[come], start
        head = start + wire.hop
        summing, work = max(head, mac_free), piece_work(copy.words, chip.mac_lanes, chip.cycle)
        mac_free = consumed(summing, work, head + span_behind(tables, link, busy) - chip.link_period)
        cover(state, units.mac + array, summing, mac_free, work)
        hold(state, units.fetch + array, arrivals.granted[come], mac_free)
        arrivals.came[come], arrivals.summed[come], arrivals.ended[come] = head, summing, mac_free
        crossed, words, flits = crossed + 1, words + copy.words, flits + came
    state.units[unit].free_at, state.units[units.mac + array].free_at = link_free, mac_free
    state.units[store.unit].free_at = memory_free
    book_queue(state, arrivals, units.fetch + array, arrivals.asked, AT_ONCE, arrivals.granted, number)
    book_queue(state, arrivals, unit, arrivals.crossing, AT_ONCE, arrivals.crossed, crossed)
    book_queue(state, arrivals, store.unit, arrivals.sought, AT_ONCE, arrivals.read, number)
    book_queue(state, arrivals, units.mac + array, arrivals.came, AT_ONCE, arrivals.summed, number)
    count(state, store.unit, target, store.words, words)
    count_bursts(state, store, target, bursts, hits, misses, conflicts, activates)
    count_sums(state, tables, core, units.mac + array, target, words)
    requests = number * chip.request_flits
    count_crossing(state, tables, unit, target, requests + flits)
    if wire.router:
        write_buffer(state, tables, chip.core_unit + core, target, requests)
        write_buffer(state, tables, store.unit, target, flits)
    if wire.leave:
        pass_router(state, tables, unit, target, requests + flits)
    run.delivered += number
    return int(mac_free)
