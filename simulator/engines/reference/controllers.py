"""A DRAM controller as a SimPy resource: runs of bytes go in by content, come back with their data."""

from __future__ import annotations

from itertools import count
from typing import Any

from simpy.events import Event

from deltasim.runtime.arrays import Integers
from deltasim.simulator.dram.controller import Completion, advance, ask, take
from deltasim.simulator.dram.fields import NEVER
from deltasim.simulator.engines.reference.machine import Walk
from deltasim.simulator.engines.reference.unit import DECIDE, Key, Unit
from deltasim.simulator.ledger.laws import LawBroken


class Controller:
    """Hands runs to the command-level rule at the end of a tick, and asks it when to come again.

    ``flat`` is the rule's state; ``unit`` has a place for every run the rule takes, and is busy while it
    holds one.
    """

    def __init__(self, unit: Unit, flat: Integers) -> None:
        self.unit, self.flat = unit, flat
        self.tickets = count()
        self.under_way: dict[int, Event] = {}
        self.advancing = False

    def read(self, key: Key, address: int, size: int) -> Walk:
        """Read bytes; ends when the last of them have come, and returns the run's completion."""
        yield self.unit.turn(key)
        ticket = next(self.tickets)
        if not ask(self.flat, self.unit.now, ticket, address, size, 0):
            raise LawBroken("a DRAM controller was handed more runs than it holds")
        done = self.under_way[ticket] = self.unit.env.event()
        self._advance_later()
        run: Completion = yield done
        self.unit.leave()
        return run

    def _advance_later(self, _: Any = None) -> None:
        if not self.advancing:
            self.advancing = True
            decision = Event(self.unit.env)
            decision._ok, decision._value = True, None
            decision.callbacks.append(self._advance)
            self.unit.env.schedule(decision, priority=DECIDE)

    def _advance(self, _: Any) -> None:
        """Issue what is due. A run is taken a picosecond early, so that it goes on in a tick of its own."""
        self.advancing = False
        if self.unit.deciding:  # who asks in this tick comes first
            self._advance_later()
            return
        now = self.unit.now
        due_ps = int(advance(self.flat, now))
        while due_ps <= now + 1:
            run = take(self.flat, now + 1)
            while run.ticket >= 0:
                ended = self.unit.env.timeout(run.last_ps - now, run)
                ended.callbacks.append(self._hand_over)
                run = take(self.flat, now + 1)
            due_ps = int(advance(self.flat, now))
        if due_ps < NEVER:
            self.unit.env.timeout(due_ps - 1 - now).callbacks.append(self._advance_later)

    def _hand_over(self, ended: Event) -> None:
        run: Any = ended.value
        self.under_way.pop(run.ticket).succeed(run)
