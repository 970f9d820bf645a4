"""The plain recurrent neuron."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from deltasim.networks.cells.step import Places, Plain, Step, looked_up, to_activation
from deltasim.networks.numbers.activations import tanh
from deltasim.networks.numbers.arithmetic import Arithmetic, FixedPoint
from deltasim.runtime.arrays import Floats, Integers, Numbers
from deltasim.runtime.compiling import kernel


class Parameters(NamedTuple):
    """w_input (1, H, n_source), w_recurrent (1, H, H), bias (1, H): b_ih + b_hh of ``nn.RNN``."""

    w_input: Numbers
    w_recurrent: Numbers
    bias: Numbers


class State(NamedTuple):
    """The output h (H,)."""

    h: Numbers


@dataclass(frozen=True)
class RNN:
    """``h[t] = tanh(W_x x[t] + W_h h[t-1] + b)``, PyTorch's ``nn.RNN``.

    As a delta cell: ``M += W_x dx + W_h dh``, ``h = tanh(M)``, with M starting at b. One accumulator.

    >>> import numpy as np
    >>> one = Parameters(np.ones((1, 1, 1)), np.ones((1, 1, 1)), np.zeros((1, 1)))
    >>> float(RNN(1).dense_step(one, np.array([0.5]), State(np.array([-0.5]))).h[0])
    0.0
    """

    size: int
    kind: ClassVar[str] = "rnn"
    accumulators: ClassVar[int] = 1
    states: ClassVar[tuple[str, ...]] = ("h",)
    memoryless: ClassVar[bool] = True
    spiking: ClassVar[bool] = False

    def accumulators_of(self, role: str) -> tuple[int, ...]:
        """Accumulators that a projection's gate blocks feed."""
        return (0,)

    def step(self, arithmetic: Arithmetic) -> Step:
        """The update of a slice of neurons in this arithmetic."""
        if not isinstance(arithmetic, FixedPoint):
            return advance
        table, plain = arithmetic.tanh_table, tuple(Places.of(arithmetic))
        return lambda accumulators, states: advance_fixed(accumulators, states, table, plain)

    def dense_step(self, parameters: Parameters, x: Numbers, state: State) -> State:
        """The textbook form, without deltas."""
        total = parameters.w_input[0] @ x + parameters.w_recurrent[0] @ state.h + parameters.bias[0]
        return State(np.tanh(total))


@kernel
def advance(accumulators: Floats, states: Floats) -> Floats:
    """Float32."""
    fresh = np.empty_like(states)
    for i in range(states.shape[1]):
        fresh[0, i] = tanh(accumulators[0, i])
    return fresh


@kernel
def advance_fixed(accumulators: Integers, states: Integers, table: Integers, plain: Plain) -> Integers:
    """Raw integers: the accumulator rounded to an activation, the table, the result as an activation."""
    places = Places(*plain)
    fresh, looked = np.empty_like(states), looked_up(table, accumulators[0], places.accumulator, places)
    for i in range(looked.size):
        fresh[0, i] = to_activation(looked[i], places.lookup, places)
    return fresh
