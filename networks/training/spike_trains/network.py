"""A stack of spiking layers, some with recurrence: its spikes, and the gradient of one sample."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from deltasim.networks.training.spike_trains.effects import effects, traces
from deltasim.networks.training.spike_trains.gradients import Counts, Effects, Rule, layer_gradient
from deltasim.networks.training.spike_trains.layer import Fired, Neuron, Spikes, Weights, fire
from deltasim.runtime.arrays import Integers, Numbers
from deltasim.runtime.compiling import kernel


@dataclass(frozen=True)
class Layer:
    """A layer of ``units`` neurons, which hear one another where it is recurrent."""

    units: int
    neuron: Neuron = field(default_factory=Neuron)
    recurrent: bool = False


Stack = tuple[Layer, ...]
"""The layers from the first that hears the inputs to the one whose counts are the answer."""


class Sums(NamedTuple):
    """Sums of the gradients of a batch, as S-PSPs lie: (neurons, sources) and (neurons, neurons or 0)."""

    forward: Numbers
    recurrent: Numbers


def drawn(inputs: int, stack: Stack, rng: np.random.Generator, span: float = 1.0) -> tuple[Weights, ...]:
    """Weights drawn evenly from -span to span, float32.

    >>> [w.forward.shape for w in drawn(4, (Layer(3, recurrent=True), Layer(2)), np.random.default_rng(0))]
    [(4, 3), (3, 2)]
    """
    found, sources = [], inputs
    for layer in stack:
        rows = (sources, layer.units if layer.recurrent else 0)
        pair = (rng.uniform(-span, span, (count, layer.units)).astype(np.float32) for count in rows)
        found.append(Weights(*pair))
        sources = layer.units
    return tuple(found)


def run(stack: Stack, weights: tuple[Weights, ...], inputs: Spikes) -> list[Fired]:
    """The spikes of every layer."""
    found, sources = [], inputs
    for layer, own in zip(stack, weights, strict=True):
        found.append(fire(layer.neuron, own, sources))
        sources = found[-1].spikes
    return found


def counted(stack: Stack, weights: tuple[Weights, ...], inputs: Spikes) -> Integers:
    """How often each neuron of the last layer fires."""
    return run(stack, weights, inputs)[-1].spikes.counts(stack[-1].units)


def no_sums(weights: tuple[Weights, ...]) -> tuple[Sums, ...]:
    """Sums to begin with."""
    return tuple(Sums(*(np.zeros(matrix.shape[::-1], matrix.dtype) for matrix in own)) for own in weights)


def add_gradient(
    stack: Stack,
    weights: tuple[Weights, ...],
    rule: Rule,
    inputs: Spikes,
    fired: list[Fired],
    losses: Numbers,
    sums: tuple[Sums, ...],
) -> None:
    """Add a sample's gradient to ``sums``, layer by layer from the last, given dL/do of the last."""
    for number in reversed(range(len(stack))):
        layer, own, did = stack[number], weights[number], fired[number]
        sources, count = (fired[number - 1].spikes if number else inputs), len(own.forward)
        kind = own.forward.dtype.type
        heard = effects(layer.neuron, did.spikes, layer.units, traces(layer.neuron, sources, count, kind))
        among = np.zeros((layer.units, 0), kind)
        if layer.recurrent:
            trace = traces(layer.neuron, did.spikes, layer.units, kind)
            among = effects(layer.neuron, did.spikes, layer.units, trace)
        counts = Counts(sources.counts(count), did.spikes.counts(layer.units), inputs.steps)
        effect = Effects(heard, among)
        found = layer_gradient(
            layer.neuron, rule, own, effect, did.potentials, counts, losses, below=number > 0
        )
        scale = found.scale.astype(kind)
        for matrix, into in zip(effect, sums[number], strict=True):
            if matrix.size:
                add_scaled(scale, matrix, into)
        losses = found.sources.astype(np.float64)


@kernel
def add_scaled(scale: Numbers, matrix: Numbers, into: Numbers) -> None:
    """``into_ij += scale_i matrix_ij``."""
    for i in range(len(scale)):
        factor = scale[i]
        if factor != 0:
            for j in range(matrix.shape[1]):
                into[i, j] += factor * matrix[i, j]
