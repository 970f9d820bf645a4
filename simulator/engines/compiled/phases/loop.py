"""The main loop of plans that run phase by phase: a step of a group of populations, from scans to updates."""

from __future__ import annotations

from deltasim.runtime.arrays import Integers
from deltasim.runtime.compiling import kernel, part
from deltasim.simulator.engines.compiled.counting import count_update, occupy
from deltasim.simulator.engines.compiled.phases.arrival_lists import (
    AT_ONCE,
    Arrivals,
    begin_step,
    view_arrivals,
)
from deltasim.simulator.engines.compiled.phases.eligible import LINK_STAGE, RECEIVE_STAGE, SCAN_STAGE
from deltasim.simulator.engines.compiled.phases.fifo import record_queue
from deltasim.simulator.engines.compiled.phases.stages import call_stage
from deltasim.simulator.engines.compiled.records import DATAFLOW, State, Tables, view_state, view_tables
from deltasim.simulator.plan.records import NONE


@kernel
def phases(state_directory: Integers, tables_directory: Integers, arrivals_directory: Integers) -> bool:
    """One phase after the other; each begins when the chip's policy lets it.

    True at the end. False before a phase that needs more room in ``arrivals``, once the keys that may be made
    are made, or when given up; it goes on from there when called again.
    """
    state, tables = view_state(state_directory), view_tables(tables_directory)
    arrivals, run, chip = view_arrivals(arrivals_directory), state.run[0], tables.chip[0]
    while run.pass_number < chip.passes and run.overflow == 0:
        first, end = (
            tables.lists[chip.groups_at + run.pass_number],
            tables.lists[chip.groups_at + run.pass_number + 1],
        )
        group, step = first + run.index, run.step
        begin_step(state, tables, group, step)
        if run.left < 0 or run.needed > arrivals.keys.size or run.messages > arrivals.messages.size:
            return False
        run.left -= run.needed
        finished = phase(state_directory, tables_directory, arrivals_directory, group, step)
        barriers = 1
        if group + 1 < end:
            run.index += 1
        else:
            run.index, run.step = 0, step + 1
            if run.step == (run.pass_number + 1) * run.frames:
                run.pass_number += 1
            elif chip.policy == DATAFLOW:  # the next step begins by itself
                barriers = 0
        run.opened = finished + barriers * chip.barrier_cost_ps
    return bool(run.overflow == 0)


@part
def phase(
    state_directory: Integers,
    tables_directory: Integers,
    arrivals_directory: Integers,
    number: int,
    step: int,
) -> int:
    """A step of a group of populations; returns when the last of their partitions has been updated."""
    state, tables = view_state(state_directory), view_tables(tables_directory)
    arrivals = view_arrivals(arrivals_directory)
    directories = state_directory, tables_directory, arrivals_directory
    times, group, now = state.steps[step], tables.groups[number], state.run[0].opened
    if times.began == NONE:
        times.began = now
    call_stage(arrivals.stages[SCAN_STAGE], (*directories, now, now, number))
    if arrivals.filling_order.size > 0:
        call_stage(arrivals.stages[LINK_STAGE], (*directories, now, now, number))
    finished, place = now, group.partitions
    while place < group.partitions_end and state.run[0].overflow == 0:
        core, first = state.updaters[tables.lists[place]].core, place
        while place < group.partitions_end and state.updaters[tables.lists[place]].core == core:
            updater = state.updaters[tables.lists[place]]
            population = state.populations[updater.population]
            arrivals.layers[updater.population].sizes = population.sizes + updater.partition * population.rows
            arrivals.layers[updater.population].drained = now
            place += 1
        call_stage(arrivals.stages[RECEIVE_STAGE], (*directories, core, now, number))
        consume, drained = arrivals.stages[arrivals.cores[core].stage], now
        for array in range(tables.chip[0].arrays):
            drained = max(drained, call_stage(consume, (*directories, core, array, number)))
        if group.first + 1 == group.end:  # else its stage has kept them apart
            arrivals.layers[tables.lists[group.first]].drained = drained
        finished = max(finished, update_core(state, tables, arrivals, first, place))
    for population in range(group.first, group.end):
        state.populations[tables.lists[population]].finished = step
    times.ended = max(times.ended, finished)
    return int(finished)


@part
def update_core(state: State, tables: Tables, arrivals: Arrivals, first: int, end: int) -> int:
    """Update a core's partitions in the order in which they are ready; returns when the last one has been.

    A partition is ready when all scans into its population have ended, and its messages are in the sums.
    """
    order, ready = arrivals.order, arrivals.ready
    for place in range(first, end):
        population, behind = state.updaters[tables.lists[place]].population, place - first
        due = max(arrivals.layers[population].scanned, arrivals.layers[population].drained)
        while behind > 0 and ready[behind - 1] > due:
            order[behind], ready[behind] = order[behind - 1], ready[behind - 1]
            behind -= 1
        order[behind], ready[behind] = tables.lists[place], due
    unit = state.updaters[tables.lists[first]].unit
    for place in range(end - first):
        updater = state.updaters[order[place]]
        start = max(ready[place], state.units[unit].free_at)
        arrivals.updated[place] = start
        occupy(state, start, unit, updater.duration, updater.duration)
        count_update(state, tables, order[place])
    record_queue(state, arrivals, unit, ready, AT_ONCE, arrivals.updated, end - first)
    return int(state.units[unit].free_at)
