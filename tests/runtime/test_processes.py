"""A script that asks for several processes need not guard itself: they do not run it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PLAIN = """
print("the script runs", flush=True)
from concurrent.futures import ProcessPoolExecutor
from deltasim.runtime.processes import Worker, WorkerContext

with ProcessPoolExecutor(2, WorkerContext()) as pool:
    print(list(pool.map(abs, [-1, -2])), flush=True)
worker = Worker(target=print, args=("a worker",))
worker.start()
worker.join()
print(worker.exitcode, __name__)
"""

WHOLE = """
print("the script runs")
import deltasim as ds

digits = ds.benchmark("digits", data="synthetic")
run = ds.simulate(digits, chip="edgedrnn", limit=2, engine="simpy", jobs=2)
study = {
    "name": "two", "benchmark": "digits", "data": "synthetic", "limit": 1, "base": "edgedrnn",
    "parameters": {"theta": [0.3, 0.5]}, "objectives": ["energy", "latency"],
}
found = ds.explore(study, jobs=2)
print(run.sequences, len(found.done))
"""


def ran(script: str, folder: Path) -> str:
    (folder / "script.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_workers_leave_the_script_alone(tmp_path: Path) -> None:
    assert ran(PLAIN, tmp_path) == "the script runs\n[1, 2]\na worker\n0 __main__\n"


@pytest.mark.long
def test_so_do_the_reference_engine_and_a_study(tmp_path: Path) -> None:
    """Two sequences on the SimPy engine and two points of a study, two processes each."""
    assert ran(WHOLE, tmp_path) == "the script runs\n2 2\n"
