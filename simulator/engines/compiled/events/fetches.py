"""A message on its target core: a fetch slot, the column from its memory, the sums."""

from __future__ import annotations

from deltasim.runtime.compiling import part
from deltasim.simulator.components.dma_bursts import burst_of, bursts_of
from deltasim.simulator.components.order import (
    FETCHING,
    LOOKING_UP,
    MULTIPLYING,
    PLACED,
    QUEUED,
    READING,
    REQUESTING,
    RESPONDING,
    SERVED,
)
from deltasim.simulator.components.service_times import consumed, mac_work, rounds
from deltasim.simulator.engines.compiled.counting import (
    array_for,
    count,
    count_sums,
    enter_bursts,
    occupy,
    pass_router,
    record_busy,
    timing_of,
    write_buffer,
)
from deltasim.simulator.engines.compiled.events.input_buffers import leave_buffer, want_link
from deltasim.simulator.engines.compiled.events.jobs import (
    ADDRESSING,
    ASKED,
    FILLING,
    burst_code,
    code,
    end_job,
    new_job,
)
from deltasim.simulator.engines.compiled.events.noting import note
from deltasim.simulator.engines.compiled.events.queues import enqueue, leave, schedule
from deltasim.simulator.engines.compiled.events.synchronisation import try_update
from deltasim.simulator.engines.compiled.records import NOTE_ASKED, State, Tables
from deltasim.simulator.memories.dram import fetch
from deltasim.simulator.memories.instance import BUFFER, CACHE, CONTROLLER, SCRATCHPAD
from deltasim.simulator.plan.records import NONE


@part
def wait_for(state: State, tables: Tables, now: int, unit: int, job: int, stage: int) -> None:
    """Queue a burst up at a unit."""
    record, chip = state.jobs[job], tables.chip[0]
    record.stage = stage
    key = burst_code(stage, record.message, record.core, chip.cores, record.part, chip.parts)
    enqueue(state, now, unit, job, key)


@part
def want_column(state: State, tables: Tables, now: int, job: int) -> None:
    """Wait for one of the fetch slots of the column's array."""
    record = state.jobs[job]
    record.stage = FETCHING
    key = code(FETCHING, record.message, record.core, tables.chip[0].cores)
    unit = tables.cores[record.core].fetch + array(state, tables, job)
    enqueue(state, now, unit, job, key)


@part
def array(state: State, tables: Tables, job: int) -> int:
    """Which multiply array of its core takes the column of a job."""
    return array_for(state, tables, state.jobs[job].message)


@part
def begin_column(state: State, tables: Tables, now: int, job: int) -> None:
    """A slot is granted and the first address formed; further bursts follow, an address a cycle."""
    record, chip = state.jobs[job], tables.chip[0]
    segment = tables.segments[record.segment]
    record.column, record.burst = job, 0
    record.left = bursts_of(segment.address, segment.bytes, chip.burst_bytes)
    record.to_come = min(chip.bursts_at_once, record.left)
    for burst in range(1, record.to_come):
        other = new_job(state, ADDRESSING, record.message)
        record = state.jobs[other]
        record.segment, record.core = state.jobs[job].segment, state.jobs[job].core
        record.column, record.burst = job, burst
        schedule(state, now + burst * chip.cycle_ps, other)
    ask_memory(state, tables, now, job)


@part
def ask_memory(state: State, tables: Tables, now: int, job: int) -> None:
    """The address is formed: to the core's own memory, or on the way to a shared one."""
    record = state.jobs[job]
    segment = tables.segments[record.segment]
    memory = tables.memories[segment.memory]
    unit, layer = memory.unit, state.messages[record.message].layer
    burst = burst_of(segment.address, segment.bytes, segment.words, tables.chip[0].burst_bytes, record.burst)
    record.address, record.bytes, record.words = burst.address, burst.bytes, burst.words
    record.serialisation = 0
    record.memory, record.lines, record.part = segment.memory, 0, record.burst * tables.chip[0].line_requests
    if memory.kind == SCRATCHPAD:
        unit += array(state, tables, job)
    count(state, unit, layer, memory.words, record.words)
    if memory.kind == SCRATCHPAD:
        wait_for(state, tables, now, unit, job, READING)
    elif memory.kind == CACHE:
        wait_for(state, tables, now, unit, job, LOOKING_UP)
    else:
        issue(state, tables, now, job)


@part
def issue(state: State, tables: Tables, now: int, job: int) -> None:
    """The request of a transfer is issued to its shared memory."""
    record = state.jobs[job]
    record.at, record.upstream = tables.paths[path_of(state, tables, job)].there, NONE
    record.flits = tables.chip[0].request_flits
    request(state, tables, now, job)


@part
def path_of(state: State, tables: Tables, job: int) -> int:
    """The number of the way between a core and the memory of a transfer."""
    record = state.jobs[job]
    return int(record.core * tables.chip[0].memories + record.memory)


@part
def read_scratchpad(state: State, tables: Tables, now: int, job: int) -> None:
    """Accesses follow each other; the job goes on with the first word."""
    record = state.jobs[job]
    memory = tables.memories[record.memory]
    accesses = rounds(record.bytes, memory.width_bytes)
    unit = memory.unit + array(state, tables, job)
    occupy(state, now, unit, accesses * memory.period_ps, accesses * memory.period_ps)
    count(state, unit, state.messages[record.message].layer, memory.read, accesses)
    record.tail = now + memory.latency_ps + (accesses - 1) * memory.period_ps
    schedule(state, now + memory.latency_ps, job)


