"""What a cell's step is, and the fixed-point numbers every cell's integer step needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np

from deltasim.networks.numbers.arithmetic import FixedPoint
from deltasim.networks.numbers.fixed_point import Wide, saturated, shifted, wrapped
from deltasim.runtime.arrays import Integers, Numbers
from deltasim.runtime.compiling import kernel

Step: TypeAlias = Callable[[Numbers, Numbers], Numbers]
"""``step(accumulators (L, n), states (S, n)) -> new states (S, n)``: pure, for any slice of the neurons."""


class Places(NamedTuple):
    """Fraction bits of a fixed-point arithmetic, the bounds of its activations, and what it does at them."""

    activation: int
    accumulator: int
    lookup: int
    lowest: int
    highest: int
    wraps: int  # 1 or 0, as the points at which it rounds are
    factors: int
    terms: int

    @classmethod
    def of(cls, arithmetic: FixedPoint) -> Places:
        """
        >>> tuple(Places.of(FixedPoint()))
        (8, 15, 4, -32768, 32767, 0, 0, 0)
        """
        form = arithmetic.activation
        fractions = form.fraction, arithmetic.accumulator.fraction, arithmetic.lookup.fraction
        points = (int(point in arithmetic.rounded) for point in ("factors", "terms"))
        return cls(*fractions, form.lowest, form.highest, int(arithmetic.overflow == "wrap"), *points)


Plain: TypeAlias = tuple[int, ...]
"""Places as kernels are handed them: numba takes in a named tuple 0.7 us later than a plain one."""


@kernel
def to_activation(value: Wide, fraction: int, places: Places) -> Wide:
    """A wide integer with ``fraction`` fraction bits as a raw activation: half to even, then brought within.

    >>> to_activation(3 << 14, 15, Places.of(FixedPoint()))       # 1.5 in an accumulator Q9.15
    384
    """
    whole = shifted(value, fraction - places.activation)
    if places.wraps:
        return wrapped(whole, places.lowest, places.highest)
    return saturated(whole, places.lowest, places.highest)


@kernel
def sum_of_terms(one: Wide, its_fraction: int, other: Wide, fraction: int, places: Places) -> Wide:
    """Two products as one activation: each rounded before the sum, or both exact and the sum rounded.

    >>> from deltasim.networks.numbers.arithmetic import EDGEDRNN
    >>> [sum_of_terms(3, 9, 3, 9, Places.of(form)) for form in (FixedPoint(), EDGEDRNN)]    # 1.5 + 1.5
    [3, 4]
    """
    if places.terms:
        first, second = to_activation(one, its_fraction, places), to_activation(other, fraction, places)
        return to_activation(first + second, places.activation, places)
    fine = max(its_fraction, fraction)
    return to_activation((one << (fine - its_fraction)) + (other << (fine - fraction)), fine, places)


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
