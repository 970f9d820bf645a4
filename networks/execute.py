"""Run a network over recorded inputs, event by event: who sends what, and what comes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from deltasim.networks.budget import Budget, scan_budgeted
from deltasim.networks.cells import update_step
from deltasim.networks.cells.step import Step
from deltasim.networks.connections.rules import Integrator
from deltasim.networks.graph import Network
from deltasim.networks.loss import Loss, differences, lost_elements, offered
from deltasim.networks.trace import Trace, from_counts
from deltasim.networks.transmit import scan, scan_events
from deltasim.runtime.arrays import Flags, Floats, Numbers
from deltasim.runtime.errors import InputError


class Encoder(NamedTuple):
    """One projection while a network runs: where it reads, what it compares, what it feeds."""

    number: int
    source: int
    events: bool  # sends values as they are, without a memory of what it sent last
    recorded: bool  # reads what the source gave for this frame: an input, or a population of an earlier pass
    delay: int
    theta: Numbers
    integrate: Integrator
    loss: Loss | None
    budget: Budget | None


class Channel(NamedTuple):
    """A lossy projection while a sequence runs: what it loses, and what its target received last."""

    lost: Flags  # (frames, source_size)
    received: Numbers  # (source_size,)


class Runner(NamedTuple):
    """One population while a network runs."""

    place: int
    reverse: bool
    encoders: tuple[Encoder, ...]
    resets_accumulators: bool  # its accumulators start from the bias anew at every step
    memoryless: bool  # its value follows from its accumulators alone, so without a message it stays
    kept: bool  # its values are wanted after the step
    step: Step


class Messages:
    """A growing record of messages; every scan writes straight into it."""

    def __init__(self, dtype: np.dtype[np.generic]) -> None:
        self.sources = np.empty(1 << 14, np.int32)
        self.deltas = np.empty(1 << 14, dtype)
        self.count = 0
        self.runs: list[tuple[int, int, int]] = []
        self.lost: list[Numbers] = [np.zeros(0, np.int64)]  # places of those that are lost

    def room(self, size: int) -> tuple[int, Numbers, Numbers]:
        """Make room for ``size`` more messages; where they start, and sources and deltas to write them to."""
        if self.count + size > len(self.sources):
            length = 2 * (self.count + size)
            self.sources = np.concatenate([self.sources, np.empty(length - len(self.sources), np.int32)])
            self.deltas = np.concatenate(
                [self.deltas, np.empty(length - len(self.deltas), self.deltas.dtype)]
            )
        return self.count, self.sources, self.deltas


def execute(
    network: Network, inputs: Sequence[Floats], progress: Callable[[int, int], None] | None = None
) -> tuple[Trace, list[Floats]]:
    """Compute a network on sequences of its own length each; state starts afresh with every sequence.

    ``inputs``: arrays (frames, input_size). Returns the trace of all messages and, for each sequence, the
    outputs (frames, output_size) in order of frames. A population integrates a step's messages in order of
    (projection, source), one rounding for every multiplication and addition, so any engine can arrive at
    the same bits. Time follows the messages, and one update of every neuron of a spiking or gated cell a
    step. ``progress`` is called with (sequences done, sequences). Errors: a sequence of length 0,
    of the wrong width or with a value that is not finite.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> network = random_stack("gru", 4, (8,), np.random.default_rng(0), theta_x=0.1, theta_h=0.1)
    >>> trace, outputs = execute(network, [np.ones((3, 4), np.float32)])
    >>> trace.steps, outputs[0].shape, trace.step(0)["source"][:4].tolist()
    (3, (3, 8), [0, 1, 2, 3])
    """
    frames = [checked(network, number, sequence) for number, sequence in enumerate(inputs)]
    passes = prepare(network)
    messages = Messages(network.arithmetic.dtype)
    outputs: list[Floats] = []
    bounds = [0]
    for number, sequence in enumerate(frames):
        outputs.append(run_sequence(network, passes, sequence, messages, bounds[-1]))
        bounds.append(bounds[-1] + network.passes * len(sequence))
        if progress:
            progress(number + 1, len(frames))
    step, projection, counts = np.array(messages.runs, np.int64).reshape(-1, 3).T
    deltas = network.arithmetic.decode(messages.deltas[: messages.count])
    sources, edges = messages.sources[: messages.count], np.array(bounds, np.int64)
    lost = np.concatenate(messages.lost)
    return from_counts(sources, deltas, step, projection, counts, edges, network.digest, lost), outputs


def checked(network: Network, number: int, sequence: Floats) -> Numbers:
    """One sequence in the network's arithmetic, or the sentence that says why it cannot be run."""
    frames = np.asarray(sequence)
    place = f"sequence {number}"
    if frames.ndim != 2 or frames.shape[1] != network.input_size:
        rule = f"network {network.name} takes frames of {network.input_size} values"
        raise InputError(place, f"shape {frames.shape}", rule, "Give arrays (frames, values).")
    if len(frames) == 0:
        raise InputError(place, "length 0", "a sequence has at least one frame", "Leave empty sequences out.")
    if not np.isfinite(frames).all():
        frame, channel = (int(i) for i in np.argwhere(~np.isfinite(frames))[0])
        value = frames[frame, channel]
        rule = "every input is a finite number"
        raise InputError(f"{place}, frame {frame}, channel {channel}", value, rule, "Mend the recording.")
    return network.arithmetic.encode(frames)


