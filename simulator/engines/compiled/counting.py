"""How counts, busy times and queues are entered, for events and phases alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deltasim.runtime.compiling import part
from deltasim.simulator.components.service_times import array_of, link_occupancy, pause, scan_words
from deltasim.simulator.engines.compiled.records import LOW_BITS, State, Tables
from deltasim.simulator.ledger.timeline import enter
from deltasim.simulator.memories.dram import DramTiming, Service
from deltasim.simulator.plan.records import NONE, Record

if TYPE_CHECKING:
    from deltasim.simulator.dram.scheduling.controller import Completion

LOW = (1 << LOW_BITS) - 1


@part
def count(state: State, unit: int, layer: int, action: int, amount: int) -> None:
    """Enter an amount by unit and by layer."""
    state.counts[unit, action] += amount
    state.counts[state.run[0].units + layer, action] += amount


@part
def record_busy(state: State, number: int, start_ps: int, end_ps: int, work_ps: int) -> None:
    """Record a time of service; services may overlap but begin in order."""
    unit = state.units[number]
    if start_ps > unit.recorded_until:
        unit.idle += start_ps - unit.recorded_until
        unit.recorded_until = start_ps
    if end_ps > unit.recorded_until:
        unit.occupied += end_ps - unit.recorded_until
        unit.recorded_until = end_ps
    unit.busy += work_ps


@part
def record_busy_series(state: State, number: int, end_ps: int, held_ps: int, work_ps: int) -> None:
    """Record services that came one behind the other, the last until ``end_ps``, all together ``held_ps``."""
    unit = state.units[number]
    unit.idle += end_ps - unit.recorded_until - held_ps
    unit.occupied += held_ps
    unit.recorded_until = end_ps
    unit.busy += work_ps


@part
def occupy(state: State, now: int, number: int, duration_ps: int, work_ps: int) -> None:
    """Hold a unit from now on."""
    record_busy(state, number, now, now + duration_ps, work_ps)
    state.units[number].free_at = now + duration_ps


@part
def record_slot_busy(state: State, number: int, start_ps: int, end_ps: int) -> None:
    """Record one of several slots of a unit, which works as long as any of them is held."""
    record_busy(
        state, number, start_ps, end_ps, max(0, end_ps - max(start_ps, state.units[number].recorded_until))
    )


@part
def record_queued(state: State, now: int, number: int) -> None:
    """Record that one more waits for a unit."""
    unit = state.units[number]
    add_area(state, number, unit.length, now - unit.changed)
    unit.changed = now
    unit.length += 1
    unit.peak = max(unit.peak, unit.length)


@part
def record_dequeued(state: State, now: int, number: int, arrival: int) -> None:
    """Record that one who came at ``arrival`` has waited for a unit until now."""
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
    carried = (time_ps >> LOW_BITS) + (low >> LOW_BITS)
    if carried:  # seldom: a store less for nearly every message
        unit.wait_high += carried


@part
def add_area(state: State, number: int, waiting: int, time_ps: int) -> None:
    """Add to the area under a unit's queue: so many waited for so long."""
    unit = state.units[number]
    low = unit.area + waiting * (time_ps & LOW)
    unit.area = low & LOW
    carried = waiting * (time_ps >> LOW_BITS) + (low >> LOW_BITS)
    if carried:
        unit.area_high += carried


@part
def packets_of(state: State, tables: Tables, message: int) -> int:
    """How many copies of a message leave its core: one, or one for each core that needs it."""
    column = tables.columns[state.messages[message].column]
    cores = column.segments_end - column.segments
    return int(cores if tables.chip[0].unicast else min(cores, 1))


@part
def pause_for(state: State, tables: Tables, message: int, made: int) -> int:
    """How long a scan pauses for a message, which was made here or came from outside."""
    chip = tables.chip[0]
    if chip.message_ps == 0 and chip.copy_ps == 0:  # nearly every chip: no look-up
        return 0
    return int(pause(made, packets_of(state, tables, message), chip.message_ps, chip.copy_ps))


@part
def scan_time(state: State, tables: Tables, number: int) -> int:
    """How long a scan takes whose messages have been looked up: the update that passes in it included."""
    encoder, chip = state.encoders[number], tables.chip[0]
    duration = encoder.duration
    encoder.carried = encoder.paused = 0
    if encoder.carries:
        updater, step = state.updaters[encoder.updater], encoder.scanned + 1 - min(encoder.delay, 1)
        if step & 1:
            encoder.carried, updater.owed_odd = updater.owed_odd, 0
        else:
            encoder.carried, updater.owed_even = updater.owed_even, 0
        duration += encoder.carried
    if chip.message_ps or chip.copy_ps:
        for message in range(encoder.next, encoder.last):
            duration += pause_for(state, tables, message, encoder.made)
    return int(duration)


@part
def active_of(state: State, tables: Tables, number: int) -> int:
    """How many neurons of a partition are not at rest in the step that it is updated for."""
    updater = state.updaters[number]
    if state.active.size == 0:
        return int(updater.size)
    return int(state.active[updater.step * tables.chip[0].updaters + number])


@part
def start_scan(state: State, tables: Tables, now: int, number: int) -> None:
    """The scan begins; the messages it will find have been looked up."""
    encoder, chip = state.encoders[number], tables.chip[0]
    duration = scan_time(state, tables, number)
    occupy(state, now, encoder.unit, duration, duration)
    encoder.began = now
    sent = encoder.last - encoder.next
    if chip.emit_action != NONE:
        count(state, encoder.unit, encoder.target, chip.emit_action, sent * encoder.made)
    count(state, encoder.unit, encoder.target, chip.scan_action, encoder.scanned_size)
    reads, writes = scan_words(encoder.scanned_size, sent, encoder.delta_encoded)
    source = state.populations[encoder.source]
    count(state, encoder.unit, encoder.target, source.state_read, reads * source.value_bits)
    count(state, encoder.unit, encoder.target, source.state_write, writes * source.value_bits)


