"""Generalised leaky integrate-and-fire: reset rules, refractory period, synaptic current, adaptation."""

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
    share,
    shared_values,
)
from deltasim.networks.cells.step import Step
from deltasim.networks.numbers.arithmetic import Arithmetic, FixedPoint, quantise
from deltasim.networks.numbers.fixed_point import Wide, saturated, wrapped
from deltasim.runtime.arrays import Floats, Integers, Numbers
from deltasim.runtime.compiling import kernel
from deltasim.runtime.errors import InputError, nearest

RESETS = {
    "to_value": "v becomes the reset value",
    "by_subtraction": "the threshold is taken from v",
    "by_subtraction_next": "the threshold is taken from v in the next step, after the leak",
}
"""What a spike does to the potential; the order is the code that kernels take."""

PARAMETERS = ("leak", "threshold", "reset", "synapse", "adaptation", "adaptation_leak")
FACTORS = ("leak", "synapse", "adaptation", "adaptation_leak")
MOST_REFRACTORY = 127  # steps, which activations of 8 bits count

ABSENT = -1


class Parameters(NamedTuple):
    """weights (size, n_source) of what a neuron receives in a step, bias (size,), own (parameters, size)."""

    weights: Numbers
    bias: Numbers
    own: Numbers = np.empty((0, 0))


class Rows(NamedTuple):
    """The reset rule, the refractory period, and the row of each state there is (-1: none)."""

    rule: int
    refractory: int
    current: int
    waiting: int
    adapted: int


