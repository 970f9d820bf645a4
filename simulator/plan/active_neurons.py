"""How many neurons of every partition are not at rest, step by step, where the chip tells them apart."""

from __future__ import annotations

import numpy as np

from deltasim.networks.activity import active
from deltasim.networks.trace import Trace
from deltasim.runtime.arrays import Integers
from deltasim.simulator.plan.plan import Plan, updating


def active_neurons(plan: Plan, trace: Trace) -> Integers | None:
    """Of the one sequence of ``trace``, by step and by what `updating` lists; None where all count alike."""
    if not plan.stages.tells_rest:
        return None
    found, pairs = active(plan.network, trace), updating(plan)
    counts = np.empty((trace.steps, len(pairs)), np.int64)
    for number, (population, partition) in enumerate(pairs):
        where, flags = plan.partitions[population][partition], found[population]
        size = where.stop - where.start
        counts[:, number] = size if flags is None else flags[:, where.start : where.stop].sum(axis=1)
    return counts
