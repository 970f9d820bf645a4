"""Who may move next: encoders that scan, updaters that update, and the gates of the chip's policy."""

from __future__ import annotations

from networks.kernels import kernel
from simulator.compiled_engine.jobs import SCAN_KIND, SCANNING, UPDATE_KIND, UPDATING, code
from simulator.compiled_engine.queues import KIND_BITS, OPENING, enqueue, occupy, schedule
from simulator.compiled_engine.state import (
    FRAMES,
    INJECTED,
    NONE,
    PACE_INDEX,
    PACE_STEP,
    PACE_SWEEP,
    STAGE,
    State,
)
from simulator.compiled_engine.tables import (
    A_SCAN,
    A_STATE_READ,
    A_STATE_WRITE,
    A_UPDATE,
    BARRIER,
    DATAFLOW,
    LAYER,
    SCAN,
    UPDATE,
    Tables,
)


@kernel
def count(state: State, unit: int, layer: int, action: int, amount: int) -> None:
    """Enter an amount by unit and by layer."""
    state.counts[unit, action] += amount
    state.layer_counts[layer, action] += amount


@kernel
def try_encoder(state: State, tables: Tables, now: int, encoder: int) -> None:
    """Ask for the scan unit if value, target and policy allow the encoder's next step."""
    step = state.encoder_step[encoder]
    target, source = tables.encoder_target[encoder], tables.encoder_source[encoder]
    frames = state.scalars[FRAMES]
    first = tables.sweep[target] * frames
    if step == NONE or step >= first + frames or state.gate[target] < step or state.finished[target] < step - 1:
        return
    needed = step - tables.encoder_delay[encoder]
    if tables.encoder_computed[encoder] and needed >= first:
        updater = tables.encoder_updater[encoder]
        if state.updated[updater] < needed:
            return
    if state.began[step] == NONE:
        state.began[step] = now
    state.encoder_step[encoder] = NONE  # under way
    state.jobs[encoder, STAGE] = SCANNING
    core = tables.encoder_core[encoder]
    ordinal = step * tables.projections + tables.encoder_projection[encoder]
    key = code(SCAN_KIND, ordinal, core, tables.cores)
    enqueue(state, tables, now, tables.stage_unit[core, SCAN], encoder, key)


@kernel
def first_message(state: State, step: int, column: int) -> int:
    """The first message of a step at or behind a column (messages of a step are sorted by column)."""
    low, high = state.step_bounds[step], state.step_bounds[step + 1]
    while low < high:
        middle = (low + high) >> 1
        if state.message_column[middle] < column:
            low = middle + 1
        else:
            high = middle
    return low


@kernel
def start_scan(state: State, tables: Tables, now: int, unit: int, encoder: int) -> None:
    """The scan begins: what it will find is in the trace."""
    step = state.scanned[encoder] + 1
    occupy(state, unit, now, tables.encoder_duration[encoder], tables.encoder_duration[encoder])
    state.encoder_began[encoder] = now
    state.encoder_next[encoder] = first_message(state, step, tables.encoder_low[encoder])
    state.encoder_last[encoder] = first_message(state, step, tables.encoder_high[encoder])
    size, layer = tables.encoder_size[encoder], tables.encoder_target[encoder]
    sent = state.encoder_last[encoder] - state.encoder_next[encoder]
    count(state, unit, layer, tables.core_action[A_SCAN], size)
    count(state, unit, layer, tables.core_action[A_STATE_READ], 2 * size)
    count(state, unit, layer, tables.core_action[A_STATE_WRITE], sent)
    state.scalars[INJECTED] += sent


@kernel
def end_scan(state: State, tables: Tables, now: int, encoder: int) -> None:
    """A scan has ended: perhaps the last into its target; its source may move on."""
    step = state.scanned[encoder] + 1
    state.scanned[encoder] = step
    state.encoder_step[encoder] = step + 1
    target = tables.encoder_target[encoder]
    state.scanning[target] += 1
    if state.scanning[target] == tables.into_start[target + 1] - tables.into_start[target]:
        state.scanning[target] = 0
        state.all_scanned[target] = step
        for share in range(tables.shares_start[target], tables.shares_start[target + 1]):
            try_update(state, tables, now, tables.shares[share])
    if tables.encoder_updater[encoder] != NONE:
        try_update(state, tables, now, tables.encoder_updater[encoder])


