"""A spiking convolutional network in PyTorch, its spikes differentiated by a surrogate, and as a Network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from deltasim.networks.cells import GLIF, Input, LeakyIntegrator
from deltasim.networks.connections import AllToAll, Convolution
from deltasim.networks.graph import Network, Population, Projection
from deltasim.networks.numbers.arithmetic import FixedPoint, Q
from deltasim.networks.numbers.quantise import quantised
from deltasim.workloads.events import SIDE

WEIGHT_BITS = 8
ARITHMETIC = FixedPoint(activation=Q(8, 8), weight=Q(1, 7), accumulator=Q(9, 15))


@dataclass(frozen=True)
class Recipe:
    """How a network is trained."""

    seed: int = 0
    planes: tuple[int, int] = (8, 16)
    leak: float = 0.875
    readout_leak: float = 0.96875
    epochs: int = 20
    batch: int = 32
    rate: float = 4e-3
    shift: int = 3
    kept: float = 0.85
    spike_cost: float = 0.02
    slope: float = 4.0


class Spike(torch.autograd.Function):
    """1 where v is above 0; its gradient that of the fast sigmoid ``v / (1 + slope |v|)``."""

    @staticmethod
    def forward(context: Any, v: Tensor, slope: float) -> Tensor:
        context.save_for_backward(v)
        context.slope = slope
        return (v > 0).to(v.dtype)

    @staticmethod
    def backward(context: Any, *gradients: Any) -> tuple[Tensor, None]:
        (v,) = context.saved_tensors
        return gradients[0] / (1 + context.slope * v.abs()) ** 2, None


class Spiking(nn.Module):
    """Two spiking convolutions with stride 2, reset by subtraction, and a leaky integrator for each digit."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        first, second = recipe.planes
        self.recipe = recipe
        self.convolutions = nn.ModuleList([nn.Conv2d(2, first, 5, 2, 2), nn.Conv2d(first, second, 5, 2, 2)])
        self.readout = nn.Linear(second * 9 * 9, 10)

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Outputs (T, batch, 10) of frames (T, batch, 2, 34, 34), and spikes a neuron and step."""
        recipe, values = self.recipe, frames
        spikes: Any = 0.0
        for convolution in self.convolutions:  # nothing is fed back, so a layer takes all steps at once
            currents = convolution(values.flatten(0, 1)).unflatten(0, frames.shape[:2])
            v: Any = 0.0
            fired = []
            for current in currents:
                v = recipe.leak * v + current
                spike = Spike.apply(v - 1.0, recipe.slope)  # type: ignore[no-untyped-call]
                v = v - spike
                fired.append(spike)
            values = torch.stack(fired)
            spikes = spikes + values.mean() / 2
        outputs, y = [], torch.zeros(())
        for current in self.readout(values.flatten(2)):
            y = recipe.readout_leak * y + current
            outputs.append(y)
        return torch.stack(outputs), spikes

    def network(self, name: str) -> Network:
        """The network in fixed point, each layer's weights with the shortest integer part that holds them."""
        recipe, shape = self.recipe, (2, SIDE, SIDE)
        populations = [Population("input", Input(2 * SIDE * SIDE))]
        projections, before = [], "input"
        for layer, convolution in enumerate(self.convolutions):
            assert isinstance(convolution, nn.Conv2d)
            connection = Convolution(plain(convolution.weight), shape, (2, 2), (2, 2))
            shape = connection.out_shape
            bias = np.repeat(plain(convolution.bias), shape[1] * shape[2])[None]
            neurons = GLIF(connection.target_size, recipe.leak, resets="by_subtraction")
            populations.append(Population(f"glif_{layer}", neurons, bias))
            projections.append(Projection(before, f"glif_{layer}", connection))
            before = f"glif_{layer}"
        integrator = LeakyIntegrator(10, recipe.readout_leak)
        populations.append(Population("readout", integrator, plain(self.readout.bias)[None]))
        weights = AllToAll.from_matrices(plain(self.readout.weight))
        projections.append(Projection(before, "readout", weights))
        whole = Network(name, tuple(populations), tuple(projections), ("readout",))
        forms = {projection.name: form_of(projection.connection.weights) for projection in projections}
        return quantised(whole, ARITHMETIC, forms)


def form_of(weights: np.ndarray[Any, Any]) -> Q:
    """The format of 8 bits with the shortest integer part that holds the largest weight.

    >>> form_of(np.array([0.4])), form_of(np.array([-1.5]))
    (Q(integer=1, fraction=7), Q(integer=2, fraction=6))
    """
    integer = 1 + max(0, int(np.ceil(np.log2(max(float(np.abs(weights).max()), 1e-9)))))
    return Q(integer, WEIGHT_BITS - integer)


def plain(values: object) -> np.ndarray[Any, Any]:
    """A parameter as a float32 array."""
    assert isinstance(values, Tensor)
    return np.ascontiguousarray(values.detach().numpy(), np.float32)


def varied(frames: Tensor, recipe: Recipe, chance: torch.Generator) -> Tensor:
    """A batch moved by a few pixels, each sequence its own way, with some of its spikes left out."""
    moved = torch.zeros_like(frames)
    size = frames.shape[-1]
    by = torch.randint(-recipe.shift, recipe.shift + 1, (frames.shape[1], 2), generator=chance).tolist()
    for place, (down, right) in enumerate(by):
        to, of = ((slice(max(d, 0), size + min(d, 0)), slice(max(-d, 0), size - max(d, 0)))
                  for d in (down, right))  # fmt: skip
        moved[:, place, :, to[0], of[0]] = frames[:, place, :, to[1], of[1]]
    return moved * (torch.rand(moved.shape, generator=chance) < recipe.kept)


def loss_of(outputs: Tensor, spikes: Tensor, targets: Tensor, recipe: Recipe) -> Tensor:
    """Cross-entropy of the outputs' mean over time, and a price of spikes."""
    return functional.cross_entropy(outputs.mean(0), targets) + recipe.spike_cost * spikes