@dataclass(frozen=True)
class GLIF:
    """Generalised leaky integrate-and-fire, made of the parts whose parameters are not 0.

    ``i = synapse * i + bias + input``, ``v = leak * v + i``; where ``v > threshold + adaptation * a`` the
    neuron fires. Then ``a = adaptation_leak * a + spike``, and v is reset.

    ``resets`` says how: "to_value" (v becomes ``reset``), "by_subtraction" (the threshold is taken from v),
    "by_subtraction_next" (it is taken in the next step, after the leak: snnTorch's usual rule). For
    ``refractory`` steps after a spike v stays as it is and the neuron does not fire. A part that is 0 takes
    no state: ``synapse`` 0 makes ``i`` the input itself, ``adaptation`` 0 a fixed threshold. ``leak`` 1 is
    integrate-and-fire, ``synapse`` above 0 a current-based (CuBa) neuron, ``adaptation`` above 0 an ALIF.
    ``own`` names parameters that each neuron has for itself: in this order they are the accumulators 1, 2,
    ... , constants of the population's bias, and their field is not read.
    Units are those of the weights; a step is one frame. In fixed point v, i, a, threshold and reset are
    accumulators; a shared factor has 15 fraction bits, an own one those of an accumulator; each product is
    rounded half to even.
    Source: Teeter et al., Nature Communications 9, 2018 (the levels of generalisation); adaptation as in
    Bellec et al., NeurIPS 2018.

    >>> neuron = GLIF(1, leak=0.5, resets="by_subtraction", synapse=0.5)
    >>> state = (np.zeros(1), np.zeros(1), np.zeros(1))
    >>> parameters, fired = Parameters(np.array([[0.75]]), np.zeros(1)), []
    >>> for _ in range(4):
    ...     state = neuron.dense_step(parameters, np.ones(1), state)
    ...     fired.append(int(state[0][0]))
    >>> fired                                            # v: 0.75, 1.5 fires, 1.5625 fires, 1.6875 fires
    [0, 1, 1, 1]
    >>> GLIF(1, own=("leak",)).accumulators, neuron.states
    (2, ('spike', 'v', 'i'))
    """

    size: int
    leak: float = 0.9
    threshold: float = 1.0
    reset: float = 0.0
    resets: str = "to_value"
    refractory: int = 0
    synapse: float = 0.0
    adaptation: float = 0.0
    adaptation_leak: float = 0.0
    own: tuple[str, ...] = ()
    kind: ClassVar[str] = "glif"
    memoryless: ClassVar[bool] = False
    spiking: ClassVar[bool] = True

    def __post_init__(self) -> None:
        place = "glif cell"
        settle_own(self, PARAMETERS)
        for name in ("leak", "synapse", "adaptation_leak"):
            require_share(place, name, getattr(self, name))
        if self.resets not in RESETS:
            rule = "there is no such reset"
            raise InputError(f"{place}: resets", self.resets, rule, nearest(self.resets, RESETS))
        finite = all(map(math.isfinite, (self.threshold, self.reset, self.adaptation)))
        if not finite or (self.resets == "to_value" and self.reset > self.threshold):
            rule = f"values are finite, and the reset does not lie above threshold {self.threshold}"
            raise InputError(f"{place}: reset", self.reset, rule, "Lower the reset or raise the threshold.")
        if not 0 <= self.refractory <= MOST_REFRACTORY:
            rule = f"a refractory period is 0 to {MOST_REFRACTORY} steps"
            raise InputError(f"{place}: refractory", self.refractory, rule, "Give fewer steps.")

    def has(self, part: str) -> bool:
        """Whether a part whose parameter is usually 0 is there."""
        return bool(getattr(self, part)) or part in self.own

    @property
    def accumulators(self) -> int:
        return 1 + len(self.own)

    @property
    def states(self) -> tuple[str, ...]:
        """Spike and potential, then current, steps to wait and adaptation where there are such."""
        more = {"i": self.has("synapse"), "waiting": self.has("refractory"), "a": self.has("adaptation")}
        return ("spike", "v", *(state for state, there in more.items() if there))

    def accumulators_of(self, role: str) -> tuple[int, ...]:
        """Accumulators that a projection's gate blocks feed."""
        return (0,)

    @property
    def rows(self) -> Rows:
        """What the kernels need to know beside the parameters."""
        places = {state: row for row, state in enumerate(self.states)}
        found = (places.get(state, ABSENT) for state in ("i", "waiting", "a"))
        return Rows(list(RESETS).index(self.resets), self.refractory, *found)

    def step(self, arithmetic: Arithmetic) -> Step:
        """The update of a slice of neurons in this arithmetic."""
        shared = shared_values({name: getattr(self, name) for name in PARAMETERS}, FACTORS, arithmetic)
        own, rows = [PARAMETERS.index(name) for name in self.own], tuple(self.rows)
        if not isinstance(arithmetic, FixedPoint):
            return lambda sums, states: advance(sums, states, every_value(shared, own, sums), rows)
        bits, form = fractions(PARAMETERS, self.own, arithmetic), arithmetic.accumulator
        one = int(quantise(1.0, arithmetic.activation))
        bounds = (form.lowest, form.highest, 1 << form.fraction, int(arithmetic.overflow == "wrap"), one)
        return lambda sums, states: advance_fixed(
            sums, states, every_value(shared, own, sums), rows, bits, bounds
        )

    def dense_step(
        self, parameters: Parameters, x: Numbers, state: tuple[Numbers, ...]
    ) -> tuple[Numbers, ...]:
        """The textbook form: the new states."""
        given = {name: np.full(self.size, getattr(self, name)) for name in PARAMETERS}
        given |= dict(zip(self.own, parameters.own, strict=True))
        old = dict(zip(self.states, state, strict=True))
        i = parameters.bias + parameters.weights @ x + given["synapse"] * old.get("i", 0.0)
        v = given["leak"] * old["v"] + i
        if self.resets == "by_subtraction_next":
            v = v - given["threshold"] * old["spike"]
        waits = old.get("waiting", np.zeros(self.size)) > 0
        v = np.where(waits, old["v"], v)
        a = old.get("a", np.zeros(self.size))
        fires = (v > given["threshold"] + given["adaptation"] * a) & ~waits
        if self.resets == "to_value":
            v = np.where(fires, given["reset"], v)
        elif self.resets == "by_subtraction":
            v = v - given["threshold"] * fires
        new = {
            "spike": fires.astype(v.dtype),
            "v": v,
            "i": i,
            "waiting": np.where(fires, self.refractory, np.maximum(old.get("waiting", 0.0) - 1.0, 0.0)),
            "a": given["adaptation_leak"] * a + fires,
        }
        return tuple(new[name] for name in self.states)


