"""The leaky integrate-and-fire neuron whose potential is cut to a coarse grid in every step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from deltasim.networks.cells.own_parameters import (
    every_value,
    fractions,
    require_share,
    settle_own,
    shared_values,
)
from deltasim.networks.cells.step import Step
from deltasim.networks.numbers.arithmetic import Arithmetic, FixedPoint, quantise
from deltasim.networks.numbers.fixed_point import Wide, saturated, wrapped
from deltasim.runtime.arrays import Floats, Integers, Numbers
from deltasim.runtime.compiling import kernel
from deltasim.runtime.errors import InputError, nearest

RESETS = {"to_value": "v becomes the reset value", "by_subtraction": "the threshold is taken from v"}
"""What a spike does to the potential; the order is the code that kernels take."""

PARAMETERS = ("leak", "threshold", "reset")
MOST_REFRACTORY = 127  # steps, which activations of 8 bits count
FINEST = 2.0**-24


class Parameters(NamedTuple):
    """weights (size, n_source) of what a neuron receives in a step, bias (size,), own (parameters, size)."""

    weights: Numbers
    bias: Numbers
    own: Numbers = np.empty((0, 0))


@dataclass(frozen=True)
class TruncatedLIF:
    """``v = cut(leak * v) + bias + input``; where ``v > threshold`` the neuron fires and v is reset.

    ``cut`` takes a value to the multiple of ``grid`` below it in magnitude, as Loihi's potentials are whole
    64ths of a weight. ``resets`` is "to_value" (v becomes ``reset``) or "by_subtraction" (the threshold is
    taken from v). For ``refractory`` steps after a spike v decays, and hears and fires nothing. ``own``
    names parameters that each neuron has for itself: in this order they are the accumulators 1, 2, ..., and
    constants of the population's bias; their field is not read.
    A step is one frame; units are those of the weights. In float32 the product and the cut are computed in
    double precision from the float32 state, a shared leak too, and the sum is rounded once. In fixed point
    v, threshold, reset and the grid are accumulators, the leak has 15 fraction bits, and the exact product
    is cut. Source: the rule of SANA-FE's ``leaky_integrate_fire`` (Boyle et al., IEEE TCAD 2025).

    >>> neuron = TruncatedLIF(1, leak=0.5, grid=0.25)
    >>> state, seen = (np.zeros(1), np.zeros(1)), []
    >>> for _ in range(4):
    ...     state = neuron.dense_step(Parameters(np.array([[0.625]]), np.zeros(1)), np.ones(1), state)
    ...     seen.append((int(state[0][0]), float(state[1][0])))
    >>> seen                                            # half of 0.625 is cut to 0.25, half of 0.875 too
    [(0, 0.625), (0, 0.875), (0, 0.875), (0, 0.875)]
    """

    size: int
    leak: float = 1.0
    threshold: float = 1.0
    reset: float = 0.0
    resets: str = "to_value"
    refractory: int = 0
    grid: float = 1 / 64
    own: tuple[str, ...] = ()
    kind: ClassVar[str] = "truncated_lif"
    memoryless: ClassVar[bool] = False
    spiking: ClassVar[bool] = True

    def __post_init__(self) -> None:
        place = "truncated_lif cell"
        settle_own(self, PARAMETERS)
        require_share(place, "leak", self.leak)
        if self.resets not in RESETS:
            rule = "there is no such reset"
            raise InputError(f"{place}: resets", self.resets, rule, nearest(self.resets, RESETS))
        finite = all(map(math.isfinite, (self.threshold, self.reset)))
        if not finite or (self.resets == "to_value" and self.reset > self.threshold and not self.own):
            rule = f"values are finite, and the reset does not lie above threshold {self.threshold}"
            raise InputError(f"{place}: reset", self.reset, rule, "Lower the reset or raise the threshold.")
        if not 0 <= self.refractory <= MOST_REFRACTORY:
            rule = f"a refractory period is 0 to {MOST_REFRACTORY} steps"
            raise InputError(f"{place}: refractory", self.refractory, rule, "Give fewer steps.")
        if not FINEST <= self.grid <= 1 / FINEST:
            rule = f"a grid lies within {FINEST:g} and {1 / FINEST:g}"
            raise InputError(f"{place}: grid", self.grid, rule, "Give for example 1/64.")

    @property
    def accumulators(self) -> int:
        return 1 + len(self.own)

    @property
    def states(self) -> tuple[str, ...]:
        """Spike and potential, and steps to wait where there is a refractory period."""
        return ("spike", "v", "waiting") if self.refractory else ("spike", "v")

    def accumulators_of(self, role: str) -> tuple[int, ...]:
        """Accumulators that a projection's gate blocks feed."""
        return (0,)

    def step(self, arithmetic: Arithmetic) -> Step:
        """The update of a slice of neurons in this arithmetic."""
        given = {name: getattr(self, name) for name in PARAMETERS}
        own, rule = [PARAMETERS.index(name) for name in self.own], list(RESETS).index(self.resets)
        if not isinstance(arithmetic, FixedPoint):
            exact = np.array(list(given.values()), np.float64)
            return lambda sums, states: advance(
                sums, states, every_value(exact, own, sums), rule, self.refractory, self.grid
            )
        shared, form = shared_values(given, ("leak",), arithmetic), arithmetic.accumulator
        grid = max(1, round(self.grid * 2.0**form.fraction))
        fraction = fractions(("leak",), self.own, arithmetic)[0]
        one = int(quantise(1.0, arithmetic.activation))
        bounds = (form.lowest, form.highest, int(arithmetic.overflow == "wrap"), one, grid, fraction)
        return lambda sums, states: advance_fixed(
            sums, states, every_value(shared, own, sums), rule, self.refractory, bounds
        )

    def dense_step(
        self, parameters: Parameters, x: Numbers, state: tuple[Numbers, ...]
    ) -> tuple[Numbers, ...]:
        """The textbook form: the new states."""
        given = {name: np.full(self.size, getattr(self, name)) for name in PARAMETERS}
        given |= dict(zip(self.own, parameters.own, strict=True))
        waiting = state[2] if self.refractory else np.zeros(self.size)
        kept = np.trunc(given["leak"] * state[1] / self.grid) * self.grid
        v = np.where(waiting > 0, kept, kept + parameters.bias + parameters.weights @ x)
        fires = (v > given["threshold"]) & (waiting == 0)
        after = given["reset"] if self.resets == "to_value" else v - given["threshold"]
        left = np.where(fires, self.refractory, np.maximum(waiting - 1, 0))
        return (fires.astype(v.dtype), np.where(fires, after, v), left)[: len(self.states)]


