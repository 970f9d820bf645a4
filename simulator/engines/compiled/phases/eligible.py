"""Which plans can be run phase by phase: those in which nothing comes back to where it was decided.

Within a phase (a population's step) messages go from the scans over links to cores, and only there does a
fetch wait for what another one has done. Then every unit can be given all its work at once, in order of
arrival, and no event has to be kept in mind (``docs/decisions/0017-phases.md``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from deltasim.runtime.arrays import Flags, Integers
from deltasim.simulator.components.dma_bursts import WHOLE
from deltasim.simulator.engines.compiled.phases.routes import RouteGraph, route_graph_of
from deltasim.simulator.memories.instance import DRAM, SCRATCHPAD
from deltasim.simulator.plan.plan import Plan
from deltasim.simulator.plan.records import NONE

# The stages of a phase. The last two are how a core fetches: from one scratchpad, or from one DRAM over one
# link there and back.
SCAN_STAGE, LINK_STAGE, RECEIVE_STAGE, IN_LINE, STREAMED = range(5)


class PhasePlan(NamedTuple):
    """What a run in phases needs to know beforehand."""

    routes: RouteGraph
    groups: tuple[tuple[tuple[int, ...], ...], ...]  # of each pass, the populations of each phase of a step
    fetching: Integers  # (cores,) how each fetches
    memory: Integers  # (cores,) the memory it fetches from, where that is only one


def phase_plan(plan: Plan) -> PhasePlan | None:
    """None where events are needed: something that happens later could hold up what comes before.

    Refused are copies for each core, scans that pause, updates that pass during a scan or leave out
    neurons at rest, messages that may be lost, finite buffers, columns in bursts, stages that share a unit,
    populations of which one waits for another within a step or whose steps overlap, caches, shared buffers
    and DRAM behind a controller, DRAM or links to it that several cores or populations at once use, a core
    that fetches from several memories or from a DRAM several links away, and routes that form a cycle.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.simulator.chip import load_chip
    >>> from deltasim.simulator.plan.compile import compile_plan
    >>> from deltasim.simulator.mapping.mapping import map_network
    >>> network = random_stack("gru", 8, (16,), np.random.default_rng(0))
    >>> chips = [load_chip(name) for name in ("spartus", "edgedrnn", "mesh16-cached")]
    >>> plans = [compile_plan(network, chip, map_network(network, chip)) for chip in chips]
    >>> [forward and forward.fetching.tolist() == [how]
    ...  for forward, how in zip(map(phase_plan, plans), (IN_LINE, STREAMED, None))]
    [True, True, None]
    """
    groups = groups_of(plan)
    if (
        any(plan.network.losses)
        or groups is None
        or plan.buffers is not None
        or plan.stages.burst_bytes != WHOLE
        or plan.unicast
        or sends_as_it_scans(plan)
    ):
        return None
    units = plan.stages.unit[plan.stages.unit != NONE]
    if len(np.unique(units)) < len(units):
        return None
    used = np.zeros((plan.cores, len(plan.memories.component)), bool)
    for block in plan.mapping.blocks:
        used[block.core, plan.memories.holding(block)] = True
    if not np.isin(plan.memories.records["kind"][used.any(axis=0)], (SCRATCHPAD, DRAM)).all():
        return None
    drams, routes = used & (plan.memories.records["kind"] == DRAM), route_graph_of(plan)
    if routes is None:
        return None
    if drams.any() and (plan.stages.arrays > 1 or shared_on_the_way(plan, drams, routes.order)):
        return None
    fetching = np.array([how_fetched(plan, core, used[core], drams[core]) for core in range(plan.cores)])
    if (fetching == NONE).any():
        return None
    if (fetching != IN_LINE).any() and any(len(group) > 1 for one_pass in groups for group in one_pass):
        return None
    return PhasePlan(routes, groups, fetching, used.argmax(axis=1))


def sends_as_it_scans(plan: Plan) -> bool:
    """Whether a scan's time is not known before its messages are, or an update's before its step is."""
    stages = plan.stages
    return bool(stages.message_ps or stages.copy_ps or stages.update_during_scan or stages.tells_rest)


def groups_of(plan: Plan) -> tuple[tuple[tuple[int, ...], ...], ...] | None:
    """The populations of every phase of a step, for each pass; None where they are not known beforehand.

    Layers in series have a phase each. Behind a barrier all begin at once, and none waits for another where
    all they receive was there before the step: spikes of the step before, inputs, an earlier pass.
    """
    if plan.policy == "layer":
        return tuple(tuple((population,) for population in populations) for populations in plan.order)
    if all(len(populations) == 1 for populations in plan.order):
        return tuple((populations,) for populations in plan.order)
    sources, targets = plan.source.tolist(), plan.target.tolist()
    waits = any(
        delay == 0 and plan.into[source] and plan.pass_number[source] == plan.pass_number[target]
        for source, target, delay in zip(sources, targets, plan.delay.tolist(), strict=True)
    )
    return None if waits or plan.policy != "barrier" else tuple((populations,) for populations in plan.order)


def how_fetched(plan: Plan, core: int, used: Flags, drams: Flags) -> int:
    """How a core fetches its columns from the memories it uses; NONE where that needs events."""
    if used.sum() > 1:
        return NONE
    if not drams.any():
        return IN_LINE
    path = core * len(used) + int(np.flatnonzero(drams)[0])
    routes = [
        along[bounds[path] : bounds[path + 1]].tolist()
        for bounds, along in (plan.links.there, plan.links.back)
    ]
    return STREAMED if len(routes[0]) == 1 and routes[0] == routes[1] else NONE


def shared_on_the_way(plan: Plan, drams: Flags, taken: Integers) -> bool:
    """True when a DRAM, or a link to or from it, serves messages (links ``taken``) or a second core too."""
    links, count = plan.links, len(plan.memories.component)
    if (drams.sum(axis=0) > 1).any():
        return True
    owner = np.full(links.count, NONE, np.int64)
    owner[taken[taken < links.count]] = plan.cores  # messages
    for core, memory in zip(*map(np.ndarray.tolist, np.nonzero(drams)), strict=True):
        path = core * count + memory
        for bounds, along in (links.there, links.back):
            taken = along[bounds[path] : bounds[path + 1]]
            if (~np.isin(owner[taken], (NONE, core))).any():
                return True
            owner[taken] = core
    return False
