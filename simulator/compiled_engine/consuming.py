"""A core takes in all its messages of a phase: receive, fetch from one scratchpad, sums."""

from __future__ import annotations

from networks.kernels import part
from simulator.compiled_engine.arrivals import Arrivals, book_queue, sort_lane
from simulator.compiled_engine.columns import array_for, count_sums
from simulator.compiled_engine.queues import count, cover, hold, occupy
from simulator.compiled_engine.records import NONE, State, Tables
from simulator.compiled_engine.turns import consume_by_turns
from simulator.rules.service import consumed, piece_work, rounds


@part
def consume_all(state: State, tables: Tables, arrivals: Arrivals, core: int, target: int) -> int:
    """Take in what has come to a core; returns when the last message is in the sums, 0 where none came."""
    lane, chip = tables.links.size + core, tables.chip[0]
    first, end = arrivals.bounds[lane], arrivals.filled[lane]
    if first == end:
        return 0
    sort_lane(arrivals, first, end)
    receive(state, tables, arrivals, core, target, first, end)
    last = 0
    for array in range(chip.arrays):
        if arrivals.by_turns[core]:
            ended = consume_by_turns(state, tables, arrivals, core, array, target, first, end)
        else:
            ended = consume_in_line(state, tables, arrivals, core, array, target, first, end)
        last = max(last, ended)
    return int(last)


@part
def receive(
    state: State, tables: Tables, arrivals: Arrivals, core: int, target: int, first: int, end: int
) -> None:
    """The receive stage, where there is one: packets go on when it is through with them."""
    chip, unit = tables.chip[0], tables.cores[core].receive
    if unit == NONE:
        count(state, chip.core_unit + core, target, chip.receive_action, end - first)
        return
    count(state, unit, target, chip.receive_action, end - first)
    for place in range(first, end):
        packet = arrivals.packets[place]
        start = max(packet.time, state.units[unit].free_at)
        arrivals.asked[place - first], arrivals.granted[place - first] = packet.time, start
        occupy(state, start, unit, chip.receive, chip.receive)
        packet.time = start + chip.receive
    book_queue(state, unit, arrivals.asked, 0, arrivals.granted, end - first)


@part
def consume_in_line(
    state: State, tables: Tables, arrivals: Arrivals, core: int, array: int, target: int, first: int, end: int
) -> int:
    """Columns come from one scratchpad, so they stay in line: slot, address, accesses, sums."""
    chip, units, number, words, accesses = tables.chip[0], tables.cores[core], 0, 0, 0
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
    book_queue(state, fetch, arrivals.asked, 0, arrivals.granted, number)
    book_queue(state, bank, arrivals.granted, chip.cycle, arrivals.read, number)
    book_queue(state, mac, arrivals.read, store.latency, arrivals.summed, number)
    count(state, bank, target, store.words, words)
    count(state, bank, target, store.read, accesses)
    count_sums(state, tables, core, mac, target, words)
    state.run[0].delivered += number
    return int(last)