@part
def count_update(state: State, tables: Tables, number: int) -> None:
    """Enter what an update of a partition takes."""
    updater, chip = state.updaters[number], tables.chip[0]
    count(state, updater.unit, updater.population, chip.update_action, active_of(state, tables, number))
    if chip.access_action != NONE:
        count(state, updater.unit, updater.population, chip.access_action, updater.size)
    population = state.populations[updater.population]
    count(state, updater.unit, updater.population, population.state_read, updater.reads)
    count(state, updater.unit, updater.population, population.state_write, updater.writes)


@part
def array_for(state: State, tables: Tables, message: int) -> int:
    """Which multiply array of its core takes the column of a message."""
    arrays = tables.chip[0].arrays
    if arrays == 1:  # nearly every chip: no look-up
        return 0
    return int(array_of(tables.columns[state.messages[message].column].position, arrays))


@part
def segment_on(state: State, tables: Tables, message: int, core: int) -> int:
    """The segment of a message's column on one of its cores."""
    segment = tables.columns[state.messages[message].column].segments
    while tables.segments[segment].core != core:
        segment += 1
    return int(segment)


@part
def link_busy(tables: Tables, link: int, flits: int, serialisation: int) -> int:
    """How long a link is held by a packet of this serialisation."""
    period = tables.links[link].period_ps
    return int(link_occupancy(flits, period, serialisation - tables.chip[0].link_period_ps + period))


@part
def serialisation_behind(tables: Tables, link: int, busy: int) -> int:
    """The serialisation of a packet that has held a link so long."""
    return int(busy - tables.links[link].period_ps + tables.chip[0].link_period_ps)


@part
def count_crossing(state: State, tables: Tables, unit: int, layer: int, flits: int) -> None:
    """Enter what it takes to bring flits over a link."""
    chip, link_record = tables.chip[0], tables.links[unit - tables.chip[0].first_link]
    count(state, unit, layer, link_record.action, flits)
    if chip.length_action != NONE:
        count(state, unit, layer, chip.length_action, flits * link_record.length_um)
        if link_record.leave:
            write_buffer(state, tables, unit, layer, flits)
    if link_record.router:
        pass_router(state, tables, unit, layer, flits)


@part
def pass_router(state: State, tables: Tables, unit: int, layer: int, flits: int) -> None:
    """A packet goes through a router: on to a link, or out of the network behind its last one."""
    chip = tables.chip[0]
    if chip.router_action != NONE:
        count(state, unit, layer, chip.router_action, flits)
    elif chip.crossbar != NONE:
        count(state, unit, layer, chip.read_buffer, flits)
        count(state, unit, layer, chip.crossbar, flits)


@part
def write_buffer(state: State, tables: Tables, unit: int, layer: int, flits: int) -> None:
    """A packet comes into a router: over a link, or from the core or memory that sends it."""
    if tables.chip[0].write_buffer != NONE:
        count(state, unit, layer, tables.chip[0].write_buffer, flits)


@part
def enter_bursts(state: State, memory: Record, layer: int, done: Service | Completion) -> None:
    """Enter what a DRAM did for a transfer."""
    count_bursts(state, memory, layer, done.bursts, done.hits, done.misses, done.conflicts, done.activates)
    enter(state.timelines[memory.shared], done.first_ps, done.last_ps, done.bursts * memory.width_bytes)


@part
def count_bursts(
    state: State,
    memory: Record,
    layer: int,
    bursts: int,
    hits: int,
    misses: int,
    conflicts: int,
    activates: int,
) -> None:
    """Enter what a DRAM did, by unit and by layer."""
    moved, by_unit = bursts * memory.width_bytes, state.counts[memory.unit]
    by_layer = state.counts[state.run[0].units + layer]
    for counts in (by_unit, by_layer):  # rows found once: bursts enter eight counts
        counts[memory.read] += bursts
        counts[memory.activate] += activates
        counts[memory.row_hit] += hits
        counts[memory.row_miss] += misses
        counts[memory.row_conflict] += conflicts
        counts[memory.bytes] += moved
        counts[memory.io] += moved * 8


@part
def timing_of(memory: Record) -> DramTiming:
    """A memory's timing, as the DRAM rule takes it."""
    return DramTiming(
        memory.clock_ps,
        memory.read_ps,
        memory.activate_ps,
        memory.precharge_ps,
        memory.open_ps,
        memory.read_to_precharge_ps,
        memory.refresh_ps,
        memory.interval_ps,
        memory.burst_ps,
        memory.burst_bytes,
        memory.row_bytes,
        memory.banks,
        memory.rows,
        memory.rotate,
    )


@part
def count_sums(state: State, tables: Tables, core: int, unit: int, layer: int, words: int) -> None:
    """Enter what it takes to add words of columns up."""
    chip = tables.chip[0]
    if chip.registers != NONE:
        registers = tables.memories[chip.registers + core]
        count(state, registers.unit, layer, registers.write, words)
        count(state, registers.unit, layer, registers.read, words)
    count(state, unit, layer, chip.mac_action, words)
    target = state.populations[layer]
    count(state, unit, layer, target.state_read, words * target.sum_bits)
    count(state, unit, layer, target.state_write, words * target.sum_bits)
