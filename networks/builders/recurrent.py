"""Builders of the usual shapes: stacks of recurrent layers, with a readout or without."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from deltasim.networks.cells import CELLS, GRU, LSTM, RNN, Dense, Input, dense, gru, lstm, rnn
from deltasim.networks.connections import AllToAll
from deltasim.networks.graph import Network, Population, Projection
from deltasim.networks.numbers.arithmetic import Arithmetic, FixedPoint, Float32
from deltasim.runtime.arrays import Numbers
from deltasim.runtime.errors import InputError, nearest

PARAMETERS: dict[str, Any] = {"rnn": rnn.Parameters, "gru": gru.Parameters, "lstm": lstm.Parameters}
"""The recurrent cells a stack can be made of, with their parameters."""

Theta = float | Sequence[float | Numbers]


def stack(
    kind: str,
    input_size: int,
    hidden_sizes: Sequence[int],
    weights: Sequence[Any],
    *,
    theta_x: Theta = 0.0,
    theta_h: Theta = 0.0,
    theta_readout: float | Numbers | None = None,
    bidirectional: bool = False,
    readout: dense.Parameters | None = None,
    name: str | None = None,
) -> Network:
    """Recurrent layers one on another, in float32: ``input``, ``gru_0``, ``gru_1``, ... and ``readout``.

    ``weights``: the cell's Parameters for each layer; with ``bidirectional`` forward, reverse, forward,
    reverse ... (PyTorch's order), the reverse layers being named ``gru_0_reverse``. ``theta_x`` and
    ``theta_h`` are the thresholds of what enters a layer from below and of its own recurrence: a number, or
    one for each layer (itself a number or an array over neurons). ``readout`` is a Dense population on the
    last layer's output, whose threshold is ``theta_readout``, by default the last layer's ``theta_h``.

    >>> rng = np.random.default_rng(0)
    >>> layer = random_parameters("gru", 4, 8, rng)
    >>> network = stack("gru", 4, (8,), [layer], theta_x=0.1, theta_h=0.2,
    ...                 readout=dense.Parameters(np.ones((2, 8)), np.zeros(2)))
    >>> [(p.name, p.theta) for p in network.projections]
    [('input->gru_0', 0.1), ('gru_0->gru_0', 0.2), ('gru_0->readout', 0.2)]
    """
    require_recurrent(kind)
    cell: type[RNN] | type[GRU] | type[LSTM] = CELLS[kind]  # type: ignore[assignment]
    directions = ("", "_reverse") if bidirectional else ("",)
    place = f"stack of {kind}"
    if len(weights) != len(hidden_sizes) * len(directions):
        rule = f"{len(hidden_sizes)} layers in {len(directions)} directions need as many parameter sets"
        raise InputError(place, len(weights), rule, "Give one for each layer and direction.")
    thetas_x, thetas_h = per_layer(theta_x, len(hidden_sizes)), per_layer(theta_h, len(hidden_sizes))
    populations = [Population("input", Input(input_size))]
    projections: list[Projection] = []
    below = ["input"]
    given = iter(weights)
    for layer, size in enumerate(hidden_sizes):
        here = [f"{kind}_{layer}{direction}" for direction in directions]
        pass_number = layer if bidirectional else 0
        below_sizes = [p.size for p in populations if p.name in below]
        for own, direction in zip(here, directions, strict=True):
            parameters = next(given)
            bias = np.asarray(parameters.bias, np.float32)
            populations.append(Population(own, cell(size), bias, pass_number, direction == "_reverse"))
            columns = split_sources(parameters.w_input, below_sizes, f"{place}: {own}: w_input")
            theta_parts = split_theta(thetas_x[layer], below_sizes)
            for source, part, theta in zip(below, columns, theta_parts, strict=True):
                projections.append(Projection(source, own, AllToAll.from_matrices(part), "input", 0, theta))
            recurrent = AllToAll.from_matrices(np.asarray(parameters.w_recurrent, np.float32))
            projections.append(Projection(own, own, recurrent, "recurrent", 1, thetas_h[layer]))
        below = here
    if readout is not None:
        theta = thetas_h[-1] if theta_readout is None else theta_readout
        below_sizes = [p.size for p in populations if p.name in below]
        rows = np.asarray(readout.weights, np.float32)
        last = len(hidden_sizes) if bidirectional else 0
        bias = np.asarray(readout.bias, np.float32)[None]
        populations.append(Population("readout", Dense(len(rows)), bias, last))
        parts = split_sources(rows[None], below_sizes, f"{place}: readout: weights")
        for source, part, own_theta in zip(below, parts, split_theta(theta, below_sizes), strict=True):
            projections.append(
                Projection(source, "readout", AllToAll.from_matrices(part), "input", 0, own_theta)
            )
        below = ["readout"]
    title = name or f"{kind}-{input_size}-{'-'.join(map(str, hidden_sizes))}"
    return Network(title, tuple(populations), tuple(projections), tuple(below), Float32())


def random_stack(
    kind: str,
    input_size: int,
    hidden_sizes: Sequence[int],
    rng: np.random.Generator,
    *,
    theta: float | None = None,
    theta_x: Theta = 0.0,
    theta_h: Theta = 0.0,
    bidirectional: bool = False,
    readout: int | None = None,
    arithmetic: Arithmetic | None = None,
    name: str | None = None,
) -> Network:
    """A stack with weights drawn as PyTorch initialises them: for tests and benchmarks.

    ``theta`` sets both thresholds at once; ``readout`` is the number of readout neurons; with a FixedPoint
    ``arithmetic`` the drawn network is quantised.

    >>> random_stack("lstm", 40, (64, 64), np.random.default_rng(0), theta=0.1, readout=10).weight_words
    60032
    """
    require_recurrent(kind)
    directions = 2 if bidirectional else 1
    weights, below = [], input_size
    for size in hidden_sizes:
        weights += [random_parameters(kind, below, size, rng) for _ in range(directions)]
        below = size * directions
    outputs = None
    if readout is not None:
        bound = below**-0.5
        outputs = dense.Parameters(
            rng.uniform(-bound, bound, (readout, below)), rng.uniform(-bound, bound, readout)
        )
    network = stack(
        kind,
        input_size,
        hidden_sizes,
        weights,
        theta_x=theta_x if theta is None else theta,
        theta_h=theta_h if theta is None else theta,
        bidirectional=bidirectional,
        readout=outputs,
        name=name,
    )
    if isinstance(arithmetic, FixedPoint):
        from deltasim.networks.numbers.quantise import quantised

        return quantised(network, arithmetic)
    return network


def random_parameters(kind: str, input_size: int, size: int, rng: np.random.Generator) -> Any:
    """A layer's Parameters, uniform within +-1/sqrt(size)."""
    bound = size**-0.5
    made: Any = CELLS[kind]
    cell = made(size)
    gates = len(cell.accumulators_of("input"))
    return PARAMETERS[kind](
        rng.uniform(-bound, bound, (gates, size, input_size)).astype(np.float32),
        rng.uniform(-bound, bound, (gates, size, size)).astype(np.float32),
        rng.uniform(-bound, bound, (cell.accumulators, size)).astype(np.float32),
    )


def require_recurrent(kind: str) -> None:
    """Refuse a cell that no stack is made of."""
    if kind not in PARAMETERS:
        raise InputError("stack", kind, "this is no recurrent cell", nearest(kind, PARAMETERS))


def per_layer(theta: Theta, layers: int) -> list[float | Numbers]:
    """One threshold for each layer.

    >>> per_layer(0.1, 2), per_layer([0.1, 0.2], 2)
    ([0.1, 0.1], [0.1, 0.2])
    """
    if np.ndim(theta) == 0:  # type: ignore[arg-type]
        return [theta] * layers  # type: ignore[list-item]
    listed = list(theta)  # type: ignore[arg-type]
    if len(listed) != layers:
        rule = f"thresholds are one number or one for each of {layers} layers"
        raise InputError("theta", f"{len(listed)} values", rule, "Give as many as there are layers.")
    return listed


def split_sources(weights: ArrayLike, sizes: Sequence[int], place: str) -> list[Numbers]:
    """Matrices (G, n_target, n_source) cut at the bounds of the source populations."""
    matrices = np.asarray(weights, np.float32)
    if matrices.ndim != 3 or matrices.shape[2] != sum(sizes):
        rule = f"weights have the shape (gates, targets, {sum(sizes)} sources)"
        raise InputError(place, f"shape {matrices.shape}", rule, "Give weights of that shape.")
    return np.split(matrices, np.cumsum(sizes)[:-1], axis=2)


def split_theta(theta: float | Numbers, sizes: Sequence[int]) -> list[float | Numbers]:
    """A threshold for each source population: the number itself, or its part of an array over all of them."""
    if np.ndim(theta) == 0 or np.size(theta) != sum(sizes):
        return [theta] * len(sizes)
    return list(np.split(np.asarray(theta), np.cumsum(sizes)[:-1]))
