"""What a cell's step is, and the fixed-point numbers every cell's integer step needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np

from deltasim.networks.numbers.arithmetic import FixedPoint
from deltasim.networks.numbers.fixed_point import Wide, saturated, shifted
from deltasim.runtime.arrays import Integers, Numbers
from deltasim.runtime.compiling import kernel

Step: TypeAlias = Callable[[Numbers, Numbers], Numbers]
"""``step(accumulators (L, n), states (S, n)) -> new states (S, n)``: pure, for any slice of the neurons."""


class Places(NamedTuple):
    """Fraction bits of a fixed-point arithmetic and the bounds of its activations."""

    activation: int
    accumulator: int
    lookup: int
    lowest: int
    highest: int

    @classmethod
    def of(cls, arithmetic: FixedPoint) -> Places:
        """
        >>> Places.of(FixedPoint())
        Places(activation=8, accumulator=15, lookup=4, lowest=-32768, highest=32767)
        """
        form = arithmetic.activation
        fractions = form.fraction, arithmetic.accumulator.fraction, arithmetic.lookup.fraction
        return cls(*fractions, form.lowest, form.highest)


Plain: TypeAlias = tuple[int, ...]
"""Places as kernels are handed them: numba takes in a named tuple 0.7 us later than a plain one."""


@kernel
def to_activation(value: Wide, fraction: int, places: Places) -> Wide:
    """A wide integer with ``fraction`` fraction bits as a raw activation: half to even, then saturated.

    >>> to_activation(3 << 14, 15, Places.of(FixedPoint()))       # 1.5 in an accumulator Q9.15
    384
    """
    return saturated(shifted(value, fraction - places.activation), places.lowest, places.highest)


@kernel
def looked_up(table: Numbers, values: Integers, fraction: int, places: Places) -> Integers:
    """The table's entries for a row of integers with ``fraction`` fraction bits, in the lookup format.

    Where to look is computed for the whole row first, since that goes several neurons at a time.
    """
    found = np.empty(values.size, np.int64)
    for i in range(values.size):
        found[i] = to_activation(np.int64(values[i]), fraction, places) - places.lowest
    for i in range(values.size):
        found[i] = table[np.uint64(found[i])]
    return found
