"""The one place where functions are handed to numba: every kernel is compiled and cached the same way.

No ``fastmath``: sums must come out the same to the bit in ``execute`` and in every engine.
Division follows IEEE (``error_model="numpy"``): the check for a zero divisor would keep loops from
vectorising.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numba

from deltasim.runtime.kernel_cache import KernelCache

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function with numba, cached on disk, with strict IEEE arithmetic.

    >>> from deltasim.runtime.compiling import kernel
    >>> from deltasim.networks.transmit import sends        # a rule decorated with @kernel
    >>> sends(0.5, 0.2, 0.3)
    True
    """
    return compiled(function)


def part(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that only kernels call: an entry from Python would cost most of the compiling.

    It counts no references either: what a kernel passes on outlives the call.
    """
    return compiled(function, no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False)


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a part into those that call it, where handing over its many arrays would cost more than it."""
    return compiled(function, _nrt=False, forceinline=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def apart(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that kernels call by its address, so that it is compiled apart from them."""
    return compiled(function, no_cpython_wrapper=True)


def compiled(function: Callable[P, R], **options: Any) -> Callable[P, R]:
    """Hand a function to numba; what is compiled is cached (`deltasim.runtime.kernel_cache`).

    An entry from Python lets other threads go on while the kernel runs, so that Ctrl-C is handled. What has
    no source file (typed at a prompt) is not cached: nothing says when it has changed.
    """
    options = {"fastmath": False, "error_model": "numpy", "nogil": True} | options
    njit: Any = numba.njit
    dispatcher = njit(**options)(function)
    if Path(function.__code__.co_filename).is_file():
        dispatcher._cache = KernelCache(function, options)
    return cast("Callable[P, R]", dispatcher)
