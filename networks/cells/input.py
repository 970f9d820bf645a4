"""The outside world: a population whose values are given, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from deltasim.networks.cells.step import Step
from deltasim.networks.numbers.arithmetic import Arithmetic


@dataclass(frozen=True)
class Input:
    """``size`` channels that take the values of the current frame. It has no accumulators and no step.

    >>> Input(40).size, Input(40).accumulators
    (40, 0)
    """

    size: int
    kind: ClassVar[str] = "input"
    accumulators: ClassVar[int] = 0
    states: ClassVar[tuple[str, ...]] = ("value",)
    memoryless: ClassVar[bool] = True
    spiking: ClassVar[bool] = False

    def accumulators_of(self, role: str) -> tuple[int, ...]:
        """Nothing feeds an input."""
        return ()

    def step(self, arithmetic: Arithmetic) -> Step:
        """An input is set, not computed."""
        return lambda accumulators, states: states
