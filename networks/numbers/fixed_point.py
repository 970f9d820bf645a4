"""The integer operations fixed point is made of: shift with round half to even, saturation, wrapping."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from deltasim.runtime.compiling import kernel

Wide: TypeAlias = int | np.int64
"""A 64-bit integer, in Python or in a kernel."""


@kernel
def shifted(value: Wide, places: int) -> Wide:
    """``value / 2**places`` rounded half to even; a negative ``places`` multiplies, exactly. 64-bit integers.

    >>> [shifted(v, 2) for v in (5, 6, 7, 10, -2, -6)], shifted(3, -2)
    ([1, 2, 2, 2, 0, -2], 12)
    """
    if places <= 0:
        return value << -places
    return (value + (1 << (places - 1)) - 1 + ((value >> places) & 1)) >> places


@kernel
def saturated(value: Wide, lowest: int, highest: int) -> Wide:
    """``value`` held within [lowest, highest].

    >>> saturated(300, -128, 127), saturated(-5, -128, 127)
    (127, -5)
    """
    return min(max(value, lowest), highest)


@kernel
def wrapped(value: Wide, lowest: int, highest: int) -> Wide:
    """``value`` modulo the range [lowest, highest] of a format, as two's complement drops the upper bits.

    >>> wrapped(130, -128, 127), wrapped(-129, -128, 127), wrapped(5, -128, 127)
    (-126, 127, 5)
    """
    return ((value - lowest) & (highest - lowest)) + lowest
