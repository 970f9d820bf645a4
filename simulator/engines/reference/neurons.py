"""What the neurons on the cores do: compute for themselves, or repeat what a trace says they sent.

Both kinds answer the same questions, so the cores do not know which they hold: what a scan finds, that a
message has been consumed, that a partition has been updated.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple, Protocol

import numpy as np

from deltasim.networks.budget import scan_budgeted
from deltasim.networks.cells import update_step
from deltasim.networks.loss import differences, offered
from deltasim.networks.trace import MESSAGE, Trace
from deltasim.networks.transmit import scan, scan_events
from deltasim.runtime.arrays import Numbers
from deltasim.simulator.plan.plan import Plan


class Sent(NamedTuple):
    """What a neuron sends: its number within the population, what the message holds (raw in fixed point),
    and whether it is lost on its way."""

    source: int
    delta: float
    lost: bool = False


class Neurons(Protocol):
    """Neurons of all cores; a partition is named by its population and its number among that one's."""

    def scan(self, projection: int, partition: int, step: int) -> list[Sent]:
        """The neurons on that partition that send, ascending, and by how much they changed."""
        ...

    def receive(self, population: int, partition: int, projection: int, sent: Sent) -> None:
        """A message has been multiplied and accumulated on that partition."""
        ...

    def update(self, population: int, partition: int, step: int) -> None:
        """Integrate what the step brought and move on."""
        ...


class Replayed:
    """Neurons that send what a trace of one sequence says; their values are known already."""

    def __init__(self, plan: Plan, trace: Trace) -> None:
        self.sent: defaultdict[tuple[int, int, int], list[Sent]] = defaultdict(list)
        partition_of = []
        for population in plan.source.tolist():
            starts = [partition.start for partition in plan.partitions[population]]
            partition_of.append(np.array(starts, np.int64))
        messages, lost = trace.messages, np.zeros(len(trace.messages), bool)
        lost[trace.lost] = True
        for projection, first in enumerate(partition_of):
            chosen = messages["projection"] == projection
            mine, gone = messages[chosen], lost[chosen].tolist()
            partitions = np.searchsorted(first, mine["source"], side="right") - 1
            rows = zip(partitions.tolist(), mine[["step", "source", "delta"]].tolist(), gone, strict=True)
            for partition, (step, source, delta), is_lost in rows:
                self.sent[step, projection, partition].append(Sent(source, delta, is_lost))

    def scan(self, projection: int, partition: int, step: int) -> list[Sent]:
        return self.sent[step, projection, partition]

    def receive(self, population: int, partition: int, projection: int, sent: Sent) -> None:
        """Nothing to compute."""

    def update(self, population: int, partition: int, step: int) -> None:
        """Nothing to compute."""


