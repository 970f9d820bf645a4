"""Ctrl-C, in a real process, at any moment: an end within a second, one sentence, nothing half-written."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import NamedTuple

import pytest

Deltasim = Callable[[str], CompletedProcess[str]]
GRACE_S = 1.0
# Ctrl-C is heard even where these tests were started with it ignored, as a shell starts what it runs behind.
READY = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from deltasim.main import main
print("ready", flush=True)
sys.exit(main())
"""


class Ended(NamedTuple):
    """How a stopped command ended."""

    code: int
    said: str
    took_s: float


def stopped_after(seconds: float, line: str, folder: Path, cold: bool = False) -> Ended:
    """Run a command line in ``folder``, send Ctrl-C, and see how long it takes to end.

    ``cold``: nothing is in the cache, so kernels are being compiled.
    """
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    if cold:
        environment |= {"DELTASIM_CACHE": str(folder / "cache")}
    with subprocess.Popen(
        [sys.executable, "-c", READY, *line.split()],
        cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(seconds)
        assert process.poll() is None, process.communicate()
        asked = time.perf_counter()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of the command's processes
        _, said = process.communicate(timeout=60)
        return Ended(process.returncode, said, time.perf_counter() - asked)


def check_ended(ended: Ended) -> None:
    assert ended.code == 130, ended
    assert "Traceback" not in ended.said
    last = ended.said.splitlines()[-1]
    assert last.startswith("deltasim: stopped. "), ended
    assert ended.took_s < GRACE_S


@pytest.mark.parametrize("engine", ["compiled", "simpy"])
def test_a_run_stopped_at_any_moment(engine: str, tiny: Path, tmp_path: Path) -> None:
    """With kernels to compile, two jobs and minutes of work; early it imports, later it compiles or runs."""
    moments = random.Random(engine)
    for number, latest in enumerate((0.5, 2.5, 6.0)):
        folder = tmp_path / str(number)
        folder.mkdir()
        line = (
            f"run digits --data synthetic --trained {tiny} --chip mesh16 --engine {engine} --jobs 2 --out out"
        )
        check_ended(stopped_after(moments.uniform(0.1, latest), line, folder))
        assert [path.name for path in folder.iterdir() if path.name != "cache"] == []
        assert [path.name for path in folder.rglob("*.part*")] == []


def test_a_network_on_chip_stopped_in_its_kernel(tmp_path: Path) -> None:
    line = "noc --topology mesh:8x8 --rate 0.1 --cycles 1000000"
    ended = stopped_after(3.0, line, tmp_path)
    check_ended(ended)
    assert ended.said == "deltasim: stopped. Nothing was written.\n"


def test_the_files_of_a_run_do_not_show_the_number_of_jobs(
    tiny: Path, deltasim: Deltasim, tmp_path: Path
) -> None:
    """But for the time it took, which the record and the page tell."""
    for jobs in (1, 3):
        line = f"run digits --data synthetic --trained {tiny} --limit 7 --jobs {jobs} --out {jobs}"
        answer = deltasim(line)
        assert answer.returncode == 0, answer.stderr
    for table in ("units", "layers", "steps"):
        name = f"{table}.parquet"
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "3" / name).read_bytes()
    records = [json.loads((tmp_path / jobs / "run.json").read_text()) for jobs in ("1", "3")]
    for record in records:
        assert record.pop("wall_s") > 0
    assert json.dumps(records[0]) == json.dumps(records[1])


def test_a_damaged_trace_in_the_cache_is_told_in_one_line(
    tiny: Path, deltasim: Deltasim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DELTASIM_CACHE", str(tmp_path / "cache"))
    line = f"run digits --data synthetic --trained {tiny} --limit 1 --json --out"
    first = json.loads(deltasim(f"{line} first").stdout)
    kept = sorted((tmp_path / "cache" / "traces").iterdir())
    assert len(kept) == 2  # the delta network and the dense-trained one
    kept[0].write_bytes(kept[0].read_bytes()[:100])
    with warnings.catch_warnings():
        warnings.simplefilter("always")  # in tests it is an error
        again = deltasim(f"{line} again")
    assert again.stderr.splitlines()[0] == f"deltasim: {kept[0]} is damaged and is made again."
    assert json.loads(again.stdout)["digest"] == first["digest"]
    without = json.loads(deltasim(f"{line} without --no-cache").stdout)
    assert without["digest"] == first["digest"]
