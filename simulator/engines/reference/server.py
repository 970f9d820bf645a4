"""A unit of hardware as a SimPy resource whose next turn is decided once its tick has settled."""

from __future__ import annotations

import heapq
from typing import Any, Protocol

import simpy
from simpy.events import NORMAL, Event, EventPriority

from deltasim.simulator.engines.services import Job

DECIDE = EventPriority(NORMAL + 1)  # after everything that ends or arrives in the same picosecond

Key = tuple[int, ...]


class Watch(Protocol):
    """Who wants to know when a unit works, for whom, how many wait for it, and what a DRAM is to read."""

    def served(self, start_ps: int, end_ps: int, job: Job | None) -> None: ...

    def queued(self, now_ps: int, length: int) -> None: ...

    def asked(self, now_ps: int, address: int, size: int) -> None: ...


class Server:
    """Serves one job after another (or ``slots`` at once), smallest key first.

    SimPy settles ties by the order in which events were made. Here a free unit waits until the tick has
    settled and then takes the waiting job with the smallest key, so that only the content of the jobs
    decides. A job asks with ``yield unit.turn(key)``, then says how long it holds the unit: :meth:`occupy`,
    or :meth:`leave` when it is done.

    >>> import simpy
    >>> env = simpy.Environment()
    >>> unit, order = Server(env), []
    >>> def job(name):
    ...     yield unit.turn((env.now, name))
    ...     order.append((env.now, name))
    ...     unit.occupy(10, 10)
    >>> for name in (2, 1):
    ...     _ = env.process(job(name))
    >>> env.run()
    >>> order, unit.busy_ps
    ([(0, 1), (10, 2)], 20)
    """

    def __init__(self, env: simpy.Environment, slots: int = 1) -> None:
        self.env = env
        self.slots = self.free_slots = slots
        self.taken_since_ps = 0  # since when at least one place has been taken
        self.waiting: list[tuple[Key, int, Event]] = []
        self.deciding = False
        self.busy_ps = self.occupied_ps = self.idle_ps = 0
        self.recorded_until_ps = 0  # up to here the unit's time is recorded
        self.queue_wait_ps = self.queue_area_ps = self.queue_peak = 0
        self.queue_changed_ps = 0
        self.watch: Watch | None = None
        self.serving: Key | None = None  # the job whose turn it is, where one is served at a time

    @property
    def now(self) -> int:
        """The clock, which only ever holds whole picoseconds."""
        return int(self.env.now)

    def turn(self, key: Key) -> Event:
        """Queue up; the event fires when it is this job's turn."""
        self._count_queue()
        granted = self.env.event()
        heapq.heappush(self.waiting, (key, self.now, granted))
        self.queue_peak = max(self.queue_peak, len(self.waiting))
        self._tell_queue()
        self._decide_later()
        return granted

    def occupy(self, duration_ps: int, work_ps: int) -> None:
        """Hold the unit for ``duration_ps`` from now: ``work_ps`` of work, the rest stalled."""
        self.record_busy(self.now, self.now + duration_ps, work_ps)
        self.hold(duration_ps)

    def hold(self, duration_ps: int) -> None:
        """Take no other job for ``duration_ps``; the time is recorded by the caller."""
        release = self.env.timeout(duration_ps)
        release.callbacks.append(self._release)

    def leave(self) -> None:
        """Give back one of several slots; the unit is busy while any of them is taken."""
        now = self.now
        if self.free_slots + 1 == self.slots:
            self.record_busy(self.taken_since_ps, now, now - self.taken_since_ps)
        self._release()

    def record_busy(self, start_ps: int, end_ps: int, work_ps: int) -> None:
        """Record a time of service; services may overlap but begin in order."""
        if start_ps > self.recorded_until_ps:
            self.idle_ps += start_ps - self.recorded_until_ps
            self.recorded_until_ps = start_ps
        if end_ps > self.recorded_until_ps:
            if self.watch:
                job = None if self.serving is None else Job(*self.serving[1:6])
                self.watch.served(self.recorded_until_ps, end_ps, job)
            self.occupied_ps += end_ps - self.recorded_until_ps
            self.recorded_until_ps = end_ps
        self.busy_ps += work_ps

    def finalise(self, elapsed_ps: int) -> None:
        """Record the idle time up to the end of the run."""
        self.record_busy(elapsed_ps, elapsed_ps, 0)
        self._count_queue()

    def _release(self, _: Any = None) -> None:
        self.free_slots += 1
        self._decide_later()

    def _decide_later(self) -> None:
        if self.free_slots and self.waiting and not self.deciding:
            self.deciding = True
            decision = Event(self.env)
            decision._ok, decision._value = True, None  # triggered now, acted on when the tick has settled
            decision.callbacks.append(self._decide)
            self.env.schedule(decision, priority=DECIDE)

    def _decide(self, _: Any) -> None:
        self.deciding = False
        self._count_queue()
        if self.free_slots == self.slots:
            self.taken_since_ps = self.now
        while self.free_slots and self.waiting:
            key, asked_ps, granted = heapq.heappop(self.waiting)
            self.serving = key if self.slots == 1 else None
            self.free_slots -= 1
            self.queue_wait_ps += self.now - asked_ps
            granted.succeed()
        self._tell_queue()

    def _tell_queue(self) -> None:
        if self.watch:
            self.watch.queued(self.now, len(self.waiting))

    def _count_queue(self) -> None:
        self.queue_area_ps += len(self.waiting) * (self.now - self.queue_changed_ps)
        self.queue_changed_ps = self.now
