"""Who may move next: encoders that scan, updaters that update, and the barriers of the chip's policy."""

from __future__ import annotations

from deltasim.runtime.compiling import part
from deltasim.simulator.components.order import SCANNING, UPDATING
from deltasim.simulator.components.service_times import update_duration
from deltasim.simulator.engines.compiled.counting import active_of, count_update
from deltasim.simulator.engines.compiled.events.jobs import code
from deltasim.simulator.engines.compiled.events.queues import (
    DRAINING,
    KIND_BITS,
    RELEASING,
    enqueue,
    schedule,
)
from deltasim.simulator.engines.compiled.records import BARRIER, DATAFLOW, LAYER, State, Tables
from deltasim.simulator.plan.records import NONE


@part
def try_encoder(state: State, tables: Tables, now: int, number: int) -> None:
    """Ask for the scan unit if value, target and policy allow the encoder's next step."""
    encoder, chip = state.encoders[number], tables.chip[0]
    step, target = encoder.step, state.populations[encoder.target]
    if step == NONE or step >= encoder.first + state.run[0].frames:
        return
    if target.released < step or target.finished < step - 1:
        return
    needed = step - encoder.delay
    if (
        encoder.updater != NONE
        and needed >= encoder.first
        and state.updaters[encoder.updater].updated < needed
    ):
        return
    if state.steps[step].began == NONE:
        state.steps[step].began = now
    encoder.step = NONE  # under way
    state.jobs[number].stage = SCANNING
    key = code(SCANNING, step * chip.projections + encoder.projection, encoder.core, chip.cores)
    enqueue(state, now, encoder.unit, number, key)


@part
def first_message(state: State, step: int, column: int) -> int:
    """The first message of a step at or behind a column (messages of a step are sorted by column)."""
    low, high = state.steps[step].messages, state.steps[step].messages_end
    while low < high:
        middle = (low + high) >> 1
        if state.messages[middle].column < column:
            low = middle + 1
        else:
            high = middle
    return int(low)


@part
def find_messages(state: State, number: int) -> None:
    """What the next scan will find is in the trace."""
    encoder = state.encoders[number]
    encoder.next = first_message(state, encoder.scanned + 1, encoder.low)
    encoder.last = first_message(state, encoder.scanned + 1, encoder.high)


@part
def end_scan(state: State, tables: Tables, now: int, number: int) -> None:
    """A scan has ended: perhaps the last into its target; its source may move on."""
    encoder = state.encoders[number]
    encoder.scanned += 1
    encoder.step = encoder.scanned + 1
    target = state.populations[encoder.target]
    target.scanning += 1
    if target.scanning == target.into_end - target.into:
        target.scanning = 0
        target.all_scanned = encoder.scanned
        for partition in range(target.partitions, target.partitions_end):
            try_update(state, tables, now, tables.lists[partition])
    if encoder.updater != NONE:
        try_update(state, tables, now, encoder.updater)


@part
def try_update(state: State, tables: Tables, now: int, number: int) -> None:
    """Ask for the update unit if scans have ended, segments are consumed and the last value has been read."""
    updater, chip = state.updaters[number], tables.chip[0]
    step = updater.step
    if (
        updater.queued
        or updater.open_segments > 0
        or state.populations[updater.population].all_scanned != step
    ):
        return
    if step > updater.first:
        for reader in range(updater.readers, updater.readers_end):
            if state.encoders[tables.lists[reader]].scanned < step - 1:
                return
    if updater.drained > now:  # of columns that stay in line it is known beforehand
        schedule(state, updater.drained, (DRAINING << KIND_BITS) | number)
        return
    updater.queued = 1
    job = state.encoders.size + number
    state.jobs[job].stage = UPDATING
    key = code(UPDATING, step * chip.populations + updater.population, updater.core, chip.cores)
    enqueue(state, now, updater.unit, job, key)


@part
def update_time(state: State, tables: Tables, number: int) -> int:
    """How long an update takes that begins: 1 ps where its time passes in the scan that follows."""
    updater, chip = state.updaters[number], tables.chip[0]
    duration = updater.duration
    if state.active.size > 0:
        active = active_of(state, tables, number)
        duration = update_duration(
            updater.size,
            active,
            chip.update_lanes,
            chip.access_ps,
            chip.update_group_ps,
            chip.update_fixed_ps,
        )
    if updater.carried and (updater.last or updater.step < updater.first + state.run[0].frames - 1):
        if updater.step & 1:
            updater.owed_odd, duration = duration, 1
        else:
            updater.owed_even, duration = duration, 1
    return int(duration)


@part
def end_update(state: State, tables: Tables, now: int, number: int) -> None:
    """A partition has been updated; with the last one its population has finished the step."""
    updater = state.updaters[number]
    step, population = updater.step, state.populations[updater.population]
    count_update(state, tables, number)
    state.steps[step].ended = max(state.steps[step].ended, now)
    updater.updated, updater.queued, updater.step = step, 0, step + 1
    population.finishing += 1
    if population.finishing == population.partitions_end - population.partitions:
        population.finishing = 0
        population.finished = step
        for entry in range(population.into, population.into_end):
            try_encoder(state, tables, now, tables.lists[entry])
        synchronise(state, tables, now)
    for reader in range(updater.readers, updater.readers_end):
        try_encoder(state, tables, now, tables.lists[reader])


@part
def pass_order(state: State, tables: Tables) -> tuple[int, int]:
    """Where the populations of the present pass are listed, in computing order."""
    first = tables.chip[0].order + state.run[0].pass_number * tables.chip[0].width
    end = first
    while end < first + tables.chip[0].width and tables.lists[end] != NONE:
        end += 1
    return first, end


@part
def synchronise(state: State, tables: Tables, now: int) -> None:
    """If all that was released has finished, pay the barrier and release what comes next."""
    run, chip = state.run[0], tables.chip[0]
    if run.pass_number == chip.passes:
        return
    first, end = pass_order(state, tables)
    step, last = run.step, (run.pass_number + 1) * run.frames - 1
    if chip.policy == LAYER:
        if state.populations[tables.lists[first + run.index]].finished < step:
            return
        run.index += 1
        if first + run.index == end:
            run.index, step = 0, step + 1
    else:
        awaited = step if chip.policy == BARRIER else last
        for place in range(first, end):
            if state.populations[tables.lists[place]].finished < awaited:
                return
        step = awaited + 1
    run.step = step
    if step > last:
        run.pass_number += 1
    schedule(state, now + chip.barrier_cost_ps, RELEASING << KIND_BITS)


@part
def release(state: State, tables: Tables, now: int) -> None:
    """Let the next population, step or pass begin."""
    run, chip = state.run[0], tables.chip[0]
    if run.pass_number == chip.passes:
        return
    first, end = pass_order(state, tables)
    if chip.policy == LAYER:
        first += run.index
        end = first + 1
    step = (run.pass_number + 1) * run.frames - 1 if chip.policy == DATAFLOW else run.step
    for place in range(first, end):
        population = state.populations[tables.lists[place]]
        population.released = step
        for encoder in range(population.into, population.into_end):
            try_encoder(state, tables, now, tables.lists[encoder])
