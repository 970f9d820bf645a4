"""The cores as SimPy processes: encoders scan, messages travel and fetch columns, partitions are updated."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import simpy

from deltasim.runtime.arrays import Integers
from deltasim.simulator.components.dma_bursts import burst_of, bursts_of
from deltasim.simulator.components.order import (
    CROSSING,
    FETCHING,
    MULTIPLYING,
    RECEIVING,
    SCANNING,
    SENDING,
    UPDATING,
)
from deltasim.simulator.components.service_times import (
    carried_until,
    consumed,
    mac_work,
    pause,
    scan_duration,
    scan_offset,
    scan_words,
    update_duration,
)
from deltasim.simulator.engines.reference.links import Packet
from deltasim.simulator.engines.reference.machine import Machine, Walk
from deltasim.simulator.engines.reference.memories import Memories
from deltasim.simulator.engines.reference.neurons import Neurons, Sent
from deltasim.simulator.engines.reference.recorder import Statistics
from deltasim.simulator.engines.reference.synchronisation import Milestones, release_name
from deltasim.simulator.engines.reference.transfer import Transfer
from deltasim.simulator.plan.expanded_columns import column_segments_of
from deltasim.simulator.plan.multicast_trees import multicast_trees_of
from deltasim.simulator.plan.plan import (
    ABSENT,
    FETCH,
    MAC,
    RECEIVE,
    SCAN,
    SEND,
    UPDATE,
    Plan,
    update_times,
    update_work,
    updating,
)


class CoreProcesses:
    """All cores of the chip while one sequence runs: ``frames`` steps in each pass."""

    def __init__(
        self,
        env: simpy.Environment,
        plan: Plan,
        machine: Machine,
        memories: Memories,
        neurons: Neurons,
        milestones: Milestones,
        statistics: Statistics,
        frames: int,
        active: Integers | None,
    ) -> None:
        self.env, self.plan, self.machine, self.memories = env, plan, machine, memories
        self.segments, self.multicast = column_segments_of(plan), multicast_trees_of(plan)
        self.neurons = neurons
        self.milestones, self.statistics, self.frames = milestones, statistics, frames
        steps = frames * len(plan.order)
        self.began_ps = [-1] * steps
        self.ended_ps = [0] * steps
        self.active = active
        # by (population, core, step): the time of an update that has still to pass, in a scan
        self.owed_ps: dict[tuple[int, int, int], int] = {}
        self.open_segments: dict[tuple[int, int], int] = {}  # (population, core): segments not yet consumed
        self.partition_on = [
            {partition.core: n for n, partition in enumerate(partitions)} for partitions in plan.partitions
        ]

    def processes(self) -> list[Walk]:
        """One encoder for each (projection, core) and one updater for each (population, core)."""
        encoders = [
            self.encode(projection, partition)
            for projection, source in enumerate(self.plan.source.tolist())
            for partition in range(len(self.plan.partitions[source]))
        ]
        updaters = [
            self.update(population, partition)
            for populations in self.plan.order
            for population in populations
            for partition in range(len(self.plan.partitions[population]))
        ]
        return encoders + updaters

    def steps_of(self, population: int) -> range:
        pass_number = int(self.plan.pass_number[population])
        return range(pass_number * self.frames, (pass_number + 1) * self.frames)

    def encode(self, projection: int, partition: int) -> Walk:
        """Scan the partition at every step, as soon as its value, the target and the policy allow."""
        plan, stages, milestones = self.plan, self.plan.stages, self.milestones
        source, target = int(plan.source[projection]), int(plan.target[projection])
        where = plan.partitions[source][partition]
        size, delay = where.stop - where.start, int(plan.delay[projection])
        unit = int(stages.unit[where.core, SCAN])
        carries, passes = plan.carrier(source) == projection, int(plan.scan_passes[projection])
        scan_ps = int(scan_duration(size, stages.scan_per_cycle, stages.scan_pad_to, stages.scan_cycle_ps))
        encoders = sum(len(plan.partitions[int(plan.source[p])]) for p in plan.into[target])
        computed = bool(plan.into[source]) and not plan.crosses_passes(projection)
        steps = self.steps_of(target)
        for step in steps:
            if computed and step - delay in steps:
                yield milestones.of("updated", source, step - delay, where.core)
            if step > steps[0]:
                yield milestones.of("finished", target, step - 1)
            yield milestones.of(*release_name(plan, target, step))
            if self.began_ps[step] < 0:
                self.began_ps[step] = int(self.env.now)
            yield self.machine.units[unit].turn(
                self.machine.key(SCANNING, step, projection, ABSENT, where.core)
            )
            began_ps = int(self.env.now)
            sending = self.neurons.scan(projection, partition, step)
            carried_ps = self.owed_ps.pop((source, where.core, step - min(delay, 1)), 0) if carries else 0
            pauses_ps = [self.pause(projection, sent.source) for sent in sending]
            duration_ps = passes * scan_ps + carried_ps + sum(pauses_ps)
            self.machine.units[unit].occupy(duration_ps, duration_ps)
            self.statistics.count(unit, "core.scan", passes * size, target)
            if plan.unicast:
                self.statistics.count(unit, "core.emit", len(sending) * bool(plan.into[source]), target)
            reads, writes = scan_words(passes * size, len(sending), int(plan.delta_encoded[projection]))
            home = plan.homes[source]
            self.statistics.count(unit, home.read, int(reads) * home.value_bits, target)
            self.statistics.count(unit, home.write, int(writes) * home.value_bits, target)
            paused_ps = (passes - 1) * scan_ps
            for sent, pause_for in zip(sending, pauses_ps, strict=True):
                position, paused_ps = sent.source - where.start, paused_ps + pause_for
                offset_ps = paused_ps + int(
                    scan_offset(position, stages.scan_per_cycle, stages.scan_cycle_ps)
                    + carried_until(position, carried_ps, size)
                )
                if began_ps + offset_ps > self.env.now:
                    yield self.env.timeout(began_ps + offset_ps - self.env.now)
                self.inject(step, projection, sent, where.core)
            if began_ps + duration_ps > self.env.now:
                yield self.env.timeout(began_ps + duration_ps - self.env.now)
            milestones.reach("scanned", projection, step, where.core)
            milestones.count_down(encoders, "all scanned", target, step)

    def pause(self, projection: int, source: int) -> int:
        """How long a scan pauses for a message of a neuron."""
        column = int(self.plan.columns.offset[projection]) + source
        cores = int(self.segments.start[column + 1] - self.segments.start[column])
        packets = cores if self.plan.unicast else min(cores, 1)
        made = 1 if self.plan.into[int(self.plan.source[projection])] else 0
        return int(pause(made, packets, self.plan.stages.message_ps, self.plan.stages.copy_ps))

    def inject(self, step: int, projection: int, sent: Sent, core: int) -> None:
        """A message is issued: from here on the chip owes its target cores a delivery each."""
        segments, target = self.segments, int(self.plan.target[projection])
        column = int(self.plan.columns.offset[projection]) + sent.source
        own = range(int(segments.start[column]), int(segments.start[column + 1]))
        if not own:  # a stride may skip a pixel: nobody needs its change
            return
        segment_at = {int(segments.core[segment]): segment for segment in own}
        for destination in segment_at:
            self.open_segments[target, destination] = self.open_segments.get((target, destination), 0) + 1
        self.statistics.injected += len(own) if self.plan.unicast else 1
        self.statistics.expected_deliveries += len(segment_at)
        if not sent.lost:
            self.statistics.expected_words += sum(int(segments.words[segment]) for segment in own)
        tree = int(self.plan.columns.tree[column])
        apart = [{to: segment} for to, segment in segment_at.items()]
        for copy in apart if self.plan.unicast else [segment_at]:
            self.env.process(self.send(step, projection, sent, core, tree, copy))

    def send(
        self, step: int, projection: int, sent: Sent, core: int, tree: int, segment_at: dict[int, int]
    ) -> Walk:
        """Through the send stage, then to the core itself and along every branch of the tree.

        A copy for one core is named by that core, and takes the tree's path to it.
        """
        stages, links, layer = self.plan.stages, self.plan.links, int(self.plan.target[projection])
        job = (step, projection, sent.source, next(iter(segment_at)) if self.plan.unicast else core)
        unit = int(stages.unit[core, SEND])
        if unit != ABSENT:
            yield from self.machine.serve(unit, self.machine.key(SENDING, *job), stages.send_ps)
        self.statistics.count(unit if unit != ABSENT else self.plan.core_unit(core), "core.send", 1, layer)
        if core in segment_at:
            self.env.process(self.consume(job, sent, segment_at[core]))
        multicast = self.multicast
        entries = range(int(multicast.start[tree]), int(multicast.start[tree + 1]))
        taken = self.path(entries, job[3]) if self.plan.unicast else entries
        self.statistics.expected_traversals += len(taken)
        if taken and links.routed[multicast.link[taken[0]], 0]:
            self.machine.write_buffer(self.plan.core_unit(core), links.message_flits, layer)
        for entry in taken:
            if multicast.parent[entry] == ABSENT:
                self.env.process(self.branch(job, sent, entry, entries, segment_at))

    def path(self, entries: range, core: int) -> range:
        """Of a tree that is a path for each core, the entries of one; none to the source itself."""
        multicast, first = self.multicast, entries.start
        for entry in entries:
            if multicast.parent[entry] == ABSENT:
                first = entry
            if core in multicast.drop_core[multicast.drop_start[entry] : multicast.drop_start[entry + 1]]:
                return range(first, entry + 1)
        return range(0)

    def branch(
        self,
        job: tuple[int, ...],
        sent: Sent,
        entry: int,
        entries: range,
        segment_at: dict[int, int],
        upstream: Packet | None = None,
        serialisation_ps: int = 0,
    ) -> Walk:
        """Over one link of the tree, then on: the branches behind it, and the cores it reaches."""
        links, multicast, layer = self.plan.links, self.multicast, int(self.plan.target[job[1]])
        link, flits = int(multicast.link[entry]), links.message_flits
        queue = 0 if self.plan.buffers is None else int(self.plan.buffers.tree_queue[entry])
        serialisation_ps, packet = yield from self.machine.cross(
            link, queue, CROSSING, job, flits, serialisation_ps, layer, upstream
        )
        self.statistics.message_traversals += 1
        following = [other for other in entries if multicast.parent[other] == entry - entries[0]]
        cores = multicast.drop_core[multicast.drop_start[entry] : multicast.drop_start[entry + 1]].tolist()
        if packet is not None:
            packet.branches = len(following) + bool(cores)
        for other in following:
            self.env.process(self.branch(job, sent, other, entries, segment_at, packet, serialisation_ps))
        if not cores:
            return
        yield self.env.timeout(serialisation_ps - links.period_ps)
        if packet is not None:
            packet.leaves(int(self.env.now) + links.period_ps)
        for core in cores:
            if links.routed[link, 1]:
                self.machine.pass_router(links.first_unit + link, flits, layer)
            self.env.process(self.consume(job, sent, segment_at[core]))

    def consume(self, job: tuple[int, ...], sent: Sent, segment: int) -> Walk:
        """On the target core: receive, fetch the column, multiply and accumulate; or never come there."""
        stages, segments, machine = self.plan.stages, self.segments, self.machine
        step, projection, source, _ = job
        core, layer = int(segments.core[segment]), int(self.plan.target[projection])
        if sent.lost:
            self.statistics.lost += 1
            self.close(layer, core, step)
            return
        job = (step, projection, source, core)
        receive = int(stages.unit[core, RECEIVE])
        fetch = int(stages.unit[core, FETCH]) + machine.array(job)
        if receive != ABSENT:
            yield from machine.serve(receive, machine.key(RECEIVING, *job), stages.receive_ps)
        self.statistics.count(
            receive if receive != ABSENT else self.plan.core_unit(core), "core.receive", 1, layer
        )
        yield machine.units[fetch].turn(machine.key(FETCHING, *job))
        bursts = range(
            bursts_of(int(segments.address[segment]), int(segments.bytes[segment]), stages.burst_bytes)
        )
        ahead = range(min(stages.bursts_at_once, len(bursts)))
        to_come = iter(bursts[len(ahead) :])
        yield self.env.all_of([self.env.process(self.carry(job, segment, first, to_come)) for first in ahead])
        machine.units[fetch].leave()
        self.statistics.delivered += 1
        self.neurons.receive(layer, self.partition_on[layer][core], projection, sent)
        self.close(layer, core, step)

    def close(self, layer: int, core: int, step: int) -> None:
        """A delivery is done, or lost: perhaps the last that the population waits for there."""
        self.open_segments[layer, core] -= 1
        if self.open_segments[layer, core] == 0 and self.milestones.of("all scanned", layer, step).triggered:
            self.milestones.reach("drained", layer, step, core)

    def carry(self, job: tuple[int, ...], segment: int, first: int, to_come: Iterator[int]) -> Walk:
        """Bring burst ``first`` of a column, as many cycles late, then one after another of those to come."""
        stages, segments, machine = self.plan.stages, self.segments, self.machine
        address, size, words = (
            int(field[segment]) for field in (segments.address, segments.bytes, segments.words)
        )
        core, layer = job[3], int(self.plan.target[job[1]])
        home = self.plan.homes[layer]
        mac = int(stages.unit[core, MAC]) + machine.array(job)
        yield self.env.timeout(first * stages.cycle_ps)
        for number in itertools.chain((first,), to_come):
            yield self.env.timeout(stages.cycle_ps)
            burst = burst_of(address, size, words, stages.burst_bytes, number)
            part = (*job, number)
            transfer = Transfer(int(segments.memory[segment]), burst.address, burst.bytes, part, layer)
            tail_ps = yield from self.memories.read(transfer, burst.words)
            yield machine.units[mac].turn(machine.key(MULTIPLYING, *part))
            work_ps = mac_work(burst.words, stages.mac_lanes, stages.mac_cycle_ps)
            duration_ps = int(consumed(int(self.env.now), work_ps, tail_ps)) - int(self.env.now)
            machine.units[mac].occupy(duration_ps, work_ps)
            self.memories.pass_registers(core, burst.words, layer)
            self.statistics.count(mac, "core.mac", burst.words, layer)
            for action in (home.read, home.write):
                self.statistics.count(mac, action, burst.words * home.sum_bits, layer)
            yield self.env.timeout(duration_ps)

    def update(self, population: int, partition: int) -> Walk:
        """Update the partition at every step, once all it waits for has come and its last value was read."""
        plan, stages, milestones = self.plan, self.plan.stages, self.milestones
        where, work = plan.partitions[population][partition], update_work(plan, population, partition)
        unit, size = int(stages.unit[where.core, UPDATE]), where.stop - where.start
        steps, carrier = self.steps_of(population), plan.carrier(population)
        number = updating(plan).index((population, partition))
        for step in steps:
            yield milestones.of("all scanned", population, step)
            if self.open_segments.get((population, where.core)):
                yield milestones.of("drained", population, step, where.core)
            for projection in plan.out_of[population]:
                if step > steps[0] and not plan.crosses_passes(projection):
                    yield milestones.of("scanned", projection, step - 1, where.core)
            active = size if self.active is None else int(self.active[step, number])
            duration_ps = int(update_duration(size, active, *update_times(stages)))
            if carrier != ABSENT and (step < steps[-1] or plan.delay[carrier] == 0):
                self.owed_ps[population, where.core, step], duration_ps = duration_ps, 1
            yield from self.machine.serve(
                unit, self.machine.key(UPDATING, step, population, ABSENT, where.core), duration_ps
            )
            self.neurons.update(population, partition, step)
            self.statistics.count(unit, "core.update", active, population)
            if stages.tells_rest:
                self.statistics.count(unit, "core.access", size, population)
            self.statistics.count(unit, plan.homes[population].read, work.reads, population)
            self.statistics.count(unit, plan.homes[population].write, work.writes, population)
            self.ended_ps[step] = max(self.ended_ps[step], int(self.env.now))
            milestones.reach("updated", population, step, where.core)
            milestones.count_down(len(plan.partitions[population]), "finished", population, step)
