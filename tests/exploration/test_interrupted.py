"""A study that is killed, again and again, ends as one that never was; so does one of several processes."""

from __future__ import annotations

import json
import multiprocessing
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deltasim.api.exploring import explore, setup_of
from deltasim.exploration.description import as_study
from deltasim.exploration.executors import Here, Processes
from deltasim.exploration.explore import State
from deltasim.exploration.space.space import read_space

Describe = Callable[..., dict[str, Any]]

KILLED = """
import json, os, random, signal, sys, time
from pathlib import Path
from deltasim.api.exploring import explore
def settled(path):
    import sqlite3
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT count(*) FROM points").fetchone()[0]
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()
study, folder, kills = json.loads(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
bounds = json.loads(sys.argv[4])
explore(study, folder / "first.db", jobs=1, bounds=bounds)      # everything is loaded
began = time.perf_counter()
explore(study, folder / "whole.db", jobs=1, bounds=bounds)
took = time.perf_counter() - began
moments, killed, number, midway = random.Random(7), 0, 0, set()
while True:
    child = os.fork()
    if not child:
        explore(study, folder / "killed.db", jobs=1, bounds=bounds)
        os._exit(0)
    if killed < kills:
        time.sleep(moments.uniform(0.3, 1.4) * took)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and (folder / "killed.db").exists():
        midway.add(settled(folder / "killed.db"))
    killed += os.WIFSIGNALED(status)
    number += 1
    if not os.WIFSIGNALED(status) and (killed >= kills or number > 6 * kills):
        break
    if not os.WIFSIGNALED(status):
        os.remove(folder / "killed.db")
print(killed, len(midway), flush=True)
os._exit(0)
"""


def content(path: Path) -> dict[str, list[Any]]:
    """All that a file holds, byte for byte, in an order of its own."""
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        tables = ("studies", "forms", "evaluations", "prices", "points")
        return {name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall()) for name in tables}
    finally:
        connection.close()


def wide(describe: Describe, search: str) -> dict[str, Any]:
    parameters = {
        "memories.scratchpad.size": ["512 B", "1 KiB", "4 KiB"],
        "cores.mac.lanes": [2, 4, 8],
        "theta": {"from": 0.05, "to": 0.5},
    }
    return describe(parameters=parameters, search=search, budget=16, seed=1)


def killed_often(study: dict[str, Any], folder: Path, kills: int, bounds: bool = True) -> tuple[int, int]:
    """Explore once whole, and once killed so many times; how many kills, with how many numbers of points."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-c", KILLED, json.dumps(study), str(folder), str(kills), json.dumps(bounds)]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert ended.returncode == 0, ended.stderr
    killed, midway = map(int, ended.stdout.split())
    return killed, midway


def test_ten_kills(described: Describe, tmp_path: Path) -> None:
    killed, midway = killed_often(wide(described, "sobol") | {"budget": 8}, tmp_path, 10)
    assert killed == 10 and midway > 1  # some of them in the middle
    assert content(tmp_path / "killed.db") == content(tmp_path / "whole.db")


@pytest.mark.long
@pytest.mark.parametrize("search", ["grid", "sobol", "tpe", "nsga2"])
def test_fifty_kills(
    search: str, described: Describe, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """kill -9 at 50 random moments; the counts are those of an uninterrupted study, byte for byte."""
    study = wide(described, search)
    if search == "grid":
        study["parameters"]["theta"] = {"from": 0.05, "to": 0.5, "count": 10}
        del study["budget"]
    else:
        study["budget"] = 90
    kills, midway = killed_often(study, tmp_path, 50)
    record_property(f"kills of a study by {search}", f"{kills}, with {midway} numbers of settled points")
    assert content(tmp_path / "killed.db") == content(tmp_path / "whole.db")


@pytest.mark.parametrize("search", ["tpe", pytest.param("sobol", marks=pytest.mark.long)])
def test_a_larger_budget_goes_on(search: str, described: Describe, tmp_path: Path) -> None:
    """What a search tries first does not depend on how much it may try."""
    whole = explore(wide(described, search) | {"budget": 18}, tmp_path / "whole.db")
    explore(wide(described, search) | {"budget": 16}, tmp_path / "parts.db")
    parts = explore(wide(described, search) | {"budget": 18}, tmp_path / "parts.db")
    assert [point.parameters for point in parts.points] == [point.parameters for point in whole.points]
    assert parts.front() == whole.front() and len(whole.points) == 18


def test_a_process_of_its_own_counts_the_same(described: Describe, tmp_path: Path) -> None:
    description = as_study(wide(described, "sobol") | {"budget": 4})
    setup = setup_of(description)
    space = read_space(description.parameters, setup.chips)
    arguments = [(space.setting(space.at(row)), True) for row in ([0.1, 0.2, 0.3], [0.9] * 3)]
    here = dict(Here("a", setup).each("prepare", arguments))
    processes = Processes("a", setup, 1)
    try:
        assert dict(processes.each("prepare", arguments)) == here
    finally:
        processes.close()


@pytest.mark.long
def test_several_processes_count_the_same(described: Describe, tmp_path: Path) -> None:
    """Two processes, one of which is killed while it works: the same bytes."""
    study = wide(described, "sobol") | {"budget": 40}
    explore(study, tmp_path / "here.db")

    def report(state: State) -> None:
        if state.points == 12:
            for process in multiprocessing.active_children()[:1]:
                process.kill()

    explore(study, tmp_path / "processes.db", jobs=2, report=report)
    assert content(tmp_path / "processes.db") == content(tmp_path / "here.db")
