"""The main loop: settle everything of a tick, then let the marked units decide."""

from __future__ import annotations

from networks.kernels import kernel
from simulator.compiled_engine.jobs import (
    ACCUMULATING,
    ASKED,
    BRANCHING,
    DROPPING,
    FETCHING,
    READING,
    RECEIVING,
    REQUESTING,
    RESPONDING,
    SCANNING,
    SENDING,
    SERVED,
    UPDATING,
    end_job,
)
from simulator.compiled_engine.pace import end_scan, end_update, open_gate, start_scan
from simulator.compiled_engine.queues import (
    EMITTING,
    JOB,
    KIND_BITS,
    OPENING,
    WAKING,
    mark,
    next_event,
    occupy,
    schedule,
    take,
    wake_when_free,
)
from simulator.compiled_engine.state import (
    AT,
    COPY,
    CORE,
    EVENTS,
    FREE_AT,
    FREE_PLACES,
    LENGTH,
    MARKED,
    MARKS,
    MESSAGE_OF,
    NONE,
    OVERFLOW,
    SPAN,
    STAGE,
    TAIL_PS,
    TAKEN_SINCE,
    WAKE,
    State,
)
from simulator.compiled_engine.tables import Tables
from simulator.compiled_engine.travel import (
    accumulate,
    ask_channel,
    ask_memory,
    consume,
    cross,
    depart,
    drop,
    inject,
    multiply,
    pass_link,
    read_scratchpad,
    received,
    request,
    respond,
    serve_dram,
)
from simulator.rules.service import rounds, scan_offset


@kernel
def run(state: State, tables: Tables) -> bool:
    """Run a sequence to its end. False when there was too little room: begin again with more."""
    open_gate(state, tables, 0)
    decide(state, tables, 0)
    while state.scalars[EVENTS] > 0 and state.scalars[OVERFLOW] == 0:
        now = state.event_time[0]
        while state.scalars[EVENTS] > 0 and state.event_time[0] == now:
            what = next_event(state)
            kind, number = what >> KIND_BITS, what & ((1 << KIND_BITS) - 1)
            if kind == JOB:
                go_on(state, tables, now, number)
            elif kind == WAKING:
                state.units[number, WAKE] = NONE
                if state.units[number, LENGTH] > 0:
                    mark(state, number)
            elif kind == EMITTING:
                emit(state, tables, now, number)
            elif kind == OPENING:
                open_gate(state, tables, now)
        decide(state, tables, now)
    return state.scalars[OVERFLOW] == 0


@kernel
def decide(state: State, tables: Tables, now: int) -> None:
    """Every marked unit that is free takes the first of its queue."""
    units = state.units
    for place in range(state.scalars[MARKS]):
        unit = state.marked[place]
        units[unit, MARKED] = 0
        if tables.places[unit] > 0:
            if units[unit, FREE_PLACES] == tables.places[unit]:
                units[unit, TAKEN_SINCE] = now
            while units[unit, FREE_PLACES] > 0 and units[unit, LENGTH] > 0:
                units[unit, FREE_PLACES] -= 1
                schedule(state, now + tables.cycle_ps, take(state, unit, now))
        elif units[unit, FREE_AT] <= now and units[unit, LENGTH] > 0:
            begin(state, tables, now, unit, take(state, unit, now))
            if units[unit, LENGTH] > 0:
                wake_when_free(state, unit)
    state.scalars[MARKS] = 0


@kernel
def emit(state: State, tables: Tables, now: int, encoder: int) -> None:
    """Send all messages whose elements have been judged by now; then wait for the next, or the end of the scan."""
    began, last = state.encoder_began[encoder], state.encoder_last[encoder]
    while state.encoder_next[encoder] < last:
        message = state.encoder_next[encoder]
        position = tables.column_position[state.message_column[message]]
        due = began + scan_offset(position, tables.per_cycle, tables.cycle_ps)
        if due > now:
            schedule(state, due, (EMITTING << KIND_BITS) | encoder)
            return
        inject(state, tables, now, message)
        state.encoder_next[encoder] = message + 1
    end = began + tables.encoder_duration[encoder]
    if end > now:
        schedule(state, end, encoder)
    else:
        end_scan(state, tables, now, encoder)


@kernel
def begin(state: State, tables: Tables, now: int, unit: int, job: int) -> None:
    """A unit of one place takes a job."""
    jobs = state.jobs
    stage = jobs[job, STAGE]
    if stage == ACCUMULATING:
        accumulate(state, tables, now, unit, job)
    elif stage == REQUESTING:
        layer = state.message_layer[jobs[job, MESSAGE_OF]]
        cross(state, tables, now, job, tables.path_link[jobs[job, AT]], tables.request_flits, layer)
    elif stage == RESPONDING:
        layer = state.message_layer[jobs[job, MESSAGE_OF]]
        flits = rounds(tables.copy_bytes[jobs[job, COPY]], tables.flit_bytes)
        cross(state, tables, now, job, tables.back_link[jobs[job, AT]], flits, layer)
    elif stage == BRANCHING:
        layer = state.message_layer[jobs[job, MESSAGE_OF]]
        jobs[job, SPAN] = 0
        cross(state, tables, now, job, tables.tree_link[jobs[job, AT]], tables.message_flits, layer)
    elif stage == SERVED:
        serve_dram(state, tables, now, unit, job)
    elif stage == READING:
        read_scratchpad(state, tables, now, unit, job)
    elif stage == SCANNING:
        start_scan(state, tables, now, unit, job)
        emit(state, tables, now, job)
    elif stage == UPDATING:
        duration = tables.updater_duration[job - tables.encoder_core.size]
        occupy(state, unit, now, duration, duration)
        schedule(state, now + duration, job)
    else:
        duration = tables.send_ps if stage == SENDING else tables.receive_ps
        occupy(state, unit, now, duration, duration)
        schedule(state, now + duration, job)


@kernel
def go_on(state: State, tables: Tables, now: int, job: int) -> None:
    """What a job waited for has come."""
    jobs = state.jobs
    stage = jobs[job, STAGE]
    if stage == FETCHING:
        ask_memory(state, tables, now, job)
    elif stage == ACCUMULATING:
        consume(state, tables, now, job)
    elif stage == REQUESTING:
        jobs[job, AT] += 1
        request(state, tables, now, job)
    elif stage == ASKED:
        ask_channel(state, tables, now, job)
    elif stage == SERVED:
        path = jobs[job, CORE] * tables.store_unit.size + tables.copy_store[jobs[job, COPY]]
        jobs[job, AT] = tables.back_start[path]
        respond(state, tables, now, job)
    elif stage == RESPONDING:
        jobs[job, AT] += 1
        jobs[job, TAIL_PS] = now + jobs[job, SPAN] - tables.link_period_ps
        respond(state, tables, now, job)
    elif stage == READING:
        multiply(state, tables, now, job)
    elif stage == BRANCHING:
        pass_link(state, tables, now, job)
        jobs[job, STAGE] = DROPPING
        wait = jobs[job, SPAN] - tables.link_period_ps
        if wait > 0:
            schedule(state, now + wait, job)
        else:
            drop(state, tables, now, job)
    elif stage == DROPPING:
        drop(state, tables, now, job)
    elif stage == SENDING:
        message = jobs[job, MESSAGE_OF]
        end_job(state, job)
        depart(state, tables, now, message)
    elif stage == RECEIVING:
        received(state, tables, now, job)
    elif stage == SCANNING:
        end_scan(state, tables, now, job)
    elif stage == UPDATING:
        end_update(state, tables, now, job - tables.encoder_core.size)
