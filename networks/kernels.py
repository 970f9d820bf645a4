"""The one place where functions are handed to numba: every kernel is compiled and cached the same way.

No ``fastmath``: sums must come out the same to the bit in ``execute`` and in every engine.
Division follows IEEE (``error_model="numpy"``): the check for a zero divisor would keep loops from
vectorising.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

import numba

from networks.cache import KERNELS, cache_root, prune

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function with numba, cached on disk, with strict IEEE arithmetic.

    >>> from networks.kernels import kernel
    >>> from networks.transmit import sends        # a rule decorated with @kernel
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

    An entry from Python lets other threads go on while the kernel runs, so that Ctrl-C is heard.
    numba itself notices a change only in the function's own file, and would go on running an old copy of what
    the function calls.
    """
    file = Path(function.__code__.co_filename)
    options = {"cache": True, "fastmath": False, "error_model": "numpy", "nogil": True} | options
    config: Any = numba.config
    njit: Any = numba.njit
    before = config.CACHE_DIR
    if not before and file.exists():  # NUMBA_CACHE_DIR, where somebody set it, stands
        config.CACHE_DIR = str(cache_folder(file.parent))
    try:
        return cast("Callable[P, R]", njit(**options)(function))
    finally:
        config.CACHE_DIR = before


@cache
def cache_folder(folder: Path) -> Path:
    """Where the kernels of a folder are kept: ``~/.cache/deltasim/kernels/DIGEST`` or its like.

    A new one makes room: folders of other versions go, oldest first, until those left are within the limit.
    The digest is over the Python files of the folder itself, of ``rules`` and ``dram`` beside it, and of this
    folder with its sub-folders: kernels call no others.
    """
    here = Path(__file__).parent
    beside = [file for name in ("rules", "dram") for file in (folder.parent / name).glob("*.py")]
    sources = {*folder.glob("*.py"), *beside, *here.rglob("*.py")}
    digest = hashlib.sha256()
    for source in sorted(sources):
        digest.update(source.name.encode() + source.read_bytes())
    place = cache_root() / KERNELS.name / digest.hexdigest()[:16]
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
