"""The main loop: settle everything of a tick, then let the marked units decide."""

from __future__ import annotations

import numpy as np

from deltasim.runtime.arrays import Integers
from deltasim.runtime.compiling import kernel, part
from deltasim.runtime.views import directory
from deltasim.simulator.components.order import (
    CROSSING,
    FETCHING,
    LOOKING_UP,
    MULTIPLYING,
    PLACED,
    QUEUED,
    READING,
    READING_LINES,
    RECEIVING,
    REQUESTING,
    RESPONDING,
    SCANNING,
    SENDING,
    SERVED,
    UPDATING,
)
from deltasim.simulator.components.service_times import carried_until, scan_offset
from deltasim.simulator.engines.compiled.counting import occupy, pause_for, start_scan
from deltasim.simulator.engines.compiled.events.ahead import consume_column, enter_sums, take_turn
from deltasim.simulator.engines.compiled.events.cache import (
    become_ready,
    filled,
    free_data,
    look_up,
    read_cache,
)
from deltasim.simulator.engines.compiled.events.fetches import (
    accumulate,
    ask_channel,
    ask_memory,
    begin_column,
    consume,
    issue,
    multiply,
    read_scratchpad,
    request,
    respond,
)
from deltasim.simulator.engines.compiled.events.input_buffers import come_in, move_up, packet_to_go
from deltasim.simulator.engines.compiled.events.jobs import (
    ADDRESSING,
    ANSWERED,
    ASKED,
    DROPPING,
    FILLING,
    ISSUING,
    LOOKED_UP,
    end_job,
)
from deltasim.simulator.engines.compiled.events.messages import (
    cross,
    depart,
    drop,
    inject,
    pass_link,
    pass_on,
    received,
)
from deltasim.simulator.engines.compiled.events.noting import note_service
from deltasim.simulator.engines.compiled.events.queues import (
    DRAINING,
    EMITTING,
    GOING_ON,
    KIND_BITS,
    LEAVING,
    MOVING_UP,
    PASSING,
    RELEASING,
    WAKING,
    leave,
    mark,
    next_event,
    remove_first,
    schedule,
    take_first,
    wake_when_free,
)
from deltasim.simulator.engines.compiled.events.shared_memories import (
    advance_controller,
    answer,
    ask_controller,
    serve_buffer,
    serve_in_order,
)
from deltasim.simulator.engines.compiled.events.synchronisation import (
    end_scan,
    end_update,
    find_messages,
    release,
    try_update,
    update_time,
)
from deltasim.simulator.engines.compiled.records import State, Tables, view_state, view_tables
from deltasim.simulator.plan.records import NONE


def run_to_end(state: State, tables_directory: Integers) -> bool:
    """Run a sequence to its end. False when there was too little room: begin again with more."""
    return ticks(directory(state), tables_directory, NONE)


def run_into_step(state: State, tables_directory: Integers, step: int) -> bool:
    """Run to the end of the tick in which a step begins; it can go on from there. False as `run_to_end`."""
    return ticks(directory(state), tables_directory, step)


@kernel
def ticks(state_directory: Integers, tables_directory: Integers, until: int) -> bool:
    """The loop over ticks, to the end or into step ``until``."""
    state, tables = view_state(state_directory), view_tables(tables_directory)
    run, events = state.run[0], state.events
    now = int(np.int64(0))  # not 0: for a constant all that follows would be compiled once more
    if run.begun == 0:
        run.begun = 1
        release(state, tables, now)
        decide(state, tables, now)
    while run.events > 0 and run.overflow == 0:
        if until != NONE and state.steps[until].began != NONE:
            break
        now = events[0].time
        while run.events > 0 and events[0].time == now and run.overflow == 0:
            settle(state, tables, now, next_event(state))
        decide(state, tables, now)
    if until == NONE and run.overflow == 0:
        enter_sums(state, tables)
    return bool(run.overflow == 0)


@part
def settle(state: State, tables: Tables, now: int, what: int) -> None:
    """What an event was waited for."""
    kind, number = what >> KIND_BITS, what & ((1 << KIND_BITS) - 1)
    if kind == GOING_ON:
        go_on(state, tables, now, number)
    elif kind == WAKING:
        state.units[number].wake = NONE
        if state.units[number].length > 0 or state.units[number].controls != NONE:
            mark(state, number)
    elif kind == EMITTING:
        emit(state, tables, now, number)
    elif kind == MOVING_UP:
        reach_node(state, tables, now, move_up(state, number, now))
    elif kind == PASSING:
        free_data(state, tables, now, number)
    elif kind == LEAVING:
        leave(state, now, number)
    elif kind == RELEASING:
        release(state, tables, now)
    elif kind == DRAINING:
        try_update(state, tables, now, number)


@part
def decide(state: State, tables: Tables, now: int) -> None:
    """Every marked unit that is free takes the first of its queue."""
    run = state.run[0]
    for place in range(run.marks):
        number = state.marks[place]
        unit = state.units[number]
        unit.marked = 0
        if run.overflow:
            continue
        if unit.ahead:
            serve_ahead(state, tables, now, number)
        elif unit.slots > 0:
            if unit.free_slots == unit.slots:
                unit.taken_since = now
            while unit.free_slots > 0 and unit.length > 0:
                unit.free_slots -= 1
                job = take_first(state, now, number)
                unit.serving = state.jobs[job].code if unit.slots == 1 else NONE
                if state.jobs[job].stage == PLACED:
                    serve_buffer(state, tables, now, job)
                elif state.jobs[job].stage == QUEUED:
                    ask_controller(state, tables, now, job)
                else:  # a fetch slot: form the address
                    schedule(state, now + tables.chip[0].cycle_ps, job)
            if unit.controls != NONE:
                advance_controller(state, tables, now, number)
        elif unit.free_at <= now and unit.length > 0:
            job = next_job(state, tables, now, number)
            if job != NONE:
                code, begun = state.jobs[job].code, unit.recorded_until
                begin(state, tables, now, number, job)
                note_service(state, number, max(now, begun), unit.recorded_until, code)
                if unit.length > 0:
                    wake_when_free(state, number)
    run.marks = 0


