"""Which neurons move in a step, and which are at rest: what a chip that tells them apart has to do."""

from __future__ import annotations

import numpy as np

from deltasim.networks.connections import Connection, Sparse
from deltasim.networks.execute import Encoder, Runner, prepare
from deltasim.networks.graph import Network
from deltasim.networks.trace import Trace
from deltasim.runtime.arrays import Flags, Integers, Numbers


def active(network: Network, trace: Trace) -> tuple[Flags | None, ...]:
    """For each population whether each neuron is active in each step of one sequence, (steps, size).

    A spiking neuron is at rest in a step that finds its potential at 0, if its bias is 0 too and no message
    comes for it; otherwise it is active. All other neurons always are: for them there is None. Potentials
    follow from the messages of the trace, which are integrated once more.

    >>> from deltasim.networks import Input, LIF, Population, Projection
    >>> from deltasim.networks.execute import execute
    >>> one = Sparse.from_synapses([0], [0], [2.0], 1, 2)          # the second neuron hears nothing
    >>> lif = Population("lif", LIF(2, threshold=1.0, reset=0.0), np.zeros((1, 2), np.float32))
    >>> network = Network("two", (Population("in", Input(1)), lif), (Projection("in", "lif", one),), ("lif",))
    >>> trace, _ = execute(network, [np.array([[0], [1], [0]], np.float32)])
    >>> active(network, trace)[1].astype(int).tolist()             # it fires at once, which resets it
    [[0, 0], [1, 0], [0, 0]]
    """
    found: list[Flags | None] = [None] * len(network.populations)
    frames = trace.steps // network.passes
    for number, runners in enumerate(prepare(network)):
        steps = range(number * frames, (number + 1) * frames)
        for runner in runners:
            if network.populations[runner.place].cell.spiking:
                found[runner.place] = of_population(network, trace, runner, steps)
    return tuple(found)


def of_population(network: Network, trace: Trace, runner: Runner, steps: range) -> Flags:
    """Whether each neuron of one spiking population is active, step by step."""
    population = network.populations[runner.place]
    potential = population.cell.states.index("v")
    starting, states = network.starting_accumulators(runner.place), network.starting_states(runner.place)
    flags = np.zeros((trace.steps, population.size), np.bool_)
    for step in steps:
        sums = starting.copy()
        flags[step] = (states[potential] != 0) | (starting[0] != 0)
        for encoder in runner.encoders:
            sources, deltas = came(network, trace, encoder, step)
            if len(sources):
                encoder.integrate(sums, sources, deltas)
                connection = network.projections[encoder.number].connection
                flags[step] |= reached(connection, sources, population.size)
        states = runner.step(sums, states)
    return flags


def came(network: Network, trace: Trace, encoder: Encoder, step: int) -> tuple[Integers, Numbers]:
    """The messages of a projection that are not lost in a step: their sources, and what they hold."""
    first, end = (int(bound) for bound in trace.step_bounds[step : step + 2])
    lost = trace.lost[(trace.lost >= first) & (trace.lost < end)]
    messages = np.delete(trace.messages[first:end], lost - first)
    mine = messages[messages["projection"] == encoder.number]
    return mine["source"].astype(np.int32), network.arithmetic.encode(mine["delta"].astype(np.float32))


def reached(connection: Connection, sources: Integers, size: int) -> Flags:
    """Which of the target neurons have a word in the columns of these sources. Shape (size,)."""
    if isinstance(connection, Sparse):
        flags = np.zeros(size, np.bool_)
        for source in sources.tolist():
            words = connection.targets[connection.pointer[source] : connection.pointer[source + 1]]
            flags[words // connection.gates] = True
        return flags
    words = connection.column_words(range(size + 1))[sources]
    return np.asarray((words > 0).any(axis=0))
