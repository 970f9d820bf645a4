"""Long short-term memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from deltasim.networks.cells.step import Places, Plain, Step, looked_up, sum_of_terms, to_activation
from deltasim.networks.numbers.activations import sigmoid, tanh
from deltasim.networks.numbers.arithmetic import Arithmetic, FixedPoint
from deltasim.runtime.arrays import Floats, Integers, Numbers
from deltasim.runtime.compiling import kernel


class Parameters(NamedTuple):
    """w_input (4, H, n_source), w_recurrent (4, H, H), bias (4, H), in PyTorch's order i, f, g, o."""

    w_input: Numbers
    w_recurrent: Numbers
    bias: Numbers


class State(NamedTuple):
    """The output h (H,) and the memory c (H,)."""

    h: Numbers
    c: Numbers


@dataclass(frozen=True)
class LSTM:
    """``i, f, o = sigmoid(M_i, M_f, M_o)``, ``g = tanh(M_g)``, ``c = f * c + i * g``, ``h = o * tanh(c)``.

    ``M = W_x x + W_h h + b``, as in PyTorch's ``nn.LSTM``. As a delta cell the four accumulators start at b
    and collect ``W_x dx + W_h dh``; the memory c is updated densely and never sent.

    >>> LSTM(64).states, LSTM(64).accumulators_of("recurrent")
    (('h', 'c'), (0, 1, 2, 3))
    """

    size: int
    kind: ClassVar[str] = "lstm"
    accumulators: ClassVar[int] = 4
    states: ClassVar[tuple[str, ...]] = ("h", "c")
    memoryless: ClassVar[bool] = False
    spiking: ClassVar[bool] = False

    def accumulators_of(self, role: str) -> tuple[int, ...]:
        """Accumulators that a projection's gate blocks feed: i, f, g, o."""
        return (0, 1, 2, 3)

    def step(self, arithmetic: Arithmetic) -> Step:
        """The update of a slice of neurons in this arithmetic."""
        if not isinstance(arithmetic, FixedPoint):
            return advance
        gate, squash, plain = arithmetic.sigmoid_table, arithmetic.tanh_table, tuple(Places.of(arithmetic))
        return lambda accumulators, states: advance_fixed(accumulators, states, gate, squash, plain)

    def dense_step(self, parameters: Parameters, x: Numbers, state: State) -> State:
        """The textbook form, without deltas."""
        total = parameters.w_input @ x + parameters.w_recurrent @ state.h + parameters.bias
        i, f, o = (1 / (1 + np.exp(-total[gate])) for gate in (0, 1, 3))
        c = f * state.c + i * np.tanh(total[2])
        return State(o * np.tanh(c), c)


@kernel
def advance(accumulators: Floats, states: Floats) -> Floats:
    """Float32."""
    fresh = np.empty_like(states)
    for n in range(states.shape[1]):
        i, f, o = sigmoid(accumulators[0, n]), sigmoid(accumulators[1, n]), sigmoid(accumulators[3, n])
        c = f * states[1, n] + i * tanh(accumulators[2, n])
        fresh[0, n] = o * tanh(c)
        fresh[1, n] = c
    return fresh


@kernel
def advance_fixed(
    accumulators: Integers, states: Integers, gate: Integers, squash: Integers, plain: Plain
) -> Integers:
    """Raw integers: c and h each rounded once, to the activation format."""
    places = Places(*plain)
    fresh, c = np.empty_like(states), np.empty(states.shape[1], np.int64)
    i = looked_up(gate, accumulators[0], places.accumulator, places)
    f = looked_up(gate, accumulators[1], places.accumulator, places)
    g = looked_up(squash, accumulators[2], places.accumulator, places)
    o = looked_up(gate, accumulators[3], places.accumulator, places)
    for n in range(c.size):
        kept, taken = f[n] * np.int64(states[1, n]), i[n] * g[n]
        c[n] = sum_of_terms(kept, places.lookup + places.activation, taken, 2 * places.lookup, places)
    squashed = looked_up(squash, c, places.activation, places)
    for n in range(c.size):
        fresh[0, n] = to_activation(o[n] * squashed[n], 2 * places.lookup, places)
        fresh[1, n] = c[n]
    return fresh
