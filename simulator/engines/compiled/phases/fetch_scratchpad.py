"""A core that fetches from one scratchpad takes in all its messages of a phase: they stay in line."""

from __future__ import annotations

import numpy as np

from deltasim.runtime.arrays import Integers
from deltasim.runtime.compiling import apart, inlined, part
from deltasim.simulator.components.service_times import consumed
from deltasim.simulator.engines.compiled.counting import count, count_sums, record_busy_series
from deltasim.simulator.engines.compiled.phases.arrival_lists import AT_ONCE, Arrivals, view_arrivals
from deltasim.simulator.engines.compiled.phases.fifo import ONE, record_queue, sum_of
from deltasim.simulator.engines.compiled.records import State, Tables, view_state, view_tables


@apart
def consume_in_line(
    state_directory: Integers,
    tables_directory: Integers,
    arrivals_directory: Integers,
    core: int,
    array: int,
    group: int,
) -> int:
    """Slot, address, accesses, sums; returns when the last message is in the sums, 0 where none came.

    Times are counted from the beginning of the phase.
    """
    state, tables = view_state(state_directory), view_tables(tables_directory)
    arrivals, chip, run = view_arrivals(arrivals_directory), tables.chip[0], state.run[0]
    arrival_list, memory = tables.links.size + core, tables.memories[arrivals.cores[core].memory]
    first, end = arrivals.bounds[arrival_list], arrivals.filled[arrival_list]
    units, target = tables.cores[core], tables.lists[tables.groups[group].first]
    fetch, bank, mac = units.fetch + array, memory.unit + array, units.mac + array
    slots, cycle = np.uintp(state.units[fetch].slots), chip.cycle_ps
    period, latency, row, opened = memory.period_ps, memory.latency_ps, np.uintp(memory.costs), run.opened
    bank_free, mac_free = state.units[bank].free_at - opened, state.units[mac].free_at - opened
    words, accesses, works = AT_ONCE, AT_ONCE, AT_ONCE
    asked, granted, read, kind = arrivals.asked, arrivals.granted, arrivals.read, arrivals.kind
    summed, ended = arrivals.summed, arrivals.ended
    number = pick(state, tables, arrivals, group, array, first, end)
    for place in range(np.uintp(number)):
        cost, start = tables.costs[row + kind[place]], asked[place]
        if place >= slots:
            start = max(start, ended[place - slots])
        granted[place] = start
        reading = max(start + cycle, bank_free)
        read[place] = reading
        bank_free = reading + cost.accesses * period
        summing = max(reading + latency, mac_free)
        summed[place] = summing
        mac_free = consumed(summing, cost.work, bank_free - period + latency)
        ended[place] = mac_free
        words, accesses, works = words + cost.words, accesses + cost.accesses, works + cost.work
    if number == 0:
        return 0
    hold_slots(state, arrivals, fetch, number)
    state.units[bank].free_at, state.units[mac].free_at = opened + bank_free, opened + mac_free
    record_busy_series(state, bank, opened + bank_free, accesses * period, accesses * period)
    record_busy_series(state, mac, opened + mac_free, sum_of(ended, number) - sum_of(summed, number), works)
    record_queue(state, arrivals, fetch, asked, AT_ONCE, granted, number)
    record_queue(state, arrivals, bank, granted, cycle, read, number)
    record_queue(state, arrivals, mac, read, latency, summed, number)
    run.delivered += number
    if tables.groups[group].first + 1 < tables.groups[group].end:
        count_by_population(state, tables, arrivals, core, array, group)
    else:
        count_fetched(state, tables, arrivals, core, array, target, words, accesses)
    return int(opened + mac_free)


@part
def pick(
    state: State, tables: Tables, arrivals: Arrivals, number: int, array: int, first: int, end: int
) -> int:
    """List for an array's messages when they ask and of what size they are; returns how many these are."""
    run, chip, group, picked = state.run[0], tables.chip[0], tables.groups[number], np.uintp(0)
    shift, low, width, arrays = run.shift, np.int64((1 << run.shift) - 1), chip.size_bytes, chip.arrays
    many, listed = group.first + 1 < group.end, arrivals.layers[tables.lists[group.first]].sizes
    for place in range(np.uintp(first), np.uintp(end)):
        key = arrivals.keys[place]
        rank = np.uintp(key & low)
        if arrays > 1 and arrivals.messages[rank].array != array:
            continue
        if many:
            listed = arrivals.layers[arrivals.messages[rank].layer].sizes
        arrivals.asked[picked] = key >> shift
        arrivals.kind[picked] = size_number(tables, listed + arrivals.messages[rank].row, width)
        picked += ONE
    return int(picked)


@part
def hold_slots(state: State, arrivals: Arrivals, number: int, come: int) -> None:
    """Record the time in which any slot is held. Columns end in the order in which they are granted one."""
    unit, opened = state.units[number], state.run[0].opened
    idle = arrivals.granted[0] - (unit.recorded_until - opened)
    for place in range(1, np.uintp(come)):
        idle += max(AT_ONCE, arrivals.granted[place] - arrivals.ended[place - ONE])
    end = arrivals.ended[come - 1]
    taken = end - (unit.recorded_until - opened) - idle
    unit.idle, unit.recorded_until = unit.idle + idle, opened + end
    unit.occupied, unit.busy = unit.occupied + taken, unit.busy + taken


@part
def count_by_population(
    state: State, tables: Tables, arrivals: Arrivals, core: int, array: int, number: int
) -> None:
    """Go through an array's messages once more: what was fetched for each population, and until when."""
    group, run, chip = tables.groups[number], state.run[0], tables.chip[0]
    row, come = np.uintp(tables.memories[arrivals.cores[core].memory].costs), 0
    arrival_list = tables.links.size + core
    for place in range(group.first, group.end):
        into = arrivals.layers[tables.lists[place]]
        into.words = into.accesses = 0
    for place in range(arrivals.bounds[arrival_list], arrivals.filled[arrival_list]):
        message = arrivals.messages[arrivals.keys[place] & ((1 << run.shift) - 1)]
        if chip.arrays > 1 and message.array != array:
            continue
        into = arrivals.layers[message.layer]
        cost = tables.costs[row + size_number(tables, into.sizes + message.row, chip.size_bytes)]
        into.words += cost.words
        into.accesses += cost.accesses
        into.drained = max(into.drained, run.opened + arrivals.ended[come])
        come += 1
    for place in range(group.first, group.end):
        layer = tables.lists[place]
        into = arrivals.layers[layer]
        count_fetched(state, tables, arrivals, core, array, layer, into.words, into.accesses)


@part
def count_fetched(
    state: State,
    tables: Tables,
    arrivals: Arrivals,
    core: int,
    array: int,
    layer: int,
    words: int,
    accesses: int,
) -> None:
    """Enter the words that an array has read and summed up, and the accesses they took."""
    memory = tables.memories[arrivals.cores[core].memory]
    count(state, memory.unit + array, layer, memory.words, words)
    count(state, memory.unit + array, layer, memory.read, accesses)
    count_sums(state, tables, core, tables.cores[core].mac + array, layer, words)


@inlined
def size_number(tables: Tables, place: int, width: int) -> np.uintp:
    """The number of the size that is listed at a place; numbers are as narrow as they can be."""
    if width == 1:
        return np.uintp(tables.size[np.uintp(place)])
    number = np.uintp(0)
    for byte in range(width):
        number |= np.uintp(tables.size[place * width + byte]) << np.uintp(8 * byte)
    return number
