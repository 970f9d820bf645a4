"""A builder for feed-forward networks: convolutions and dense layers that pass on deltas."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deltasim.networks.cells import Conv2d, Dense, Input, conv2d, dense
from deltasim.networks.connections import AllToAll, Connection, Convolution
from deltasim.networks.graph import Network, Population, Projection
from deltasim.runtime.arrays import Numbers
from deltasim.runtime.errors import InputError

Layer = tuple[conv2d.Parameters | dense.Parameters, str]
"""Parameters in PyTorch's shapes, and the activation."""


def feed_forward(
    in_shape: tuple[int, ...],
    layers: Sequence[Layer],
    *,
    theta: float | Sequence[float | Numbers] = 0.0,
    name: str = "feed-forward",
) -> Network:
    """Layers one after another, in float32: ``input``, ``conv2d_0``, ``conv2d_1``, ``dense_2``, ...

    ``in_shape`` is (C, H, W), or (n,) for dense layers only. ``theta`` is the threshold of what enters each
    layer: a number, or one for each layer. A dense layer after a convolution reads its planes flattened, as
    PyTorch does.

    >>> rng = np.random.default_rng(0)
    >>> layers = [(conv2d.Parameters(rng.normal(size=(2, 1, 3, 3)), np.zeros(2), padding=(1, 1)), "relu"),
    ...           (dense.Parameters(rng.normal(size=(5, 32)), np.zeros(5)), "identity")]
    >>> [(p.name, p.size) for p in feed_forward((1, 4, 4), layers, theta=0.1).populations]
    [('input', 16), ('conv2d_0', 32), ('dense_1', 5)]
    """
    thetas = [theta] * len(layers) if isinstance(theta, (int, float)) else list(theta)
    if len(thetas) != len(layers):
        rule = f"thresholds are one number or one for each of {len(layers)} layers"
        raise InputError("theta", f"{len(thetas)} values", rule, "Give as many as there are layers.")
    populations = [Population("input", Input(int(np.prod(in_shape))))]
    projections = []
    shape = tuple(in_shape)
    connection: Connection
    cell: Conv2d | Dense
    for level, ((parameters, activation), own) in enumerate(zip(layers, thetas, strict=True)):
        bias = np.asarray(parameters.bias, np.float32)
        if isinstance(parameters, conv2d.Parameters):
            if len(shape) != 3:
                rule = "a convolution reads planes (C, H, W)"
                raise InputError(f"layer {level}", f"input shape {shape}", rule, "Give such an in_shape.")
            weights = np.asarray(parameters.kernel, np.float32)
            planes = (shape[0], shape[1], shape[2])
            connection = Convolution(weights, planes, parameters.stride, parameters.padding)
            cell = Conv2d(connection.out_shape, activation)
            shape = connection.out_shape
            bias = np.repeat(bias, shape[1] * shape[2])
        else:
            connection = AllToAll.from_matrices(np.asarray(parameters.weights, np.float32))
            cell = Dense(connection.target_size, activation)
            shape = (cell.size,)
        population = Population(f"{cell.kind}_{level}", cell, bias[None])
        projections.append(Projection(populations[-1].name, population.name, connection, theta=own))
        populations.append(population)
    return Network(name, tuple(populations), tuple(projections), (populations[-1].name,))
