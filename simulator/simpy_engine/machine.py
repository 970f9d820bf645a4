"""The chip's hardware as SimPy resources: packets cross links, memories deliver columns."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy
from simpy.events import Event

from simulator.plan import Plan
from simulator.rules import dram
from simulator.rules.service import array_of, link_span, rounds
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
        self.channels = [None if t is None else dram.channel_at_rest(t) for t in plan.stores.timing]

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

    def read(self, copy: int, job: tuple[int, ...], layer: int) -> Walk:
        """Fetch a column from its memory; ends with its first word and returns when the last one comes."""
        columns, stores = self.plan.columns, self.plan.stores
        store = int(columns.copy_store[copy])
        unit = int(stores.unit[store]) + (0 if stores.dram[store] else self.array(job))
        words = int(columns.copy_words[copy])
        self.books.count(unit, f"{stores.component[store]}.words", words, layer)
        if stores.dram[store]:
            return (yield from self._read_dram(store, copy, job, layer))
        return (yield from self._read_scratchpad(store, unit, copy, job, layer))

    def array(self, job: tuple[int, ...]) -> int:
        """Which multiply array of its core takes the column of a job (step, projection, source, core)."""
        _, projection, source, _ = job
        columns = self.plan.columns
        position = columns.position[columns.offset[projection] + source]
        return int(array_of(int(position), self.plan.stages.arrays))

    def _read_scratchpad(self, store: int, unit: int, copy: int, job: tuple[int, ...], layer: int) -> Walk:
        stores = self.plan.stores
        period_ps = int(stores.period_ps[store])
        accesses = rounds(int(self.plan.columns.copy_bytes[copy]), int(stores.width_bytes[store]))
        yield self.units[unit].turn(self.key(REQUEST, *job))
        self.units[unit].occupy(accesses * period_ps, accesses * period_ps)
        self.books.count(unit, f"{stores.component[store]}.read", accesses, layer)
        yield self.env.timeout(int(stores.latency_ps[store]))
        return self.env.now + (accesses - 1) * period_ps

    def _read_dram(self, store: int, copy: int, job: tuple[int, ...], layer: int) -> Walk:
        """Request packet to the channel, the channel's service, response packet back."""
        wires, columns = self.plan.wires, self.plan.columns
        core = int(columns.copy_core[copy])
        path = core * len(self.plan.stores.component) + store
        links = wires.path_link[wires.path_start[path] : wires.path_start[path + 1]].tolist()
        for link in links:
            yield from self.cross(link, REQUEST, job, wires.request_flits, 0, layer)
        if links:
            self.arrive(links[-1], wires.request_flits, layer)
            yield self.env.timeout((wires.request_flits - 1) * wires.period_ps)
        service = yield from self._serve_dram(store, copy, job, layer)
        span_ps, tail_ps = service.last_ps - service.first_ps, service.last_ps
        flits = rounds(int(columns.copy_bytes[copy]), wires.flit_bytes)
        links = wires.back_link[wires.back_start[path] : wires.back_start[path + 1]].tolist()
        for link in links:
            span_ps = yield from self.cross(link, RESPONSE, job, flits, span_ps, layer)
            tail_ps = self.env.now + span_ps - wires.period_ps
        if links:
            self.arrive(links[-1], flits, layer)
        return tail_ps

    def _serve_dram(self, store: int, copy: int, job: tuple[int, ...], layer: int) -> Walk:
        """Wait for the channel and start its service; ends when the first data flow."""
        columns, stores = self.plan.columns, self.plan.stores
        unit, timing, name = int(stores.unit[store]), stores.timing[store], stores.component[store]
        state = self.channels[store]
        assert timing is not None and state is not None
        yield self.units[unit].turn(self.key(REQUEST, *job))
        now = int(self.env.now)
        service = dram.fetch(
            state, timing, now, int(columns.copy_address[copy]), int(columns.copy_bytes[copy])
        )
        self.units[unit].cover(now, service.last_ps, service.bursts * timing.burst_ps)
        self.units[unit].hold(service.free_ps - now)
        for action, amount in (
            ("read", service.bursts),
            ("activate", service.activates),
            ("row_hit", service.hits),
            ("row_miss", service.misses),
            ("row_conflict", service.conflicts),
            ("bytes", service.bursts * timing.burst_bytes),
            ("io", service.bursts * timing.burst_bytes * 8),
        ):
            self.books.count(unit, f"{name}.{action}", amount, layer)
        yield self.env.timeout(service.first_ps - now)
        return service
