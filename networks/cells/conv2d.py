"""A plane of neurons that see a patch each, and share their weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from deltasim.networks.cells.activated import ACTIVATIONS, activated_step, require_activation
from deltasim.networks.cells.step import Step
from deltasim.networks.numbers.arithmetic import Arithmetic
from deltasim.runtime.arrays import Numbers


class Parameters(NamedTuple):
    """PyTorch's ``nn.Conv2d``: kernel (C_out, C_in, kh, kw), bias (C_out,), stride and padding (y, x)."""

    kernel: Numbers
    bias: Numbers
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)


class State(NamedTuple):
    """The output y (C_out, H_out, W_out)."""

    y: Numbers


@dataclass(frozen=True)
class Conv2d:
    """``y = activation(K * x + b)`` over planes ``shape`` = (C, H, W); deltas are added patch by patch.

    One accumulator for each neuron; neurons are numbered plane by plane, row by row.

    >>> Conv2d((24, 49, 16)).size
    18816
    """

    shape: tuple[int, int, int]
    activation: str = "relu"
    kind: ClassVar[str] = "conv2d"
    accumulators: ClassVar[int] = 1
    states: ClassVar[tuple[str, ...]] = ("y",)
    memoryless: ClassVar[bool] = True
    spiking: ClassVar[bool] = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", tuple(int(extent) for extent in self.shape))
        require_activation("conv2d cell", self.activation)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    def accumulators_of(self, role: str) -> tuple[int, ...]:
        """Accumulators that a projection's gate blocks feed."""
        return (0,)

    def step(self, arithmetic: Arithmetic) -> Step:
        """The update of a slice of neurons in this arithmetic."""
        return activated_step(self.activation, arithmetic)

    def dense_step(self, parameters: Parameters, x: Numbers, state: State) -> State:
        """The textbook form, without deltas: x (C_in, H, W), one window after another."""
        kernel, bias, (sy, sx), (py, px) = parameters
        padded = np.pad(x, ((0, 0), (py, py), (px, px)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape[2:], axis=(1, 2))
        total = np.einsum("cyxij,ocij->oyx", windows[:, ::sy, ::sx], kernel) + bias[:, None, None]
        return State(ACTIVATIONS[self.activation](total))