class Computing:
    """Neurons that compute, compare and emit on their own core, knowing only the messages that reach it.

    A partition integrates a step's messages by (projection, source), as ``networks.execute`` does for
    whole populations, so both arrive at the same bits. :meth:`messages` is what they sent. ``lost`` are the
    messages that channels lose, of which neither side knows.
    """

    def __init__(self, plan: Plan, frames: Numbers, lost: Numbers) -> None:
        self.plan, self.network = plan, plan.network
        network, arithmetic = plan.network, plan.network.arithmetic
        encoded = arithmetic.encode(frames)
        self.frames = len(encoded)
        self.recorded: list[Numbers] = [
            np.zeros((self.frames, population.size), arithmetic.dtype) for population in network.populations
        ]
        taken = 0
        for population in network.inputs:
            self.recorded[network.index(population.name)] = encoded[:, taken : taken + population.size]
            taken += population.size
        self.theta = [projection.thresholds(arithmetic) for projection in network.projections]
        self.last_sent = [
            np.zeros(projection.connection.source_size, arithmetic.dtype)
            for projection in network.projections
        ]
        self.saved = {number: p.budget.starting() for number, p in enumerate(network.projections) if p.budget}
        self.states = [network.starting_states(p) for p in range(len(network.populations))]
        self.accumulators = [network.starting_accumulators(p) for p in range(len(network.populations))]
        self.inbox: defaultdict[tuple[int, int], list[tuple[int, Sent]]] = defaultdict(list)
        self.parts = {
            (projection, number): network.projections[projection].connection.restrict(
                partition.start, partition.stop
            )
            for projection, population in enumerate(plan.target.tolist())
            for number, partition in enumerate(plan.partitions[population])
        }
        self.sent: list[tuple[int, int, int, float]] = []
        self.lost = set(lost[["step", "projection", "source"]].tolist())
        self.received = {
            where: np.zeros(network.projections[where[0]].connection.source_size, arithmetic.dtype)
            for where in self.parts
            if network.projections[where[0]].loss
        }

    def scan(self, projection: int, partition: int, step: int) -> list[Sent]:
        where = self.plan.partitions[int(self.plan.source[projection])][partition]
        values = np.ascontiguousarray(self._values(projection, step)[where.start : where.stop])
        sources = np.empty(values.size, np.int32)
        deltas = np.empty(values.size, values.dtype)
        part = slice(where.start, where.stop)
        theta, own = self.theta[projection][part], self.network.projections[projection]
        loss, budget = own.loss, own.budget
        if loss and self.plan.delta_encoded[projection]:
            last_sent, frame = self.last_sent[projection][part], step % self.frames
            count = offered(loss, frame, values, last_sent, theta, sources, deltas)
        elif budget:
            bounds = np.array(budget.bounds(own.connection.source_size))
            first, end = np.searchsorted(bounds, (where.start, where.stop))  # it holds whole parts
            within = (bounds[first : end + 1] - where.start).tolist()
            saved = self.saved[projection][first:end]
            last_sent = self.last_sent[projection][part]
            count = scan_budgeted(budget, within, saved, values, last_sent, theta, sources, deltas)
        elif self.plan.delta_encoded[projection]:
            count = scan(values, self.last_sent[projection][part], theta, sources, deltas)
        else:
            count = scan_events(values, theta, sources, deltas)
        rows = zip((sources[:count] + where.start).tolist(), deltas[:count].tolist(), strict=True)
        found = [Sent(source, delta, (step, projection, source) in self.lost) for source, delta in rows]
        self.sent += [(step, projection, sent.source, sent.delta) for sent in found]
        return found

    def receive(self, population: int, partition: int, projection: int, sent: Sent) -> None:
        self.inbox[population, partition].append((projection, sent))

    def update(self, population: int, partition: int, step: int) -> None:
        where = self.plan.partitions[population][partition]
        part = slice(where.start, where.stop)
        accumulators = self.accumulators[population][:, part].copy()
        arithmetic, cell = self.network.arithmetic, self.network.populations[population].cell
        received = sorted(self.inbox.pop((population, partition), []))
        for projection in self.plan.into[population]:
            mine = [sent for number, sent in received if number == projection]
            if mine:
                own = self.network.projections[projection]
                sources = np.array([sent.source for sent in mine], np.int32)
                deltas = np.array([sent.delta for sent in mine], arithmetic.dtype)
                if own.loss and self.plan.delta_encoded[projection]:
                    known = self.received[projection, partition]
                    deltas = differences(own.loss, step % self.frames, sources, deltas, known)
                self.parts[projection, partition].integrate(
                    accumulators, own.fed(cell), sources, deltas, own.arithmetic(arithmetic)
                )
        if not self.network.resets_accumulators[population]:
            self.accumulators[population][:, part] = accumulators
        states = np.ascontiguousarray(self.states[population][:, part])
        states = update_step(cell, arithmetic)(accumulators, states)
        self.states[population][:, part] = states
        self.recorded[population][self._frame(population, step), part] = states[0]

    def messages(self) -> Numbers:
        """All messages sent, in a trace's order."""
        messages = np.array(self.sent, MESSAGE)
        messages["delta"] = self.network.arithmetic.decode(
            np.array([delta for *_, delta in self.sent], self.network.arithmetic.dtype)
        )
        return np.sort(messages, order=["step", "projection", "source"])

    def _frame(self, population: int, step: int) -> int:
        position = step % self.frames
        return self.frames - 1 - position if self.network.populations[population].reverse else position

    def _values(self, projection: int, step: int) -> Numbers:
        """What the encoder compares: a frame of what its source gave, zeros before the first."""
        plan = self.plan
        source, target = int(plan.source[projection]), int(plan.target[projection])
        delay = int(plan.delay[projection])
        if step % self.frames < delay:
            return np.zeros(self.recorded[source].shape[1], self.recorded[source].dtype)
        given = not plan.into[source] or plan.crosses_passes(projection)
        frame: Numbers = self.recorded[source][self._frame(target if given else source, step - delay)]
        return frame
