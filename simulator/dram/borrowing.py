"""How the DRAM kernels are compiled: as all kernels, but they only borrow their arrays.

The rule is dozens of small functions that pass the same arrays on, millions of times a second. Counting
references and copying arguments at every call takes longer than the rule itself, and none of these functions
makes or keeps an array: so they count no references and are compiled into their callers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numba

P = ParamSpec("P")
R = TypeVar("R")

BORROWING: dict[str, Any] = {
    "cache": True,
    "fastmath": False,
    "error_model": "numpy",
    "_nrt": False,
    "forceinline": True,
}
INNER: dict[str, Any] = BORROWING | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that makes no arrays; Python and other kernels call it.

    >>> from simulator.dram.waiting import has_room      # a rule decorated with @kernel
    >>> callable(has_room)
    True
    """
    return cast("Callable[P, R]", numba.njit(**BORROWING)(function))


def part(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that makes no arrays and that only kernels call: it has no entry from Python."""
    return cast("Callable[P, R]", numba.njit(**INNER)(function))
