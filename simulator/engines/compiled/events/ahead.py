"""Units that are served ahead: all that comes to one in a tick has its turn settled at the end of that tick.

A unit of one place serves by (arrival, code), and nothing comes to it any more for a tick that has settled.
So when a job's turn comes is known as soon as it has come: when all before it are through. It needs no event
of its own, and what follows from its turn follows from here. Scans and updates wait for their turn instead,
since what they find depends on when they begin; so do packets where buffers are finite.

A core that fetches whole columns from one scratchpad goes further: they stay in line. With at most one column
consumed a picosecond, slots are granted, words read and sums made in the order in which columns ask, so all
that happens to one is known when it comes. Its updater is told at once, and asks to update only when the
last column is ``drained``.
"""

from __future__ import annotations

import numpy as np

from deltasim.runtime.arrays import Flags, Integers
from deltasim.runtime.compiling import part
from deltasim.simulator.components.dma_bursts import WHOLE
from deltasim.simulator.components.service_times import consumed
from deltasim.simulator.engines.compiled.counting import (
    add_area,
    add_wait,
    array_for,
    count,
    count_crossing,
    count_sums,
    occupy,
    pass_router,
    record_slot_busy,
)
from deltasim.simulator.engines.compiled.events.jobs import end_job
from deltasim.simulator.engines.compiled.events.synchronisation import try_update
from deltasim.simulator.engines.compiled.records import SEGMENT_WORK, State, Tables
from deltasim.simulator.memories.instance import SCRATCHPAD
from deltasim.simulator.plan.plan import Plan
from deltasim.simulator.plan.records import NONE, Records, records
from deltasim.simulator.plan.stages import FETCH, MAC, SCAN, UPDATE


def served_ahead(plan: Plan, alone: Integers) -> Flags:
    """Which units are: those of one place that neither scan nor update, nor are links to finite buffers.

    ``alone``: the `scratchpads` of cores whose columns stay in line, which are served ahead from their slots.
    """
    stages, links = plan.stages, plan.links
    ahead = np.ones(len(plan.units), bool)
    ahead[plan.memories.records["unit"][plan.memories.records["slots"] > 0]] = False
    ahead[stages.unit[:, [SCAN, UPDATE]]] = False
    ahead[stages.fetch_units] = (alone != NONE)[:, np.newaxis]
    if plan.buffers is not None:
        ahead[links.first_unit : links.first_unit + links.count] = False
    return ahead


def scratchpads(plan: Plan) -> Integers:
    """Of each core the scratchpad that holds all its columns, where they stay in line; else NONE."""
    stages, memories = plan.stages, plan.memories
    used = np.zeros((plan.cores, len(memories.component)), bool)
    for block in plan.mapping.blocks:
        used[block.core, memories.holding(block)] = True
    units, times = np.unique(stages.unit[stages.unit != NONE], return_counts=True)
    shared = np.isin(stages.unit[:, [FETCH, MAC]], units[times > 1]).any(axis=1)
    alone = (used.sum(axis=1) == 1) & (memories.records["kind"][used.argmax(axis=1)] == SCRATCHPAD) & ~shared
    if stages.burst_bytes != WHOLE:
        alone[:] = False
    return np.where(alone, used.argmax(axis=1), NONE).astype(np.int64)


def segment_work(plan: Plan, segments: Records) -> Records:
    """What each segment takes where it lies in a scratchpad."""
    width, stages = plan.memories.records["width_bytes"][segments["memory"]], plan.stages
    rounds = -(-segments["words"] // stages.mac_lanes)
    return records(
        SEGMENT_WORK,
        accesses=-(-segments["bytes"] // np.maximum(width, 1)),
        work=np.maximum(1, rounds * stages.mac_cycle_ps),
    )


@part
def record_turn(state: State, number: int, asked: int, start: int) -> None:
    """Record that a job came to a unit's queue and when it has its turn; both never go back in time.

    In the queue stand, when one comes, those whose turn is then or later. It grows by one at a time, so only
    the one ``peak`` places ahead is looked at.
    """
    unit, starts = state.units[number], state.starts[number]
    turn, last = unit.served, starts.size - 1
    unit.served = turn + 1
    starts[turn & last] = start
    if starts[(turn - unit.peak) & last] >= asked:
        unit.peak += 1
        if unit.peak > last:
            state.run[0].overflow = 1
    if start > asked:
        add_wait(state, number, start - asked)
        add_area(state, number, 1, start - asked)


@part
def take_turn(state: State, number: int, now: int) -> int:
    """One who comes now has the unit's next turn; returns when that is."""
    start = max(now, state.units[number].free_at)
    record_turn(state, number, now, start)
    return int(start)


@part
def consume_column(state: State, tables: Tables, asked: int, job: int) -> None:
    """All that happens to a column that stays in line, from asking for a slot to the sums."""
    record = state.jobs[job]
    message, segment, units = record.message, tables.segments[record.segment], tables.cores[record.core]
    memory, array, chip = tables.memories[units.scratchpad], array_for(state, tables, message), tables.chip[0]
    needs = tables.segment_work[record.segment]
    fetch, bank, mac = units.fetch + array, memory.unit + array, units.mac + array
    row = record.core * chip.arrays + array
    ends = state.ends[row]
    slot = ends[0]  # the next of the slots that follow
    granted = max(asked, ends[slot])
    ends[0] = slot + 1 if slot + 1 < ends.size else 1
    record_turn(state, fetch, asked, granted)
    reading, duration = take_turn(state, bank, granted + chip.cycle_ps), needs.accesses * memory.period_ps
    occupy(state, reading, bank, duration, duration)
    first = reading + memory.latency_ps
    summing = take_turn(state, mac, first)
    end = consumed(summing, needs.work, first + duration - memory.period_ps)
    occupy(state, summing, mac, end - summing, needs.work)
    ends[slot] = end
    record_slot_busy(state, fetch, granted, end)
    one = state.consumed[row * chip.populations + state.messages[message].layer]
    one.columns += 1
    one.words += segment.words
    one.accesses += needs.accesses
    state.run[0].delivered += 1
    updater = state.updaters[segment.updater]
    updater.drained = max(updater.drained, end)
    updater.open_segments -= 1
    if updater.open_segments == 0:
        try_update(state, tables, asked, segment.updater)
    end_job(state, job)


@part
def enter_sums(state: State, tables: Tables) -> None:
    """Enter what was summed up while the run went on."""
    chip = tables.chip[0]
    layers = chip.populations
    for place in range(state.passed.size):
        unit, layer, flits = chip.first_link + place // layers, place % layers, state.passed[place]
        if flits.crossed > 0:
            count_crossing(state, tables, unit, layer, flits.crossed)
        if flits.left > 0:
            pass_router(state, tables, unit, layer, flits.left)
        flits.crossed = flits.left = 0
    for place in range(state.consumed.size):
        one, row, layer = state.consumed[place], place // layers, place % layers
        if one.columns == 0:
            continue
        core, array = row // chip.arrays, row % chip.arrays
        units = tables.cores[core]
        memory = tables.memories[units.scratchpad]
        receive = chip.core_unit + core if units.receive == NONE else units.receive
        count(state, receive, layer, chip.receive_action, one.columns)
        count(state, memory.unit + array, layer, memory.words, one.words)
        count(state, memory.unit + array, layer, memory.read, one.accesses)
        count_sums(state, tables, core, units.mac + array, layer, one.words)
        one.columns = one.words = one.accesses = 0