@kernel
def advance(accumulators: Floats, states: Floats, parameters: Floats, rows: tuple[int, ...]) -> Floats:
    """Float32: one rounding for every product and every sum, in the order of the equations."""
    rule, refractory, current, waiting, adapted = rows
    fresh = np.empty_like(states)
    for n in range(states.shape[1]):
        leak, threshold, reset = parameters[0, n], parameters[1, n], parameters[2, n]
        i = accumulators[0, n]
        if current >= 0:
            i = parameters[3, n] * states[current, n] + i
            fresh[current, n] = i
        v = leak * states[1, n] + i
        if rule == 2 and states[0, n] > 0:
            v = v - threshold
        waits = False
        if waiting >= 0:
            waits = states[waiting, n] > 0
        if waits:
            v = states[1, n]
        bar = threshold
        if adapted >= 0:
            bar = threshold + parameters[4, n] * states[adapted, n]
        fires = v > bar and not waits
        if fires and rule == 0:
            v = reset
        elif fires and rule == 1:
            v = v - threshold
        spike = np.float32(1) if fires else np.float32(0)
        if waiting >= 0:
            left = np.float32(refractory) if fires else states[waiting, n] - np.float32(1)
            fresh[waiting, n] = max(left, np.float32(0))
        if adapted >= 0:
            fresh[adapted, n] = parameters[5, n] * states[adapted, n] + spike
        fresh[0, n] = spike
        fresh[1, n] = v
    return fresh


@kernel
def held(value: Wide, bounds: tuple[int, ...]) -> Wide:
    """A sum within the accumulator's format."""
    return wrapped(value, bounds[0], bounds[1]) if bounds[3] else saturated(value, bounds[0], bounds[1])


@kernel
def advance_fixed(
    accumulators: Integers,
    states: Integers,
    parameters: Integers,
    rows: tuple[int, ...],
    bits: tuple[int, ...],
    bounds: tuple[int, ...],
) -> Integers:
    """Raw integers: v, i and a in the accumulator format, the spike as 1 of the activation format."""
    rule, refractory, current, waiting, adapted = rows
    fresh = np.empty_like(states)
    for n in range(states.shape[1]):
        threshold = parameters[1, n]
        i: Wide = np.int64(accumulators[0, n])
        if current >= 0:
            i = held(share(states[current, n], parameters[3, n], bits[3]) + i, bounds)
            fresh[current, n] = i
        v = held(share(states[1, n], parameters[0, n], bits[0]) + i, bounds)
        if rule == 2 and states[0, n] > 0:
            v = held(v - threshold, bounds)
        waits = False
        if waiting >= 0:
            waits = states[waiting, n] > 0
        if waits:
            v = np.int64(states[1, n])
        bar = threshold
        if adapted >= 0:
            bar = threshold + share(states[adapted, n], parameters[4, n], bits[4])
        fires = v > bar and not waits
        if fires and rule == 0:
            v = parameters[2, n]
        elif fires and rule == 1:
            v = held(v - threshold, bounds)
        if waiting >= 0:
            fresh[waiting, n] = refractory if fires else max(states[waiting, n] - 1, 0)
        if adapted >= 0:
            kept = share(states[adapted, n], parameters[5, n], bits[5])
            fresh[adapted, n] = held(kept + (bounds[2] if fires else 0), bounds)
        fresh[0, n] = bounds[4] if fires else 0
        fresh[1, n] = v
    return fresh
