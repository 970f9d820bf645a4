"""Workers of a dask.distributed cluster count the same, byte for byte, one of them killed in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from deltasim.api.exploring import explore
from deltasim.exploration.explore import State
from deltasim.runtime.errors import InputError
from tests.exploration.test_interrupted import content, wide

Describe = Callable[..., dict[str, Any]]
WAIT_S = 60


def started(folder: Path, name: str, *options: str) -> subprocess.Popen[bytes]:
    """A scheduler or a worker, as its command starts it."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", f"distributed.cli.{name}", "--scheduler-file", str(folder / "at.json")]
    log = (folder / f"{name}.log").open("ab")
    with log:
        return subprocess.Popen(
            [*command, "--no-dashboard", *options], env=environment, cwd=folder, stdout=log, stderr=log
        )


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and so many workers, each a process of its own; its address, and the workers."""
    running = [started(folder, "dask_scheduler", "--host", "127.0.0.1", "--port", "0")]
    try:
        running += [
            started(folder, "dask_worker", "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1")
            for _ in range(workers)
        ]
        until = time.monotonic() + WAIT_S
        told = folder / "at.json"
        while not told.exists() or not told.read_text():  # it is made before it is written
            assert time.monotonic() < until and running[0].poll() is None, "the scheduler does not start"
            time.sleep(0.05)
        yield json.loads(told.read_text())["address"], running[1:]
    finally:
        for process in reversed(running):
            process.kill()
        for process in running:
            process.wait()


def test_a_killed_worker_changes_nothing(described: Describe, tmp_path: Path) -> None:
    study = wide(described, "sobol") | {"budget": 24}
    explore(study, tmp_path / "here.db", bounds=False)
    killed = []
    with cluster(tmp_path, 2) as (address, workers):

        def report(state: State) -> None:
            if state.points >= 8 and not killed:
                killed.append(state.points)
                workers[0].send_signal(signal.SIGKILL)

        explore(study, tmp_path / "there.db", bounds=False, report=report, scheduler=address)
        assert workers[0].wait() == -signal.SIGKILL and workers[1].poll() is None
    assert 8 <= killed[0] < 24
    assert content(tmp_path / "there.db") == content(tmp_path / "here.db")


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense", "what://is:this"])
def test_where_nobody_listens(
    address: str, described: Describe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deltasim.exploration.cluster.CONNECT_S", 0.3)
    with pytest.raises(InputError, match="no scheduler answers there"):
        explore(described(), tmp_path / "a.db", scheduler=address)
    assert not list(tmp_path.glob("a.db*"))  # and nothing is left of it
