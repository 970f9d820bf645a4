"""What a threshold is measured in: how far a projection's values move in a step, neuron by neuron."""

from __future__ import annotations

import numpy as np

from deltasim.networks.graph import Network, Projection
from deltasim.networks.trace import Trace
from deltasim.runtime.arrays import Numbers

MOST = 8.0
"""How far a neuron's threshold may lie from its layer's, either way."""


def moves(network: Network, trace: Trace) -> dict[str, Numbers]:
    """For each projection that sends differences, the root mean square step of every source neuron.

    ``trace`` is that of theta 0, where a message is a step. Those that send events have no such threshold.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.networks.execute import execute
    >>> network = random_stack("gru", 1, (2,), np.random.default_rng(0))
    >>> trace, _ = execute(network, [np.array([[3.0], [-1.0]], np.float32)])
    >>> [float(step) for step in moves(network, trace)["input->gru_0"]] == [(25 / 2) ** 0.5]
    True
    """
    frames = max(1, trace.steps // network.passes)
    found = {}
    for number, projection in enumerate(network.projections):
        if network.sends_events(number):
            continue
        own = trace.messages[trace.messages["projection"] == number]
        squares = own["delta"].astype(np.float64) ** 2
        sums = np.bincount(own["source"], squares, minlength=projection.connection.source_size)
        found[projection.name] = np.sqrt(sums / frames)
    return found


def layer_scale(steps: Numbers) -> float:
    """One number for a whole layer: the root mean square over its neurons."""
    return float(np.sqrt(np.mean(steps**2)))


def neuron_scales(network: Network, projection: Projection, steps: Numbers) -> Numbers:
    """One number a source neuron, around the layer's.

    Rule: a neuron that moves by s and whose column has the norm w sends about (s / theta)^2 messages a step
    and leaves an error of about theta w behind; the same errors come with fewest messages where theta is in
    proportion to sqrt(s / w). Their geometric mean is the layer's scale, and none is more than ``MOST`` away.
    """
    norms = column_norms(network, projection)
    live = (steps > 0) & (norms > 0)
    if not live.any():
        return np.full(len(steps), layer_scale(steps))
    wanted = np.ones(len(steps))
    wanted[live] = np.sqrt(steps[live] / norms[live])
    wanted[live] /= np.exp(np.mean(np.log(wanted[live])))
    wanted[~live & (norms == 0)] = MOST  # nobody listens
    return np.asarray(layer_scale(steps) * np.clip(wanted, 1 / MOST, MOST))


def column_norms(network: Network, projection: Projection) -> Numbers:
    """The Euclidean norm of what one unit of each source neuron adds to all accumulators, in real units.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> network = random_stack("rnn", 2, (3,), np.random.default_rng(0))
    >>> weights = network.projections[0].connection.weights.reshape(2, 3)
    >>> np.allclose(column_norms(network, network.projections[0]), np.linalg.norm(weights, axis=1))
    True
    """
    arithmetic = projection.arithmetic(network.arithmetic)
    target = network.population(projection.target)
    fed = projection.fed(target.cell)
    integrate = projection.connection.integrator(fed, arithmetic)
    unit = arithmetic.encode(np.ones(1))
    found = np.empty(projection.connection.source_size)
    accumulators = np.zeros((target.cell.accumulators, target.size), arithmetic.accumulator_dtype)
    for source in range(len(found)):
        accumulators[:] = 0
        integrate(accumulators, np.array([source], np.int32), unit)
        found[source] = np.sqrt((accumulators.astype(np.float64) ** 2).sum())
    return found
