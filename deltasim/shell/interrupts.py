"""Ctrl-C ends the program within a second, whatever it is doing.

Python raises KeyboardInterrupt in the main thread, between two of its own steps. That is late where a step
is a kernel, or LLVM at work; and it is lost where C called back into Python (numba, a finaliser, a lock's
callback) or takes any exception for a fault of its own. So the program raises nothing: a thread that waits
for the signal removes what is unfinished and ends the process. All it needs is the interpreter for some
milliseconds, so what holds that for long is done in a process of its own (`deltasim.reports.page.script`).
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress

from deltasim.runtime.disk import unfinished

EXIT_STOPPED = 130
LONGEST_S = 0.7

asked = threading.Event()
"""Set once Ctrl-C was pressed: by the main thread as soon as it is in Python, else by the one that waits."""


def listen() -> bool:
    """From now on Ctrl-C ends this process; False where it does not: it is ignored, or there are no signals.

    A shell script that starts a command in the background has it ignore Ctrl-C.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler or os.name != "posix":
        return False
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.signal(signal.SIGINT, lambda *_: asked.set())
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=wait_for_signal, args=(reader,), name="deltasim: Ctrl-C", daemon=True).start()
    return True


def wait_for_signal(reader: int) -> None:
    """Wait until Python's handler in C has written the signal's number, then end the process."""
    while os.read(reader, 1) != bytes([signal.SIGINT]):
        pass
    asked.set()
    sys.setswitchinterval(1e-4)  # the interpreter is handed over at once, however busy the others are
    terminal = silenced()
    unanswered = "Nothing was written; what is unfinished is removed by the next run."
    limit = threading.Timer(LONGEST_S, end, [terminal, unanswered])
    limit.daemon = True
    limit.start()
    end(terminal, unfinished.stop())


def end(terminal: int, words: str) -> None:
    """Tell what there is to tell and end the process."""
    with suppress(OSError):
        said = f"stopped. {words}".splitlines()
        os.write(terminal, "".join(f"deltasim: {line}\n" for line in said).encode())
    os._exit(EXIT_STOPPED)


def silenced() -> int:
    """From now on what others print goes nowhere; a descriptor of what stderr was, on a line of its own."""
    try:
        terminal = os.dup(2)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        if os.isatty(terminal):
            os.write(terminal, b"\r\x1b[2K\x1b[?25h")  # over a progress bar, which had hidden the cursor
    except OSError:  # there is no stderr, or it is full
        return -1
    return terminal


def wait_if_asked() -> None:
    """After Ctrl-C nothing else is told, whatever comes out of the work: the process is ending."""
    if asked.is_set():
        threading.Event().wait(2 * LONGEST_S)
