"""Pieces that come through a core's cache: tags looked up, missing lines fetched, data read in order."""

from __future__ import annotations

from deltasim.runtime.compiling import part
from deltasim.simulator.components.cache import lines_of, use_run
from deltasim.simulator.components.service_times import rounds
from deltasim.simulator.engines.compiled.counting import count, occupy
from deltasim.simulator.engines.compiled.events.fetches import wait_for
from deltasim.simulator.engines.compiled.events.jobs import (
    LOOKED_UP,
    READING,
    READING_CACHE,
    REQUEST_KIND,
    SETTING_OUT,
    end_job,
    new_job,
)
from deltasim.simulator.engines.compiled.events.queues import KIND_BITS, PASSING, schedule
from deltasim.simulator.engines.compiled.records import BUSY, ENTRIES, FIRST, LAST, NONE, State, Tables


@part
def look_up(state: State, tables: Tables, now: int, job: int) -> None:
    """The tags take a piece: one line a cycle; what is missing sets out when all have been looked up."""
    record = state.jobs[job]
    store, layer = tables.stores[record.store], state.messages[record.message].layer
    first, end = lines_of(record.address, record.bytes, store.line)
    duration = (end - first) * store.period
    occupy(state, now, store.unit, duration, duration)
    count(state, store.unit, layer, store.lookup, end - first)
    join(state, store.held, job)
    record.waiting = 1
    line = first
    while line < end:
        run = use_run(state.contents, store.held + ENTRIES, store.sets, store.ways, line, end, False)
        count(state, store.unit, layer, store.hit, run.hits)
        count(state, store.unit, layer, store.miss, run.missing)
        count(state, store.unit, layer, store.eviction, run.evictions)
        count(state, store.unit, layer, store.write_back, run.write_backs)
        if run.missing > 0:
            state.run[0].missed_bytes += run.missing * store.line
            other = new_job(state, SETTING_OUT, record.message)
            lines = state.jobs[other]
            lines.segment, lines.core, lines.store = record.segment, record.core, store.behind
            lines.column, lines.lines, lines.part = job, 1, record.part + record.waiting - 1
            lines.address, lines.bytes = run.first_missing * store.line, run.missing * store.line
            record.waiting += 1
            schedule(state, now + duration, other)
        line = run.next_line
    record.stage = LOOKED_UP
    schedule(state, now + duration, job)


@part
def join(state: State, held: int, job: int) -> None:
    """Pieces are read in the order in which their tags were looked up."""
    last = state.contents[held + LAST]
    state.jobs[job].follower = NONE
    if last == NONE:
        state.contents[held + FIRST] = job
    else:
        state.jobs[last].follower = job
    state.contents[held + LAST] = job


@part
def filled(state: State, tables: Tables, now: int, job: int) -> None:
    """The last byte of missing lines has come."""
    record = state.jobs[job]
    piece, moved = record.column, record.bytes
    store, layer = tables.stores[state.jobs[piece].store], state.messages[record.message].layer
    accesses = moved // store.line * rounds(store.line, store.width)
    count(state, store.unit + 1, layer, store.fill, accesses)
    count(state, store.unit + 1, layer, store.fetched, moved)
    end_job(state, job)
    come_closer(state, tables, now, piece)


@part
def come_closer(state: State, tables: Tables, now: int, piece: int) -> None:
    """One thing less that a piece waits for: its look-up, or lines that were missing."""
    record = state.jobs[piece]
    record.waiting -= 1
    held = tables.stores[record.store].held
    if record.waiting == 0 and state.contents[held + FIRST] == piece and state.contents[held + BUSY] != 1:
        wait_for(state, tables, now, tables.stores[record.store].unit + 1, piece, READING_CACHE, REQUEST_KIND)


@part
def read_cache(state: State, tables: Tables, now: int, job: int) -> None:
    """Accesses follow each other; the piece goes on with the first word, the next piece when all are made."""
    record = state.jobs[job]
    store, held = tables.stores[record.store], tables.stores[record.store].held
    accesses = rounds(record.bytes, store.width)
    occupy(state, now, store.unit + 1, accesses * store.period, accesses * store.period)
    count(state, store.unit + 1, state.messages[record.message].layer, store.read, accesses)
    state.contents[held + FIRST] = record.follower
    if record.follower == NONE:
        state.contents[held + LAST] = NONE
    state.contents[held + BUSY] = 1
    record.stage = READING
    record.tail = now + store.latency + (accesses - 1) * store.period
    schedule(state, now + store.latency, job)
    schedule(state, now + accesses * store.period, (PASSING << KIND_BITS) | record.store)


@part
def pass_on(state: State, tables: Tables, now: int, number: int) -> None:
    """A cache's data are free for the next piece, if that has all its lines."""
    store = tables.stores[number]
    state.contents[store.held + BUSY] = NONE
    piece = state.contents[store.held + FIRST]
    if piece != NONE and state.jobs[piece].waiting == 0:
        wait_for(state, tables, now, store.unit + 1, piece, READING_CACHE, REQUEST_KIND)
