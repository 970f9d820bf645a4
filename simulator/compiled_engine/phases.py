"""The main loop of plans that run phase by phase: a population's step, from its scans to its updates."""

from __future__ import annotations

from networks.kernels import kernel, part
from simulator.compiled_engine.arrivals import Arrivals, begin_step, view_arrivals, view_state, view_tables
from simulator.compiled_engine.chip_records import DATAFLOW, LAYER
from simulator.compiled_engine.feed_forward import CROSSING, RECEIVING, SCANNING
from simulator.compiled_engine.pace import book_update, sweep_order
from simulator.compiled_engine.queues import join, occupy, serve
from simulator.compiled_engine.records import NONE, State, Tables
from simulator.compiled_engine.stages import call_stage
from simulator.compiled_engine.views import directory
from simulator.plan import Integers


def run_phases(state: State, tables: Tables, arrivals: Arrivals) -> bool:
    """Run on to the end. False before a phase that needs more room in ``arrivals``, or when given up."""
    return phases(directory(state), directory(tables), directory(arrivals))


@kernel
def phases(state_directory: Integers, tables_directory: Integers, arrivals_directory: Integers) -> bool:
    """One phase after the other; each begins when the chip's policy lets it."""
    state, tables = view_state(state_directory), view_tables(tables_directory)
    arrivals, run, chip = view_arrivals(arrivals_directory), state.run[0], tables.chip[0]
    while run.sweep < chip.sweeps and run.overflow == 0:
        first, end = sweep_order(state, tables)
        target, step = tables.lists[first + run.index], run.step
        begin_step(state, tables, target, step)
        if run.needed > arrivals.keys.size or run.messages > arrivals.row.size:
            return False
        finished = phase(state_directory, tables_directory, arrivals_directory, target, step)
        meets = 1
        if chip.policy == LAYER and first + run.index + 1 < end:
            run.index += 1
        else:
            run.index, run.step = 0, step + 1
            if run.step == (run.sweep + 1) * run.frames:
                run.sweep += 1
            elif chip.policy == DATAFLOW:  # the next step begins by itself
                meets = 0
        run.opened = finished + meets * chip.meeting
    return bool(run.overflow == 0)


@part
def phase(
    state_directory: Integers,
    tables_directory: Integers,
    arrivals_directory: Integers,
    target: int,
    step: int,
) -> int:
    """A step of a population; returns when its last share has been updated."""
    state, tables = view_state(state_directory), view_tables(tables_directory)
    arrivals = view_arrivals(arrivals_directory)
    directories = state_directory, tables_directory, arrivals_directory
    times, population, now = state.steps[step], state.populations[target], state.run[0].opened
    if times.began == NONE:
        times.began = now
    scanned = call_stage(arrivals.stages[SCANNING], (*directories, now, now, target))
    if arrivals.links.size > 0:
        call_stage(arrivals.stages[CROSSING], (*directories, now, now, target))
    finished = now
    for place in range(population.shares, population.shares_end):
        if state.run[0].overflow:
            break
        updater = state.updaters[tables.lists[place]]
        arrivals.sizes[updater.core] = population.sizes + (place - population.shares) * population.rows
        call_stage(arrivals.stages[RECEIVING], (*directories, updater.core, now, target))
        ready, consume = scanned, arrivals.stages[arrivals.fetching[updater.core]]
        for array in range(tables.chip[0].arrays):
            ready = max(ready, call_stage(consume, (*directories, updater.core, array, target)))
        join(state, ready, updater.unit)
        start = max(ready, state.units[updater.unit].free_at)
        serve(state, start, updater.unit, ready)
        occupy(state, start, updater.unit, updater.duration, updater.duration)
        book_update(state, tables, tables.lists[place])
        finished = max(finished, start + updater.duration)
    population.finished = step
    times.ended = max(times.ended, finished)
    return int(finished)
