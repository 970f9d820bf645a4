"""The leaky integrator: a neuron with a graded value and no spikes, as readouts of spiking networks have."""

from __future__ import annotations

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
from deltasim.networks.cells.step import Places, Plain, Step, to_activation
from deltasim.networks.numbers.arithmetic import Arithmetic, FixedPoint
from deltasim.networks.numbers.fixed_point import Wide
from deltasim.runtime.arrays import Floats, Integers, Numbers
from deltasim.runtime.compiling import kernel

PARAMETERS = ("leak", "synapse")


class Parameters(NamedTuple):
    """weights (size, n_source) of what a neuron receives in a step, bias (size,), own (parameters, size)."""

    weights: Numbers
    bias: Numbers
    own: Numbers = np.empty((0, 0))


@dataclass(frozen=True)
class LeakyIntegrator:
    """Leaky integrator, a graded neuron: ``i = synapse * i + bias + input``, ``y = leak * y + i``.

    The output is y. ``synapse`` 0 makes ``i`` the input itself and takes no state; ``leak`` 1 is an
    integrator. It may receive spikes, whose accumulators start from the bias at every step, or deltas, whose
    accumulators hold the whole input; its own output is sent as deltas. ``own`` is as for a GLIF. In fixed
    point y and i are activations, each rounded once.

    >>> neuron = LeakyIntegrator(1, leak=0.5)
    >>> state, seen = (np.zeros(1),), []
    >>> for _ in range(3):
    ...     state = neuron.dense_step(Parameters(np.ones((1, 1)), np.zeros(1)), np.ones(1), state)
    ...     seen.append(float(state[0][0]))
    >>> seen
    [1.0, 1.5, 1.75]
    """

    size: int
    leak: float = 0.9
    synapse: float = 0.0
    own: tuple[str, ...] = ()
    kind: ClassVar[str] = "li"
    memoryless: ClassVar[bool] = False
    spiking: ClassVar[bool] = False

    def __post_init__(self) -> None:
        place = "li cell"
        settle_own(self, PARAMETERS)
        for name in PARAMETERS:
            require_share(place, name, getattr(self, name))

    @property
    def accumulators(self) -> int:
        return 1 + len(self.own)

    @property
    def states(self) -> tuple[str, ...]:
        """The output, then the synaptic current where there is one."""
        return ("y", "i") if self.synapse or "synapse" in self.own else ("y",)

    def accumulators_of(self, role: str) -> tuple[int, ...]:
        """Accumulators that a projection's gate blocks feed."""
        return (0,)

    def step(self, arithmetic: Arithmetic) -> Step:
        """The update of a slice of neurons in this arithmetic."""
        shared = shared_values({name: getattr(self, name) for name in PARAMETERS}, PARAMETERS, arithmetic)
        own = [PARAMETERS.index(name) for name in self.own]
        if not isinstance(arithmetic, FixedPoint):
            return lambda sums, states: advance(sums, states, every_value(shared, own, sums))
        bits, plain = fractions(PARAMETERS, self.own, arithmetic), tuple(Places.of(arithmetic))
        return lambda sums, states: advance_fixed(sums, states, every_value(shared, own, sums), bits, plain)

    def dense_step(
        self, parameters: Parameters, x: Numbers, state: tuple[Numbers, ...]
    ) -> tuple[Numbers, ...]:
        """The textbook form: the new states."""
        given = {name: np.full(self.size, getattr(self, name)) for name in PARAMETERS}
        given |= dict(zip(self.own, parameters.own, strict=True))
        i = parameters.bias + parameters.weights @ x
        if len(state) > 1:
            i = given["synapse"] * state[1] + i
        return (given["leak"] * state[0] + i, i)[: len(self.states)]


@kernel
def advance(accumulators: Floats, states: Floats, parameters: Floats) -> Floats:
    """Float32: one rounding for every product and every sum."""
    fresh = np.empty_like(states)
    for n in range(states.shape[1]):
        i = accumulators[0, n]
        if states.shape[0] > 1:
            i = parameters[1, n] * states[1, n] + i
            fresh[1, n] = i
        fresh[0, n] = parameters[0, n] * states[0, n] + i
    return fresh


@kernel
def advance_fixed(
    accumulators: Integers, states: Integers, parameters: Integers, bits: tuple[int, ...], plain: Plain
) -> Integers:
    """Raw integers: exact products and sums, each state rounded once, to an activation."""
    places = Places(*plain)
    fresh = np.empty_like(states)
    for n in range(states.shape[1]):
        i: Wide = np.int64(accumulators[0, n])
        fraction = places.accumulator
        if states.shape[0] > 1:
            kept, its_fraction = np.int64(parameters[1, n]) * states[1, n], bits[1] + places.activation
            fine = max(its_fraction, fraction)
            i = to_activation((kept << (fine - its_fraction)) + (i << (fine - fraction)), fine, places)
            fresh[1, n], fraction = i, places.activation
        kept, its_fraction = np.int64(parameters[0, n]) * states[0, n], bits[0] + places.activation
        fine = max(its_fraction, fraction)
        fresh[0, n] = to_activation((kept << (fine - its_fraction)) + (i << (fine - fraction)), fine, places)
    return fresh
