"""Integrating messages, one or many, by what a connection says of its columns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from deltasim.networks.connections.rules import Integrator
from deltasim.networks.numbers.arithmetic import FLOAT32, Arithmetic, FixedPoint
from deltasim.networks.numbers.fixed_point import wrapped
from deltasim.runtime.arrays import Integers, Numbers
from deltasim.runtime.compiling import kernel

Adder: TypeAlias = Callable[[Numbers, Numbers, Numbers, int, int], None]
"""``f(accumulators, sources, deltas, lowest, highest)``: integrates raw messages, every sum held within."""

UNREACHED = {32: (-(2**31), 2**31 - 1), 64: (-(2**62) - 2**32, 2**62 + 2**32)}
"""Bounds that no sum in words of so many bits lies beyond."""


def held(add: Adder, rows: Integers, arithmetic: FixedPoint, word: int = 64) -> Integrator:
    """``add``, whose sums of ``word`` bits saturate message by message, or wrap.

    Wrapping drops upper bits, which the 32-bit words of accumulators do too, so it is done once at the end.
    """
    form = arithmetic.accumulator
    if arithmetic.overflow == "saturate":
        return lambda totals, sources, deltas: add(totals, sources, deltas, form.lowest, form.highest)

    def integrate(totals: Numbers, sources: Numbers, deltas: Numbers) -> None:
        add(totals, sources, deltas, *UNREACHED[word])
        wrap(totals, rows, form.lowest, form.highest)

    return integrate


@kernel
def wrap(totals: Numbers, rows: Integers, lowest: int, highest: int) -> None:
    """Bring the sums of these rows within their format, modulo its range."""
    for row in rows:
        for target in range(totals.shape[1]):
            totals[row, target] = wrapped(np.int64(totals[row, target]), lowest, highest)


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
