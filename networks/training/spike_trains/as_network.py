"""A trained stack as a network that runs on chips, spike for spike the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deltasim.networks.cells import GLIF, Input
from deltasim.networks.connections import AllToAll
from deltasim.networks.graph import Network, Population, Projection
from deltasim.networks.training.spike_trains.layer import Neuron, Weights
from deltasim.networks.training.spike_trains.network import Stack
from deltasim.runtime.arrays import Numbers


def as_network(name: str, stack: Stack, weights: Sequence[Weights]) -> Network:
    """Populations ``input``, ``layer_0``, ``layer_1``, ... of `GLIF`, in float32; all delays are one step.

    A GLIF's current is c, so its potential and its threshold are those of the layer times tau_s, a power of
    two, by which both round alike. The outputs are the spikes of the last layer.

    >>> from deltasim.networks.training.spike_trains.network import Layer, drawn
    >>> stack = (Layer(3, recurrent=True),)
    >>> network = as_network("three", stack, drawn(2, stack, np.random.default_rng(0)))
    >>> [projection.name for projection in network.projections]
    ['input->layer_0', 'layer_0->layer_0']
    """
    populations = [Population("input", Input(len(weights[0].forward)))]
    projections, before = [], "input"
    for number, (layer, own) in enumerate(zip(stack, weights, strict=True)):
        target = f"layer_{number}"
        bias = np.zeros((1, layer.units), np.float32)
        populations.append(Population(target, glif(layer.neuron, layer.units), bias))
        projections.append(Projection(before, target, columns(own.forward), delay=1))
        if layer.recurrent:
            among = columns(own.recurrent)
            projections.append(Projection(target, target, among, "recurrent", delay=1))
        before = target
    return Network(name, tuple(populations), tuple(projections), (before,))


def glif(neuron: Neuron, size: int) -> GLIF:
    """The neurons as a cell."""
    return GLIF(
        size,
        leak=neuron.leak,
        threshold=neuron.threshold * neuron.tau_s,
        synapse=neuron.synapse,
        refractory=neuron.refractory,
    )


def columns(matrix: Numbers) -> AllToAll:
    """Weights (sources, targets), column by column."""
    return AllToAll(np.ascontiguousarray(matrix[:, None, :]))
