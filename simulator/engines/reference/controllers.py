"""A DRAM controller as a SimPy resource: requests go in by content, come back with their data."""

from __future__ import annotations

from itertools import count
from typing import Any

from simpy.events import Event

from deltasim.runtime.arrays import Integers
from deltasim.simulator.dram.scheduling.controller import Completion, advance, ask, take
from deltasim.simulator.dram.scheduling.fields import NEVER
from deltasim.simulator.engines.reference.machine import Walk
from deltasim.simulator.engines.reference.server import DECIDE, Key, Server
from deltasim.simulator.ledger.laws import LawBroken


class Controller:
    """Hands requests to the command-level rule at the end of a tick, and asks it when to come again.

    ``flat`` is the rule's state; ``server`` has a slot for every request the rule takes, and is busy while
    it holds one.
    """

    def __init__(self, server: Server, flat: Integers) -> None:
        self.server, self.flat = server, flat
        self.tickets = count()
        self.under_way: dict[int, Event] = {}
        self.advancing = False

    def read(self, key: Key, address: int, size: int) -> Walk:
        """Read bytes; ends when the last of them have come, and returns the completion."""
        yield self.server.turn(key)
        ticket = next(self.tickets)
        if not ask(self.flat, self.server.now, ticket, address, size, 0):
            raise LawBroken("a DRAM controller was handed more requests than it holds")
        if self.server.watch:
            self.server.watch.asked(self.server.now, address, size)
        done = self.under_way[ticket] = self.server.env.event()
        self._advance_later()
        completion: Completion = yield done
        self.server.leave()
        return completion

    def _advance_later(self, _: Any = None) -> None:
        if not self.advancing:
            self.advancing = True
            decision = Event(self.server.env)
            decision._ok, decision._value = True, None
            decision.callbacks.append(self._advance)
            self.server.env.schedule(decision, priority=DECIDE)

    def _advance(self, _: Any) -> None:
        """Issue what is due. A completion is taken a picosecond early, to go on in a tick of its own."""
        self.advancing = False
        if self.server.deciding:  # who asks in this tick comes first
            self._advance_later()
            return
        now = self.server.now
        due_ps = int(advance(self.flat, now))
        while due_ps <= now + 1:
            completion = take(self.flat, now + 1)
            while completion.ticket >= 0:
                ended = self.server.env.timeout(completion.last_ps - now, completion)
                ended.callbacks.append(self._hand_over)
                completion = take(self.flat, now + 1)
            due_ps = int(advance(self.flat, now))
        if due_ps < NEVER:
            self.server.env.timeout(due_ps - 1 - now).callbacks.append(self._advance_later)

    def _hand_over(self, ended: Event) -> None:
        completion: Any = ended.value
        self.under_way.pop(completion.ticket).succeed(completion)
