"""The one place where functions are handed to numba, so that every kernel is compiled the same way.

No ``fastmath``: sums must come out the same to the bit in ``execute`` and in every engine.
Division follows IEEE (``error_model="numpy"``): the check for a zero divisor would keep loops from
vectorising.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numba

# Neither an entry from Python nor reference counts: what a kernel passes on outlives the call.
INNER: dict[str, Any] = {
    "cache": True,
    "fastmath": False,
    "error_model": "numpy",
    "no_cpython_wrapper": True,
    "no_cfunc_wrapper": True,
    "_nrt": False,
}

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function with numba, cached on disk, with strict IEEE arithmetic.

    >>> from networks.kernels import kernel
    >>> from networks.transmit import sends        # a rule decorated with @kernel
    >>> sends(0.5, 0.2, 0.3)
    True
    """
    compiled = numba.njit(cache=True, fastmath=False, error_model="numpy")(function)
    return cast("Callable[P, R]", compiled)


def part(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that only kernels call: an entry from Python would cost most of the compiling."""
    return cast("Callable[P, R]", numba.njit(**INNER)(function))
