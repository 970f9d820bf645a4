"""Events in order of time, and units that decide at the end of a tick."""

from __future__ import annotations

from deltasim.runtime.compiling import part
from deltasim.simulator.engines.compiled.records import LOW_BITS, NONE, State

# An event is a job that goes on, or one of these with its number in the low bits.
JOB, WAKING, EMITTING, OPENING, MOVING_UP, PASSING, LEAVING = range(7)
KIND_BITS = 40
LOW = (1 << LOW_BITS) - 1


@part
def schedule(state: State, time_ps: int, what: int) -> None:
    """Put an event on the heap."""
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
    """Take the earliest event off the heap; the order within a tick is free, since nothing depends on it."""
    events, run = state.events, state.run[0]
    what = events[0].what
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
    return int(what)


@part
def mark(state: State, number: int) -> None:
    """The unit decides at the end of this tick."""
    unit, run = state.units[number], state.run[0]
    if unit.marked == 0:
        unit.marked = 1
        state.units[run.marks].mark = number
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
    """One more waits for a unit: it decides when it is free."""
    join(state, now, number)
    unit = state.units[number]
    if unit.places > 0:
        if unit.free_places > 0:
            mark(state, number)
    elif unit.free_at <= now:
        mark(state, number)
    else:
        wake_when_free(state, number)


@part
def join(state: State, now: int, number: int) -> None:
    """Enter into the books that one more waits for a unit."""
    unit = state.units[number]
    add_area(state, number, unit.length, now - unit.changed)
    unit.changed = now
    unit.length += 1
    unit.peak = max(unit.peak, unit.length)


@part
def wake_when_free(state: State, number: int) -> None:
    """A unit with a queue decides again when it is free."""
    unit = state.units[number]
    if unit.wake != unit.free_at:
        unit.wake = unit.free_at
        schedule(state, unit.free_at, (WAKING << KIND_BITS) | number)


@part
def take(state: State, now: int, number: int) -> int:
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
    serve(state, now, number, state.jobs[job].arrival)


@part
def serve(state: State, now: int, number: int, arrival: int) -> None:
    """Enter into the books that one who came at ``arrival`` has waited for a unit until now."""
    unit = state.units[number]
    add_area(state, number, unit.length, now - unit.changed)
    unit.changed = now
    unit.length -= 1
    add_wait(state, number, now - arrival)


@part
def add_wait(state: State, number: int, time_ps: int) -> None:
    """Add to the waits of a unit's queue, which together may come to more than 64 bits hold."""
    unit = state.units[number]
    low = unit.wait + (time_ps & LOW)
    unit.wait = low & LOW
    unit.wait_high += (time_ps >> LOW_BITS) + (low >> LOW_BITS)


@part
def add_area(state: State, number: int, waiting: int, time_ps: int) -> None:
    """Add to the area under a unit's queue: so many waited for so long."""
    unit = state.units[number]
    low = unit.area + waiting * (time_ps & LOW)
    unit.area = low & LOW
    unit.area_high += waiting * (time_ps >> LOW_BITS) + (low >> LOW_BITS)


@part
def cover(state: State, number: int, start_ps: int, end_ps: int, work_ps: int) -> None:
    """Book a time of service; services may overlap but begin in order."""
    unit = state.units[number]
    if start_ps > unit.covered:
        unit.idle += start_ps - unit.covered
        unit.covered = start_ps
    if end_ps > unit.covered:
        unit.occupied += end_ps - unit.covered
        unit.covered = end_ps
    unit.busy += work_ps


@part
def cover_line(state: State, number: int, end_ps: int, held_ps: int, work_ps: int) -> None:
    """Book services that came one behind the other, the last until ``end_ps``, all together ``held_ps``."""
    unit = state.units[number]
    unit.idle += end_ps - unit.covered - held_ps
    unit.occupied += held_ps
    unit.covered = end_ps
    unit.busy += work_ps


@part
def occupy(state: State, now: int, number: int, duration_ps: int, work_ps: int) -> None:
    """Hold a unit from now on."""
    cover(state, number, now, now + duration_ps, work_ps)
    state.units[number].free_at = now + duration_ps


@part
def hold(state: State, number: int, start_ps: int, end_ps: int) -> None:
    """Book one of several places of a unit, which works as long as any of them is held."""
    cover(state, number, start_ps, end_ps, max(0, end_ps - max(start_ps, state.units[number].covered)))


@part
def leave(state: State, now: int, number: int) -> None:
    """Give back one of several places."""
    unit = state.units[number]
    unit.free_places += 1
    if unit.free_places == unit.places:
        cover(state, number, unit.taken_since, now, now - unit.taken_since)
    if unit.length > 0:
        mark(state, number)


@part
def count(state: State, unit: int, layer: int, action: int, amount: int) -> None:
    """Enter an amount by unit and by layer."""
    state.counts[unit, action] += amount
    state.counts[state.run[0].units + layer, action] += amount
