"""The chip's hardware as SimPy resources: units that serve, links that packets cross."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy
from simpy.events import Event

from simulator.plan import Plan
from simulator.rules.service import array_of, link_span
from simulator.simpy_engine.books import Books
from simulator.simpy_engine.unit import Key, Unit

Walk = Generator[Event, Any, Any]

# What a job is, where two kinds meet at one unit at one tick: the lower goes first.
SCANNING, MESSAGE, REQUEST, RESPONSE, COLUMN, UPDATING = range(6)


class Machine:
    """Units of the plan as resources; a job is named by (kind, step, projection, source, core)."""

    def __init__(self, env: simpy.Environment, plan: Plan, books: Books) -> None:
        self.env, self.plan, self.books = env, plan, books
        slots = set(plan.stages.fetch_units.ravel().tolist())
        resources = len(plan.units) - plan.cores - 1  # the last units only count
        self.units = [Unit(env, plan.stages.fetch_slots if u in slots else 1) for u in range(resources)]

    def key(self, kind: int, *job: int) -> Key:
        """First come first served; ties by content."""
        return (int(self.env.now), kind, *job)

    def serve(self, unit: int, key: Key, duration_ps: int) -> Walk:
        """Wait for a turn, then work for ``duration_ps``."""
        yield self.units[unit].turn(key)
        self.units[unit].occupy(duration_ps, duration_ps)
        yield self.env.timeout(duration_ps)

    def cross(self, link: int, kind: int, job: tuple[int, ...], flits: int, span_ps: int, layer: int) -> Walk:
        """Take a packet's head over one link; returns the packet's span behind it."""
        wires = self.plan.wires
        unit = wires.first_unit + link
        yield self.units[unit].turn(self.key(kind, *job))
        span_ps = link_span(flits, wires.period_ps, span_ps)
        self.units[unit].occupy(span_ps, flits * wires.period_ps)
        self.books.count(unit, "link.flit", flits, layer)
        if not wires.bus:
            self.books.count(unit, "router.flit", flits, layer)
        yield self.env.timeout(wires.hop_ps)
        return span_ps

    def arrive(self, link: int, flits: int, layer: int) -> None:
        """A packet leaves the network through the router behind ``link``."""
        if not self.plan.wires.bus:
            self.books.count(self.plan.wires.first_unit + link, "router.flit", flits, layer)

    def array(self, job: tuple[int, ...]) -> int:
        """Which multiply array of its core takes the column of a job (step, projection, source, ...)."""
        columns = self.plan.columns
        position = columns.position[columns.offset[job[1]] + job[2]]
        return int(array_of(int(position), self.plan.stages.arrays))
