"""How many neurons of every partition are not at rest, step by step, where the chip tells them apart."""

from __future__ import annotations

import numpy as np

from deltasim.networks.activity import active
from deltasim.networks.trace import Trace
from deltasim.runtime.arrays import Integers
from deltasim.simulator.plan.plan import Plan
from deltasim.simulator.plan.updaters import updaters_of


def active_neurons(plan: Plan, trace: Trace) -> Integers | None:
    """Of the one sequence of ``trace``, by step and updater; None where all count alike."""
    if not plan.stages.tells_rest:
        return None
    found, updaters = active(plan.network, trace), updaters_of(plan)
    counts = np.empty((trace.steps, len(updaters)), np.int64)
    for number, updater in enumerate(updaters):
        where = plan.partitions[updater["population"]][updater["partition"]]
        flags = found[updater["population"]]
        counts[:, number] = where.size if flags is None else flags[:, where.start : where.stop].sum(axis=1)
    return counts
