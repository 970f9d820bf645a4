"""A plan of which one kind of unit is faster, all else as it was: refresh, leakage and prices too."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from deltasim.runtime.arrays import Flags, Integers
from deltasim.simulator.memories.standard_dram import Controlled
from deltasim.simulator.plan.plan import Plan
from deltasim.simulator.plan.records import altered

STAGE_TIMES: dict[str, tuple[str, ...]] = {
    "scan": ("scan_cycle_ps",),
    "send": ("send_ps",),
    "receive": ("receive_ps",),
    "mac": ("mac_cycle_ps",),
    "update": ("update_group_ps", "update_fixed_ps"),
}
NETWORK, BARRIER = "network", "barrier"


def with_faster(plan: Plan, kind: str, factor: float) -> Plan:
    """The plan with every service of a kind of unit in 1/``factor`` of its time, to the nearest picosecond.

    ``kind`` is a stage of the cores, ``network`` (all links), ``barrier``, or a memory by its name in the
    chip. A time of at least 1 ps stays one. Refresh intervals, and the time after which a rank powers down,
    stay as they are.

    >>> import numpy as np
    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.simulator.chip import load_chip
    >>> from deltasim.simulator.mapping.mapping import map_network
    >>> from deltasim.simulator.plan.compile import compile_plan
    >>> network, chip = random_stack("gru", 8, (16,), np.random.default_rng(0)), load_chip("edgedrnn")
    >>> plan = with_faster(compile_plan(network, chip, map_network(network, chip)), "mac", 1.25)
    >>> plan.stages.mac_cycle_ps, plan.stages.cycle_ps
    (6400, 8000)
    """
    if kind in STAGE_TIMES:
        times = {name: shortened(getattr(plan.stages, name), factor) for name in STAGE_TIMES[kind]}
        return replace(plan, stages=replace(plan.stages, **times))
    if kind == BARRIER:
        return replace(plan, barrier_cost_ps=shortened(plan.barrier_cost_ps, factor))
    if kind == NETWORK:
        links = plan.links
        each = altered(links.records, lambda times: shortened(times, factor), "period_ps", "hop_ps")
        period_ps = shortened(links.period_ps, factor)
        return replace(plan, links=replace(links, period_ps=period_ps, records=each))
    return with_faster_memory(plan, np.array([name == kind for name in plan.memories.component]), factor)


def with_faster_memory(plan: Plan, chosen: Flags, factor: float) -> Plan:
    """The plan with some of its memories faster. ``chosen`` is (memories,)."""
    memories = plan.memories

    def among(times: Integers) -> Integers:
        return np.where(chosen, shortened(times, factor), times)

    timing = tuple(
        in_order(one, factor) if one and mine else one
        for one, mine in zip(memories.timing, chosen.tolist(), strict=True)
    )
    controlled = tuple(
        behind_controller(one, factor) if one and mine else one
        for one, mine in zip(memories.controlled, chosen.tolist(), strict=True)
    )
    changed = replace(
        memories,
        records=altered(memories.records, among, "period_ps", "latency_ps"),
        timing=timing,
        controlled=controlled,
    )
    return replace(plan, memories=changed)


def in_order(timing: Any, factor: float) -> Any:
    """A memory of its own figures, faster; a DRAM is refreshed as often as before."""
    times = {name: value for name, value in timing._asdict().items() if name.endswith("_ps")}
    faster = {name: shortened(value, factor) for name, value in times.items() if name != "interval_ps"}
    return timing._replace(**faster)


def behind_controller(of: Controlled, factor: float) -> Controlled:
    """A DRAM of a standard by a shorter tick; what is said in time and not in cycles takes more of them."""
    timing = of.timing
    tick_ps = shortened(timing.tick_ps, factor)
    kept = {
        name: round(getattr(timing, name) * timing.tick_ps / tick_ps)
        for name in ("refresh_interval", "power_down_after")
    }
    return of._replace(timing=timing._replace(tick_ps=tick_ps, **kept))


def shortened(time_ps: Any, factor: float) -> Any:
    """A time, or an array of them, divided; 0 stays 0, and nothing else becomes 0.

    >>> shortened(8000, 1.1), shortened(1, 1000), shortened(np.array([0, 8000]), 1000).tolist()
    (7273, 1, [0, 8])
    """
    found = np.where(np.asarray(time_ps) > 0, np.maximum(1, np.rint(np.asarray(time_ps) / factor)), 0)
    return found.astype(np.int64) if isinstance(time_ps, np.ndarray) else int(found)
