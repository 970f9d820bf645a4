"""Whom every unit served over a sequence, and when: what both engines note in the same form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from deltasim.simulator.ledger.ledger import Ledger


class Job(NamedTuple):
    """For whom a unit works.

    ``kind`` is its rank (`deltasim.simulator.components.order`). ``number`` is the projection, of an update
    the population. A scan and an update have no source (-1); ``core`` is where the work is done, of a message
    on its way where it came from, of a packet from or to a memory the core that asked.
    """

    kind: int
    step: int
    number: int
    source: int
    core: int


class Service(NamedTuple):
    """A unit at work for a job, or stalled for it, from one time to another.

    ``job`` is None where the unit has several places and at least one is taken, and where a link waits for
    credits.
    """

    unit: int
    start_ps: int
    end_ps: int
    job: Job | None


class Waiting(NamedTuple):
    """How many wait for a unit from a time on."""

    unit: int
    time_ps: int
    length: int


class Asked(NamedTuple):
    """What a DRAM is asked to read, at the time it takes the request."""

    unit: int
    time_ps: int
    address: int
    bytes: int


class Services(NamedTuple):
    """All that was noted, unit by unit in order of time; services of a unit do not overlap."""

    served: tuple[Service, ...]
    waiting: tuple[Waiting, ...]
    asked: tuple[Asked, ...]
    ledger: Ledger


class Notes:
    """What one unit did."""

    def __init__(self, unit: int) -> None:
        self.unit = unit
        self.services: list[Service] = []
        self.lengths: list[Waiting] = []
        self.requests: list[Asked] = []

    def served(self, start_ps: int, end_ps: int, job: Job | None) -> None:
        self.services.append(Service(self.unit, start_ps, end_ps, job))

    def queued(self, now_ps: int, length: int) -> None:
        """Of several lengths in one tick the last counts."""
        if self.lengths and self.lengths[-1].time_ps == now_ps:
            self.lengths.pop()
        if length != (self.lengths[-1].length if self.lengths else 0):
            self.lengths.append(Waiting(self.unit, now_ps, length))

    def asked(self, now_ps: int, address: int, size: int) -> None:
        self.requests.append(Asked(self.unit, now_ps, address, size))


def together(notes: Iterable[Notes], ledger: Ledger) -> Services:
    """What all units noted."""
    noted = list(notes)
    return Services(
        tuple(service for one in noted for service in one.services),
        tuple(waiting for one in noted for waiting in one.lengths),
        tuple(asked for one in noted for asked in one.requests),
        ledger,
    )
