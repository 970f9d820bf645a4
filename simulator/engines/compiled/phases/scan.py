"""A phase begins: scans find the messages of a step, which leave their cores."""

from __future__ import annotations

from deltasim.runtime.arrays import Integers
from deltasim.runtime.compiling import apart, part
from deltasim.simulator.components.service_times import array_of, scan_offset
from deltasim.simulator.engines.compiled.counting import (
    record_dequeued,
    record_queued,
    start_scan,
    write_buffer,
)
from deltasim.simulator.engines.compiled.phases.arrival_lists import (
    Arrivals,
    count_messages,
    set_sentinels,
    view_arrivals,
)
from deltasim.simulator.engines.compiled.phases.fifo import check_time, go_through
from deltasim.simulator.engines.compiled.records import State, Tables, view_state, view_tables
from deltasim.simulator.plan.records import NONE


@apart
def scan_all(
    state_directory: Integers,
    tables_directory: Integers,
    arrivals_directory: Integers,
    now: int,
    _: int,
    number: int,
) -> int:
    """Scan everything that goes into a group of populations and send what is found; returns ``now``.

    Its encoders are listed core by core, on each core in the order of their scans.
    """
    state, tables = view_state(state_directory), view_tables(tables_directory)
    arrivals, run = view_arrivals(arrivals_directory), state.run[0]
    group = tables.groups[number]
    senders = tables.links.size + tables.cores.size
    run.keys = 1  # behind the sentinel of the first list
    for core in range(tables.cores.size):
        arrivals.bounds[senders + core] = arrivals.filled[senders + core] = 0
    for place in range(group.first, group.end):
        arrivals.layers[tables.lists[place]].scanned = now
    for place in range(group.into, group.into_end):
        record_queued(state, now, state.encoders[tables.lists[place]].unit)
    place = group.into
    while place < group.into_end:
        core = state.encoders[tables.lists[place]].core
        arrivals.bounds[senders + core] = run.keys
        while place < group.into_end and state.encoders[tables.lists[place]].core == core:
            scan = tables.lists[place]
            encoder = state.encoders[scan]
            start = max(now, state.units[encoder.unit].free_at)
            record_dequeued(state, start, encoder.unit, now)
            start_scan(state, tables, start, scan)
            find(state, tables, arrivals, scan)
            encoder.scanned += 1
            ended = start + encoder.duration
            arrivals.layers[encoder.target].scanned = max(arrivals.layers[encoder.target].scanned, ended)
            place += 1
        arrivals.filled[senders + core] = run.keys
        run.keys += 2  # sentinels
        send(state, tables, arrivals, core, number)
    return now


@part
def find(state: State, tables: Tables, arrivals: Arrivals, number: int) -> None:
    """Make keys of the messages of a scan, with the times at which they are judged; note what they want."""
    encoder, chip, run = state.encoders[number], tables.chip[0], state.run[0]
    routed, masks = tables.cores[encoder.core].router, chip.masks
    crossing = 0
    for message in range(encoder.next, encoder.last):
        column = state.messages[message].column
        tree, position = tables.tree[column], column - encoder.low
        if tables.tree_cores[tree] == 0:  # a stride may skip a pixel: nobody needs its change
            continue
        rank = message - run.first
        for mask in range(masks):
            arrivals.wanted[rank * masks + mask] = tables.wanted[tree * masks + mask]
        sent = arrivals.messages[rank]
        sent.row, sent.layer = encoder.row + encoder.stride * position, encoder.target
        sent.source, sent.array = encoder.core, array_of(position, chip.arrays)
        judged = encoder.selecting + scan_offset(position, chip.scan_per_cycle, chip.scan_cycle_ps)
        due = encoder.began + judged - run.opened
        arrivals.keys[run.keys] = (due << run.shift) | rank
        run.keys += 1
        run.injected += 1
        run.deliveries += tables.tree_cores[tree]
        run.column_words += tables.column_words[column]
        run.tree_links += tables.tree_links[tree]
        crossing += tables.tree_links[tree] > 0
    check_time(state, encoder.began + encoder.duration)
    write_buffer(
        state, tables, chip.core_unit + encoder.core, encoder.target, crossing * routed * chip.message_flits
    )


@part
def send(state: State, tables: Tables, arrivals: Arrivals, core: int, group: int) -> None:
    """Take what a core has found through its send stage."""
    chip, unit = tables.chip[0], tables.cores[core].send
    arrival_list = tables.links.size + tables.cores.size + core
    first, number = (
        arrivals.bounds[arrival_list],
        arrivals.filled[arrival_list] - arrivals.bounds[arrival_list],
    )
    if number == 0:
        return
    set_sentinels(arrivals, first, first + number)
    counting = chip.core_unit + core if unit == NONE else unit
    count_messages(state, tables, arrivals, group, counting, chip.send_action, first, number)
    if unit == NONE:
        return
    go_through(state, arrivals, unit, first, number, first, chip.send_ps, chip.send_ps, chip.send_ps)
