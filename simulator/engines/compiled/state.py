"""A chip at rest before a sequence."""

from __future__ import annotations

import numpy as np

from deltasim.networks.trace import Trace
from deltasim.simulator.engines.compiled.records import (
    CONSUMED,
    EVENT,
    JOB,
    LISTED,
    MESSAGE,
    NOTE,
    PASSED,
    RUN,
    STEP,
    TICK,
    TICKS,
    State,
)
from deltasim.simulator.engines.compiled.tables import Start
from deltasim.simulator.ledger.timeline import empty_timelines
from deltasim.simulator.plan.active_neurons import active_neurons
from deltasim.simulator.plan.plan import Plan
from deltasim.simulator.plan.records import NONE


def state_at_rest(plan: Plan, start: Start, trace: Trace, alive: int, notes: int = 0) -> State:
    """The state before the one sequence of ``trace``; ``alive`` bounds the jobs under way at once.

    With room for ``notes`` a run with events notes its services.
    """
    frames = trace.steps // len(plan.order)
    fixed = len(start.encoders) + len(start.updaters)
    run = np.zeros(1, RUN)
    run["units"], run["frames"], run["free_job"] = len(plan.units), frames, fixed
    jobs = np.zeros(fixed + alive, JOB)
    jobs["next"] = np.arange(1, len(jobs) + 1)
    messages = np.empty(len(trace.messages), MESSAGE)
    projection = trace.messages["projection"].astype(np.intp)
    messages["column"] = plan.columns.offset.take(projection) + trace.messages["source"]
    messages["layer"] = plan.target.take(projection)
    lost = np.zeros(len(messages) if trace.lost.size else 0, np.int64)
    lost[trace.lost] = 1
    active = active_neurons(plan, trace)
    steps = np.zeros(trace.steps, STEP)
    steps["messages"], steps["messages_end"] = trace.step_bounds[:-1], trace.step_bounds[1:]
    steps["began"] = NONE
    populations = start.populations.copy()
    populations["first"] = plan.pass_number * frames
    for field in ("released", "finished", "all_scanned"):
        populations[field] = populations["first"] - 1
    encoders, updaters = start.encoders.copy(), start.updaters.copy()
    encoders["first"] = populations["first"][encoders["target"]]
    updaters["first"] = populations["first"][updaters["population"]]
    for moving, done in ((encoders, "scanned"), (updaters, "updated")):
        moving["step"], moving[done] = moving["first"], moving["first"] - 1
    listed, ticks = np.zeros(2 * len(jobs) + 4 * len(plan.units), LISTED), np.zeros(TICKS, TICK)
    listed["next"], ticks["time"], ticks["first"] = np.arange(1, len(listed) + 1), NONE, NONE
    units, stages = start.units.copy(), plan.stages
    if notes:  # services are noted in order of time
        units["ahead"] = 0
    arrays, depth = plan.cores * stages.arrays, 1 << max(alive // 64, 1).bit_length()
    ends = np.zeros((arrays, 1 + stages.fetch_slots), np.int64)
    ends[:, 0] = 1
    return State(
        run=run,
        events=np.zeros(len(listed), EVENT),
        ticks=ticks,
        listed=listed,
        marks=np.zeros(len(start.units), np.int64),
        units=units,
        jobs=jobs,
        encoders=encoders,
        updaters=updaters,
        populations=populations,
        messages=messages,
        lost=lost,
        steps=steps,
        active=np.zeros(0, np.int64) if active is None else active.reshape(-1),
        channels=start.channels.copy(),
        buffers=start.buffers.copy(),
        credits=np.full(len(start.buffers), plan.buffers.flits if plan.buffers else 0, np.int64),
        contents=start.contents.copy(),
        timelines=empty_timelines(int(plan.memories.shared.sum())),
        counts=np.zeros((len(plan.units) + len(plan.layers), len(plan.actions)), np.int64),
        notes=np.zeros(notes, NOTE),
        starts=np.zeros((len(start.units), depth), np.int64),
        ends=ends,
        passed=np.zeros(plan.links.count * len(plan.partitions), PASSED),
        consumed=np.zeros(arrays * len(plan.partitions), CONSUMED),
    )
