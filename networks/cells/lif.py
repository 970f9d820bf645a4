"""The leaky integrate-and-fire neuron: the cell of spiking populations."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from deltasim.networks.cells.step import Step
from deltasim.networks.numbers.arithmetic import Arithmetic, FixedPoint, quantise
from deltasim.networks.numbers.fixed_point import saturated, shifted, wrapped
from deltasim.runtime.arrays import Floats, Integers, Numbers
from deltasim.runtime.compiling import kernel
from deltasim.runtime.errors import InputError

LEAK_FRACTION = 15
"""Fraction bits of the leak in fixed point: from 0 to 1 in steps of 2**-15."""


class Parameters(NamedTuple):
    """weights (size, n_source) of what a neuron receives in a step, bias (size,)."""

    weights: Numbers
    bias: Numbers


class State(NamedTuple):
    """Whether a neuron fires, 0 or 1, and its potential v; both (size,)."""

    spike: Numbers
    v: Numbers


@dataclass(frozen=True)
class LIF:
    """``v = leak * v + bias + input``; where ``v > threshold`` the neuron fires and ``v`` becomes ``reset``.

    ``input`` is the sum of the weights of the spikes that arrive in this step: the accumulator starts from
    the bias at every step. The output is 1 in a step in which the neuron fires, else 0; a spike is received
    one step later. Leak within 0 to 1, threshold and reset in the units of the weights, reset not above the
    threshold. In fixed point ``v`` is kept in the accumulator format (leak with 15 fraction bits, the product
    rounded half to even, the sum saturated). Source: the rule of SANA-FE's ``leaky_integrate_fire`` with hard
    reset (Boyle et al., IEEE TCAD 2025).

    >>> neuron = LIF(1, threshold=1.0, leak=0.5)
    >>> state = State(np.zeros(1), np.zeros(1))
    >>> parameters, fired = Parameters(np.array([[0.75]]), np.zeros(1)), []
    >>> for _ in range(4):
    ...     state = neuron.dense_step(parameters, np.ones(1), state)
    ...     fired.append(int(state.spike[0]))
    >>> fired                                            # v: 0.75, 1.125 fires, 0.75, 1.125 fires
    [0, 1, 0, 1]
    """

    size: int
    threshold: float = 1.0
    leak: float = 0.9
    reset: float = 0.0
    kind: ClassVar[str] = "lif"
    accumulators: ClassVar[int] = 1
    states: ClassVar[tuple[str, ...]] = ("spike", "v")
    memoryless: ClassVar[bool] = False
    spiking: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not 0.0 <= self.leak <= 1.0:
            rule = "a leak is the share of the potential kept from step to step, 0 to 1"
            raise InputError("lif cell: leak", self.leak, rule, "Give a number within 0 to 1.")
        if not (math.isfinite(self.threshold) and math.isfinite(self.reset)) or self.reset > self.threshold:
            rule = (
                f"threshold and reset are finite, and the reset does not lie above threshold {self.threshold}"
            )
            raise InputError("lif cell: reset", self.reset, rule, "Lower the reset or raise the threshold.")

    def accumulators_of(self, role: str) -> tuple[int, ...]:
        """Accumulators that a projection's gate blocks feed."""
        return (0,)

    def step(self, arithmetic: Arithmetic) -> Step:
        """The update of a slice of neurons in this arithmetic."""
        if not isinstance(arithmetic, FixedPoint):
            leak, threshold, reset = (np.float32(x) for x in (self.leak, self.threshold, self.reset))
            return lambda accumulators, states: advance(accumulators, states, leak, threshold, reset)
        form = arithmetic.accumulator
        kept = int(np.rint(self.leak * 2.0**LEAK_FRACTION))
        # v is a whole number of steps of the format, so v > threshold is v > floor(threshold)
        bar = int(np.clip(math.floor(self.threshold * 2.0**form.fraction), form.lowest, form.highest))
        rest, one = int(quantise(self.reset, form)), int(quantise(1.0, arithmetic.activation))
        wraps = arithmetic.overflow == "wrap"
        return lambda accumulators, states: advance_fixed(
            accumulators, states, kept, bar, rest, one, form.lowest, form.highest, wraps
        )

    def dense_step(self, parameters: Parameters, x: Numbers, state: State) -> State:
        """The textbook form."""
        v = self.leak * state.v + parameters.bias + parameters.weights @ x
        fires = v > self.threshold
        return State(fires.astype(v.dtype), np.where(fires, self.reset, v))


@kernel
def advance(
    accumulators: Floats, states: Floats, leak: np.float32, threshold: np.float32, reset: np.float32
) -> Floats:
    """Float32: one rounding for the leak's product, one for the sum."""
    fresh = np.empty_like(states)
    for i in range(states.shape[1]):
        v = leak * states[1, i] + accumulators[0, i]
        fires = v > threshold
        fresh[0, i] = np.float32(1) if fires else np.float32(0)
        fresh[1, i] = reset if fires else v
    return fresh


@kernel
def advance_fixed(
    accumulators: Integers,
    states: Integers,
    leak: int,
    threshold: int,
    reset: int,
    one: int,
    lowest: int,
    highest: int,
    wraps: bool,
) -> Integers:
    """Raw integers: the potential in the accumulator format, the spike as 1 of the activation format."""
    fresh = np.empty_like(states)
    for i in range(states.shape[1]):
        kept = shifted(leak * np.int64(states[1, i]), LEAK_FRACTION)
        v = kept + accumulators[0, i]
        v = wrapped(v, lowest, highest) if wraps else saturated(v, lowest, highest)
        fires = v > threshold
        fresh[0, i] = one if fires else 0
        fresh[1, i] = reset if fires else v
    return fresh