def prepare(network: Network) -> list[list[Runner]]:
    """For each pass the populations in computing order, with all that a step needs looked up once."""
    passes = []
    kept = kept_populations(network)
    for order in network.order:
        runners = []
        for place in order:
            target = network.populations[place]
            encoders = []
            for number in network.incoming[place]:
                projection = network.projections[number]
                source = network.index(projection.source)
                population = network.populations[source]
                recorded = population.cell.kind == "input" or population.pass_number < target.pass_number
                theta = projection.thresholds(network.arithmetic)
                fed = projection.fed(target.cell)
                arithmetic = projection.arithmetic(network.arithmetic)
                integrate = projection.connection.integrator(fed, arithmetic)
                events, delay = network.sends_events(number), projection.delay
                loss, budget = projection.loss, projection.budget
                encoders.append(
                    Encoder(number, source, events, recorded, delay, theta, integrate, loss, budget)
                )
            step = update_step(target.cell, network.arithmetic)
            resets_accumulators = network.resets_accumulators[place]
            memoryless = target.cell.memoryless and not resets_accumulators
            runner = Runner(
                place, target.reverse, tuple(encoders), resets_accumulators, memoryless, kept[place], step
            )
            runners.append(runner)
        passes.append(runners)
    return passes


def kept_populations(network: Network) -> tuple[bool, ...]:
    """For each population, whether its values over all frames are wanted: as outputs, by a later pass, or
    after several steps."""
    kept = {network.index(name) for name in network.outputs}
    for projection in network.projections:
        source, target = network.population(projection.source), network.population(projection.target)
        if source.pass_number < target.pass_number or projection.delay > 1:
            kept.add(network.index(source.name))
    return tuple(place in kept for place in range(len(network.populations)))


def run_sequence(
    network: Network, passes: list[list[Runner]], frames: Numbers, messages: Messages, first_step: int
) -> Floats:
    """All passes over one sequence, from rest; returns the outputs (frames, output_size)."""
    arithmetic, length = network.arithmetic, len(frames)
    kept = kept_populations(network)
    recorded = [
        np.empty((length if wanted else 0, p.size), arithmetic.dtype)
        for wanted, p in zip(kept, network.populations, strict=True)
    ]
    taken = 0
    for population in network.inputs:
        recorded[network.index(population.name)] = np.ascontiguousarray(
            frames[:, taken : taken + population.size]
        )
        taken += population.size
    resting = [np.zeros(p.size, arithmetic.dtype) for p in network.populations]
    last_sent = [
        np.zeros(0 if network.sends_events(number) else p.connection.source_size, arithmetic.dtype)
        for number, p in enumerate(network.projections)
    ]
    starting = [network.starting_accumulators(i) for i in range(len(network.populations))]
    accumulators = [start.copy() for start in starting]
    states = [network.starting_states(i) for i in range(len(network.populations))]
    channels = opened(network, length, first_step)
    budgeted = {
        number: (p.budget.bounds(p.connection.source_size), p.budget.starting())
        for number, p in enumerate(network.projections)
        if p.budget
    }
    step, runs = first_step, messages.runs
    for runners in passes:
        most = sum(len(encoder.theta) for runner in runners for encoder in runner.encoders)
        for position in range(length):
            before = states.copy()
            begin, sources, deltas = messages.room(most)
            for place, reverse, encoders, resets_accumulators, memoryless, wanted, advance in runners:
                received = begin
                frame = length - 1 - position if reverse else position
                for number, source, events, is_recorded, delay, theta, integrate, loss, budget in encoders:
                    if is_recorded or delay > 1:
                        at = frame + delay if reverse else frame - delay
                        values = recorded[source][at] if 0 <= at < length else resting[source]
                    else:
                        values = (before if delay else states)[source][0]
                    if events:
                        count = scan_events(values, theta, sources[begin:], deltas[begin:])
                    elif loss:
                        room = sources[begin:], deltas[begin:]
                        count = offered(loss, position, values, last_sent[number], theta, *room)
                    elif budget:
                        room = sources[begin:], deltas[begin:]
                        given = (*budgeted[number], values, last_sent[number], theta)
                        count = scan_budgeted(budget, *given, *room)
                    else:
                        count = scan(values, last_sent[number], theta, sources[begin:], deltas[begin:])
                    if count:
                        runs.append((step, number, count))
                        end = begin + count
                        came, added = sources[begin:end], deltas[begin:end]
                        if loss:
                            lost = channels[number].lost[position, came]
                            messages.lost.append(begin + np.flatnonzero(lost))
                            came, added = came[~lost], added[~lost]
                            if not events:
                                added = differences(loss, position, came, added, channels[number].received)
                        integrate(accumulators[place], came, added)
                        begin = end
                if position == 0 or begin > received or not memoryless:
                    states[place] = advance(accumulators[place], states[place])
                if resets_accumulators:
                    accumulators[place][:] = starting[place]
                if wanted:
                    recorded[place][frame] = states[place][0]
            messages.count = begin
            step += 1
    shown = [recorded[network.index(name)] for name in network.outputs]
    return arithmetic.decode(np.concatenate(shown, axis=1))


def opened(network: Network, length: int, first_step: int) -> dict[int, Channel]:
    """The channels of a sequence that begins at ``first_step`` of the trace, by projection."""
    found = {}
    for number, projection in enumerate(network.projections):
        if projection.loss:
            first = first_step + network.population(projection.target).pass_number * length
            size = projection.connection.source_size
            lost = lost_elements(projection.loss, first, length, size)
            found[number] = Channel(lost, np.zeros(size, network.arithmetic.dtype))
    return found