@part
def serve_ahead(state: State, tables: Tables, now: int, number: int) -> None:
    """All that have come to a unit in this tick get their turns."""
    unit, chip = state.units[number], tables.chip[0]
    while unit.head != NONE:
        job = remove_first(state, number)
        stage = state.jobs[job].stage
        if stage == CROSSING:
            cross(state, tables, take_turn(state, number, now), job, number)
        elif stage == FETCHING:
            consume_column(state, tables, now, job)
        elif stage == RECEIVING and state.units[tables.cores[state.jobs[job].core].fetch].ahead:
            start = take_turn(state, number, now)
            occupy(state, start, number, chip.receive_ps, chip.receive_ps)
            consume_column(state, tables, start + chip.receive_ps, job)
        else:
            begin(state, tables, take_turn(state, number, now), number, job)


@part
def next_job(state: State, tables: Tables, now: int, number: int) -> int:
    """The first of a unit's queue; at a link with finite buffers the first that has room, or NONE."""
    chip = tables.chip[0]
    if chip.channels > 0 and chip.first_link <= number < chip.first_link + chip.links:
        return packet_to_go(state, tables, now, number)
    return take_first(state, now, number)


@part
def emit(state: State, tables: Tables, now: int, number: int) -> None:
    """Send the messages whose elements have been judged; wait for the next, or the end of the scan."""
    encoder, chip = state.encoders[number], tables.chip[0]
    while encoder.next < encoder.last:
        position, paused = tables.columns[state.messages[encoder.next].column].position, encoder.paused
        paused += pause_for(state, tables, encoder.next, encoder.made)
        judged = encoder.selecting + scan_offset(position, chip.scan_per_cycle, chip.scan_cycle_ps)
        due = encoder.began + judged + paused
        if encoder.carries:
            due += carried_until(position, encoder.carried, encoder.size)
        if due > now:
            schedule(state, due, (EMITTING << KIND_BITS) | number)
            return
        inject(state, tables, now, encoder.next)
        encoder.paused = paused
        encoder.next += 1
    ends = encoder.began + encoder.duration + encoder.carried + encoder.paused
    if ends > now:
        schedule(state, ends, number)
    else:
        end_scan(state, tables, now, number)


@part
def begin(state: State, tables: Tables, now: int, unit: int, job: int) -> None:
    """A unit of one place takes a job."""
    record, chip = state.jobs[job], tables.chip[0]
    stage = record.stage
    if stage == MULTIPLYING:
        accumulate(state, tables, now, job)
    elif stage in (CROSSING, REQUESTING, RESPONDING):
        cross(state, tables, now, job, unit)
    elif stage == SERVED:
        serve_in_order(state, tables, now, job)
    elif stage == READING:
        read_scratchpad(state, tables, now, job)
    elif stage == LOOKING_UP:
        look_up(state, tables, now, job)
    elif stage == READING_LINES:
        read_cache(state, tables, now, job)
    elif stage == SCANNING:
        find_messages(state, job)
        start_scan(state, tables, now, job)
        emit(state, tables, now, job)
    else:
        duration = chip.send_ps if stage == SENDING else chip.receive_ps
        if stage == UPDATING:
            duration = update_time(state, tables, job - state.encoders.size)
        occupy(state, now, unit, duration, duration)
        schedule(state, now + duration, job)


@part
def go_on(state: State, tables: Tables, now: int, job: int) -> None:
    """What a job waited for has come."""
    record = state.jobs[job]
    stage = record.stage
    if stage == CROSSING and tables.chip[0].channels == 0:
        pass_on(state, tables, now, job)
    elif stage == FETCHING:
        begin_column(state, tables, now, job)
    elif stage == ADDRESSING:
        ask_memory(state, tables, now, job)
    elif stage == MULTIPLYING:
        consume(state, tables, now, job)
    elif stage in (CROSSING, REQUESTING, RESPONDING):
        if tables.chip[0].channels == 0 or come_in(state, job, now):
            reach_node(state, tables, now, job)
    elif stage == ASKED:
        ask_channel(state, tables, now, job)
    elif stage == SERVED:
        respond(state, tables, now, job)
    elif stage == ANSWERED:
        answer(state, tables, now, job)
    elif stage == READING:
        multiply(state, tables, now, job)
    elif stage == LOOKED_UP:
        become_ready(state, tables, now, job)
    elif stage == ISSUING:
        issue(state, tables, now, job)
    elif stage == FILLING:
        filled(state, tables, now, job)
    elif stage == DROPPING:
        drop(state, tables, now, job)
    elif stage == SENDING:
        message, segment = record.message, record.segment
        end_job(state, job)
        depart(state, tables, now, message, segment)
    elif stage == RECEIVING:
        received(state, tables, now, job)
    elif stage == SCANNING:
        end_scan(state, tables, now, job)
    elif stage == UPDATING:
        end_update(state, tables, now, job - state.encoders.size)


@part
def reach_node(state: State, tables: Tables, now: int, job: int) -> None:
    """A packet's head has come to a node and may go on."""
    record = state.jobs[job]
    if record.stage == CROSSING:
        pass_link(state, tables, now, job)
        return
    record.at += 1
    record.upstream = job
    if record.stage == REQUESTING:
        request(state, tables, now, job)
    else:
        record.tail = now + record.serialisation - tables.chip[0].link_period_ps
        respond(state, tables, now, job)
