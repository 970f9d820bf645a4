"""A trained layer as populations and projections of a network that runs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deltasim.networks.budget import Budget
from deltasim.networks.builders import sgu
from deltasim.networks.cells import CELLS, Conv2d, Formula
from deltasim.networks.cells import Dense as DenseCell
from deltasim.networks.connections import AllToAll, Connection, Convolution, Sparse
from deltasim.networks.graph import Population, Projection
from deltasim.networks.numbers.arithmetic import Q
from deltasim.networks.training.cells import PRODUCTS, RESET_BEFORE
from deltasim.networks.training.encoder import Threshold
from deltasim.networks.training.layers import feed_forward
from deltasim.networks.training.layers.causal import CausalConvolution, label_of
from deltasim.networks.training.layers.layer import Place
from deltasim.networks.training.layers.pooling import MaxPool
from deltasim.networks.training.layers.recurrent import Recurrent
from deltasim.networks.training.rounding import Formats
from deltasim.runtime.arrays import Floats

RESET = "y = sigmoid(a0) * a1"
CANDIDATE = "u = sigmoid(a0); c = tanh(a1); h = u * h + (1 - u) * c"


class Export(NamedTuple):
    """How a layer is exported: ``dense`` with thresholds 0, ``sparse`` without the words of pruned weights.

    With ``formats`` every projection has the weight format it was trained for.
    """

    dense: bool = False
    sparse: bool = False
    formats: Formats | None = None

    def theta(self, threshold: Threshold, place: Place) -> list[float | NDArray[np.float64]]:
        """The threshold of what is read of each population below."""
        if self.dense:
            return [0.0] * len(place.below)
        return parted(threshold, [size for _, size in place.below])

    def budget(self, budget: Budget | None) -> Budget | None:
        """What an encoder may send; a dense network sends all."""
        return None if self.dense else budget

    def form(self, weight: Tensor) -> Q | None:
        """The format of a matrix."""
        return None if self.formats is None else self.formats.of_weights(weight)

    def connection(self, matrices: Floats) -> Connection:
        """Gate matrices (G, targets, sources) as a connection."""
        pruned = self.sparse and bool((matrices == 0).any())
        return Sparse.from_matrices(matrices) if pruned else AllToAll.from_matrices(matrices)


class Populations(NamedTuple):
    """What a layer comes to."""

    populations: tuple[Population, ...]
    projections: tuple[Projection, ...]


def parted(threshold: Threshold, sizes: list[int]) -> list[float | NDArray[np.float64]]:
    """A threshold as numbers: one, or an array, for each population that is read."""
    value = threshold().detach().cpu()
    if not value.dim():
        return [float(value)] * len(sizes)
    return [part.numpy().astype(np.float64) for part in value.split(sizes)]


def numbers(tensor: Tensor) -> Floats:
    """A parameter as float32."""
    return tensor.detach().cpu().numpy().astype(np.float32)


def dense(layer: feed_forward.Dense, pass_number: int, export: Export) -> Populations:
    """A dense layer: a population, and a projection from each that it reads."""
    name, place = layer.place.name, layer.place
    population = Population(
        name, DenseCell(layer.units, layer.activation), numbers(layer.bias)[None], pass_number
    )
    parts = by_source(numbers(layer.weight)[None], place)
    projections = tuple(
        Projection(
            source, name, export.connection(part), theta=theta, weight_format=export.form(layer.weight)
        )
        for (source, _), part, theta in zip(place.below, parts, export.theta(layer.theta, place), strict=True)
    )
    return Populations((population,), projections)


def convolution(layer: feed_forward.Convolution, pass_number: int, export: Export) -> Populations:
    """A convolution: a population of all its output planes; it reads one population."""
    ((source, _),) = layer.place.below
    name, shape = layer.place.name, layer.out_shape
    bias = np.repeat(numbers(layer.bias), shape[1] * shape[2])[None]
    joined = Convolution(numbers(layer.weight), layer.in_shape, layer.stride, layer.padding)
    (theta,) = export.theta(layer.theta, layer.place)
    return Populations(
        (Population(name, Conv2d(shape, layer.activation), bias, pass_number),),
        (Projection(source, name, joined, theta=theta, weight_format=export.form(layer.weight)),),
    )


def causal(layer: CausalConvolution, pass_number: int, export: Export) -> Populations:
    """A convolution over blocks: a projection for each block that it reads, with its part of the kernel."""
    ((source, _),) = layer.place.below
    name, shape, kernel = layer.place.name, layer.out_shape, numbers(layer.weight)
    bias = np.repeat(numbers(layer.bias), shape[1] * shape[2])[None]
    theta = torch.zeros(()) if export.dense else layer.theta().detach().cpu()
    rows, form = layer.padding, export.form(layer.weight)
    projections = []
    for tap in layer.taps:
        joined = Convolution(
            kernel[..., tap.first : tap.stop],
            layer.in_shape,
            padding=(rows, tap.before),
            after=None if tap.after == tap.before else (rows, tap.after),
        )
        own = layer.thresholds(tap, theta)
        level = float(own[0]) if bool((own == own[0]).all()) else own.numpy().astype(np.float64)
        projections.append(
            Projection(
                source, name, joined, "input", tap.delay, level, weight_format=form, label=label_of(tap)
            )
        )
    population = Population(name, Conv2d(shape, layer.activation), bias, pass_number)
    return Populations((population,), tuple(projections))


def pooling(layer: MaxPool, pass_number: int, export: Export) -> Populations:
    """The largest value of windows: every value has an accumulator of its own, and a weight of 1."""
    ((source, size),) = layer.place.below
    (count, rows, columns), (high, wide) = layer.out_shape, layer.window
    plane, row, column = np.unravel_index(np.arange(size), layer.in_shape)
    target = (plane * rows + row // high) * columns + column // wide
    places = target * (high * wide) + row % high * wide + column % wide
    joined = Sparse(
        np.arange(size + 1), places, np.ones(size, np.float32), count * rows * columns, high * wide
    )
    cell = Formula(joined.target_size, layer.formula)
    population = Population(
        layer.place.name, cell, np.zeros((high * wide, cell.size), np.float32), pass_number
    )
    form = None if export.formats is None else Q(2, export.formats.bits - 2)
    (theta,) = export.theta(layer.theta, layer.place)
    return Populations(
        (population,),
        (Projection(source, layer.place.name, joined, theta=theta, weight_format=form),),
    )


def recurrent(layer: Recurrent, pass_number: int, export: Export) -> Populations:
    """A recurrent layer: a population for each direction, and one for each product inside its step."""
    populations: list[Population] = []
    projections: list[Projection] = []
    one_way = plain
    if layer.kind in PRODUCTS:
        one_way = reset_before if layer.kind == RESET_BEFORE else simple_gated
    for number in range(len(layer.directions)):
        found = one_way(layer, number, pass_number, export)
        populations += found.populations
        projections += found.projections
    return Populations(tuple(populations), tuple(projections))


def plain(layer: Recurrent, number: int, pass_number: int, export: Export) -> Populations:
    """A direction of a cell that is one population."""
    direction, size, place = layer.directions[number], layer.units, layer.place
    name = f"{place.name}{direction}"
    from_input, from_state, bias = parameters(layer, direction)
    first, apart = bias
    held = first + apart if layer.kind != "gru" else np.concatenate([first, apart[2:]])
    cell = CELLS[layer.kind](size)  # type: ignore[call-arg, arg-type]
    population = Population(name, cell, held, pass_number, direction == "_reverse")
    inputs, states = forms(layer, direction, export)
    projections = [
        Projection(
            source,
            name,
            export.connection(part),
            theta=theta,
            weight_format=inputs,
            budget=export.budget(layer.budget_x),
        )
        for (source, _), part, theta in zip(
            place.below,
            by_source(from_input, place),
            export.theta(layer.theta_x[number], place),  # type: ignore[arg-type]
            strict=True,
        )
    ]
    (theta_h,) = own_theta(layer, number, export)
    joined = export.connection(from_state)
    own = export.budget(layer.budget_h)
    projections.append(Projection(name, name, joined, "recurrent", 1, theta_h, states, budget=own))
    return Populations((population,), tuple(projections))


def reset_before(layer: Recurrent, number: int, pass_number: int, export: Export) -> Populations:
    """A direction of the GRU with two products: what its reset gate lets through is a population."""
    direction, size, place = layer.directions[number], layer.units, layer.place
    name, reverse = f"{place.name}{direction}", direction == "_reverse"
    reset = f"{name}_reset"
    from_input, from_state, (bias, _) = parameters(layer, direction)
    populations = (
        Population(
            reset,
            Formula(size, RESET),
            np.stack([bias[0], np.zeros(size, np.float32)]),
            pass_number,
            reverse,
        ),
        Population(name, Formula(size, CANDIDATE), bias[1:], pass_number, reverse),
    )
    into_reset, into_own = by_source(from_input[:1], place), by_source(from_input[1:], place)
    thetas = export.theta(layer.theta_x[number], place)  # type: ignore[arg-type]
    (theta_h,) = own_theta(layer, number, export)
    (theta_reset,) = product_thetas(layer, number, export)
    projections: list[Projection] = []
    for (source, _), part, theta in zip(place.below, into_reset, thetas, strict=True):
        projections.append(Projection(source, reset, export.connection(part), theta=theta, accumulators=(0,)))
    gated = Sparse.from_matrices(np.stack([from_state[0], np.eye(size, dtype=np.float32)]))
    projections.append(Projection(name, reset, gated, "recurrent", 1, theta_h, accumulators=(0, 1)))
    for (source, _), part, theta in zip(place.below, into_own, thetas, strict=True):
        joined = export.connection(part)
        projections.append(Projection(source, name, joined, theta=theta, accumulators=(0, 1)))
    for source, matrix, role, delay, theta, fed in (
        (name, from_state[1:2], "recurrent", 1, theta_h, 0),
        (reset, from_state[2:], "input", 0, theta_reset, 1),
    ):
        joined = export.connection(matrix)
        projections.append(Projection(source, name, joined, role, delay, theta, accumulators=(fed,)))
    return Populations(populations, tuple(projections))


def simple_gated(layer: Recurrent, number: int, pass_number: int, export: Export) -> Populations:
    """A direction of a simple gated unit."""
    direction = layer.directions[number]
    size, place = layer.units, layer.place
    from_input, from_state = (
        numbers(layer.get_parameter(f"weight_{part}_l0{direction}")).reshape(-1, size, wide)
        for part, wide in (("ih", place.width), ("hh", size))
    )
    bias = numbers(layer.biases(direction)[0]).reshape(2, size)
    (theta_h,) = own_theta(layer, number, export)
    found = sgu.layer(
        layer.kind,
        f"{place.name}{direction}",
        place.below,
        sgu.Parameters(from_input, from_state, bias),
        export.theta(layer.theta_x[number], place),  # type: ignore[arg-type]
        sgu.Thresholds(theta_h, *product_thetas(layer, number, export)),
        slope=layer.slope,
        connect=export.connection,
        pass_number=pass_number,
        reverse=direction == "_reverse",
    )
    return Populations(*found)


def parameters(layer: Recurrent, direction: str) -> tuple[Floats, Floats, tuple[Floats, Floats]]:
    """Both matrices and both biases of a direction, gate by gate."""
    gates, size = layer.gates, layer.units
    from_input, from_state = (
        numbers(layer.get_parameter(f"weight_{part}_l0{direction}")).reshape(gates, size, -1)
        for part in ("ih", "hh")
    )
    first, apart = (numbers(bias).reshape(gates, size) for bias in layer.biases(direction))
    return from_input, from_state, (first, apart)


def forms(layer: Recurrent, direction: str, export: Export) -> tuple[Q | None, Q | None]:
    """The formats of both matrices of a direction."""
    from_input, from_state = (layer.get_parameter(f"weight_{part}_l0{direction}") for part in ("ih", "hh"))
    return export.form(from_input), export.form(from_state)


def own_theta(layer: Recurrent, number: int, export: Export) -> list[float | NDArray[np.float64]]:
    """The threshold of a layer's own states."""
    threshold = layer.theta_h[number]
    assert isinstance(threshold, Threshold)
    return [0.0] if export.dense else parted(threshold, [layer.units])


