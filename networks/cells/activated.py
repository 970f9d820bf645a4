"""The step of cells whose output is a function of one accumulator: Dense and Conv2d."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from deltasim.networks.cells.step import Places, Plain, Step, looked_up, to_activation
from deltasim.networks.numbers.activations import sigmoid, tanh
from deltasim.networks.numbers.arithmetic import Arithmetic, FixedPoint
from deltasim.runtime.arrays import Floats, Integers, Numbers
from deltasim.runtime.compiling import kernel
from deltasim.runtime.errors import InputError, nearest

ACTIVATIONS: dict[str, Callable[[Numbers], Numbers]] = {
    "identity": lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
}
"""Activation names with their textbook form; the order is the code the kernels take."""


def require_activation(place: str, name: str) -> None:
    """Refuse an unknown activation, suggesting the nearest."""
    if name not in ACTIVATIONS:
        raise InputError(place, name, "this is no known activation", nearest(name, ACTIVATIONS))


def activated_step(activation: str, arithmetic: Arithmetic) -> Step:
    """``y = activation(M)`` for accumulators (1, n) and states (1, n).

    >>> import numpy as np
    >>> from deltasim.networks.numbers.arithmetic import Float32
    >>> step = activated_step("relu", Float32())
    >>> step(np.float32([[-1, 2]]), np.zeros((1, 2), np.float32)).tolist()
    [[0.0, 2.0]]
    """
    code = list(ACTIVATIONS).index(activation)
    if not isinstance(arithmetic, FixedPoint):
        return lambda accumulators, states: activate(accumulators, code)
    plain = tuple(Places.of(arithmetic))
    table = arithmetic.tanh_table if activation == "tanh" else arithmetic.sigmoid_table
    return lambda accumulators, states: activate_fixed(accumulators, code, table, plain)


@kernel
def activate(accumulators: Floats, code: int) -> Floats:
    """Float32; ``code`` counts ACTIVATIONS."""
    fresh = accumulators.copy()
    row = fresh[0]
    if code == 1:
        for i in range(row.size):
            row[i] = max(row[i], np.float32(0))
    elif code == 2:
        for i in range(row.size):
            row[i] = sigmoid(row[i])
    elif code == 3:
        for i in range(row.size):
            row[i] = tanh(row[i])
    return fresh


@kernel
def activate_fixed(accumulators: Integers, code: int, table: Integers, plain: Plain) -> Integers:
    """Raw integers: identity and relu round the accumulator, sigmoid and tanh go through their table."""
    places, fresh = Places(*plain), np.empty_like(accumulators)
    if code >= 2:
        looked = looked_up(table, accumulators[0], places.accumulator, places)
        for i in range(looked.size):
            fresh[0, i] = to_activation(looked[i], places.lookup, places)
    else:
        for i in range(accumulators.shape[1]):
            value = to_activation(np.int64(accumulators[0, i]), places.accumulator, places)
            fresh[0, i] = max(value, 0) if code == 1 else value
    return fresh
