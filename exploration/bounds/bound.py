"""A bound of a run: the least of every count, and of its time, whatever a simulation says."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from deltasim.exploration.bounds.counts import least_counts
from deltasim.exploration.bounds.times import least_times_ps
from deltasim.exploration.bounds.work import Work
from deltasim.simulator.memories.dram import DramTiming
from deltasim.simulator.memories.standard_dram import StandardDram

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deltasim.networks.trace import Trace
    from deltasim.simulator.plan.plan import Plan

ON, DOWN = (
    ("background_active", "background_precharged"),
    ("background_active_down", "background_precharged_down"),
)


class Bound(NamedTuple):
    """The least counts in the order of a form, and the least time over all sequences."""

    counts: tuple[int, ...]
    elapsed_ps: int


def bound(plan: Plan, trace: Trace, names: tuple[str, ...], watts: Mapping[str, float]) -> Bound:
    """What no run of a trace on a plan goes below. ``watts`` price DRAM states: the cheapest is taken."""
    work = Work(plan, trace)
    found = least_counts(work)
    times = [int(time) for time in least_times_ps(work)]
    total = sum(times)
    found["core.leakage"] += total * plan.cores
    found["network.leakage"] += total
    for memory, name in enumerate(plan.memories.component):
        described = plan.chip.memory(name)
        if described.at_rest:
            found[f"{name}.{described.at_rest}"] += total
            continue
        timing = plan.memories.timing[memory]
        states: tuple[str, ...] = ON
        ranks, kept_up = 1, total
        if isinstance(timing, DramTiming):
            found[f"{name}.refresh"] += sum(time // timing.interval_ps for time in times)
        if isinstance(described, StandardDram):
            ranks = described.ranks
            idle = described.standard.idle_ticks(described.power_down_after)
            if idle:
                states = (*ON, *DOWN)
                idle_ps = idle * plan.chip.memory_period_ps(described)
                kept_up = sum(min(time, idle_ps) for time in times)  # a sequence starts with ranks up
        for own, spent in ((ON, kept_up), (states, total - kept_up)):
            cheapest = min(own, key=lambda state: watts.get(f"{name}.{state}", 0.0))
            found[f"{name}.{cheapest}"] += spent * ranks
    return Bound(tuple(found[name] for name in names), total)
