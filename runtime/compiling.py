"""The one place where functions are handed to numba: every kernel is compiled and cached the same way.

No ``fastmath``: sums must come out the same to the bit in ``execute`` and in every engine.
Division follows IEEE (``error_model="numpy"``): the check for a zero divisor would keep loops from
vectorising.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numba

from deltasim.runtime.disk_cache import KERNELS, cache_root, prune
from deltasim.runtime.sources import digest_of

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
    """Hand a function to numba, cached under a name that changes with every source it may be built from.

    An entry from Python lets other threads go on while the kernel runs, so that Ctrl-C is handled.
    numba itself notices a change only in the function's own file, and would go on running an old copy of what
    the function calls.
    """
    file = Path(function.__code__.co_filename)
    options = {"cache": True, "fastmath": False, "error_model": "numpy", "nogil": True} | options
    config: Any = numba.config
    njit: Any = numba.njit
    before = config.CACHE_DIR
    if not before and file.exists():  # NUMBA_CACHE_DIR, where somebody set it, stands
        config.CACHE_DIR = str(cache_folder(file))
    try:
        return cast("Callable[P, R]", njit(**options)(function))
    finally:
        config.CACHE_DIR = before


@cache
def cache_folder(file: Path) -> Path:
    """Where the kernels of a module are cached: ``~/.cache/deltasim/kernels/DIGEST`` or its like.

    The digest is over every source that the module is built from (`deltasim.runtime.sources`), since a kernel
    freezes what it takes from them. A new folder makes room: those used longest ago go, until those left are
    within the limit.
    """
    place = cache_root() / KERNELS.name / digest_of(file)[:16]
    with suppress(OSError):
        if place.exists():
            os.utime(place)
        else:
            prune(KERNELS)
    return place


@contextmanager
def telling_of_compiling(tell: Callable[[], None]) -> Iterator[None]:
    """Call ``tell`` once, when the first kernel is really compiled and not read from the disk.

    >>> with telling_of_compiling(lambda: print("compiling kernels")):
    ...     pass
    """
    from numba.core import event as events

    event: Any = events

    class First(event.Listener):  # type: ignore[misc]
        told = False

        def on_start(self, event: object) -> None:
            if not self.told:
                self.told = True
                tell()

        def on_end(self, event: object) -> None:
            """Nothing to say."""

    listener = First()
    event.register("numba:compile", listener)
    try:
        yield
    finally:
        event.unregister("numba:compile", listener)
