"""Commands in processes of their own that get a signal: after some time, or at the nth change on the disk."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

# Ctrl-C is handled even where the tests were started with it ignored, as a shell starts what it runs behind.
PROGRAM = """
import os, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
place, number, change = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
changes = 0
def watched(event, arguments):
    global changes
    is_change = event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir") or (
        event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
    )
    if is_change and str(arguments[0]).startswith(place):
        changes += 1
        if changes == change:
            os.write(1, b"%f\\n" % time.time())
            os.kill(os.getpid(), number)
if change:
    sys.addaudithook(watched)
del sys.argv[1:4]
from deltasim.main import main  # which has loaded nothing yet
print("ready", flush=True)
main()
"""


class Ended(NamedTuple):
    """How a command ended that got a signal."""

    code: int
    said: str
    took_s: float  # from the signal to the end
    left: tuple[str, ...]  # processes of its group a second after its end


def ended_by(
    number: signal.Signals,
    line: str,
    folder: Path,
    cache: Path | None,
    *,
    after_s: float = 0,
    change: int = 0,
) -> Ended:
    """Run a command line in ``folder`` and send a signal.

    It comes ``after_s`` after the first line of our own code, or at the ``change``-th change on the disk
    below ``folder``. A command that ends before has its own code.

    Ctrl-C goes to all of the command's processes, as from a terminal; SIGKILL to the first one alone.
    """
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    if cache is not None:
        environment |= {"DELTASIM_CACHE": str(cache)}
    command = [sys.executable, "-c", PROGRAM, str(folder), str(int(number)), str(change), *line.split()]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        asked = time.time()
        if not change:
            time.sleep(after_s)
            asked = time.time()
            if process.poll() is None:
                (os.kill if number == signal.SIGKILL else os.killpg)(process.pid, number)
        out, said = process.communicate(timeout=300)
        ended = time.time()
        if change:
            asked = next((float(line) for line in out.splitlines() if line.replace(".", "").isdigit()), asked)
        return Ended(process.returncode, said, ended - asked, alive(process.pid))


def alive(group: int, patience_s: float = 1.0) -> tuple[str, ...]:
    """The processes of a group that are still there after a moment."""
    waited = 0.0
    while waited <= patience_s:
        listed = subprocess.run(
            ["ps", "-eo", "pgid=,stat=,args="], capture_output=True, text=True, check=True
        )
        rows = [row.split(None, 2) for row in listed.stdout.splitlines()]
        found = tuple(row[2] for row in rows if row[0] == str(group) and not row[1].startswith("Z"))
        if not found:
            break
        time.sleep(0.05)
        waited += 0.05
    return found


def litter(folder: Path) -> list[str]:
    """What a stopped command has left: everything that has no name of its own."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.name.startswith("."))
