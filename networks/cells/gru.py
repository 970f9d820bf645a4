"""The gated recurrent unit, with the reset gate applied after the recurrent product."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from deltasim.networks.cells.step import Places, Plain, Step, looked_up, sum_of_terms, to_activation
from deltasim.networks.numbers.activations import sigmoid, tanh
from deltasim.networks.numbers.arithmetic import Arithmetic, FixedPoint
from deltasim.networks.numbers.fixed_point import Wide
from deltasim.runtime.arrays import Floats, Integers, Numbers
from deltasim.runtime.compiling import kernel


class Parameters(NamedTuple):
    """w_input (3, H, n_source) and w_recurrent (3, H, H) in the order r, u, c; bias (4, H) for r, u, xc, hc.

    PyTorch's ``nn.GRU`` calls the gates r, z, n: bias = (b_ir + b_hr, b_iz + b_hz, b_in, b_hn).
    """

    w_input: Numbers
    w_recurrent: Numbers
    bias: Numbers


class State(NamedTuple):
    """The output h (H,)."""

    h: Numbers


@dataclass(frozen=True)
class GRU:
    """The GRU of cuDNN and PyTorch, whose recurrent part of the candidate can be accumulated:

    ``r = sigmoid(M_r)``, ``u = sigmoid(M_u)``, ``c = tanh(M_xc + r * M_hc)``, ``h = u * h + (1 - u) * c``
    with ``M_r = W_xr x + W_hr h + b_r``, ``M_u`` likewise, ``M_xc = W_xc x + b_xc``, ``M_hc = W_hc h +
    b_hc``. As a delta cell the four accumulators start at their bias and collect ``W dx`` and ``W dh``.
    Source: Neil et al., ICML 2017, equations 10 to 16, in PyTorch's form.

    >>> GRU(128).accumulators_of("input"), GRU(128).accumulators_of("recurrent")
    ((0, 1, 2), (0, 1, 3))
    """

    size: int
    kind: ClassVar[str] = "gru"
    accumulators: ClassVar[int] = 4
    states: ClassVar[tuple[str, ...]] = ("h",)
    memoryless: ClassVar[bool] = False
    spiking: ClassVar[bool] = False

    def accumulators_of(self, role: str) -> tuple[int, ...]:
        """Accumulators that a projection's gate blocks feed: r, u, and the candidate's own half."""
        return (0, 1, 2) if role == "input" else (0, 1, 3)

    def step(self, arithmetic: Arithmetic) -> Step:
        """The update of a slice of neurons in this arithmetic."""
        if not isinstance(arithmetic, FixedPoint):
            return advance
        gate, squash, plain = arithmetic.sigmoid_table, arithmetic.tanh_table, tuple(Places.of(arithmetic))
        return lambda accumulators, states: advance_fixed(accumulators, states, gate, squash, plain)

    def dense_step(self, parameters: Parameters, x: Numbers, state: State) -> State:
        """The textbook form, without deltas."""
        from_input, from_state, bias = (
            parameters.w_input @ x,
            parameters.w_recurrent @ state.h,
            parameters.bias,
        )
        r = 1 / (1 + np.exp(-(from_input[0] + from_state[0] + bias[0])))
        u = 1 / (1 + np.exp(-(from_input[1] + from_state[1] + bias[1])))
        c = np.tanh(from_input[2] + bias[2] + r * (from_state[2] + bias[3]))
        return State(u * state.h + (1 - u) * c)


@kernel
def advance(accumulators: Floats, states: Floats) -> Floats:
    """Float32."""
    fresh = np.empty_like(states)
    for i in range(states.shape[1]):
        r, u = sigmoid(accumulators[0, i]), sigmoid(accumulators[1, i])
        c = tanh(accumulators[2, i] + r * accumulators[3, i])
        fresh[0, i] = u * states[0, i] + (np.float32(1) - u) * c
    return fresh


@kernel
def advance_fixed(
    accumulators: Integers, states: Integers, gate: Integers, squash: Integers, plain: Plain
) -> Integers:
    """Raw integers: products exact, sums rounded to the activation format, and more where it says so."""
    places = Places(*plain)
    fresh, inner = np.empty_like(states), np.empty(states.shape[1], np.int64)
    r = looked_up(gate, accumulators[0], places.accumulator, places)
    u = looked_up(gate, accumulators[1], places.accumulator, places)
    fine = places.accumulator  # fraction bits, past the gate's, at which M_xc and r M_hc meet
    if places.factors:
        fine = max(places.accumulator, places.activation)
    for i in range(inner.size):
        factor: Wide = np.int64(accumulators[3, i])
        if places.factors:
            factor = to_activation(factor, places.accumulator, places) << (fine - places.activation)
        own = np.int64(accumulators[2, i]) << (fine - places.accumulator)
        inner[i] = (own << places.lookup) + r[i] * factor
    c = looked_up(squash, inner, fine + places.lookup, places)
    for i in range(inner.size):
        kept = u[i] * np.int64(states[0, i])
        taken = ((1 << places.lookup) - u[i]) * c[i]
        fresh[0, i] = sum_of_terms(kept, places.lookup + places.activation, taken, 2 * places.lookup, places)
    return fresh
