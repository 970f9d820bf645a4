"""Run a network over recorded inputs, event by event: who sends what, and what comes out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from networks.arrays import Floats, Numbers
from networks.cells.step import Step
from networks.connections.rules import Integrator
from networks.errors import InputError
from networks.graph import Network
from networks.trace import Trace, from_counts
from networks.transmit import scan


class Encoder(NamedTuple):
    """One projection while a network runs: where it reads, what it compares, what it feeds."""

    number: int
    source: int
    recorded: bool  # reads what the source gave for this frame: an input, or a population of an earlier sweep
    delay: int
    theta: Numbers
    integrate: Integrator


class Runner(NamedTuple):
    """One population while a network runs."""

    place: int
    reverse: bool
    encoders: tuple[Encoder, ...]
    memoryless: bool  # its value follows from its accumulators alone, so without a message it stays
    step: Step


class Messages:
    """A growing record of messages; every scan writes straight into it."""

    def __init__(self, dtype: np.dtype[np.generic]) -> None:
        self.sources = np.empty(1 << 14, np.int32)
        self.deltas = np.empty(1 << 14, dtype)
        self.count = 0
        self.runs: list[tuple[int, int, int]] = []

    def room(self, size: int) -> int:
        """Make room for ``size`` more messages and say where they start."""
        if self.count + size > len(self.sources):
            length = 2 * (self.count + size)
            self.sources = np.concatenate([self.sources, np.empty(length - len(self.sources), np.int32)])
            self.deltas = np.concatenate(
                [self.deltas, np.empty(length - len(self.deltas), self.deltas.dtype)]
            )
        return self.count


def execute(
    network: Network, inputs: Sequence[Floats], progress: Callable[[int, int], None] | None = None
) -> tuple[Trace, list[Floats]]:
    """Compute a network on sequences of its own length each; state starts afresh with every sequence.

    ``inputs``: arrays (frames, input_size). Returns the trace of all messages and, for each sequence, the
    outputs (frames, output_size) in order of frames. A population integrates a step's messages in order of
    (projection, source), one rounding for every multiplication and addition, so any engine can arrive at
    the same bits. ``progress`` is called with (sequences done, sequences). Errors: a sequence of length 0,
    of the wrong width or with a value that is not finite.

    >>> from networks.build import random_stack
    >>> network = random_stack("gru", 4, (8,), np.random.default_rng(0), theta_x=0.1, theta_h=0.1)
    >>> trace, outputs = execute(network, [np.ones((3, 4), np.float32)])
    >>> trace.steps, outputs[0].shape, trace.step(0)["source"][:4].tolist()
    (3, (3, 8), [0, 1, 2, 3])
    """
    frames = [checked(network, number, sequence) for number, sequence in enumerate(inputs)]
    sweeps = prepare(network)
    messages = Messages(network.arithmetic.dtype)
    outputs: list[Floats] = []
    bounds = [0]
    for number, sequence in enumerate(frames):
        outputs.append(run_sequence(network, sweeps, sequence, messages, bounds[-1]))
        bounds.append(bounds[-1] + network.sweeps * len(sequence))
        if progress:
            progress(number + 1, len(frames))
    step, projection, counts = np.array(messages.runs, np.int64).reshape(-1, 3).T
    deltas = network.arithmetic.decode(messages.deltas[: messages.count])
    sources, edges = messages.sources[: messages.count], np.array(bounds, np.int64)
    return from_counts(sources, deltas, step, projection, counts, edges, network.digest), outputs


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
    """For each sweep the populations in computing order, with all that a step needs looked up once."""
    sweeps = []
    for order in network.order:
        runners = []
        for place in order:
            target = network.populations[place]
            encoders = []
            for number in network.incoming[place]:
                projection = network.projections[number]
                source = network.index(projection.source)
                population = network.populations[source]
                recorded = population.cell.kind == "input" or population.sweep < target.sweep
                theta = projection.thresholds(network.arithmetic)
                lanes = target.cell.lanes(projection.role)
                integrate = projection.connection.integrator(lanes, network.arithmetic)
                encoders.append(Encoder(number, source, recorded, projection.delay, theta, integrate))
            step = target.cell.step(network.arithmetic)
            runners.append(Runner(place, target.reverse, tuple(encoders), target.cell.memoryless, step))
        sweeps.append(runners)
    return sweeps


def run_sequence(
    network: Network, sweeps: list[list[Runner]], frames: Numbers, messages: Messages, first_step: int
) -> Floats:
    """All sweeps over one sequence, from rest; returns the outputs (frames, output_size)."""
    arithmetic, length = network.arithmetic, len(frames)
    recorded = [np.empty((length, p.size), arithmetic.dtype) for p in network.populations]
    taken = 0
    for population in network.inputs:
        recorded[network.index(population.name)] = np.ascontiguousarray(
            frames[:, taken : taken + population.size]
        )
        taken += population.size
    last_sent = [np.zeros(p.connection.source_size, arithmetic.dtype) for p in network.projections]
    accumulators = [network.starting_accumulators(i) for i in range(len(network.populations))]
    states = [network.starting_states(i) for i in range(len(network.populations))]
    step = first_step
    for runners in sweeps:
        for position in range(length):
            before = states.copy()
            for place, reverse, encoders, memoryless, advance in runners:
                heard = messages.count
                frame = length - 1 - position if reverse else position
                for number, source, is_recorded, delay, theta, integrate in encoders:
                    if is_recorded:
                        values = recorded[source][frame]
                    else:
                        values = (before if delay else states)[source][0]
                    begin = messages.room(values.size)
                    sources, deltas = messages.sources[begin:], messages.deltas[begin:]
                    count = scan(values, last_sent[number], theta, sources, deltas)
                    if count:
                        messages.runs.append((step, number, count))
                        messages.count += count
                        integrate(accumulators[place], sources[:count], deltas[:count])
                if position == 0 or messages.count > heard or not memoryless:
                    states[place] = advance(accumulators[place], states[place])
                recorded[place][frame] = states[place][0]
            step += 1
    shown = [recorded[network.index(name)] for name in network.outputs]
    return arithmetic.decode(np.concatenate(shown, axis=1))
