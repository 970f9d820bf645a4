"""A core that fetches from one scratchpad takes in all its messages of a phase: they stay in line."""

from __future__ import annotations

from networks.kernels import apart
from simulator.compiled_engine.arrivals import (
    AT_ONCE,
    book_queue,
    view_arrivals,
    view_state,
    view_tables,
)
from simulator.compiled_engine.columns import array_for, count_sums
from simulator.compiled_engine.queues import count, cover, hold
from simulator.plan import Integers
from simulator.rules.service import consumed, piece_work, rounds


@apart
def consume_in_line(
    state_directory: Integers,
    tables_directory: Integers,
    arrivals_directory: Integers,
    core: int,
    array: int,
    target: int,
) -> int:
    """Slot, address, accesses, sums; returns when the last message is in the sums, 0 where none came."""
    state, tables = view_state(state_directory), view_tables(tables_directory)
    arrivals = view_arrivals(arrivals_directory)
    lane, chip = tables.links.size + core, tables.chip[0]
    first, end = arrivals.bounds[lane], arrivals.filled[lane]
    if first == end:
        return 0
    units, number, words, accesses = tables.cores[core], 0, 0, 0
    fetch, mac = units.fetch + array, units.mac + array
    slots, mac_free, last = state.units[fetch].places, state.units[mac].free_at, 0
    store = tables.stores[tables.copies[arrivals.packets[first].place].store]
    bank = store.unit + array
    bank_free = state.units[bank].free_at
    for place in range(first, end):
        packet = arrivals.packets[place]
        if array_for(state, tables, packet.message) != array:
            continue
        copy = tables.copies[packet.place]
        granted = packet.time
        if number >= slots:
            granted = max(granted, arrivals.ended[number - slots])
        reading = max(granted + chip.cycle, bank_free)
        words_read = rounds(copy.bytes, store.width)
        bank_free = reading + words_read * store.period
        cover(state, bank, reading, bank_free, words_read * store.period)
        summing = max(reading + store.latency, mac_free)
        work = piece_work(copy.words, chip.mac_lanes, chip.cycle)
        last = consumed(summing, work, bank_free - store.period + store.latency)
        mac_free = last
        cover(state, mac, summing, last, work)
        hold(state, fetch, granted, last)
        arrivals.asked[number], arrivals.granted[number] = packet.time, granted
        arrivals.read[number], arrivals.summed[number], arrivals.ended[number] = reading, summing, last
        number, words, accesses = number + 1, words + copy.words, accesses + words_read
    state.units[bank].free_at, state.units[mac].free_at = bank_free, mac_free
    book_queue(state, fetch, arrivals.asked, AT_ONCE, arrivals.granted, number)
    book_queue(state, bank, arrivals.granted, chip.cycle, arrivals.read, number)
    book_queue(state, mac, arrivals.read, store.latency, arrivals.summed, number)
    count(state, bank, target, store.words, words)
    count(state, bank, target, store.read, accesses)
    count_sums(state, tables, core, mac, target, words)
    state.run[0].delivered += number
    return int(last)