@kernel
def advance(
    accumulators: Floats, states: Floats, parameters: Numbers, rule: int, refractory: int, grid: float
) -> Floats:
    """Float32: the decayed potential cut in double precision, one rounding for the sum."""
    fresh = np.empty_like(states)
    for n in range(states.shape[1]):
        kept = np.trunc(parameters[0, n] * np.float64(states[1, n]) / grid) * grid
        waits = refractory > 0 and states[states.shape[0] - 1, n] > 0
        v = np.float32(kept if waits else kept + np.float64(accumulators[0, n]))
        fires = v > parameters[1, n] and not waits
        if fires and rule == 0:
            v = np.float32(parameters[2, n])
        elif fires:
            v = np.float32(v - parameters[1, n])
        if refractory > 0:
            left = np.float32(refractory) if fires else states[2, n] - np.float32(1)
            fresh[2, n] = max(left, np.float32(0))
        fresh[0, n] = np.float32(1) if fires else np.float32(0)
        fresh[1, n] = v
    return fresh


@kernel
def cut(value: Wide, step: Wide) -> Wide:
    """How many whole steps are in a value, counted towards zero.

    >>> cut(-7, 4), cut(7, 4)
    (-1, 1)
    """
    return value // step if value >= 0 else -(-value // step)


@kernel
def advance_fixed(
    accumulators: Integers,
    states: Integers,
    parameters: Integers,
    rule: int,
    refractory: int,
    bounds: tuple[int, ...],
) -> Integers:
    """Raw integers: v in the accumulator format, the spike as 1 of the activation format."""
    lowest, highest, wraps, one, grid, fraction = bounds
    fresh = np.empty_like(states)
    for n in range(states.shape[1]):
        product = np.int64(parameters[0, n]) * np.int64(states[1, n])
        v = cut(product, np.int64(grid) << fraction) * grid
        waits = refractory > 0 and states[states.shape[0] - 1, n] > 0
        if not waits:
            v = v + np.int64(accumulators[0, n])
        v = wrapped(v, lowest, highest) if wraps else saturated(v, lowest, highest)
        fires = v > parameters[1, n] and not waits
        if fires and rule == 0:
            v = np.int64(parameters[2, n])
        elif fires:
            v = v - np.int64(parameters[1, n])
            v = wrapped(v, lowest, highest) if wraps else saturated(v, lowest, highest)
        if refractory > 0:
            fresh[2, n] = refractory if fires else max(states[2, n] - 1, 0)
        fresh[0, n] = one if fires else 0
        fresh[1, n] = v
    return fresh
