"""Ctrl-C that arrives inside a callback is not lost.

Where C calls back into Python (LLVM while a kernel is loaded or compiled, a finaliser), no exception can
pass: Python hands it to ``sys.unraisablehook`` and goes on. A KeyboardInterrupt among them is raised again.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

AGAIN_S = 0.02


@contextmanager
def raised_again() -> Iterator[None]:
    """Within it, a KeyboardInterrupt that could not pass comes once more, 20 ms later, until it can."""
    before = sys.unraisablehook
    timers: list[threading.Timer] = []
    main = threading.main_thread().ident

    def heard(unraisable: Any) -> None:
        if main is None or not issubclass(unraisable.exc_type, KeyboardInterrupt):
            before(unraisable)
            return
        timers.append(threading.Timer(AGAIN_S, signal.pthread_kill, (main, signal.SIGINT)))
        timers[-1].daemon = True
        timers[-1].start()

    sys.unraisablehook = heard
    try:
        yield
    finally:
        sys.unraisablehook = before
        for timer in timers:
            timer.cancel()
