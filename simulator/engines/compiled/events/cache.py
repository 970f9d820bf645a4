"""Bursts that come through a core's cache: tags looked up, missing lines fetched, data read in order."""

from __future__ import annotations

from deltasim.runtime.compiling import part
from deltasim.simulator.components.order import READING, READING_LINES
from deltasim.simulator.components.service_times import rounds
from deltasim.simulator.engines.compiled.counting import count, occupy
from deltasim.simulator.engines.compiled.events.fetches import wait_for
from deltasim.simulator.engines.compiled.events.jobs import ISSUING, LOOKED_UP, end_job, new_job
from deltasim.simulator.engines.compiled.events.queues import KIND_BITS, PASSING, schedule
from deltasim.simulator.engines.compiled.records import (
    BUSY,
    ENTRIES,
    FIRST_WAITING,
    LAST_WAITING,
    State,
    Tables,
)
from deltasim.simulator.memories.cache import lines_of, look_up_lines
from deltasim.simulator.plan.records import NONE


@part
def look_up(state: State, tables: Tables, now: int, job: int) -> None:
    """The tags take a burst: one line a cycle; what is missing is requested when all have been looked up."""
    record = state.jobs[job]
    memory, layer = tables.memories[record.memory], state.messages[record.message].layer
    first, end = lines_of(record.address, record.bytes, memory.line_bytes)
    duration = (end - first) * memory.period_ps
    occupy(state, now, memory.unit, duration, duration)
    count(state, memory.unit, layer, memory.lookup, end - first)
    line_up(state, memory.held, job)
    record.waiting = 1
    line = first
    while line < end:
        found = look_up_lines(
            state.contents, memory.held + ENTRIES, memory.sets, memory.ways, line, end, False
        )
        count(state, memory.unit, layer, memory.hit, found.hits)
        count(state, memory.unit, layer, memory.miss, found.missing)
        count(state, memory.unit, layer, memory.eviction, found.evictions)
        count(state, memory.unit, layer, memory.write_back, found.write_backs)
        if found.missing > 0:
            state.run[0].missed_bytes += found.missing * memory.line_bytes
            other = new_job(state, ISSUING, record.message)
            lines = state.jobs[other]
            lines.segment, lines.core, lines.memory = record.segment, record.core, memory.next_level
            lines.column, lines.lines, lines.part = job, 1, record.part + record.waiting - 1
            lines.address = found.first_missing * memory.line_bytes
            lines.bytes = found.missing * memory.line_bytes
            record.waiting += 1
            schedule(state, now + duration, other)
        line = found.next_line
    record.stage = LOOKED_UP
    schedule(state, now + duration, job)


@part
def line_up(state: State, held: int, job: int) -> None:
    """Bursts are read in the order in which their tags were looked up."""
    last = state.contents[held + LAST_WAITING]
    state.jobs[job].follower = NONE
    if last == NONE:
        state.contents[held + FIRST_WAITING] = job
    else:
        state.jobs[last].follower = job
    state.contents[held + LAST_WAITING] = job


@part
def filled(state: State, tables: Tables, now: int, job: int) -> None:
    """The last byte of missing lines has come."""
    record = state.jobs[job]
    burst, moved = record.column, record.bytes
    memory, layer = tables.memories[state.jobs[burst].memory], state.messages[record.message].layer
    accesses = moved // memory.line_bytes * rounds(memory.line_bytes, memory.width_bytes)
    count(state, memory.unit + 1, layer, memory.fill, accesses)
    count(state, memory.unit + 1, layer, memory.fetched, moved)
    end_job(state, job)
    become_ready(state, tables, now, burst)


@part
def become_ready(state: State, tables: Tables, now: int, burst: int) -> None:
    """One dependency of a burst is met, its look-up or missing lines; with the last one it is ready."""
    record = state.jobs[burst]
    record.waiting -= 1
    held = tables.memories[record.memory].held
    if (
        record.waiting == 0
        and state.contents[held + FIRST_WAITING] == burst
        and state.contents[held + BUSY] != 1
    ):
        wait_for(state, tables, now, tables.memories[record.memory].unit + 1, burst, READING_LINES)


@part
def read_cache(state: State, tables: Tables, now: int, job: int) -> None:
    """Accesses follow each other; the burst goes on with the first word, the next burst when all are made."""
    record = state.jobs[job]
    memory, held = tables.memories[record.memory], tables.memories[record.memory].held
    accesses = rounds(record.bytes, memory.width_bytes)
    occupy(state, now, memory.unit + 1, accesses * memory.period_ps, accesses * memory.period_ps)
    count(state, memory.unit + 1, state.messages[record.message].layer, memory.read, accesses)
    state.contents[held + FIRST_WAITING] = record.follower
    if record.follower == NONE:
        state.contents[held + LAST_WAITING] = NONE
    state.contents[held + BUSY] = 1
    record.stage = READING
    record.tail = now + memory.latency_ps + (accesses - 1) * memory.period_ps
    schedule(state, now + memory.latency_ps, job)
    schedule(state, now + accesses * memory.period_ps, (PASSING << KIND_BITS) | record.memory)


@part
def free_data(state: State, tables: Tables, now: int, number: int) -> None:
    """A cache's data are free for the next burst, if that has all its lines."""
    memory = tables.memories[number]
    state.contents[memory.held + BUSY] = NONE
    burst = state.contents[memory.held + FIRST_WAITING]
    if burst != NONE and state.jobs[burst].waiting == 0:
        wait_for(state, tables, now, memory.unit + 1, burst, READING_LINES)