@part
def request(state: State, tables: Tables, now: int, job: int) -> None:
    """The request packet's next link, or, with its last flit, the channel."""
    record, chip, path = state.jobs[job], tables.chip[0], tables.paths[path_of(state, tables, job)]
    if record.at < path.there_end:
        go_over(state, tables, now, job, REQUESTING)
        return
    if path.there_end > path.there:
        leave_network(state, tables, job, path.there_end - 1)
        if chip.channels > 0:
            leave_buffer(state, tables, job, now + record.serialisation)
        if record.serialisation > chip.link_period_ps:
            record.stage = ASKED
            schedule(state, now + record.serialisation - chip.link_period_ps, job)
            return
    ask_channel(state, tables, now, job)


@part
def go_over(state: State, tables: Tables, now: int, job: int, stage: int) -> None:
    """Queue a packet up for the next link of its way."""
    record, chip = state.jobs[job], tables.chip[0]
    record.stage = stage
    if record.upstream == NONE and tables.links[tables.ways[record.at] // chip.queues].router:
        sender = chip.core_unit + record.core if stage == REQUESTING else tables.memories[record.memory].unit
        write_buffer(state, tables, sender, state.messages[record.message].layer, record.flits)
    key = burst_code(stage, record.message, record.core, chip.cores, record.part, chip.parts)
    want_link(state, tables, now, tables.ways[record.at], job, key)


@part
def leave_network(state: State, tables: Tables, job: int, last: int) -> None:
    """A packet leaves the network through the router behind the ``last`` link of its way."""
    chip, record = tables.chip[0], state.jobs[job]
    link = tables.ways[last] // chip.queues
    if tables.links[link].leave:
        layer = state.messages[record.message].layer
        pass_router(state, tables, chip.first_link + link, layer, record.flits)


@part
def ask_channel(state: State, tables: Tables, now: int, job: int) -> None:
    """Queue up at the shared memory."""
    memory = tables.memories[state.jobs[job].memory]
    stage = SERVED
    if memory.kind == BUFFER:
        stage = PLACED
    elif memory.kind == CONTROLLER:
        stage = QUEUED
    wait_for(state, tables, now, memory.unit, job, stage)


@part
def serve_dram(state: State, tables: Tables, now: int, job: int) -> None:
    """The channel takes a column; the job goes on when the first data flow."""
    record = state.jobs[job]
    memory, layer = tables.memories[record.memory], state.messages[record.message].layer
    timing = timing_of(memory)
    note(state, NOTE_ASKED, memory.unit, now, record.address, record.bytes)
    service = fetch(state.channels[memory.shared], timing, now, record.address, record.bytes)
    record_busy(state, memory.unit, now, service.last_ps, service.bursts * timing.burst_ps)
    state.units[memory.unit].free_at = service.free_ps
    enter_bursts(state, memory, layer, service)
    record.serialisation, record.tail = service.last_ps - service.first_ps, service.last_ps
    pack_response(state, tables, job)
    schedule(state, service.first_ps, job)


@part
def pack_response(state: State, tables: Tables, job: int) -> None:
    """The bytes of a transfer become a packet at the start of the way back."""
    record = state.jobs[job]
    record.at, record.upstream = tables.paths[path_of(state, tables, job)].back, NONE
    record.flits = rounds(record.bytes, tables.chip[0].flit_bytes)


@part
def respond(state: State, tables: Tables, now: int, job: int) -> None:
    """The response packet's next link, or the core."""
    record, chip, path = state.jobs[job], tables.chip[0], tables.paths[path_of(state, tables, job)]
    if record.at < path.back_end:
        go_over(state, tables, now, job, RESPONDING)
        return
    if path.back_end > path.back:
        leave_network(state, tables, job, path.back_end - 1)
        if chip.channels > 0:
            leave_buffer(state, tables, job, now + record.serialisation)
    if record.lines:
        record.stage = FILLING
        schedule(state, record.tail, job)
        return
    multiply(state, tables, now, job)


@part
def multiply(state: State, tables: Tables, now: int, job: int) -> None:
    """The first word has come: wait for the multiply-accumulators."""
    unit = tables.cores[state.jobs[job].core].mac + array(state, tables, job)
    wait_for(state, tables, now, unit, job, MULTIPLYING)


@part
def accumulate(state: State, tables: Tables, now: int, job: int) -> None:
    """The multiply-accumulators take a burst."""
    record, chip = state.jobs[job], tables.chip[0]
    unit = tables.cores[record.core].mac + array(state, tables, job)
    layer, words = state.messages[record.message].layer, record.words
    work = mac_work(words, chip.mac_lanes, chip.mac_cycle_ps)
    end = consumed(now, work, record.tail)
    occupy(state, now, unit, end - now, work)
    count_sums(state, tables, record.core, unit, layer, words)
    schedule(state, end, job)


@part
def consume(state: State, tables: Tables, now: int, job: int) -> None:
    """A burst is in the sums: on to the next; with the last one the slot is free, the delivery done."""
    column = state.jobs[job].column
    record = state.jobs[column]
    record.left -= 1
    segment = tables.segments[record.segment]
    if record.to_come < bursts_of(segment.address, segment.bytes, tables.chip[0].burst_bytes):
        state.jobs[job].burst, state.jobs[job].stage = record.to_come, ADDRESSING
        record.to_come += 1
        schedule(state, now + tables.chip[0].cycle_ps, job)
    elif job != column:
        end_job(state, job)
    if record.left > 0:
        return
    number = segment.updater
    leave(state, now, tables.cores[record.core].fetch + array(state, tables, column))
    state.run[0].delivered += 1
    end_job(state, column)
    close_delivery(state, tables, now, number)


@part
def close_delivery(state: State, tables: Tables, now: int, number: int) -> None:
    """A delivery to an updater is done, or lost: perhaps the last that it waits for."""
    state.updaters[number].open_segments -= 1
    if state.updaters[number].open_segments == 0:
        try_update(state, tables, now, number)
