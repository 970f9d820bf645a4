"""Who is updated: every partition of a computed population, on its core."""

from __future__ import annotations

import numpy as np

from deltasim.runtime.arrays import Integers
from deltasim.simulator.components.service_times import update_duration
from deltasim.simulator.plan.memo import memoised
from deltasim.simulator.plan.plan import ABSENT, UPDATE, Plan, Stages
from deltasim.simulator.plan.records import UPDATER, Records, fields_of, records


@memoised
def updaters_of(plan: Plan) -> Records:
    """The updaters of a plan, by population and partition.

    With no neuron at rest an update takes ``fixed + cycles * ceil(n / lanes)``. All accumulators and states
    are read, all states written; a population that receives spikes writes what they feed as well, since it
    starts from the bias at every step.
    """
    rows: list[dict[str, int]] = []
    for population, partitions in enumerate(plan.partitions):
        if not plan.into[population]:
            continue
        cell, home = plan.network.populations[population].cell, plan.homes[population]
        states, sums = home.state_bits(cell), cell.accumulators * home.sum_bits
        fed = plan.network.fed_accumulators(population) * home.sum_bits
        written = states + (fed if plan.network.resets_accumulators[population] else 0)
        carrier = plan.carrier(population)
        for partition, where in enumerate(partitions):
            rows.append(
                {
                    "population": population,
                    "partition": partition,
                    "core": where.core,
                    "unit": int(plan.stages.unit[where.core, UPDATE]),
                    "size": where.size,
                    "duration": int(update_duration(where.size, where.size, *update_times(plan.stages))),
                    "reads": where.size * (states + sums),
                    "writes": where.size * written,
                    "carried": int(carrier != ABSENT),
                    "last": int(carrier != ABSENT and plan.delay[carrier] == 0),
                }
            )
    return records(UPDATER, **{field: [row[field] for row in rows] for field in fields_of(UPDATER)})


def update_times(stages: Stages) -> tuple[int, int, int, int]:
    """What `update_duration` takes besides the neurons."""
    return stages.update_lanes, stages.access_ps, stages.update_group_ps, stages.update_fixed_ps


def updaters_at(plan: Plan) -> Integers:
    """The number of the updater of every population on every core. Shape (populations, cores)."""
    updaters = updaters_of(plan)
    numbers = np.full((len(plan.partitions), plan.cores), ABSENT, np.int64)
    numbers[updaters["population"], updaters["core"]] = np.arange(len(updaters))
    return numbers
