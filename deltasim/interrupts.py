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

from deltasim.runtime import unfinished

EXIT_STOPPED = 130
PATIENCE_S = 0.3  # for a file that just gets its name
LONGEST_S = 0.8  # then the process ends, and what is unfinished is left to the next one

asked = threading.Event()
"""Set once Ctrl-C has been heard."""


def listen() -> bool:
    """From now on Ctrl-C ends this process; False where it does not: it is ignored, or there are no signals.

    A shell that starts a command behind it has it ignore Ctrl-C.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler or os.name != "posix":
        return False
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=wait_for_signal, args=(reader,), name="deltasim: Ctrl-C", daemon=True).start()
    return True


def wait_for_signal(reader: int) -> None:
    """Wait until Python's handler in C has written the signal's number, then end the process."""
    while os.read(reader, 1) != bytes([signal.SIGINT]):
        pass
    asked.set()
    limit = threading.Timer(LONGEST_S, os._exit, [EXIT_STOPPED])
    limit.daemon = True
    limit.start()
    sys.setswitchinterval(1e-4)  # the interpreter is handed over at once, however busy the others are
    terminal = -1
    with suppress(OSError):  # there may be no stderr
        terminal = silenced()
    said = f"stopped. {unfinished.stop(PATIENCE_S)}".splitlines()
    with suppress(OSError):
        os.write(terminal, "".join(f"deltasim: {line}\n" for line in said).encode())
    os._exit(EXIT_STOPPED)


def silenced() -> int:
    """From now on what others print goes nowhere; a descriptor of what stderr was, on a line of its own."""
    terminal = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    if os.isatty(terminal):
        os.write(terminal, b"\r\x1b[2K\x1b[?25h")  # over a progress bar, which had hidden the cursor
    return terminal


def wait_if_asked() -> None:
    """After Ctrl-C nothing else is told, whatever comes out of the work: the process is ending."""
    if asked.is_set():
        threading.Event().wait(2 * LONGEST_S)
