"""Finite input buffers: a packet takes a link when the buffer behind it has credits for it.

Credits return without an event where nobody waits for them: a buffer notes what leaves it and when, and
whoever asks later counts it in.
"""

from __future__ import annotations

from deltasim.runtime.compiling import part
from deltasim.simulator.components.input_buffers import FULL, channel_with_credits, first_channel
from deltasim.simulator.engines.compiled.counting import record_busy
from deltasim.simulator.engines.compiled.events.jobs import end_job
from deltasim.simulator.engines.compiled.events.noting import note_service
from deltasim.simulator.engines.compiled.events.queues import (
    KIND_BITS,
    MOVING_UP,
    WAKING,
    insert,
    note_arrival,
    note_departure,
    remove_first,
    schedule,
)
from deltasim.simulator.engines.compiled.records import State, Tables
from deltasim.simulator.plan.records import NONE


@part
def want_link(state: State, tables: Tables, now: int, link_queue: int, job: int, code: int) -> None:
    """Queue a packet up for a link; ``link_queue`` is link * queues + queue."""
    chip = tables.chip[0]
    unit, holder = chip.first_link + link_queue, NONE
    if chip.channels > 0:
        unit, holder = chip.first_link + link_queue // chip.queues, chip.first_queue + link_queue
    else:
        holder = unit
    if state.run[0].overflow == 0:  # else the run is given up: leave the queues whole
        insert(state, now, holder, job, code)
        note_arrival(state, now, unit)


@part
def count_in(state: State, place: int, now: int) -> None:
    """Credits that have returned by now."""
    buffer = state.buffers[place]
    if buffer.leaving > 0 and buffer.left <= now:
        state.credits[place] += buffer.leaving
        buffer.leaving = 0


@part
def packet_to_go(state: State, tables: Tables, now: int, number: int) -> int:
    """The packet with the smallest key among the first of each queue that have credits, or NONE.

    Its job gets the buffer. A link that is free and wanted but finds none is stalled.
    """
    chip, unit = tables.chip[0], state.units[number]
    link = number - chip.first_link
    best, best_holder, best_place, soonest = NONE, NONE, NONE, NONE
    for queue in range(chip.queues):
        holder = chip.first_queue + link * chip.queues + queue
        job = state.units[holder].head
        if job == NONE:
            continue
        first = link * chip.channels + first_channel(queue, chip.queues, chip.channels)
        end = link * chip.channels + first_channel(queue + 1, chip.queues, chip.channels)
        for place in range(first, end):
            count_in(state, place, now)
        place = channel_with_credits(state.credits, first, end, state.jobs[job].flits)
        if place == FULL:
            for place in range(first, end):
                if state.buffers[place].leaving > 0 and (
                    soonest == NONE or state.buffers[place].left < soonest
                ):
                    soonest = state.buffers[place].left
        elif best == NONE or before(state, job, best):
            best, best_holder, best_place = job, holder, place
    if best == NONE:
        if unit.stalled_since == NONE:
            unit.stalled_since = now
        if soonest != NONE:
            schedule(state, soonest, (WAKING << KIND_BITS) | number)
        return NONE
    remove_first(state, best_holder)
    note_departure(state, now, number, best)
    state.jobs[best].place = best_place
    return int(best)


@part
def before(state: State, one: int, other: int) -> bool:
    """True when a job's key is smaller than another's."""
    first, second = state.jobs[one], state.jobs[other]
    if first.arrival != second.arrival:
        return bool(first.arrival < second.arrival)
    return bool(first.code < second.code)


@part
def take_credits(state: State, tables: Tables, now: int, number: int, job: int, left: int) -> bool:
    """A packet takes the credits it was promised and begins to leave where it came from, until ``left``.

    True when the link had been stalled for want of credits.
    """
    unit, record = state.units[number], state.jobs[job]
    place = record.place
    state.credits[place] -= record.flits
    upstream = record.upstream
    if upstream != NONE and leave_buffer(state, tables, upstream, left) and upstream != job:
        end_job(state, upstream)  # a message's copies go on without the packet they were made of
    record.buffer = place
    stalled = unit.stalled_since != NONE
    if stalled:
        note_service(state, number, max(unit.stalled_since, unit.recorded_until), now, NONE)
        record_busy(state, number, unit.stalled_since, now, 0)
        unit.stalled_since = NONE
    return bool(stalled)


@part
def come_in(state: State, job: int, now: int) -> bool:
    """A packet's head comes into its buffer. True when it is at the front at once."""
    place = state.jobs[job].buffer
    buffer = state.buffers[place]
    if buffer.front == NONE and buffer.head == NONE and (buffer.leaving == 0 or buffer.left <= now):
        move_to_front(state, place, job, now)
        return True
    if buffer.head == NONE:
        buffer.head = job
        if buffer.front == NONE:
            schedule(state, buffer.left, (MOVING_UP << KIND_BITS) | place)
    else:
        state.jobs[buffer.tail].next = job
    buffer.tail = job
    state.jobs[job].next = NONE
    return False


@part
def move_to_front(state: State, place: int, job: int, now: int) -> None:
    """What was at the front has left."""
    count_in(state, place, now)
    state.buffers[place].front = job
    state.jobs[job].branches, state.jobs[job].gone = 1, 0


@part
def move_up(state: State, place: int, now: int) -> int:
    """The next packet of a buffer comes to its front."""
    buffer = state.buffers[place]
    job = buffer.head
    buffer.head = state.jobs[job].next
    move_to_front(state, place, job, now)
    return int(job)


@part
def leave_buffer(state: State, tables: Tables, job: int, left: int) -> bool:
    """One branch of the packet at the front has its way. True when that was the last.

    Its credits return, and the next packet moves up, when its tail has left by every branch.
    """
    record, chip = state.jobs[job], tables.chip[0]
    record.gone = max(record.gone, left)
    record.branches -= 1
    if record.branches > 0:
        return False
    place = record.buffer
    buffer = state.buffers[place]
    buffer.front, buffer.leaving, buffer.left = NONE, record.flits, record.gone
    record.buffer = NONE
    if buffer.head != NONE:
        schedule(state, buffer.left, (MOVING_UP << KIND_BITS) | place)
    link = chip.first_link + place // chip.channels
    if state.units[link].stalled_since != NONE:
        schedule(state, buffer.left, (WAKING << KIND_BITS) | link)
    return True
