"""The chip's memories as SimPy resources: they deliver bursts to the cores."""

from __future__ import annotations

import numpy as np

from deltasim.simulator.components.order import PLACED, QUEUED, READING, REQUESTING, RESPONDING, SERVED
from deltasim.simulator.components.service_times import rounds
from deltasim.simulator.dram.scheduling.controller import Completion
from deltasim.simulator.engines.reference.caches import Caches
from deltasim.simulator.engines.reference.controllers import Controller
from deltasim.simulator.engines.reference.machine import Machine, Walk
from deltasim.simulator.engines.reference.recorder import Statistics
from deltasim.simulator.engines.reference.transfer import Transfer
from deltasim.simulator.memories import dram, serial
from deltasim.simulator.memories.buffer import accesses_of, nothing_reserved, reserve
from deltasim.simulator.memories.instance import (
    BUFFER,
    CACHE,
    CONTROLLER,
    DRAM,
    REGISTERS,
    SCRATCHPAD,
    SERIAL,
)
from deltasim.simulator.plan.plan import Plan


class Memories:
    """All memories of the plan."""

    def __init__(
        self,
        plan: Plan,
        machine: Machine,
        statistics: Statistics,
        requests: list[tuple[int, int, int, int]] | None = None,
    ) -> None:
        self.requests = requests
        self.env, self.plan, self.machine, self.statistics = machine.env, plan, machine, statistics
        self.records, self.drams = plan.memories.records, plan.memories.drams_at_rest()
        self.controllers = {
            memory: Controller(machine.units[int(self.records["unit"][memory])], flat)
            for memory, flat in self.drams.items()
            if plan.memories.controlled[memory]
        }
        self.serve = {
            DRAM: self._serve_dram,
            BUFFER: self._serve_buffer,
            CONTROLLER: self._serve_controlled,
            SERIAL: self._serve_serial,
        }
        self.caches = Caches(plan, machine, statistics, self._read_shared)
        self.reserved = {
            memory: nothing_reserved(plan.buffer_window(memory))
            for memory in np.flatnonzero(self.records["kind"] == BUFFER).tolist()
        }
        self.registers = self.records[self.records["kind"] == REGISTERS]  # one on each core, or none

    def unit(self, transfer: Transfer) -> int:
        """The unit that serves a transfer: of a scratchpad the bank of the column's array."""
        memory = self.records[transfer.memory]
        return int(memory["unit"]) + (self.machine.array(transfer.job) if memory["kind"] == SCRATCHPAD else 0)

    def count(self, transfer: Transfer, action: str, amount: int) -> None:
        """Enter an action of the transfer's memory."""
        number = self.records[transfer.memory][action]
        self.statistics.enter(self.unit(transfer), number, amount, transfer.layer)

    def read(self, transfer: Transfer, words: int) -> Walk:
        """Fetch a burst; ends with its first word and returns when the last one comes."""
        self.count(transfer, "words", words)
        kind = self.records["kind"][transfer.memory]
        if kind == SCRATCHPAD:
            return (yield from self._read_scratchpad(transfer))
        if kind == CACHE:
            return (yield from self.caches.read(transfer))
        return (yield from self._read_shared(transfer))

    def pass_registers(self, core: int, words: int, layer: int) -> None:
        """Words on their way to the multipliers are written to the core's registers and read from them."""
        if self.registers.size:
            registers = self.registers[core]
            for action in ("write", "read"):
                self.statistics.enter(int(registers["unit"]), registers[action], words, layer)

    def _read_scratchpad(self, transfer: Transfer) -> Walk:
        memory, unit = self.records[transfer.memory], self.machine.units[self.unit(transfer)]
        period_ps, accesses = int(memory["period_ps"]), rounds(transfer.bytes, int(memory["width_bytes"]))
        yield unit.turn(self.machine.key(READING, *transfer.job))
        unit.occupy(accesses * period_ps, accesses * period_ps)
        self.count(transfer, "read", accesses)
        yield self.env.timeout(int(memory["latency_ps"]))
        return self.env.now + (accesses - 1) * period_ps

    def _read_shared(self, transfer: Transfer) -> Walk:
        """Request packet to the memory, its service, response packet back."""
        links, machine, job, layer = self.plan.links, self.machine, transfer.job, transfer.layer
        path = links.paths[transfer.core * len(self.plan.memories.component) + transfer.memory]
        there, back = (links.ways[path[way] : path[f"{way}_end"]] for way in ("there", "back"))
        sender = self.plan.core_unit(transfer.core)
        serialisation_ps = yield from machine.travel(
            there, sender, REQUESTING, job, links.request_flits, 0, layer
        )
        if there.size:
            yield self.env.timeout(serialisation_ps - links.period_ps)
        serialisation_ps, tail_ps = yield from self.serve[
            int(self.plan.memories.records["kind"][transfer.memory])
        ](transfer)
        if not back.size:
            return tail_ps
        flits, sender = rounds(transfer.bytes, links.flit_bytes), self.unit(transfer)
        serialisation_ps = yield from machine.travel(
            back, sender, RESPONDING, job, flits, serialisation_ps, layer
        )
        return self.env.now + serialisation_ps - links.period_ps

    def _serve_dram(self, transfer: Transfer) -> Walk:
        """Wait for the channel; ends when the first data flow and returns for how long, and until when."""
        memories, memory = self.plan.memories, transfer.memory
        unit, timing = self.machine.units[self.unit(transfer)], memories.timing[memory]
        assert isinstance(timing, dram.DramTiming)
        self._write_down(transfer)
        yield unit.turn(self.machine.key(SERVED, *transfer.job))
        now = int(self.env.now)
        if unit.watch:
            unit.watch.asked(now, transfer.address, transfer.bytes)
        service = dram.fetch(self.drams[memory], timing, now, transfer.address, transfer.bytes)
        unit.record_busy(now, service.last_ps, service.bursts * timing.burst_ps)
        unit.hold(service.free_ps - now)
        self._count_bursts(transfer, service)
        yield self.env.timeout(service.first_ps - now)
        return service.last_ps - service.first_ps, service.last_ps

    def _serve_serial(self, transfer: Transfer) -> Walk:
        """Wait for the device; ends when the first data flow and returns for how long, and until when."""
        memory, unit = transfer.memory, self.machine.units[self.unit(transfer)]
        timing = self.plan.memories.timing[memory]
        assert isinstance(timing, serial.SerialTiming)
        yield unit.turn(self.machine.key(SERVED, *transfer.job))
        now = int(self.env.now)
        found = serial.read(timing, now, transfer.address, transfer.bytes)
        unit.record_busy(now, found.last_ps, found.last_ps - now)
        unit.hold(found.free_ps - now)
        self.count(transfer, "transaction", found.transactions)
        self.count(transfer, "bytes", found.bytes)
        self.statistics.moved(memory, found.first_ps, found.last_ps, found.bytes)
        yield self.env.timeout(found.first_ps - now)
        return found.last_ps - found.first_ps, found.last_ps

    def _serve_controlled(self, transfer: Transfer) -> Walk:
        """Hand the bytes to the controller; ends with the last of them, which are sent on together."""
        self._write_down(transfer)
        key = self.machine.key(QUEUED, *transfer.job)
        completion = yield from self.controllers[transfer.memory].read(key, transfer.address, transfer.bytes)
        self._count_bursts(transfer, completion)
        return 0, int(self.env.now)

    def _write_down(self, transfer: Transfer) -> None:
        """Note a request that has arrived at a DRAM, where somebody asked for them."""
        if self.requests is not None:
            self.requests.append((int(self.env.now), transfer.memory, transfer.address, transfer.bytes))

    def _count_bursts(self, transfer: Transfer, done: dram.Service | Completion) -> None:
        """Enter what a DRAM did for a transfer."""
        moved = done.bursts * int(self.records["width_bytes"][transfer.memory])
        for action, amount in (
            ("read", done.bursts),
            ("activate", done.activates),
            ("row_hit", done.hits),
            ("row_miss", done.misses),
            ("row_conflict", done.conflicts),
            ("bytes", moved),
            ("io", moved * 8),
        ):
            self.count(transfer, action, amount)
        self.statistics.moved(transfer.memory, done.first_ps, done.last_ps, moved)

    def _serve_buffer(self, transfer: Transfer) -> Walk:
        """Wait for a place; ends with the first word and returns for how long they come, and the last one."""
        memory, unit = self.records[transfer.memory], self.machine.units[self.unit(transfer)]
        reserved, period_ps = self.reserved[transfer.memory], int(memory["period_ps"])
        yield unit.turn(self.machine.key(PLACED, *transfer.job))
        width = int(memory["width_bytes"])
        accesses = accesses_of(transfer.address, transfer.bytes, width)
        stream = reserve(
            reserved,
            0,
            len(reserved) // 2,
            int(memory["buffer_banks"]),
            int(memory["interleave"]),
            transfer.address // width,
            accesses,
            rounds(int(self.env.now), period_ps),
        )
        self.count(transfer, "read", accesses)
        self.count(transfer, "conflict", stream.conflicts)
        self.count(transfer, "bytes", accesses * width)
        begun, ended = stream.first_cycle * period_ps, (stream.last_cycle + 1) * period_ps
        self.statistics.moved(transfer.memory, begun, ended, accesses * width)
        last_access = self.env.timeout(ended - self.env.now)
        last_access.callbacks.append(lambda _: unit.leave())
        latency_ps = int(memory["latency_ps"])
        first_ps, tail_ps = (
            cycle * period_ps + latency_ps for cycle in (stream.first_cycle, stream.last_cycle)
        )
        yield self.env.timeout(first_ps - self.env.now)
        return tail_ps - first_ps + self.plan.links.period_ps, tail_ps
