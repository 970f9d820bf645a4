"""The chip's hardware as SimPy resources: units that serve, links that packets cross."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy
from simpy.events import Event

from deltasim.runtime.arrays import Integers
from deltasim.simulator.components.order import RANK_OF
from deltasim.simulator.components.service_times import array_of, link_occupancy
from deltasim.simulator.engines.reference.links import LinkServer, Packet
from deltasim.simulator.engines.reference.recorder import Statistics
from deltasim.simulator.engines.reference.server import Key, Server
from deltasim.simulator.plan.expanded_columns import column_segments_of
from deltasim.simulator.plan.plan import Plan

Walk = Generator[Event, Any, Any]


class Machine:
    """Units of the plan as resources; a job is named by (kind, step, projection, source, core)."""

    def __init__(self, env: simpy.Environment, plan: Plan, statistics: Statistics) -> None:
        self.env, self.plan, self.statistics = env, plan, statistics
        resources = len(plan.units) - plan.cores - 1  # the last units only count
        slots = dict.fromkeys(plan.stages.fetch_units.ravel().tolist(), plan.stages.fetch_slots)
        for memory in plan.memories.records:
            slots[int(memory["unit"])] = int(memory["slots"]) or 1
        limits, first = plan.buffers, plan.links.first_unit
        self.units = [Server(env, slots.get(unit, 1)) for unit in range(resources)]
        self.links = [] if limits is None else [LinkServer(env, limits) for _ in range(plan.links.count)]
        self.units[first : first + len(self.links)] = self.links

    def key(self, stage: int, *job: int) -> Key:
        """First come first served; ties by the rank of the stage, then by content."""
        return (int(self.env.now), int(RANK_OF[stage]), *job)

    def serve(self, unit: int, key: Key, duration_ps: int) -> Walk:
        """Wait for a turn, then work for ``duration_ps``."""
        yield self.units[unit].turn(key)
        self.units[unit].occupy(duration_ps, duration_ps)
        yield self.env.timeout(duration_ps)

    def cross(
        self,
        link: int,
        queue: int,
        stage: int,
        job: tuple[int, ...],
        flits: int,
        serialisation_ps: int,
        layer: int,
        upstream: Packet | None,
    ) -> Walk:
        """Take a packet's head over one link and to the front of the buffer there, if buffers are finite.

        ``upstream`` is the packet in the buffer that it comes from. Returns its serialisation behind the
        link, and the packet in the buffer there. It is counted at the network's own speed: the last flit
        comes ``serialisation - period`` after the head.
        """
        links = self.plan.links
        number = links.first_unit + link
        unit, channel = self.units[number], 0
        if isinstance(unit, LinkServer):
            channel, stalled = yield unit.ask(self.key(stage, *job), queue, flits)
            self.statistics.count(number, "link.credit_stall", stalled, layer)
        else:
            yield unit.turn(self.key(stage, *job))
        record, period_ps = links.records[link], int(links.records[link]["period_ps"])
        busy_ps = link_occupancy(flits, period_ps, serialisation_ps - links.period_ps + period_ps)
        serialisation_ps = busy_ps - period_ps + links.period_ps
        unit.occupy(busy_ps, flits * period_ps)
        if upstream is not None:
            upstream.leaves(int(self.env.now) + busy_ps)
        self.statistics.count(number, self.plan.actions[record["action"]], flits, layer)
        if self.plan.in_parts:
            self.statistics.count(number, "link.flit_um", flits * int(record["length_um"]), layer)
        if record["leave"]:
            self.write_buffer(number, flits, layer)
        if record["router"]:
            self.pass_router(number, flits, layer)
        yield self.env.timeout(int(record["hop_ps"]))
        if not isinstance(unit, LinkServer):
            return serialisation_ps, None
        packet = unit.buffers[channel].enter(flits)
        yield packet.at_front
        return serialisation_ps, packet

    def travel(
        self,
        ways: Integers,
        sender: int,
        stage: int,
        job: tuple[int, ...],
        flits: int,
        serialisation_ps: int,
        layer: int,
    ) -> Walk:
        """Take a packet's head from unit ``sender`` over all links of its way; returns its serialisation."""
        links, packet = self.plan.links, None
        if ways.size and links.records[ways[0] // links.queues]["router"]:
            self.write_buffer(sender, flits, layer)
        for way in ways.tolist():
            link, queue = divmod(way, links.queues)
            serialisation_ps, packet = yield from self.cross(
                link, queue, stage, job, flits, serialisation_ps, layer, packet
            )
        if packet is not None:
            packet.leaves(int(self.env.now) + serialisation_ps)
        if ways.size and links.records[ways[-1] // links.queues]["leave"]:
            self.pass_router(links.first_unit + int(ways[-1]) // links.queues, flits, layer)
        return serialisation_ps

    def pass_router(self, unit: int, flits: int, layer: int) -> None:
        """A packet goes through a router: on to a link, or out of the network behind its last one."""
        if not self.plan.in_parts:
            self.statistics.count(unit, "router.flit", flits, layer)
            return
        self.statistics.count(unit, "router.buffer_read", flits, layer)
        self.statistics.count(unit, "router.crossbar", flits, layer)

    def write_buffer(self, unit: int, flits: int, layer: int) -> None:
        """A packet comes into a router: over a link, or from the core or memory that sends it."""
        if self.plan.in_parts:
            self.statistics.count(unit, "router.buffer_write", flits, layer)

    def array(self, job: tuple[int, ...]) -> int:
        """Which multiply array of its core takes the column of a job (step, projection, source, ...)."""
        column = column_segments_of(self.plan).columns[self.plan.columns.offset[job[1]] + job[2]]
        return int(array_of(int(column["position"]), self.plan.stages.arrays))
