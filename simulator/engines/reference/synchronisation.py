"""Which population has got how far, and who may move next: the synchronisation policies as SimPy events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Hashable
from typing import Any

import simpy
from simpy.events import Event

from deltasim.simulator.plan.plan import Plan


class Milestones:
    """Events that fire once, named by what has happened; asking for one before it happens is fine.

    >>> import simpy
    >>> env = simpy.Environment()
    >>> milestones = Milestones(env)
    >>> milestones.reach("updated", 0)
    >>> milestones.of("updated", 0).triggered, milestones.of("updated", 1).triggered
    (True, False)
    """

    def __init__(self, env: simpy.Environment) -> None:
        self.env = env
        self.events: defaultdict[Hashable, Event] = defaultdict(env.event)
        self.missing: dict[Hashable, int] = {}

    def of(self, *name: Hashable) -> Event:
        """The event of that name."""
        return self.events[name]

    def reach(self, *name: Hashable) -> None:
        """It has happened."""
        self.events[name].succeed()

    def count_down(self, total: int, *name: Hashable) -> None:
        """One of ``total`` parts has happened; with the last one, the whole has."""
        left = self.missing.get(name, total) - 1
        self.missing[name] = left
        if left == 0:
            self.reach(*name)


def release_name(plan: Plan, population: int, step: int) -> tuple[Hashable, ...]:
    """The milestone that lets ``population`` begin ``step`` under the chip's policy."""
    if plan.policy == "layer":
        return ("released", step, population)
    return ("released", step) if plan.policy == "barrier" else ("pass", int(plan.pass_number[population]))


def synchronise(
    env: simpy.Environment, plan: Plan, milestones: Milestones, frames: int
) -> Generator[Event, Any, None]:
    """The process that releases populations: stage by stage, step by step or pass by pass, by the policy.

    Every barrier but the first costs ``barrier_cost_ps``; passes are separated under every policy.
    """
    for pass_number, populations in enumerate(plan.order):
        if plan.policy == "dataflow":
            milestones.reach("pass", pass_number)
            for population in populations:
                yield milestones.of("finished", population, (pass_number + 1) * frames - 1)
            yield env.timeout(plan.barrier_cost_ps)
            continue
        for step in range(pass_number * frames, (pass_number + 1) * frames):
            if plan.policy == "barrier":
                milestones.reach("released", step)
            for population in populations:
                if plan.policy == "layer":
                    milestones.reach("released", step, population)
                yield milestones.of("finished", population, step)
                if plan.policy == "layer":
                    yield env.timeout(plan.barrier_cost_ps)
            if plan.policy == "barrier":
                yield env.timeout(plan.barrier_cost_ps)
