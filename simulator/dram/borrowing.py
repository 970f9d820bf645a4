"""How the DRAM kernels are compiled: as all kernels, but they only borrow their arrays.

The rule is dozens of small functions that pass the same arrays on, millions of times a second. Counting references
at every call takes longer than the rule itself, and none of these functions makes or keeps an array.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that makes no arrays, without reference counting; cached on disk.

    >>> from simulator.dram.waiting import has_room      # a rule decorated with @kernel
    >>> callable(has_room)
    True
    """
    compiled = numba.njit(cache=True, fastmath=False, error_model="numpy", _nrt=False, forceinline=True)(function)
    return cast("Callable[P, R]", compiled)
