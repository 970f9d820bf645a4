"""Pieces that come from a shared banked buffer: served several at once, a bank for each access."""

from __future__ import annotations

from deltasim.runtime.compiling import part
from deltasim.simulator.components.banked_buffer import accesses_of, reserve
from deltasim.simulator.components.service_times import rounds
from deltasim.simulator.engines.compiled.events.fetches import pack_response
from deltasim.simulator.engines.compiled.events.jobs import SERVED
from deltasim.simulator.engines.compiled.events.queues import KIND_BITS, LEAVING, count, schedule
from deltasim.simulator.engines.compiled.records import State, Tables
from deltasim.simulator.ledger.timeline import enter


@part
def serve_buffer(state: State, tables: Tables, now: int, job: int) -> None:
    """The buffer takes a stream; the job goes on with the first word, the place is free behind the last."""
    record = state.jobs[job]
    store, layer = tables.stores[record.store], state.messages[record.message].layer
    accesses = accesses_of(record.address, record.bytes, store.width)
    stream = reserve(
        state.contents,
        store.held,
        store.window,
        store.buffer_banks,
        store.interleave,
        record.address // store.width,
        accesses,
        rounds(now, store.period),
    )
    count(state, store.unit, layer, store.read, accesses)
    count(state, store.unit, layer, store.conflict, stream.conflicts)
    count(state, store.unit, layer, store.bytes, accesses * store.width)
    begun, ended = stream.first_cycle * store.period, (stream.last_cycle + 1) * store.period
    enter(state.timelines[store.shared], begun, ended, accesses * store.width)
    first_ps = begun + store.latency
    record.tail = stream.last_cycle * store.period + store.latency
    record.span = record.tail - first_ps + tables.chip[0].link_period
    pack_response(state, tables, job)
    record.stage = SERVED
    schedule(state, first_ps, job)
    schedule(state, ended, (LEAVING << KIND_BITS) | store.unit)
