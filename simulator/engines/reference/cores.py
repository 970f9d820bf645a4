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
from deltasim.simulator.plan.encoders import encoders_of
from deltasim.simulator.plan.expanded_columns import column_segments_of
from deltasim.simulator.plan.multicast_trees import multicast_trees_of
from deltasim.simulator.plan.plan import (
    ABSENT,
    FETCH,
    MAC,
    RECEIVE,
    SEND,
    Plan,
)
from deltasim.simulator.plan.records import rows_of
from deltasim.simulator.plan.updaters import update_times, updaters_of


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
        self.columns, self.segments = column_segments_of(plan)
        self.trees, self.entries, self.lists = multicast_trees_of(plan)
        self.queues = plan.links.queues
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
        encoders = [self.encode(encoder) for encoder in rows_of(encoders_of(self.plan))]
        return encoders + [self.update(*numbered) for numbered in enumerate(rows_of(updaters_of(self.plan)))]

    def steps_of(self, population: int) -> range:
        pass_number = int(self.plan.pass_number[population])
        return range(pass_number * self.frames, (pass_number + 1) * self.frames)

    def encode(self, encoder: dict[str, int]) -> Walk:
        """Scan the partition at every step, as soon as its value, the target and the policy allow."""
        plan, stages, milestones, statistics = self.plan, self.plan.stages, self.milestones, self.statistics
        projection, partition, core = encoder["projection"], encoder["partition"], encoder["core"]
        source, target, delay = encoder["source"], encoder["target"], encoder["delay"]
        unit, size, home = self.machine.units[encoder["unit"]], encoder["size"], plan.homes[source]
        steps, scanned, selecting_ps = self.steps_of(target), encoder["scanned_size"], encoder["selecting"]
        encoders = sum(len(plan.partitions[int(plan.source[p])]) for p in plan.into[target])
        for step in steps:
            if encoder["updater"] != ABSENT and step - delay in steps:
                yield milestones.of("updated", source, step - delay, core)
            if step > steps[0]:
                yield milestones.of("finished", target, step - 1)
            yield milestones.of(*release_name(plan, target, step))
            if self.began_ps[step] < 0:
                self.began_ps[step] = int(self.env.now)
            yield unit.turn(self.machine.key(SCANNING, step, projection, ABSENT, core))
            began_ps = int(self.env.now)
            sending = self.neurons.scan(projection, partition, step)
            carried_ps = 0
            if encoder["carries"]:
                carried_ps = self.owed_ps.pop((source, core, step - min(delay, 1)), 0)
            pauses_ps = [self.pause(encoder, sent.source) for sent in sending]
            duration_ps = encoder["duration"] + carried_ps + sum(pauses_ps)
            unit.occupy(duration_ps, duration_ps)
            statistics.count(encoder["unit"], "core.scan", scanned, target)
            if plan.unicast:
                statistics.count(encoder["unit"], "core.emit", len(sending) * encoder["made"], target)
            reads, writes = scan_words(scanned, len(sending), encoder["delta_encoded"])
            statistics.count(encoder["unit"], home.read, int(reads) * home.value_bits, target)
            statistics.count(encoder["unit"], home.write, int(writes) * home.value_bits, target)
            paused_ps = selecting_ps
            for sent, pause_for in zip(sending, pauses_ps, strict=True):
                position = int(self.columns[self.column(projection, sent.source)]["position"])
                paused_ps += pause_for
                offset_ps = paused_ps + int(
                    scan_offset(position, stages.scan_per_cycle, stages.scan_cycle_ps)
                    + carried_until(position, carried_ps, size)
                )
                if began_ps + offset_ps > self.env.now:
                    yield self.env.timeout(began_ps + offset_ps - self.env.now)
                self.inject(step, projection, sent, core)
            if began_ps + duration_ps > self.env.now:
                yield self.env.timeout(began_ps + duration_ps - self.env.now)
            milestones.reach("scanned", projection, step, core)
            milestones.count_down(encoders, "all scanned", target, step)

    def column(self, projection: int, source: int) -> int:
        """The number of the column that a neuron's message fetches."""
        return int(self.plan.columns.offset[projection]) + source

    def pause(self, encoder: dict[str, int], source: int) -> int:
        """How long a scan pauses for a message of a neuron."""
        column = self.columns[self.column(encoder["projection"], source)]
        cores = int(column["segments_end"] - column["segments"])
        packets = cores if self.plan.unicast else min(cores, 1)
        stages = self.plan.stages
        return int(pause(encoder["made"], packets, stages.message_ps, stages.copy_ps))

    def inject(self, step: int, projection: int, sent: Sent, core: int) -> None:
        """A message is issued: from here on the chip owes its target cores a delivery each."""
        target, statistics = int(self.plan.target[projection]), self.statistics
        column = self.columns[self.column(projection, sent.source)]
        first, cores = int(column["segments"]), int(column["segments_end"] - column["segments"])
        if not cores:  # a stride may skip a pixel: nobody needs its change
            return
        own = self.segments[first : first + cores]
        for destination in own["core"].tolist():
            self.open_segments[target, destination] = self.open_segments.get((target, destination), 0) + 1
        statistics.injected += cores if self.plan.unicast else 1
        statistics.expected_deliveries += cores
        if not sent.lost:
            statistics.expected_words += int(own["words"].sum())
        if self.plan.unicast:
            for place, destination in enumerate(own["core"].tolist()):
                job = (step, projection, sent.source, destination)
                self.env.process(self.send(job, sent, core, first, place))
        else:
            self.env.process(self.send((step, projection, sent.source, core), sent, core, first, None))

    def send(self, job: tuple[int, ...], sent: Sent, core: int, first: int, copy: int | None) -> Walk:
        """Through the send stage, then to the core itself and along every branch of the tree.

        ``first`` is the first of the column's segments. A copy is for the core of one of them, at place
        ``copy``; it is named by that core, and takes the tree's path to it.
        """
        stages, links, layer = self.plan.stages, self.plan.links, int(self.plan.target[job[1]])
        unit = int(stages.unit[core, SEND])
        if unit != ABSENT:
            yield from self.machine.serve(unit, self.machine.key(SENDING, *job), stages.send_ps)
        self.statistics.count(unit if unit != ABSENT else self.plan.core_unit(core), "core.send", 1, layer)
        tree = self.trees[self.plan.columns.tree[self.column(job[1], job[2])]]
        local = int(tree["local"])
        if local != ABSENT and copy in (None, local):
            self.env.process(self.consume(job, sent, first + local))
        roots = self.lists[tree["roots"] : tree["roots_end"]].tolist()
        bounds = [*roots, int(tree["first"] + tree["links"])]
        if copy is None:
            taken = bounds[-1] - int(tree["first"])
        elif copy == local:
            return
        else:
            path = copy - (local != ABSENT and copy > local)
            roots, taken = roots[path : path + 1], bounds[path + 1] - bounds[path]
        self.statistics.expected_traversals += taken
        if roots and links.records["router"][self.entries[roots[0]]["link"]]:
            self.machine.write_buffer(self.plan.core_unit(core), links.message_flits, layer)
        for entry in roots:
            self.env.process(self.branch(job, sent, entry, first))

    def branch(
        self,
        job: tuple[int, ...],
        sent: Sent,
        number: int,
        first: int,
        upstream: Packet | None = None,
        serialisation_ps: int = 0,
    ) -> Walk:
        """Over one link of the tree, then on: the branches behind it, and the cores it reaches."""
        links, layer, flits = self.plan.links, int(self.plan.target[job[1]]), self.plan.links.message_flits
        entry = self.entries[number]
        link, queue = divmod(int(entry["link_queue"]), self.queues)
        serialisation_ps, packet = yield from self.machine.cross(
            link, queue, CROSSING, job, flits, serialisation_ps, layer, upstream
        )
        self.statistics.message_traversals += 1
        following = self.lists[entry["following"] : entry["following_end"]].tolist()
        places = self.lists[entry["drops"] : entry["drops_end"]].tolist()
        if packet is not None:
            packet.branches = len(following) + bool(places)
        for other in following:
            self.env.process(self.branch(job, sent, other, first, packet, serialisation_ps))
        if not places:
            return
        yield self.env.timeout(serialisation_ps - links.period_ps)
        if packet is not None:
            packet.leaves(int(self.env.now) + links.period_ps)
        for place in places:
            if links.records["leave"][link]:
                self.machine.pass_router(links.first_unit + link, flits, layer)
            self.env.process(self.consume(job, sent, first + place))

    def consume(self, job: tuple[int, ...], sent: Sent, segment: int) -> Walk:
        """On the target core: receive, fetch the column, multiply and accumulate; or never come there."""
        stages, machine = self.plan.stages, self.machine
        step, projection, source, _ = job
        core, layer = int(self.segments[segment]["core"]), int(self.plan.target[projection])
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
        own = self.segments[segment]
        bursts = range(bursts_of(int(own["address"]), int(own["bytes"]), stages.burst_bytes))
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
        stages, machine, own = self.plan.stages, self.machine, self.segments[segment]
        address, size, words = (int(own[field]) for field in ("address", "bytes", "words"))
        core, layer = job[3], int(self.plan.target[job[1]])
        home = self.plan.homes[layer]
        mac = int(stages.unit[core, MAC]) + machine.array(job)
        yield self.env.timeout(first * stages.cycle_ps)
        for number in itertools.chain((first,), to_come):
            yield self.env.timeout(stages.cycle_ps)
            burst = burst_of(address, size, words, stages.burst_bytes, number)
            part = (*job, number)
            transfer = Transfer(int(own["memory"]), burst.address, burst.bytes, part, layer)
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

    def update(self, number: int, updater: dict[str, int]) -> Walk:
        """Update the partition at every step, once all it waits for has come and its last value was read."""
        plan, stages, milestones, statistics = self.plan, self.plan.stages, self.milestones, self.statistics
        population, partition, core = updater["population"], updater["partition"], updater["core"]
        unit, size, home = updater["unit"], updater["size"], plan.homes[population]
        steps = self.steps_of(population)
        for step in steps:
            yield milestones.of("all scanned", population, step)
            if self.open_segments.get((population, core)):
                yield milestones.of("drained", population, step, core)
            for projection in plan.out_of[population]:
                if step > steps[0] and not plan.crosses_passes(projection):
                    yield milestones.of("scanned", projection, step - 1, core)
            active, duration_ps = size, updater["duration"]
            if self.active is not None:
                active = int(self.active[step, number])
                duration_ps = int(update_duration(size, active, *update_times(stages)))
            if updater["carried"] and (step < steps[-1] or updater["last"]):
                self.owed_ps[population, core, step], duration_ps = duration_ps, 1
            yield from self.machine.serve(
                unit, self.machine.key(UPDATING, step, population, ABSENT, core), duration_ps
            )
            self.neurons.update(population, partition, step)
            statistics.count(unit, "core.update", active, population)
            if stages.tells_rest:
                statistics.count(unit, "core.access", size, population)
            statistics.count(unit, home.read, updater["reads"], population)
            statistics.count(unit, home.write, updater["writes"], population)
            self.ended_ps[step] = max(self.ended_ps[step], int(self.env.now))
            milestones.reach("updated", population, step, core)
            milestones.count_down(len(plan.partitions[population]), "finished", population, step)
