"""What changes while a sequence runs: events, jobs, units, and how far every population has got."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simulator.compiled_engine.tables import Tables
from simulator.plan import Integers, Plan
from simulator.rules.dram import channel_at_rest

# Columns of ``units``. A unit with slots counts free places; any other is free from FREE_AT on.
FREE_AT, FREE_PLACES, HEAD, TAIL, LENGTH, MARKED, WAKE, COVERED, BUSY, OCCUPIED, IDLE = range(11)
WAIT, AREA, PEAK, CHANGED, TAKEN_SINCE, UNIT_FIELDS = range(11, 17)

# Columns of ``jobs``.
STAGE, MESSAGE_OF, COPY, CORE, AT, SPAN, TAIL_PS, NEXT, PREVIOUS, ARRIVAL, CODE, JOB_FIELDS = range(12)

# Columns of ``scalars``.
EVENTS, FREE_JOB, MARKS, PACE_SWEEP, PACE_STEP, PACE_INDEX, FRAMES, OVERFLOW = range(8)
INJECTED, COPIES, DELIVERED, TREE_LINKS, TRAVERSED, COLUMN_WORDS, ALIVE, SCALARS = range(8, 16)

NONE = -1


class State(NamedTuple):
    """Arrays that the kernels change; every count of the ledger comes out of them."""

    scalars: Integers
    event_time: Integers
    event_what: Integers
    marked: Integers
    units: Integers
    jobs: Integers
    channels: Integers
    counts: Integers
    layer_counts: Integers
    message_column: Integers
    message_layer: Integers
    step_bounds: Integers
    gate: Integers  # by population: the last step the policy allows
    finished: Integers  # by population
    finishing: Integers
    all_scanned: Integers
    scanning: Integers
    encoder_step: Integers
    encoder_next: Integers  # next message to send
    encoder_last: Integers
    encoder_began: Integers
    scanned: Integers  # by encoder: the last step scanned
    updater_step: Integers
    updated: Integers
    updater_queued: Integers
    open_copies: Integers
    began: Integers
    ended: Integers


def state_at_rest(
    plan: Plan, tables: Tables, columns: Integers, layers: Integers, step_bounds: Integers, room: int
) -> State:
    """A chip at rest before one sequence; ``room`` bounds the jobs and events alive at once."""
    steps = len(step_bounds) - 1
    sweeps = len(plan.order)
    frames = steps // sweeps
    encoders, updaters = len(tables.encoder_core), len(tables.updater_core)
    fixed = encoders + updaters
    scalars = np.zeros(SCALARS, np.int64)
    scalars[FRAMES], scalars[FREE_JOB] = frames, fixed
    units = np.zeros((len(plan.units), UNIT_FIELDS), np.int64)
    units[:, HEAD] = units[:, TAIL] = units[:, WAKE] = NONE
    units[:, FREE_PLACES] = tables.places
    jobs = np.zeros((fixed + room, JOB_FIELDS), np.int64)
    jobs[:, NEXT] = np.arange(1, len(jobs) + 1)
    channels = np.zeros((len(plan.stores.timing), 1), np.int64)
    resting = [channel_at_rest(t) if t else np.zeros(1, np.int64) for t in plan.stores.timing]
    channels = np.zeros((len(resting), max(len(state) for state in resting)), np.int64)
    for store, state in enumerate(resting):
        channels[store, : len(state)] = state
    first = np.array([sweep * frames for sweep in plan.sweep.tolist()], np.int64)
    encoder_first = first[tables.encoder_target]
    updater_first = first[tables.updater_population]

    def zeros(length: int) -> Integers:
        return np.zeros(length, np.int64)

    return State(
        scalars=scalars,
        event_time=zeros(2 * (fixed + room) + 16 * len(plan.units)),
        event_what=zeros(2 * (fixed + room) + 16 * len(plan.units)),
        marked=zeros(len(plan.units)),
        units=units,
        jobs=jobs,
        channels=channels,
        counts=np.zeros((len(plan.units), len(plan.actions)), np.int64),
        layer_counts=np.zeros((len(plan.layers), len(plan.actions)), np.int64),
        message_column=columns,
        message_layer=layers,
        step_bounds=step_bounds,
        gate=first - 1,
        finished=first - 1,
        finishing=zeros(tables.populations),
        all_scanned=first - 1,
        scanning=zeros(tables.populations),
        encoder_step=encoder_first.copy(),
        encoder_next=zeros(encoders),
        encoder_last=zeros(encoders),
        encoder_began=zeros(encoders),
        scanned=encoder_first - 1,
        updater_step=updater_first.copy(),
        updated=updater_first - 1,
        updater_queued=zeros(updaters),
        open_copies=zeros(updaters),
        began=np.full(steps, NONE, np.int64),
        ended=zeros(steps),
    )
