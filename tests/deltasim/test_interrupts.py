"""Ctrl-C, in a real process, at any moment: an end within a second, one sentence, nothing half-written."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.deltasim.signalled import Ended, ended_by, litter

GRACE_S = 1.0
RUN = "run digits --data synthetic --chip mesh16 --jobs 2 --out runs/out"


def check_stopped(ended: Ended, folder: Path) -> None:
    assert ended.code == 130, ended
    assert "Traceback" not in ended.said
    last = ended.said.splitlines()[-1]
    assert last.startswith("deltasim: stopped. "), ended
    assert ended.took_s < GRACE_S
    assert ended.left == ()
    assert litter(folder) == []
    is_whole = last == "deltasim: stopped. runs/out is complete."
    is_part = " are saved in runs/out, without pages." in last
    written = [path.name for path in folder.iterdir() if path.name != "cache"]
    assert written == (["runs"] if is_whole or is_part else [])
    if not is_part:
        assert (folder / "runs" / "out" / "report.html").is_file() == is_whole
    else:
        record = json.loads((folder / "runs" / "out" / "sweep.json").read_text())
        whole = [json.loads(path.read_text()) for path in (folder / "runs" / "out").glob("theta-*/run.json")]
        assert sorted(map(str, whole)) == sorted(map(str, record["runs"])) != []


@pytest.mark.parametrize("engine", ["compiled", "simpy"])
def test_a_run_stopped_at_any_moment(engine: str, tiny: Path, tmp_path: Path) -> None:
    """With kernels to compile, two jobs and minutes of work; early it imports, later it compiles or runs."""
    moments = random.Random(engine)
    for number, latest in enumerate((0.3, 2.5, 6.0)):
        folder = tmp_path / str(number)
        folder.mkdir()
        line = f"{RUN} --trained {tiny} --engine {engine}"
        after_s = moments.uniform(0, latest)
        check_stopped(ended_by(signal.SIGINT, line, folder, folder / "cache", after_s=after_s), folder)


@pytest.mark.parametrize("change", [2, 3])
def test_a_run_stopped_while_it_writes(change: int, tiny: Path, tmp_path: Path) -> None:
    line = f"{RUN} --trained {tiny} --limit 2"
    check_stopped(ended_by(signal.SIGINT, line, tmp_path, None, change=change), tmp_path)


def test_a_network_on_chip_stopped_in_its_kernel(tmp_path: Path) -> None:
    line = "noc --topology mesh:8x8 --rate 0.1 --cycles 1000000"
    ended = ended_by(signal.SIGINT, line, tmp_path, None, after_s=3.0)
    check_stopped(ended, tmp_path)
    assert ended.said == "deltasim: stopped. Nothing was written.\n"


SWALLOWED = {
    "where C calls back": """
@ctypes.CFUNCTYPE(None)
def pressed():
    signal.raise_signal(signal.SIGINT)
pressed()
time.sleep(60)
""",
    "in a finaliser": """
class Thing:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)
Thing()
time.sleep(60)
""",
    "by whoever catches everything": """
def caught():
    try:
        signal.raise_signal(signal.SIGINT)
        time.sleep(60)
    except BaseException:
        caught()
caught()
""",
    "while waiting for a thread": """
import threading
thread = threading.Thread(target=time.sleep, args=(60,))
thread.start()
threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
thread.join()
""",
    "in a call of C that takes its time": """
threading = __import__("threading")
threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
while True:
    ctypes.CDLL(None).usleep(60_000_000)
""",
    "in Python that never rests": """
threading = __import__("threading")
threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
while True:
    sum(range(1000))
""",
    "between stop and end": """
from deltasim.runtime.disk import unfinished
unfinished.stop = lambda: time.sleep(60)  # a disk that no longer answers
signal.raise_signal(signal.SIGINT)
time.sleep(60)
""",
}


@pytest.mark.parametrize("moment", SWALLOWED)
def test_no_place_swallows_it(moment: str) -> None:
    head = (
        "import ctypes, os, signal, sys, time\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from deltasim.shell.interrupts import listen\n"
        "assert listen()\n"
    )
    began = time.monotonic()
    command = [sys.executable, "-c", head + SWALLOWED[moment]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 130, done
    assert done.stderr.startswith("deltasim: stopped. ") and done.stderr.count("\n") == 1
    assert time.monotonic() - began < 3


def test_where_it_is_ignored_it_stays_ignored() -> None:
    """As in a shell script that starts a command behind it."""
    code = (
        "import os, signal\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from deltasim.shell.interrupts import listen\n"
        "assert not listen()\n"
        "os.kill(os.getpid(), signal.SIGINT)\n"
        "print('still here')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "still here\n"


LONG = (
    # what is run, how often, and within how many seconds; "cold" has every kernel to compile
    (f"{RUN} --limit 3", 40, 0.3, "cold"),
    (f"{RUN} --limit 3", 30, 12.0, "cold"),
    (f"{RUN} --limit 3", 30, 3.0, "warm"),
    (f"{RUN} --limit 3 --theta 0.1,0.3,0.5", 20, 5.0, "warm"),
    (f"{RUN} --limit 3 --engine simpy", 30, 6.0, "warm"),
    ("noc --topology mesh:8x8 --rate 0.1 --cycles 1000000", 10, 6.0, "warm"),
    ("validate edgedrnn", 10, 6.0, "warm"),
    ("list chips", 10, 0.1, "warm"),
)


@pytest.mark.long
def test_two_hundred_moments(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """Ctrl-C at 180 moments by the clock and 20 at a change on the disk, by a stated seed."""
    moments = random.Random(13)
    expected = "expected code 130 within 1 s, no traceback, nothing left: so in each, after at most"
    for line, times, latest, cache in LONG:
        took: list[float] = []
        while len(took) < times:
            ended = tried(line, tmp_path, cache, after_s=moments.uniform(0, latest))
            took += [ended.took_s] * (ended.code != 0)  # else it was done before
        what = f"`deltasim {line}`, {cache} cache, {times} moments within {latest} s"
        record_property(what, f"{expected} {max(took):.3f} s")
    ends = [tried(f"{RUN} --limit 2", tmp_path, "warm", change=moments.randint(1, 4)) for _ in range(20)]
    assert {ended.code for ended in ends} == {130}
    what = f"`deltasim {RUN} --limit 2`, 20 moments at a change on the disk"
    record_property(what, f"{expected} {max(ended.took_s for ended in ends):.3f} s")


def tried(line: str, place: Path, cache: str, after_s: float = 0, change: int = 0) -> Ended:
    """One moment: what was done, expected and found."""
    folder = Path(tempfile.mkdtemp(dir=place))
    where = folder / "cache" if cache == "cold" else place / "cache"
    ended = ended_by(signal.SIGINT, line, folder, where, after_s=after_s, change=change)
    if ended.code != 0:
        moment = f"change {change}" if change else f"{after_s:.3f} s"
        print(
            f"Ctrl-C at {moment} of `deltasim {line}`, {cache}: expected 130 within 1 s, nothing left;",
            end=" ",
        )
        print(f"got {ended.code} after {ended.took_s:.3f} s, left {litter(folder)}")
        check_stopped(ended, folder)
    shutil.rmtree(folder)
    return ended
