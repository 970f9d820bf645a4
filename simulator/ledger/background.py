"""What no message causes: the words written at the start of a sequence, and what time itself costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from deltasim.runtime.arrays import Integers
from deltasim.simulator.dram import in_order as dram
from deltasim.simulator.dram.scheduling.controller import finalise
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


def elapsed(plan: Plan, drams: Mapping[int, Integers], elapsed_ps: int) -> Iterator[Amount]:
    """Leakage of cores, memories and the network; refresh and background of every DRAM channel."""
    for core in range(plan.cores):
        yield Amount(plan.core_unit(core), -1, "core.leakage", elapsed_ps)
    yield Amount(plan.chip_unit, -1, "network.leakage", elapsed_ps)
    for memory, name in enumerate(plan.memories.component):
        unit, timing = int(plan.memories.unit[memory]), plan.memories.timing[memory]
        if timing is not None:
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
        else:
            yield Amount(unit, -1, f"{name}.leakage", elapsed_ps)
