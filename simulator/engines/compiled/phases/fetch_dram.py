"""A core whose columns come from one DRAM over one link, there and back: two lines that meet at the link.

Requests go and responses come in the order of the fetches. Whoever takes the link next is the first request
that has a slot or the first response, so nothing else has to be looked at.
"""

from __future__ import annotations

from deltasim.runtime.arrays import Integers
from deltasim.runtime.compiling import apart
from deltasim.simulator.components.service_times import consumed, mac_work, rounds
from deltasim.simulator.engines.compiled.counting import (
    count,
    count_bursts,
    count_crossing,
    count_sums,
    link_busy,
    pass_router,
    record_busy,
    record_slot_busy,
    segment_on,
    serialisation_behind,
    timing_of,
    write_buffer,
)
from deltasim.simulator.engines.compiled.phases.arrival_lists import (
    AT_ONCE,
    message_of,
    time_of,
    view_arrivals,
)
from deltasim.simulator.engines.compiled.phases.fifo import record_queue
from deltasim.simulator.engines.compiled.records import view_state, view_tables
from deltasim.simulator.ledger.timeline import enter
from deltasim.simulator.memories.dram import fetched


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
    arrival_list, chip, target = (
        tables.links.size + core,
        tables.chip[0],
        tables.lists[tables.groups[group].first],
    )
    first, end = arrivals.bounds[arrival_list], arrivals.filled[arrival_list]
    number, units = end - first, tables.cores[core]
    if number == 0:
        return 0
    run, memory = state.run[0], tables.memories[arrivals.cores[core].memory]
    timing = timing_of(memory)
    link = tables.ways[tables.paths[core * chip.memories + arrivals.cores[core].memory].there]
    unit, link_record = chip.first_link + link, tables.links[link]
    slots, link_free = state.units[units.fetch + array].slots, state.units[unit].free_at
    memory_free, mac_free = state.units[memory.unit].free_at, state.units[units.mac + array].free_at
    request_busy = link_busy(tables, link, chip.request_flits, AT_ONCE)
    delay = link_record.hop_ps + max(
        0, serialisation_behind(tables, link, request_busy) - chip.link_period_ps
    )
    gone, crossed, words, flits = 0, 0, 0, 0
    bursts, hits, misses, conflicts, activates = 0, 0, 0, 0, 0
    for come in range(number):
        while gone < number and gone < come + slots:
            key = arrivals.keys[first + gone]
            time_ps = time_of(run, key)
            granted = time_ps
            if gone >= slots:
                granted = max(granted, arrivals.ended[gone - slots])
            asked = granted + chip.cycle_ps
            if gone > come and asked > arrivals.came[come]:
                break
            arrivals.asked[gone], arrivals.granted[gone] = time_ps, granted
            start = max(asked, link_free)
            link_free = start + request_busy
            record_busy(state, unit, start, link_free, chip.request_flits * link_record.period_ps)
            arrivals.crossing[crossed], arrivals.crossed[crossed] = asked, start
            arrivals.sought[gone] = start + delay
            start = max(start + delay, memory_free)
            arrivals.streams[gone].segment = segment_on(state, tables, message_of(run, key), core)
            segment = tables.segments[arrivals.streams[gone].segment]
            service = fetched(state.channels[memory.shared], timing, start, segment.address, segment.bytes)
            record_busy(state, memory.unit, start, service.last_ps, service.bursts * timing.burst_ps)
            memory_free = service.free_ps
            moved = service.bursts * memory.width_bytes
            enter(state.timelines[memory.shared], service.first_ps, service.last_ps, moved)
            bursts, hits, misses = bursts + service.bursts, hits + service.hits, misses + service.misses
            conflicts, activates = conflicts + service.conflicts, activates + service.activates
            arrivals.read[gone], arrivals.came[gone] = start, service.first_ps
            arrivals.streams[gone].serialisation = service.last_ps - service.first_ps
            gone, crossed = gone + 1, crossed + 1
        segment = tables.segments[arrivals.streams[come].segment]
        start, came = max(arrivals.came[come], link_free), rounds(segment.bytes, chip.flit_bytes)
        busy = link_busy(tables, link, came, arrivals.streams[come].serialisation)
        link_free = start + busy
        record_busy(state, unit, start, link_free, came * link_record.period_ps)
        arrivals.crossing[crossed], arrivals.crossed[crossed] = arrivals.came[come], start
        head = start + link_record.hop_ps
        summing, work = max(head, mac_free), mac_work(segment.words, chip.mac_lanes, chip.mac_cycle_ps)
        mac_free = consumed(
            summing, work, head + serialisation_behind(tables, link, busy) - chip.link_period_ps
        )
        record_busy(state, units.mac + array, summing, mac_free, work)
        record_slot_busy(state, units.fetch + array, arrivals.granted[come], mac_free)
        arrivals.came[come], arrivals.summed[come], arrivals.ended[come] = head, summing, mac_free
        crossed, words, flits = crossed + 1, words + segment.words, flits + came
    state.units[unit].free_at, state.units[units.mac + array].free_at = link_free, mac_free
    state.units[memory.unit].free_at = memory_free
    record_queue(state, arrivals, units.fetch + array, arrivals.asked, AT_ONCE, arrivals.granted, number)
    record_queue(state, arrivals, unit, arrivals.crossing, AT_ONCE, arrivals.crossed, crossed)
    record_queue(state, arrivals, memory.unit, arrivals.sought, AT_ONCE, arrivals.read, number)
    record_queue(state, arrivals, units.mac + array, arrivals.came, AT_ONCE, arrivals.summed, number)
    count(state, memory.unit, target, memory.words, words)
    count_bursts(state, memory, target, bursts, hits, misses, conflicts, activates)
    count_sums(state, tables, core, units.mac + array, target, words)
    requests = number * chip.request_flits
    count_crossing(state, tables, unit, target, requests + flits)
    if link_record.router:
        write_buffer(state, tables, chip.core_unit + core, target, requests)
        write_buffer(state, tables, memory.unit, target, flits)
    if link_record.leave:
        pass_router(state, tables, unit, target, requests + flits)
    run.delivered += number
    return int(mac_free)
