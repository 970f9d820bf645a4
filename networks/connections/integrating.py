"""Integrating messages, one or many, by what a connection says of its columns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from deltasim.networks.connections.rules import Integrator
from deltasim.networks.numbers.arithmetic import FLOAT32, Arithmetic
from deltasim.runtime.arrays import Integers, Numbers


class Integrating(ABC):
    """What every connection does with messages, given its ``integrator``."""

    @abstractmethod
    def integrator(self, fed: Sequence[int] | Integers, arithmetic: Arithmetic) -> Integrator:
        """``integrate`` with its lanes and arithmetic settled once: ``f(accumulators, sources, deltas)``."""

    def accumulate(
        self,
        accumulators: Numbers,
        fed: Sequence[int] | Integers,
        source: int,
        delta: Any,
        arithmetic: Arithmetic = FLOAT32,
    ) -> None:
        """Integrate one message in place. In fixed point ``delta`` is the raw difference."""
        self.integrate(accumulators, fed, np.array([source]), np.array([delta], arithmetic.dtype), arithmetic)

    def integrate(
        self,
        accumulators: Numbers,
        fed: Sequence[int] | Integers,
        sources: Numbers,
        deltas: Numbers,
        arithmetic: Arithmetic = FLOAT32,
    ) -> None:
        """Integrate messages in the order given, in place: the same bits as one ``accumulate`` after another.

        ``accumulators`` (L, n_target), ``sources`` and ``deltas`` (m,), in the arithmetic's own dtype.
        """
        self.integrator(fed, arithmetic)(accumulators, sources, deltas)
