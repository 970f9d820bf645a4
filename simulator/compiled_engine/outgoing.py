"""A phase begins: scans find the messages of a step, which leave their cores."""

from __future__ import annotations

from networks.kernels import apart, part
from simulator.compiled_engine.arrivals import (
    AT_ONCE,
    Arrivals,
    append,
    book_queue,
    view_arrivals,
    view_state,
    view_tables,
)
from simulator.compiled_engine.columns import write_buffer
from simulator.compiled_engine.pace import start_scan
from simulator.compiled_engine.queues import count, join, occupy, serve
from simulator.compiled_engine.records import NONE, State, Tables
from simulator.plan import Integers
from simulator.rules.service import scan_offset


@apart
def scan_all(
    state_directory: Integers,
    tables_directory: Integers,
    arrivals_directory: Integers,
    now: int,
    _: int,
    target: int,
) -> int:
    """Scan everything that goes into ``target`` and send what is found; returns when the last scan ends.

    The encoders into a population are listed core by core, on each core in the order of their scans.
    """
    state, tables = view_state(state_directory), view_tables(tables_directory)
    arrivals = view_arrivals(arrivals_directory)
    population, ended = state.populations[target], now
    for place in range(population.into, population.into_end):
        join(state, now, state.encoders[tables.lists[place]].unit)
    place = population.into
    while place < population.into_end:
        core, sent = state.encoders[tables.lists[place]].core, place - place  # no constant: see `kernel`
        while place < population.into_end and state.encoders[tables.lists[place]].core == core:
            number = tables.lists[place]
            encoder = state.encoders[number]
            start = max(now, state.units[encoder.unit].free_at)
            serve(state, start, encoder.unit, now)
            start_scan(state, tables, start, number)
            sent = find(state, tables, arrivals, number, sent)
            encoder.scanned += 1
            ended = max(ended, start + encoder.duration)
            place += 1
        send(state, tables, arrivals, core, target, sent)
    return int(ended)


@part
def find(state: State, tables: Tables, arrivals: Arrivals, number: int, found: int) -> int:
    """List the messages of a scan, ``found`` lie there already, with the times at which they are judged."""
    encoder, chip = state.encoders[number], tables.chip[0]
    for message in range(encoder.next, encoder.last):
        column = tables.columns[state.messages[message].column]
        if column.copies < column.copies_end:
            due = encoder.began + scan_offset(column.position, chip.per_cycle, chip.cycle)
            arrivals.asked[found], arrivals.ended[found] = due, message
            found += 1
    return found


@part
def send(state: State, tables: Tables, arrivals: Arrivals, core: int, target: int, number: int) -> None:
    """Take the listed messages of a core through its send stage, to the core itself and to first links."""
    chip, run = tables.chip[0], state.run[0]
    unit, times = tables.cores[core].send, arrivals.asked
    if unit == NONE:
        unit = chip.core_unit + core
    else:
        free = state.units[unit].free_at
        for place in range(number):
            start = max(times[place], free)
            arrivals.granted[place] = start
            occupy(state, start, unit, chip.send, chip.send)
            free = start + chip.send
        book_queue(state, unit, arrivals.asked, AT_ONCE, arrivals.granted, number)
        for place in range(number):
            times[place] = arrivals.granted[place] + chip.send
    count(state, unit, target, chip.send_action, number)
    run.injected += number
    routed = 0
    for place in range(number):
        message, now = arrivals.ended[place], times[place]
        column = tables.columns[state.messages[message].column]
        tree = tables.trees[column.tree]
        run.copies += column.copies_end - column.copies
        run.column_words += column.words
        run.tree_links += tree.links
        if tree.local != NONE:
            copy = column.copies + tree.local
            append(arrivals, tables.links.size + core, now, message, copy, AT_ONCE, column.copies)
        if tree.links > 0:
            routed += tables.links[tables.entries[tables.lists[tree.roots]].link].router
        for root in range(tree.roots, tree.roots_end):
            entry = tables.lists[root]
            append(arrivals, tables.entries[entry].link, now, message, entry, AT_ONCE, column.copies)
    write_buffer(state, tables, chip.core_unit + core, target, routed * chip.message_flits)