def product_thetas(layer: Recurrent, number: int, export: Export) -> list[float | NDArray[np.float64]]:
    """The thresholds of what a direction multiplies inside its step."""
    count = len(PRODUCTS[layer.kind])
    if export.dense:
        return [0.0] * count
    every = list(layer.theta_product)[number * count : (number + 1) * count]
    return [parted(threshold, [layer.units])[0] for threshold in every]  # type: ignore[arg-type]


def by_source(matrices: Floats, place: Place) -> list[Floats]:
    """Gate matrices (G, targets, sources) cut at the bounds of the populations that are read."""
    return np.split(matrices, np.cumsum([size for _, size in place.below])[:-1], axis=2)


def as_populations(layer: torch.nn.Module, pass_number: int, export: Export) -> Populations:
    """A layer's populations and projections, in float32.

    >>> layer = feed_forward.Dense(Place("readout", (("input", 2),)), 3, theta=0.5)
    >>> found = as_populations(layer, 0, Export())
    >>> found.populations[0].size, found.projections[0].theta
    (3, 0.5)
    """
    if isinstance(layer, Recurrent):
        return recurrent(layer, pass_number, export)
    if isinstance(layer, feed_forward.Convolution):
        return convolution(layer, pass_number, export)
    if isinstance(layer, CausalConvolution):
        return causal(layer, pass_number, export)
    if isinstance(layer, MaxPool):
        return pooling(layer, pass_number, export)
    assert isinstance(layer, feed_forward.Dense)
    return dense(layer, pass_number, export)
