"""Memories that cores share: banked buffers, serial memories, and DRAM behind controllers."""

from __future__ import annotations

from deltasim.runtime.compiling import part
from deltasim.simulator.components.order import SERVED
from deltasim.simulator.components.service_times import rounds
from deltasim.simulator.dram.scheduling.controller import Completion
from deltasim.simulator.dram.scheduling.fields import NEVER
from deltasim.simulator.engines.compiled.counting import count, enter_bursts, record_busy
from deltasim.simulator.engines.compiled.events.dram_calls import call_advance, call_ask, call_take
from deltasim.simulator.engines.compiled.events.fetches import pack_response, respond, serve_dram
from deltasim.simulator.engines.compiled.events.jobs import ANSWERED
from deltasim.simulator.engines.compiled.events.noting import note
from deltasim.simulator.engines.compiled.events.queues import KIND_BITS, LEAVING, WAKING, leave, schedule
from deltasim.simulator.engines.compiled.records import NOTE_ASKED, State, Tables
from deltasim.simulator.ledger.timeline import enter
from deltasim.simulator.memories.buffer import accesses_of, reserve
from deltasim.simulator.memories.instance import SERIAL
from deltasim.simulator.memories.serial import SerialTiming, read


@part
def serve_buffer(state: State, tables: Tables, now: int, job: int) -> None:
    """The buffer takes a stream; the job goes on with the first word, the slot is free behind the last."""
    record = state.jobs[job]
    memory, layer = tables.memories[record.memory], state.messages[record.message].layer
    accesses = accesses_of(record.address, record.bytes, memory.width_bytes)
    stream = reserve(
        state.contents,
        memory.held,
        memory.window,
        memory.buffer_banks,
        memory.interleave,
        record.address // memory.width_bytes,
        accesses,
        rounds(now, memory.period_ps),
    )
    count(state, memory.unit, layer, memory.read, accesses)
    count(state, memory.unit, layer, memory.conflict, stream.conflicts)
    count(state, memory.unit, layer, memory.bytes, accesses * memory.width_bytes)
    begun, ended = stream.first_cycle * memory.period_ps, (stream.last_cycle + 1) * memory.period_ps
    enter(state.timelines[memory.shared], begun, ended, accesses * memory.width_bytes)
    first_ps = begun + memory.latency_ps
    record.tail = stream.last_cycle * memory.period_ps + memory.latency_ps
    record.serialisation = record.tail - first_ps + tables.chip[0].link_period_ps
    pack_response(state, tables, job)
    record.stage = SERVED
    schedule(state, first_ps, job)
    schedule(state, ended, (LEAVING << KIND_BITS) | memory.unit)


@part
def serve_in_order(state: State, tables: Tables, now: int, job: int) -> None:
    """A memory that serves one fetch after another takes one."""
    if tables.memories[state.jobs[job].memory].kind == SERIAL:
        serve_serial(state, tables, now, job)
    else:
        serve_dram(state, tables, now, job)


@part
def serve_serial(state: State, tables: Tables, now: int, job: int) -> None:
    """A serial memory is selected for a fetch; the job goes on when the first data flow."""
    record = state.jobs[job]
    memory, layer = tables.memories[record.memory], state.messages[record.message].layer
    timing = SerialTiming(
        memory.access_ps, memory.access_bytes, memory.preamble_ps, memory.gap_ps, memory.boundary_bytes
    )
    found = read(timing, now, record.address, record.bytes)
    record_busy(state, memory.unit, now, found.last_ps, found.last_ps - now)
    state.units[memory.unit].free_at = found.free_ps
    count(state, memory.unit, layer, memory.transaction, found.transactions)
    count(state, memory.unit, layer, memory.bytes, found.bytes)
    enter(state.timelines[memory.shared], found.first_ps, found.last_ps, found.bytes)
    record.serialisation, record.tail = found.last_ps - found.first_ps, found.last_ps
    pack_response(state, tables, job)
    schedule(state, found.first_ps, job)


@part
def ask_controller(state: State, tables: Tables, now: int, job: int) -> None:
    """Hand a job's bytes to the rule, which has a slot for them."""
    record, chip = state.jobs[job], tables.chip[0]
    memory = tables.memories[record.memory]
    note(state, NOTE_ASKED, memory.unit, now, record.address, record.bytes)
    call_ask(chip.ask, (state.channels[memory.shared], now, job, record.address, record.bytes, 0))


@part
def advance_controller(state: State, tables: Tables, now: int, number: int) -> None:
    """Issue what is due. A completion is taken a picosecond early, to go on in a tick of its own."""
    chip, unit = tables.chip[0], state.units[number]
    flat = state.channels[unit.controls]
    due = call_advance(chip.advance, (flat, now))
    while due <= now + 1 and state.run[0].overflow == 0:
        completion = call_take(chip.take, (flat, now + 1))
        while completion.ticket >= 0:
            complete_request(state, tables, completion)
            completion = call_take(chip.take, (flat, now + 1))
        due = call_advance(chip.advance, (flat, now))
    if due < NEVER and unit.wake != due - 1:
        unit.wake = due - 1
        schedule(state, due - 1, (WAKING << KIND_BITS) | number)


@part
def complete_request(state: State, tables: Tables, completion: Completion) -> None:
    """A request is complete: count it; its job goes on when the last data have come."""
    record = state.jobs[completion.ticket]
    memory, layer = tables.memories[record.memory], state.messages[record.message].layer
    enter_bursts(state, memory, layer, completion)
    record.stage = ANSWERED
    schedule(state, completion.last_ps, completion.ticket)


@part
def answer(state: State, tables: Tables, now: int, job: int) -> None:
    """All data are in the controller: the slot is free, the response is issued."""
    record = state.jobs[job]
    leave(state, now, tables.memories[record.memory].unit)
    record.serialisation, record.tail = 0, now
    pack_response(state, tables, job)
    respond(state, tables, now, job)
