"""An echo state network that reads its own forecast: the loop is a projection, so a chip runs it whole.

    u(t) = told(t) value(t) + (1 - told(t)) y(t - 1)
    h(t) = (1 - a) h(t - 1) + a tanh(W h(t - 1) + v u(t) + b)
    y(t) = c + c_u u(t) + c_h h(t)

W, v and b are drawn, ``c`` is fitted by ridge regression on the network's own states, thresholds included.
(Jaeger 2001; the hyperparameters' names are NeuroBench's.)
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from deltasim.networks.cells import Dense, Input
from deltasim.networks.cells.formula import Formula
from deltasim.networks.connections import Sparse
from deltasim.networks.execute import execute
from deltasim.networks.graph import Network, Population, Projection
from deltasim.networks.numbers.arithmetic import WideSums
from deltasim.runtime.arrays import Numbers
from deltasim.workloads.mackey_glass.forecast import guided

WASHOUT = 45  # points, 0.6 Lyapunov times, that a fit leaves out


class Shape(NamedTuple):
    """Units, spectral radius, leakage a, share of connections, scales of input and bias."""

    units: int = 100
    radius: float = 1.2
    leakage: float = 0.5
    connected: float = 0.1
    input_scale: float = 0.8
    bias_scale: float = 0.9


def unfitted(shape: Shape, seed: int, theta: float = 0.0) -> Network:
    """The network with a readout of ones; ``theta`` is the threshold of u, h and y.

    >>> network = unfitted(Shape(units=20), seed=0)
    >>> [population.name for population in network.populations], network.arithmetic
    (['input', 'drive', 'reservoir', 'readout'], WideSums())
    """
    rng, size = np.random.default_rng(seed), shape.units
    matrix = rng.uniform(-1, 1, (size, size)) * (rng.random((size, size)) < shape.connected)
    matrix *= shape.radius / np.abs(np.linalg.eigvals(matrix)).max()
    heard = rng.uniform(-1, 1, (size, 1)) * shape.input_scale
    bias = rng.uniform(-1, 1, (1, size)) * shape.bias_scale
    leaky = f"h = {1 - shape.leakage!r} * h + {shape.leakage!r} * tanh(a0)"

    def sparse(weights: Numbers) -> Sparse:
        return Sparse.from_matrices(np.asarray(weights, np.float32))

    return Network(
        "echo-state",
        (
            Population("input", Input(2)),
            Population("drive", Formula(1, "u = a1 * a0 + (1 - a1) * a2"), np.zeros((3, 1), np.float32)),
            Population("reservoir", Formula(size, leaky), bias.astype(np.float32)),
            Population("readout", Dense(1, "identity"), np.zeros((1, 1), np.float32)),
        ),
        (
            Projection("input", "drive", sparse(np.eye(2)[:, None]), accumulators=(0, 1)),
            Projection("readout", "drive", sparse(np.ones((1, 1))), "recurrent", 1, theta, accumulators=(2,)),
            Projection("drive", "reservoir", sparse(heard), "input", 0, theta),
            Projection("reservoir", "reservoir", sparse(matrix), "recurrent", 1, theta),
            Projection("drive", "readout", sparse(np.ones((1, 1))), "input", 0, theta),
            Projection("reservoir", "readout", sparse(np.ones((1, size))), "input", 0, theta),
        ),
        ("readout",),
        WideSums(),
    )


def fitted(network: Network, values: Numbers, ridge: float) -> Network:
    """The network with a readout that tells ``values[t + 1]`` from what it holds at t, told all before.

    Ridge regression in double precision: ``(F'F + ridge I) c = F'y`` with F = (1, u, h), without a washout.
    """
    told = replace(network, outputs=("drive", "reservoir"))
    _, (states,) = execute(told, [guided(values[:-1], len(values) - 1)])
    features = np.hstack([np.ones((len(states), 1)), states.astype(np.float64)])[WASHOUT:]
    wanted = features.T @ np.asarray(values[1 + WASHOUT :], np.float64)
    weights = np.linalg.solve(features.T @ features + ridge * np.eye(features.shape[1]), wanted)
    return with_readout(network, weights.astype(np.float32))


def with_readout(network: Network, weights: Numbers) -> Network:
    """The network with these readout weights: of the constant, of u, of every state."""
    parts = {"drive": weights[1:2], "reservoir": weights[2:]}
    projections = tuple(
        replace(p, connection=Sparse.from_matrices(parts[p.source][None])) if p.target == "readout" else p
        for p in network.projections
    )
    populations = tuple(
        replace(p, bias=weights[:1, None]) if p.name == "readout" else p for p in network.populations
    )
    return replace(network, populations=populations, projections=projections)
