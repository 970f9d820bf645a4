"""Events in order of time, and units that decide at the end of a tick."""

from __future__ import annotations

from deltasim.runtime.compiling import part
from deltasim.simulator.engines.compiled.counting import record_busy, record_dequeued, record_queued
from deltasim.simulator.engines.compiled.events.noting import note, note_service
from deltasim.simulator.engines.compiled.records import NOTE_QUEUED, TICKS, State
from deltasim.simulator.plan.records import NONE

# An event is a job that goes on, or one of these with its number in the low bits.
GOING_ON, WAKING, EMITTING, RELEASING, MOVING_UP, PASSING, LEAVING, DRAINING = range(8)
KIND_BITS = 40
SPREAD = 0x1E3779B97F4A7C15  # odd: times that follow each other at any pace get numbers far apart


@part
def schedule(state: State, time_ps: int, what: int) -> None:
    """Something will happen: list it under its tick, which goes on the heap with the first.

    Where ticks are numbered alike, the later one to come puts its events on the heap one by one.
    """
    run = state.run[0]
    number = (time_ps * SPREAD >> 50) & (TICKS - 1)
    tick = state.ticks[number]
    if tick.first != NONE and tick.time != time_ps:
        push(state, time_ps, what)
        return
    place = run.free_listed
    if place >= state.listed.size - 1:
        run.overflow = 1
        return
    listed = state.listed[place]
    run.free_listed = listed.next
    listed.what, listed.next = what, tick.first
    if tick.first == NONE:
        tick.time = time_ps
        push(state, time_ps, ~number)
    tick.first = place


@part
def push(state: State, time_ps: int, what: int) -> None:
    """Put an entry on the heap."""
    events, run = state.events, state.run[0]
    place = run.events
    if place >= events.size:
        run.overflow = 1
        return
    run.events = place + 1
    while place > 0:
        parent = (place - 1) >> 1
        if events[parent].time <= time_ps:
            break
        events[place].time, events[place].what = events[parent].time, events[parent].what
        place = parent
    events[place].time, events[place].what = time_ps, what


@part
def next_event(state: State) -> int:
    """Take the earliest event; the order within a tick is free, since nothing depends on it."""
    what, run = state.events[0].what, state.run[0]
    if what >= 0:
        pop(state)
        return int(what)
    tick = state.ticks[~what]
    place = tick.first
    listed = state.listed[place]
    what, tick.first = listed.what, listed.next
    listed.next, run.free_listed = run.free_listed, place
    if tick.first == NONE:
        pop(state)
    return int(what)


@part
def pop(state: State) -> None:
    """Take the first entry off the heap."""
    events, run = state.events, state.run[0]
    size = run.events - 1
    run.events = size
    time_ps, moved = events[size].time, events[size].what
    place = 0
    while True:
        child = 2 * place + 1
        if child >= size:
            break
        if child + 1 < size and events[child + 1].time < events[child].time:
            child += 1
        if events[child].time >= time_ps:
            break
        events[place].time, events[place].what = events[child].time, events[child].what
        place = child
    events[place].time, events[place].what = time_ps, moved


@part
def mark(state: State, number: int) -> None:
    """The unit decides at the end of this tick."""
    unit, run = state.units[number], state.run[0]
    if unit.marked == 0:
        unit.marked = 1
        state.marks[run.marks] = number
        run.marks += 1


@part
def enqueue(state: State, now: int, number: int, job: int, code: int) -> None:
    """Queue a job up at a unit."""
    if state.run[0].overflow:
        return  # the run is given up: leave the queues whole
    insert(state, now, number, job, code)
    note_arrival(state, now, number)


@part
def insert(state: State, now: int, number: int, job: int, code: int) -> None:
    """Put a job in a list by (arrival, code). Arrivals never go back in time, so only ties are sorted."""
    unit, jobs = state.units[number], state.jobs
    jobs[job].arrival, jobs[job].code = now, code
    before = unit.tail
    while before != NONE and jobs[before].arrival == now and jobs[before].code > code:
        before = jobs[before].previous
    after = unit.head if before == NONE else jobs[before].next
    jobs[job].previous, jobs[job].next = before, after
    if before == NONE:
        unit.head = job
    else:
        jobs[before].next = job
    if after == NONE:
        unit.tail = job
    else:
        jobs[after].previous = job


@part
def note_arrival(state: State, now: int, number: int) -> None:
    """One more waits for a unit: it decides when it is free, or at the end of this tick for all that came."""
    if state.units[number].ahead:
        mark(state, number)
        return
    record_queued(state, now, number)
    unit = state.units[number]
    note(state, NOTE_QUEUED, number, now, unit.length, 0)
    if unit.slots > 0:
        if unit.free_slots > 0:
            mark(state, number)
    elif unit.free_at <= now:
        mark(state, number)
    else:
        wake_when_free(state, number)


@part
def wake_when_free(state: State, number: int) -> None:
    """A unit with a queue decides again when it is free."""
    unit = state.units[number]
    if unit.wake != unit.free_at:
        unit.wake = unit.free_at
        schedule(state, unit.free_at, (WAKING << KIND_BITS) | number)


@part
def take_first(state: State, now: int, number: int) -> int:
    """The first job of the queue."""
    job = remove_first(state, number)
    note_departure(state, now, number, job)
    return job


@part
def remove_first(state: State, number: int) -> int:
    """Take the first job off a list."""
    unit, jobs = state.units[number], state.jobs
    job = unit.head
    after = jobs[job].next
    unit.head = after
    if after == NONE:
        unit.tail = NONE
    else:
        jobs[after].previous = NONE
    return int(job)


@part
def note_departure(state: State, now: int, number: int, job: int) -> None:
    """One that waited for a unit has its turn."""
    record_dequeued(state, now, number, state.jobs[job].arrival)
    note(state, NOTE_QUEUED, number, now, state.units[number].length, 0)


@part
def leave(state: State, now: int, number: int) -> None:
    """Give back one of several places."""
    unit = state.units[number]
    unit.free_slots += 1
    if unit.free_slots == unit.slots:
        note_service(state, number, max(unit.taken_since, unit.recorded_until), now, unit.serving)
        record_busy(state, number, unit.taken_since, now, now - unit.taken_since)
    if unit.length > 0:
        mark(state, number)
