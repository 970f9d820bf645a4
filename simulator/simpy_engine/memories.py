"""The chip's memories as SimPy resources: they deliver runs of bytes to the cores."""

from __future__ import annotations

from typing import NamedTuple

from simulator.plan import Plan
from simulator.rules import dram
from simulator.rules.service import rounds
from simulator.simpy_engine.books import Books
from simulator.simpy_engine.machine import REQUEST, RESPONSE, Machine, Walk


class Transfer(NamedTuple):
    """Bytes from a memory to a core, for the job (step, projection, source, core, piece)."""

    store: int
    address: int
    bytes: int
    job: tuple[int, ...]
    layer: int

    @property
    def core(self) -> int:
        return self.job[3]


class Memories:
    """Scratchpads and DRAM channels of the plan."""

    def __init__(self, plan: Plan, machine: Machine, books: Books) -> None:
        self.env, self.plan, self.machine, self.books = machine.env, plan, machine, books
        self.channels = [None if t is None else dram.channel_at_rest(t) for t in plan.stores.timing]

    def unit(self, transfer: Transfer) -> int:
        """The unit that serves a transfer: of a scratchpad the bank of the column's array."""
        stores, store = self.plan.stores, transfer.store
        return int(stores.unit[store]) + (0 if stores.dram[store] else self.machine.array(transfer.job))

    def count(self, transfer: Transfer, action: str, amount: int) -> None:
        """Enter an action of the transfer's memory."""
        name = self.plan.stores.component[transfer.store]
        self.books.count(self.unit(transfer), f"{name}.{action}", amount, transfer.layer)

    def read(self, transfer: Transfer, words: int) -> Walk:
        """Fetch a piece; ends with its first word and returns when the last one comes."""
        self.count(transfer, "words", words)
        if self.plan.stores.dram[transfer.store]:
            return (yield from self._read_dram(transfer))
        return (yield from self._read_scratchpad(transfer))

    def _read_scratchpad(self, transfer: Transfer) -> Walk:
        stores, store = self.plan.stores, transfer.store
        unit = self.machine.units[self.unit(transfer)]
        period_ps = int(stores.period_ps[store])
        accesses = rounds(transfer.bytes, int(stores.width_bytes[store]))
        yield unit.turn(self.machine.key(REQUEST, *transfer.job))
        unit.occupy(accesses * period_ps, accesses * period_ps)
        self.count(transfer, "read", accesses)
        yield self.env.timeout(int(stores.latency_ps[store]))
        return self.env.now + (accesses - 1) * period_ps

    def _read_dram(self, transfer: Transfer) -> Walk:
        """Request packet to the channel, the channel's service, response packet back."""
        wires, machine, job, layer = self.plan.wires, self.machine, transfer.job, transfer.layer
        path = transfer.core * len(self.plan.stores.component) + transfer.store
        there = slice(wires.path_start[path], wires.path_start[path + 1])
        back = slice(wires.back_start[path], wires.back_start[path + 1])
        limits, flits = self.plan.buffers, wires.request_flits
        queues = None if limits is None else limits.path_queue[there]
        sender = self.plan.core_unit(transfer.core)
        yield from machine.travel(wires.path_link[there], queues, sender, REQUEST, job, flits, 0, layer)
        if there.stop > there.start:
            yield self.env.timeout((flits - 1) * wires.period_ps)
        service = yield from self._serve_dram(transfer)
        if back.stop == back.start:
            return service.last_ps
        flits, span_ps = rounds(transfer.bytes, wires.flit_bytes), service.last_ps - service.first_ps
        queues, sender = None if limits is None else limits.back_queue[back], self.unit(transfer)
        span_ps = yield from machine.travel(
            wires.back_link[back], queues, sender, RESPONSE, job, flits, span_ps, layer
        )
        return self.env.now + span_ps - wires.period_ps

    def _serve_dram(self, transfer: Transfer) -> Walk:
        """Wait for the channel and start its service; ends when the first data flow."""
        stores, store = self.plan.stores, transfer.store
        unit, timing = self.machine.units[self.unit(transfer)], stores.timing[store]
        state = self.channels[store]
        assert timing is not None and state is not None
        yield unit.turn(self.machine.key(REQUEST, *transfer.job))
        now = int(self.env.now)
        service = dram.fetch(state, timing, now, transfer.address, transfer.bytes)
        unit.cover(now, service.last_ps, service.bursts * timing.burst_ps)
        unit.hold(service.free_ps - now)
        for action, amount in (
            ("read", service.bursts),
            ("activate", service.activates),
            ("row_hit", service.hits),
            ("row_miss", service.misses),
            ("row_conflict", service.conflicts),
            ("bytes", service.bursts * timing.burst_bytes),
            ("io", service.bursts * timing.burst_bytes * 8),
        ):
            self.count(transfer, action, amount)
        yield self.env.timeout(service.first_ps - now)
        return service
