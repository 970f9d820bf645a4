"""Each core against its own bounds: what every unit on it has to do at least, and the floorline of one core.

After "Modeling and Optimizing Performance Bottlenecks for Neuromorphic Accelerators" (arXiv 2511.21549): a
step takes at least as long as the unit with the most to do, and the core with the most to do decides.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from deltasim.exploration.bounds.banks import bank_times
from deltasim.exploration.bounds.times import LARGEST, pass_of_steps, services
from deltasim.exploration.bounds.work import Work
from deltasim.networks.trace import Trace
from deltasim.simulator.memories import kinds as memories
from deltasim.simulator.plan.plan import Plan

Reals = npt.NDArray[np.float64]

OF_CORES = ("scan", "send", "receive", "mac", "update", *memories.OF_CORES)
SHARED = (*memories.SHARED, "link", "bus")
BANK, BARRIER = "bank", "barrier"


class Floors(NamedTuple):
    """What units have to do at least, in picoseconds.

    ``kinds`` are kinds of units. ``cores`` (cores, kinds) holds the whole run's service of the busiest unit
    of a kind on each core; of a kind that cores share (links, buses, memories) it is the busiest of the chip
    on every core. Behind units stand ``bank``, the busiest bank of all DRAMs with the rows it has to close
    and open (`exploration.bounds.banks`; ``dram`` is the data bus), and ``barrier``, what barriers
    take: between steps under the policy ``barrier``, within them under ``layer``. ``busiest`` is the core
    with the most to do; ``steps`` (kinds, steps) what its units have to do at each step, ``operations``
    (steps,) how many multiply-accumulates it does.
    """

    kinds: tuple[str, ...]
    cores: Reals
    busiest: int
    steps: Reals
    operations: Reals
    between_steps: bool  # where barriers lie


def floors(plan: Plan, trace: Trace) -> Floors | None:
    """The bounds of every core, and those of the busiest step by step; None for a network too large to list.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.networks.trace import dense_trace
    >>> from deltasim.simulator.chip import load_chip
    >>> from deltasim.simulator.mapping.mapping import map_network
    >>> from deltasim.simulator.plan.compile import compile_plan
    >>> network, chip = random_stack("gru", 8, (16,), np.random.default_rng(0)), load_chip("edgedrnn")
    >>> found = floors(compile_plan(network, chip, map_network(network, chip)), dense_trace(network, [2]))
    >>> mac = found.kinds.index("mac")
    >>> found.operations.tolist(), found.steps[mac].tolist()          # 24 columns of 6 x 8 words, 8 ns each 8
    ([1152.0, 1152.0], [1152000.0, 1152000.0])
    """
    work = Work(plan, trace)
    if work.columns * len(plan.units) > LARGEST:
        return None
    total = np.zeros((trace.steps, len(plan.units)))
    for _, service in services(work):
        total += service.of_units
        total[service.active] += service.updates
    present = {unit.kind for unit in plan.units}
    kinds = tuple(kind for kind in (*OF_CORES, *SHARED) if kind in present)
    kinds = tuple(kind for kind in kinds if total[:, rows_of(plan, kind)].any())
    whole = total.sum(axis=0)
    shared = [*bank_floor(work), *barrier_floor(plan, work)]
    cores = np.zeros((plan.cores, len(kinds) + len(shared)))
    for number, kind in enumerate(kinds):
        for core in range(plan.cores):
            cores[core, number] = whole[rows_of(plan, kind, core)].max(initial=0.0)
    own = [number for number, kind in enumerate(kinds) if kind in OF_CORES]
    busiest = int(np.argmax(cores[:, own].max(axis=1, initial=0.0)))
    steps = [total[:, rows_of(plan, kind, busiest)].max(axis=1, initial=0.0) for kind in kinds]
    for number, (_, whole_ps, of_steps) in enumerate(shared, start=len(kinds)):
        cores[:, number] = whole_ps
        steps.append(of_steps)
    kinds += tuple(kind for kind, *_ in shared)
    between_steps = plan.policy == "barrier"
    return Floors(kinds, cores, busiest, np.stack(steps), operations_on(work, busiest), between_steps)


def bank_floor(work: Work) -> list[tuple[str, float, Reals]]:
    """The busiest bank: over the whole run, and the busiest of each step; nothing without a DRAM.

    Where steps overlap, rows that one has opened may serve another: then the whole run has no such bound.
    """
    found = [times for _, times in bank_times(work)]
    if not found:
        return []
    overlap = work.plan.policy == "dataflow"
    whole = 0.0 if overlap else max(float(times.sum(axis=0).max(initial=0.0)) for times in found)
    return [(BANK, whole, np.max([times.max(axis=1, initial=0.0) for times in found], axis=0))]


def barrier_floor(plan: Plan, work: Work) -> list[tuple[str, float, Reals]]:
    """What barriers cost: over the whole run, and at each step; nothing where they cost nothing."""
    cost, trace = plan.barrier_cost_ps, work.trace
    if not cost or plan.policy == "dataflow":
        return []
    layers = np.array([len(one_pass) for one_pass in plan.order])[pass_of_steps(work)]
    barriers = layers if plan.policy == "layer" else np.ones(trace.steps, np.int64)
    whole = float(cost * (barriers.sum() - trace.sequences))  # none behind the last step
    within = cost * np.maximum(0, layers - 1) if plan.policy == "layer" else cost * barriers
    return [(BARRIER, whole, within.astype(np.float64))]


def rows_of(plan: Plan, kind: str, core: int | None = None) -> list[int]:
    """Units of a kind, on one core where they belong to cores. Stages that share a unit are one kind."""
    return [
        row
        for row, unit in enumerate(plan.units)
        if unit.kind == kind and (core is None or kind in SHARED or unit.node == core)
    ]


def operations_on(work: Work, core: int) -> Reals:
    """Multiply-accumulates of a core at each step."""
    segments, trace = work.segments, work.trace
    mine = segments["core"] == core
    words = np.bincount(work.column_of[mine], segments["words"][mine], work.columns)
    came = work.arrived
    steps = trace.messages["step"][came].astype(np.int64)
    found: Reals = np.bincount(steps, words[work.column[came]], trace.steps).astype(np.float64)
    return found
