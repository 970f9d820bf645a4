"""What no message causes: the words written at the start of a sequence, and what time itself costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from deltasim.runtime.arrays import Integers
from deltasim.simulator.dram.scheduling.controller import finalise
from deltasim.simulator.ledger.exact import LARGEST, Counts, largest
from deltasim.simulator.memories import dram
from deltasim.simulator.plan.memo import memoised
from deltasim.simulator.plan.plan import Plan


class Amount(NamedTuple):
    """An amount to count; ``layer`` -1 is what all layers share."""

    unit: int
    layer: int
    action: str
    amount: int


@memoised
def preset(plan: Plan) -> tuple[Amount, ...]:
    """The start of a sequence writes all accumulators, states and last sent values (events have none)."""
    return tuple(written_at_start(plan))


def written_at_start(plan: Plan) -> Iterator[Amount]:
    """The same, partition by partition."""
    for population, partitions in enumerate(plan.partitions):
        cell = plan.network.populations[population].cell
        home = plan.homes[population]
        per_neuron = cell.accumulators * home.sum_bits + home.state_bits(cell) if plan.into[population] else 0
        for partition in partitions:
            unit, size = plan.core_unit(partition.core), partition.stop - partition.start
            if per_neuron:
                yield Amount(unit, population, home.write, size * per_neuron)
            for projection in plan.out_of[population]:
                if plan.delta_encoded[projection]:
                    yield Amount(unit, int(plan.target[projection]), home.write, size * home.value_bits)


class Constant(NamedTuple):
    """What a sequence counts whatever is sent: tables (units, then layers) by actions.

    ``at_start`` is written at its start; ``leaking`` is how many leak there for as long as it lasts.
    """

    at_start: Integers
    leaking: Integers
    largest: tuple[int, int]  # entry of each


@memoised
def constant(plan: Plan) -> Constant:
    """`preset`, and the leakage of `elapsed`, each at its place."""
    number = {action: column for column, action in enumerate(plan.actions)}
    tables = np.zeros((2, len(plan.units) + len(plan.layers), len(plan.actions)), np.int64)
    for table, amounts in zip(tables, (preset(plan), leakage(plan, 1)), strict=True):
        for one in amounts:
            row = len(plan.units) + one.layer if one.layer >= 0 else -1
            table[one.unit, number[one.action]] += one.amount
            table[row, number[one.action]] += one.amount
    at_start, leaking = tables
    return Constant(at_start, leaking, (int(at_start.max()), int(leaking.max())))


def with_constant(counted: Counts, plan: Plan, elapsed_ps: int) -> Counts:
    """A table of what was counted, with what is constant added to it."""
    at_start, leaking, (most, leaks) = constant(plan)
    if largest(counted) + most + leaks * elapsed_ps > LARGEST:
        counted, leaking = counted.astype(object), leaking.astype(object)
    total: Counts = counted + at_start + leaking * elapsed_ps
    return total


def elapsed(plan: Plan, drams: Mapping[int, Integers], elapsed_ps: int) -> Iterator[Amount]:
    """Leakage of cores, memories and the network; refresh and background of every DRAM channel."""
    yield from leakage(plan, elapsed_ps)
    yield from dram_background(plan, drams, elapsed_ps)


def leakage(plan: Plan, elapsed_ps: int) -> Iterator[Amount]:
    """Of cores, the network and every memory whose power at rest depends on nothing that happens."""
    for core in range(plan.cores):
        yield Amount(plan.core_unit(core), -1, "core.leakage", elapsed_ps)
    yield Amount(plan.chip_unit, -1, "network.leakage", elapsed_ps)
    memories = plan.memories
    for memory, name in enumerate(memories.component):
        if at_rest := plan.chip.memory(name).at_rest:
            yield Amount(int(memories.records["unit"][memory]), -1, f"{name}.{at_rest}", elapsed_ps)


def dram_background(plan: Plan, drams: Mapping[int, Integers], elapsed_ps: int) -> Iterator[Amount]:
    """Refreshes, and time in each state, of every DRAM channel."""
    for memory in np.flatnonzero(plan.memories.shared).tolist():
        name, unit = plan.memories.component[memory], int(plan.memories.records["unit"][memory])
        timing = plan.memories.timing[memory]
        if isinstance(timing, dram.DramTiming):
            refreshes, active_ps, precharged_ps = dram.rest(drams[memory], timing, elapsed_ps)
            yield Amount(unit, -1, f"{name}.refresh", int(refreshes))
            yield Amount(unit, -1, f"{name}.background_active", int(active_ps))
            yield Amount(unit, -1, f"{name}.background_precharged", int(precharged_ps))
        elif plan.memories.controlled[memory] is not None:
            statistics = finalise(drams[memory], elapsed_ps)
            yield Amount(unit, -1, f"{name}.refresh", int(statistics.refreshes))
            yield Amount(unit, -1, f"{name}.background_active", int(statistics.active_ps))
            yield Amount(unit, -1, f"{name}.background_precharged", int(statistics.precharged_ps))
            yield Amount(unit, -1, f"{name}.background_active_down", int(statistics.active_down_ps))
            yield Amount(unit, -1, f"{name}.background_precharged_down", int(statistics.precharged_down_ps))
