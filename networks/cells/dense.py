"""A feed-forward neuron."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from deltasim.networks.cells.activated import ACTIVATIONS, activated_step, require_activation
from deltasim.networks.cells.step import Step
from deltasim.networks.numbers.arithmetic import Arithmetic
from deltasim.runtime.arrays import Numbers


class Parameters(NamedTuple):
    """PyTorch's ``nn.Linear``: weights (size, n_source), bias (size,)."""

    weights: Numbers
    bias: Numbers


class State(NamedTuple):
    """The output y (size,)."""

    y: Numbers


@dataclass(frozen=True)
class Dense:
    """``y[t] = activation(W x[t] + b)``; as a delta cell ``M += W dx``, ``y = activation(M)``, M starts at b.

    One accumulator. ``activation`` is identity, relu, sigmoid or tanh.

    >>> import numpy as np
    >>> parameters = Parameters(np.array([[1.0, -2.0]]), np.array([0.5]))
    >>> Dense(1, "relu").dense_step(parameters, np.array([1.0, 0.25]), State(np.zeros(1))).y.tolist()
    [1.0]
    """

    size: int
    activation: str = "identity"
    kind: ClassVar[str] = "dense"
    accumulators: ClassVar[int] = 1
    states: ClassVar[tuple[str, ...]] = ("y",)
    memoryless: ClassVar[bool] = True
    spiking: ClassVar[bool] = False

    def __post_init__(self) -> None:
        require_activation("dense cell", self.activation)

    def accumulators_of(self, role: str) -> tuple[int, ...]:
        """Accumulators that a projection's gate blocks feed."""
        return (0,)

    def step(self, arithmetic: Arithmetic) -> Step:
        """The update of a slice of neurons in this arithmetic."""
        return activated_step(self.activation, arithmetic)

    def dense_step(self, parameters: Parameters, x: Numbers, state: State) -> State:
        """The textbook form, without deltas."""
        return State(ACTIVATIONS[self.activation](parameters.weights @ x + parameters.bias))
