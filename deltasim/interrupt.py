"""Ctrl-C while a compiled kernel is at work."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def interruptible(work: Callable[[], T]) -> T:
    """What ``work`` returns or raises, done in a thread of its own, so that this one handles Ctrl-C at once.

    Python handles Ctrl-C between two of its own steps in the main thread, and a kernel is one step. After
    Ctrl-C the thread goes on until the program ends, so ``work`` writes nothing.

    >>> interruptible(lambda: 6 * 7)
    42
    """
    results: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as failure:  # raised again in the thread that asked
            failures.append(failure)

    thread = threading.Thread(target=run, name="deltasim", daemon=True)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return results[0]
