"""Events in order of time, and units that decide at the end of a tick."""

from __future__ import annotations

from networks.kernels import kernel
from simulator.compiled_engine.state import (
    AREA,
    ARRIVAL,
    BUSY,
    CHANGED,
    CODE,
    COVERED,
    EVENTS,
    FREE_AT,
    FREE_PLACES,
    HEAD,
    IDLE,
    LENGTH,
    MARKED,
    MARKS,
    NEXT,
    NONE,
    OCCUPIED,
    OVERFLOW,
    PEAK,
    PREVIOUS,
    TAIL,
    TAKEN_SINCE,
    WAIT,
    WAKE,
    State,
)
from simulator.compiled_engine.tables import Tables

# An event is a job that goes on, or one of these with its number in the low bits.
JOB, WAKING, EMITTING, OPENING = 0, 1, 2, 3
KIND_BITS = 40


@kernel
def schedule(state: State, time_ps: int, what: int) -> None:
    """Put an event on the heap."""
    times, whats = state.event_time, state.event_what
    place = state.scalars[EVENTS]
    if place >= times.size:
        state.scalars[OVERFLOW] = 1
        return
    state.scalars[EVENTS] = place + 1
    while place > 0:
        parent = (place - 1) >> 1
        if times[parent] <= time_ps:
            break
        times[place], whats[place] = times[parent], whats[parent]
        place = parent
    times[place], whats[place] = time_ps, what


@kernel
def next_event(state: State) -> int:
    """Take the earliest event off the heap. Events of one tick come in any order: none depends on another's turn."""
    times, whats = state.event_time, state.event_what
    what = whats[0]
    size = state.scalars[EVENTS] - 1
    state.scalars[EVENTS] = size
    time_ps, moved = times[size], whats[size]
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and times[child + 1] < times[child]:
            child += 1
        if times[child] >= time_ps:
            break
        times[place], whats[place] = times[child], whats[child]
        place = child
    times[place], whats[place] = time_ps, moved
    return what


@kernel
def mark(state: State, unit: int) -> None:
    """The unit decides at the end of this tick."""
    if state.units[unit, MARKED] == 0:
        state.units[unit, MARKED] = 1
        state.marked[state.scalars[MARKS]] = unit
        state.scalars[MARKS] += 1


@kernel
def count_queue(state: State, unit: int, now: int) -> None:
    units = state.units
    units[unit, AREA] += units[unit, LENGTH] * (now - units[unit, CHANGED])
    units[unit, CHANGED] = now


@kernel
def enqueue(state: State, tables: Tables, now: int, unit: int, job: int, code: int) -> None:
    """Queue a job by (arrival, code). Arrivals never go back in time, so only ties are sorted, from the tail."""
    units, jobs = state.units, state.jobs
    count_queue(state, unit, now)
    jobs[job, ARRIVAL], jobs[job, CODE] = now, code
    before = units[unit, TAIL]
    while before != NONE and jobs[before, ARRIVAL] == now and jobs[before, CODE] > code:
        before = jobs[before, PREVIOUS]
    after = units[unit, HEAD] if before == NONE else jobs[before, NEXT]
    jobs[job, PREVIOUS], jobs[job, NEXT] = before, after
    if before == NONE:
        units[unit, HEAD] = job
    else:
        jobs[before, NEXT] = job
    if after == NONE:
        units[unit, TAIL] = job
    else:
        jobs[after, PREVIOUS] = job
    units[unit, LENGTH] += 1
    units[unit, PEAK] = max(units[unit, PEAK], units[unit, LENGTH])
    if tables.places[unit] > 0:
        if units[unit, FREE_PLACES] > 0:
            mark(state, unit)
    elif units[unit, FREE_AT] <= now:
        mark(state, unit)
    else:
        wake_when_free(state, unit)


@kernel
def wake_when_free(state: State, unit: int) -> None:
    """A unit with a queue decides again when it is free."""
    if state.units[unit, WAKE] != state.units[unit, FREE_AT]:
        state.units[unit, WAKE] = state.units[unit, FREE_AT]
        schedule(state, state.units[unit, FREE_AT], (WAKING << KIND_BITS) | unit)


@kernel
def take(state: State, unit: int, now: int) -> int:
    """The first job of the queue."""
    units, jobs = state.units, state.jobs
    count_queue(state, unit, now)
    job = units[unit, HEAD]
    after = jobs[job, NEXT]
    units[unit, HEAD] = after
    if after == NONE:
        units[unit, TAIL] = NONE
    else:
        jobs[after, PREVIOUS] = NONE
    units[unit, LENGTH] -= 1
    units[unit, WAIT] += now - jobs[job, ARRIVAL]
    return job


@kernel
def cover(state: State, unit: int, start_ps: int, end_ps: int, work_ps: int) -> None:
    """Book a time of service; services may overlap but begin in order."""
    units = state.units
    if start_ps > units[unit, COVERED]:
        units[unit, IDLE] += start_ps - units[unit, COVERED]
        units[unit, COVERED] = start_ps
    if end_ps > units[unit, COVERED]:
        units[unit, OCCUPIED] += end_ps - units[unit, COVERED]
        units[unit, COVERED] = end_ps
    units[unit, BUSY] += work_ps


@kernel
def occupy(state: State, unit: int, now: int, duration_ps: int, work_ps: int) -> None:
    """Hold a unit from now on."""
    cover(state, unit, now, now + duration_ps, work_ps)
    state.units[unit, FREE_AT] = now + duration_ps


@kernel
def leave(state: State, tables: Tables, unit: int, now: int) -> None:
    """Give back one of several places."""
    units = state.units
    units[unit, FREE_PLACES] += 1
    if units[unit, FREE_PLACES] == tables.places[unit]:
        cover(state, unit, units[unit, TAKEN_SINCE], now, now - units[unit, TAKEN_SINCE])
    if units[unit, LENGTH] > 0:
        mark(state, unit)
