"""How the DRAM kernels are compiled: as all kernels, but they only borrow their arrays.

The rule is dozens of small functions that pass the same arrays on, millions of times a second. Counting
references and copying arguments at every call takes longer than the rule itself, and none of these functions
makes or keeps an array: so they count no references and are compiled into their callers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from networks.kernels import compiled

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that makes no arrays; Python and other kernels call it.

    >>> from simulator.dram.waiting import has_room      # a rule decorated with @kernel
    >>> callable(has_room)
    True
    """
    return compiled(function, _nrt=False, forceinline=True)


def part(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that makes no arrays and that only kernels call: it has no entry from Python."""
    return compiled(function, _nrt=False, forceinline=True, no_cpython_wrapper=True, no_cfunc_wrapper=True)


def entry(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that engines call: it has its own code, so that their kernels stay small."""
    return compiled(function, _nrt=False)