@kernel
def try_update(state: State, tables: Tables, now: int, updater: int) -> None:
    """Ask for the update unit if all scans have ended, all copies are consumed and the last value has been read."""
    population, step = tables.updater_population[updater], state.updater_step[updater]
    if state.updater_queued[updater] or state.all_scanned[population] != step or state.open_copies[updater] > 0:
        return
    if step > tables.sweep[population] * state.scalars[FRAMES]:
        for reader in range(tables.readers_start[updater], tables.readers_start[updater + 1]):
            if state.scanned[tables.readers[reader]] < step - 1:
                return
    state.updater_queued[updater] = 1
    core = tables.updater_core[updater]
    job = tables.encoder_core.size + updater
    state.jobs[job, STAGE] = UPDATING
    key = code(UPDATE_KIND, step * tables.populations + population, core, tables.cores)
    enqueue(state, tables, now, tables.stage_unit[core, UPDATE], job, key)


@kernel
def end_update(state: State, tables: Tables, now: int, updater: int) -> None:
    """A share has been updated; with the last one its population has finished the step."""
    population, step = tables.updater_population[updater], state.updater_step[updater]
    unit = tables.stage_unit[tables.updater_core[updater], UPDATE]
    count(state, unit, population, tables.core_action[A_UPDATE], tables.updater_size[updater])
    count(state, unit, population, tables.core_action[A_STATE_READ], tables.updater_reads[updater])
    count(state, unit, population, tables.core_action[A_STATE_WRITE], tables.updater_writes[updater])
    state.ended[step] = max(state.ended[step], now)
    state.updated[updater] = step
    state.updater_queued[updater] = 0
    state.updater_step[updater] = step + 1
    state.finishing[population] += 1
    if state.finishing[population] == tables.shares_start[population + 1] - tables.shares_start[population]:
        state.finishing[population] = 0
        state.finished[population] = step
        for entry in range(tables.into_start[population], tables.into_start[population + 1]):
            try_encoder(state, tables, now, tables.into[entry])
        keep_pace(state, tables, now)
    for reader in range(tables.readers_start[updater], tables.readers_start[updater + 1]):
        try_encoder(state, tables, now, tables.readers[reader])


@kernel
def keep_pace(state: State, tables: Tables, now: int) -> None:
    """If what the open gate waited for has finished, meet and open the next one."""
    scalars = state.scalars
    sweep, step, index = scalars[PACE_SWEEP], scalars[PACE_STEP], scalars[PACE_INDEX]
    if sweep >= tables.order_start.size - 1:
        return
    low, high = tables.order_start[sweep], tables.order_start[sweep + 1]
    last = (sweep + 1) * scalars[FRAMES] - 1
    if tables.policy == LAYER:
        if state.finished[tables.order[low + index]] < step:
            return
        index += 1
        if low + index == high:
            index, step = 0, step + 1
    else:
        awaited = step if tables.policy == BARRIER else last
        for entry in range(low, high):
            if state.finished[tables.order[entry]] < awaited:
                return
        step = awaited + 1
    scalars[PACE_INDEX], scalars[PACE_STEP] = index, step
    if step > last:
        scalars[PACE_SWEEP] = sweep + 1
    schedule(state, now + tables.meeting_ps, OPENING << KIND_BITS)


@kernel
def open_gate(state: State, tables: Tables, now: int) -> None:
    """Let the next population, step or sweep begin."""
    scalars = state.scalars
    sweep, step = scalars[PACE_SWEEP], scalars[PACE_STEP]
    if sweep >= tables.order_start.size - 1:
        return
    low, high = tables.order_start[sweep], tables.order_start[sweep + 1]
    if tables.policy == LAYER:
        low += scalars[PACE_INDEX]
        high = low + 1
    if tables.policy == DATAFLOW:
        step = (sweep + 1) * scalars[FRAMES] - 1
    for entry in range(low, high):
        population = tables.order[entry]
        state.gate[population] = step
        for encoder in range(tables.into_start[population], tables.into_start[population + 1]):
            try_encoder(state, tables, now, tables.into[encoder])
