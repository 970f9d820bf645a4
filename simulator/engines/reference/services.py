"""Whom every unit served over a sequence, and when: the reference engine, its services noted."""

from __future__ import annotations

from typing import NamedTuple

from deltasim.networks.trace import Trace
from deltasim.simulator.engines.reference.server import Key
from deltasim.simulator.ledger.ledger import Ledger
from deltasim.simulator.plan.plan import Plan


class Service(NamedTuple):
    """A unit at work for a job, or stalled for it, from one time to another.

    ``key`` is (arrival, kind, step, projection or population, source, core, ...), None where the unit has
    several places and at least one is taken, and where a link waits for credits.
    """

    unit: int
    start_ps: int
    end_ps: int
    key: Key | None


class Waiting(NamedTuple):
    """How many wait for a unit from a time on."""

    unit: int
    time_ps: int
    length: int


class Services(NamedTuple):
    """All that was noted, unit by unit in order of time; services of a unit do not overlap."""

    served: tuple[Service, ...]
    waiting: tuple[Waiting, ...]
    ledger: Ledger


class Notes:
    """What one unit did."""

    def __init__(self, unit: int) -> None:
        self.unit = unit
        self.services: list[Service] = []
        self.lengths: list[Waiting] = []

    def served(self, start_ps: int, end_ps: int, key: Key | None) -> None:
        self.services.append(Service(self.unit, start_ps, end_ps, key))

    def queued(self, now_ps: int, length: int) -> None:
        """Of several lengths in one tick the last counts."""
        if self.lengths and self.lengths[-1].time_ps == now_ps:
            self.lengths.pop()
        if length != (self.lengths[-1].length if self.lengths else 0):
            self.lengths.append(Waiting(self.unit, now_ps, length))


def services_of(plan: Plan, trace: Trace) -> Services:
    """All services of one sequence. Where a service begins before the one before it ends, that end counts.

    >>> import numpy as np
    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.networks.trace import dense_trace
    >>> from deltasim.simulator.chip import load_chip
    >>> from deltasim.simulator.mapping.mapping import map_network
    >>> from deltasim.simulator.plan.compile import compile_plan
    >>> network, chip = random_stack("gru", 2, (4,), np.random.default_rng(0)), load_chip("edgedrnn")
    >>> plan = compile_plan(network, chip, map_network(network, chip))
    >>> found = services_of(plan, dense_trace(network, [1]))
    >>> macs = [one for one in found.served if plan.units[one.unit].kind == "mac"]
    >>> len(macs), sum(one.end_ps - one.start_ps for one in macs)         # a column a source, stalls too
    (6, 240000)
    """
    from deltasim.simulator.engines.reference.engine import run_sequence

    notes = [Notes(unit) for unit in range(len(plan.units))]
    ledger = run_sequence(plan, trace, watches=notes)
    return Services(
        tuple(service for one in notes for service in one.services),
        tuple(waiting for one in notes for waiting in one.lengths),
        ledger,
    )
