"""Simple gated units, SGU and DSGU (Gao and Glowacka 2016, arXiv 1604.02910), as populations.

Both multiply inside a step what matrices then read, so each product is a population of its own that sends its
changes with a threshold of its own: ``u = x_g * h``, and in a DSGU ``g = z_g * h``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from deltasim.networks.builders.recurrent import Theta, per_layer, split_sources, split_theta
from deltasim.networks.cells import Dense, Formula, Input, dense
from deltasim.networks.connections import AllToAll, Connection, Sparse
from deltasim.networks.graph import Network, Population, Projection
from deltasim.runtime.arrays import Floats, Numbers
from deltasim.runtime.errors import InputError, nearest

SLOPE = 0.2
"""Of the hard sigmoid, as the authors' contemporaries have it; PyTorch's ``Hardsigmoid`` has 1/6."""

MATRICES = {"sgu": 2, "dsgu": 3}
"""Matrices of H x H: W_hz, W_zxh and, of a DSGU, W_go."""

PRODUCT, GATED = "u = a0 * a1", "g = tanh(a0) * a1"
GATE = "z = min(max({slope!r} * a1 + 0.5, 0), 1)"
STATES = {
    "sgu": "g = tanh(a0) * h; {gate}; h = (1 - z) * h + z * (max(g, 0) + log1p(exp(-abs(g))))",
    "dsgu": "{gate}; h = (1 - z) * h + z * sigmoid(a0)",
}
"""Formulas of the populations; the softplus is written so that it does not overflow."""


class Parameters(NamedTuple):
    """w_input (2, H, n_source): W_xh, W_xz; w_recurrent (2 or 3, H, H): W_hz, W_zxh, W_go; bias (2, H): b_g,
    b_z."""

    w_input: Numbers
    w_recurrent: Numbers
    bias: Numbers


class Thresholds(NamedTuple):
    """Of the states h, of the products u and of the products g: each a number or one for each neuron."""

    h: float | Numbers = 0.0
    u: float | Numbers = 0.0
    g: float | Numbers = 0.0


ZERO = Thresholds()


class Parts(NamedTuple):
    """A layer as populations, in computing order, and projections."""

    populations: tuple[Population, ...]
    projections: tuple[Projection, ...]


def dense_step(kind: str, parameters: Parameters, x: Numbers, h: Numbers, slope: float = SLOPE) -> Numbers:
    """The textbook form, without deltas: the next h (H,) from x (n_source,) and h.

    ``x_g = W_xh x + b_g``, ``z_g = tanh(W_zxh (x_g * h))``, ``z_out = softplus(z_g * h)`` (SGU) or
    ``sigmoid(W_go (z_g * h))`` (DSGU), ``z = clip(slope (W_xz x + b_z + W_hz h) + 0.5, 0, 1)``,
    ``h = (1 - z) * h + z * z_out``.

    >>> one = Parameters(np.array([[[2.0]], [[1.0]]]), np.ones((3, 1, 1)), np.zeros((2, 1)))
    >>> [round(float(dense_step(kind, one, np.ones(1), np.full(1, 0.5))[0]), 6) for kind in MATRICES]
    [0.82125, 0.575252]
    """
    x_g, gate = parameters.w_input @ x + parameters.bias
    z_g = np.tanh(parameters.w_recurrent[1] @ (x_g * h))
    if kind == "sgu":
        out = np.logaddexp(0, z_g * h)
    else:
        out = 1 / (1 + np.exp(-(parameters.w_recurrent[2] @ (z_g * h))))
    z = np.clip(slope * (gate + parameters.w_recurrent[0] @ h) + 0.5, 0, 1)
    new: Numbers = (1 - z) * h + z * out
    return new


def formula_of(kind: str, slope: float = SLOPE) -> str:
    """What the population of the states computes: a0 is the sum of the product's matrix, a1 that of the gate.

    >>> formula_of("dsgu")
    'z = min(max(0.2 * a1 + 0.5, 0), 1); h = (1 - z) * h + z * sigmoid(a0)'
    """
    return STATES[kind].format(gate=GATE.format(slope=slope))


def layer(
    kind: str,
    name: str,
    below: Sequence[tuple[str, int]],
    parameters: Parameters,
    theta_x: Sequence[float | Numbers],
    thetas: Thresholds,
    *,
    slope: float = SLOPE,
    connect: Callable[[Floats], Connection] = AllToAll.from_matrices,
    pass_number: int = 0,
    reverse: bool = False,
) -> Parts:
    """A layer: the populations ``NAME_u``, of a DSGU ``NAME_g``, and ``NAME``, the states.

    ``below`` names the populations that are read, with sizes and, in ``theta_x``, thresholds. ``connect``
    makes a connection of matrices (G, targets, sources). The states reach the products by themselves alone,
    one word a message, with the threshold of the states.

    >>> one = Parameters(np.ones((2, 4, 3)), np.ones((3, 4, 4)), np.zeros((2, 4)))
    >>> found = layer("dsgu", "dsgu_0", [("input", 3)], one, [0.1], Thresholds(0.1, 0.2, 0.3))
    >>> [(p.name, p.theta) for p in found.projections if p.source != "input" and p.source != "dsgu_0"]
    [('dsgu_0_u->dsgu_0_g', 0.2), ('dsgu_0_g->dsgu_0', 0.3)]
    """
    w_input, w_recurrent, bias = (np.asarray(part, np.float32) for part in parameters)
    require_gated(kind, name, w_input, w_recurrent, bias)
    size = w_input.shape[1]
    products, gated = f"{name}_u", f"{name}_g"
    nothing = np.zeros(size, np.float32)
    own = Sparse.from_matrices(np.eye(size, dtype=np.float32)[None])
    populations = [Population(products, Formula(size, PRODUCT), np.stack([bias[0], nothing]))]
    columns = split_sources(w_input, [wide for _, wide in below], f"layer {name}: w_input")
    projections = [
        Projection(source, products, connect(part[:1]), theta=theta, accumulators=(0,))
        for (source, _), part, theta in zip(below, columns, theta_x, strict=True)
    ]
    projections.append(Projection(name, products, own, "recurrent", 1, thetas.h, accumulators=(1,)))
    last, theta_last = products, thetas.u
    if kind == "dsgu":
        populations.append(Population(gated, Formula(size, GATED), np.stack([nothing, nothing])))
        joined = connect(w_recurrent[1:2])
        projections.append(Projection(products, gated, joined, theta=thetas.u, accumulators=(0,)))
        projections.append(Projection(name, gated, own, "recurrent", 1, thetas.h, accumulators=(1,)))
        last, theta_last = gated, thetas.g
    cell = Formula(size, formula_of(kind, slope))
    populations.append(Population(name, cell, np.stack([nothing, bias[1]])))
    projections += [
        Projection(source, name, connect(part[1:]), theta=theta, accumulators=(1,))
        for (source, _), part, theta in zip(below, columns, theta_x, strict=True)
    ]
    gate = connect(w_recurrent[:1])
    projections.append(Projection(name, name, gate, "recurrent", 1, thetas.h, accumulators=(1,)))
    read = connect(w_recurrent[-1:])
    projections.append(Projection(last, name, read, theta=theta_last, accumulators=(0,)))
    placed = (Population(p.name, p.cell, p.bias, pass_number, reverse) for p in populations)
    return Parts(tuple(placed), tuple(projections))


def sgu_stack(
    kind: str,
    input_size: int,
    weights: Sequence[Parameters],
    *,
    theta_x: Theta = 0.0,
    thetas: Thresholds | Sequence[Thresholds] = ZERO,
    slope: float = SLOPE,
    readout: dense.Parameters | None = None,
    name: str | None = None,
) -> Network:
    """Layers of simple gated units one on another, in float32, and perhaps a readout.

    ``kind`` is sgu or dsgu; ``weights`` has the Parameters of each layer. ``theta_x`` is the threshold of
    what enters a layer from below, ``thetas`` those of what it computes, for all layers or for each; the
    readout hears the last layer with that of its states.

    >>> one = random_parameters("sgu", 4, 8, np.random.default_rng(0))
    >>> network = sgu_stack("sgu", 4, [one], theta_x=0.1, thetas=Thresholds(0.1, 0.2))
    >>> [population.name for population in network.populations], network.weight_words
    (['input', 'sgu_0_u', 'sgu_0'], 200)
    """
    sizes = [np.shape(one.w_input)[1] for one in weights]
    every = [thetas] * len(sizes) if isinstance(thetas, Thresholds) else list(thetas)
    populations = [Population("input", Input(input_size))]
    projections: list[Projection] = []
    below = ("input", input_size)
    for number, (one, theta, own) in enumerate(
        zip(weights, per_layer(theta_x, len(sizes)), every, strict=True)
    ):
        here = f"{kind}_{number}"
        parts = layer(kind, here, [below], one, split_theta(theta, [below[1]]), own, slope=slope)
        populations += parts.populations
        projections += parts.projections
        below = (here, sizes[number])
    if readout is not None:
        rows = np.asarray(readout.weights, np.float32)
        bias = np.asarray(readout.bias, np.float32)[None]
        populations.append(Population("readout", Dense(len(rows)), bias))
        joined = AllToAll.from_matrices(rows[None])
        projections.append(Projection(below[0], "readout", joined, theta=every[-1].h))
        below = ("readout", len(rows))
    title = name or f"{kind}-{input_size}-{'-'.join(map(str, sizes))}"
    return Network(title, tuple(populations), tuple(projections), (below[0],))


def random_parameters(kind: str, input_size: int, size: int, rng: np.random.Generator) -> Parameters:
    """A layer's Parameters, uniform within +-1/sqrt(size)."""
    bound = size**-0.5
    shapes = (2, size, input_size), (MATRICES[kind], size, size), (2, size)
    return Parameters(*(rng.uniform(-bound, bound, shape).astype(np.float32) for shape in shapes))


def require_gated(kind: str, name: str, w_input: Floats, w_recurrent: Floats, bias: Floats) -> None:
    """Refuse another cell, and weights that do not belong together."""
    if kind not in MATRICES:
        rule = "this is no simple gated unit"
        raise InputError(f"layer {name}", kind, rule, nearest(kind, MATRICES))
    size = bias.shape[-1] if bias.ndim else 0
    expected = {"w_recurrent": (MATRICES[kind], size, size), "bias": (2, size)}
    for label, part in {"w_recurrent": w_recurrent, "bias": bias}.items():
        if part.shape != expected[label]:
            rule = f"{kind} units have the shape {expected[label]}"
            raise InputError(f"layer {name}: {label}", f"shape {part.shape}", rule, "Give weights of it.")
    if w_input.ndim != 3 or w_input.shape[:2] != (2, size):
        rule = f"{kind} units have the shape (2, {size}, sources)"
        raise InputError(f"layer {name}: w_input", f"shape {w_input.shape}", rule, "Give weights of it.")
