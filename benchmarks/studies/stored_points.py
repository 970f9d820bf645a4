"""100,000 stored points opened, priced anew and drawn: time and peak memory in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.memory import own_peak
from benchmarks.tables import Table
from deltasim.api.exploring import explore
from deltasim.exploration.store import DONE, Point, Store
from deltasim.exploration.study import load_study
from deltasim.exploration.workbench import Evaluation
from deltasim.reports.study.page import study_page

ABOUT = """\
{points:,} points, each with an evaluation of its own, stored as `deltasim explore` stores them: the points of
a small study (spoken digits, synthetic, {limit} sequences), their parameters, counts, times, areas and scores
varied at random. The file has {megabytes:,.0f} MB. One process opens it (`load_study`), prices it anew, finds
the front, makes the table of all points and the page: seconds since it was started, those of them on the
processor, and its peak of memory."""

GOAL_S, GOAL_GB = 20.0, 2.0
LIMIT, CHUNK = 4, 2000
STUDY = {
    "name": "stored",
    "base": "mesh16",
    "benchmark": "digits",
    "data": "synthetic",
    "limit": LIMIT,
    "parameters": {
        "memories.scratchpad.size": ["12 KiB", "16 KiB", "24 KiB", "32 KiB"],
        "cores.mac.lanes": [2, 4, 8],
        "theta": ["trained", 0.3],
    },
    "objectives": ["energy", "latency", "area", "score"],
}


def many(count: int, folder: Path) -> Path:
    """The file of a study with so many points, made of one that was explored."""
    small, path = folder / "small.db", folder / "many.db"
    explore(STUDY, small, jobs=1, bounds=False)
    rng = np.random.default_rng(0)
    with Store.opened(small, writing=False) as held, Store.opened(path, writing=True) as store:
        about = held.studies()[0]
        store.add_study(**about)
        tables, counted = held.tables(), held.counted()
        points = [point for point in held.points(about["digest"]) if point.state == DONE]
        known = {digest: held.by_sequence(digest) for digest in counted}
        for first in range(0, count, CHUNK):
            settled, evaluations = [], {}
            for number in range(first, min(count, first + CHUNK)):
                like = points[number % len(points)]
                latencies, each = known[like.evaluation]
                work, pace = rng.uniform(0.5, 2.0, 2)
                rows = np.rint(np.array(each, np.float64) * work).astype(np.int64)
                times = np.rint(np.array(latencies) * work / pace).astype(np.int64)
                digest = f"{number:064x}"
                form = tables[like.prices].form
                total = tuple(rows.sum(axis=0).tolist())
                by_sequence = tuple(map(tuple, rows.tolist()))
                limits = counted[like.evaluation].limits
                evaluations[digest] = Evaluation(form, total, tuple(times.tolist()), by_sequence, limits)
                settled.append(varied(like, number, digest, pace, rng))
            store.settle(about["digest"], settled, list(tables.values()), evaluations)
    return path


def varied(like: Point, number: int, digest: str, pace: float, rng: np.random.Generator) -> Point:
    """A point like another: a faster one is larger, and takes other values of its parameters."""
    area = None if like.area_mm2 is None else like.area_mm2 * pace * float(rng.uniform(0.8, 1.2))
    theta = round(float(rng.uniform(0.05, 0.5)), 3)
    parameters = like.parameters | {"theta": theta, "cores.mac.lanes": int(rng.integers(1, 65))}
    score = round(float(rng.uniform(0.9, 1.0)), 2)
    return like._replace(number=number, parameters=parameters, evaluation=digest, area_mm2=area, score=score)


def timed_here(path: str, began: float) -> list[tuple[str, float, float, int]]:
    """What was done; seconds since ``began``, processor seconds and the peak memory in bytes until then."""
    rows = []

    def row(what: str) -> None:
        rows.append((what, time.time() - began, time.process_time(), own_peak()))

    study = load_study(path)
    row("started and opened")
    study = study.repriced({"core.mac": "2 pJ"})
    row(f"priced anew, front of {len(study.front()):,} points")
    study.frame()
    row("table of all points")
    row(f"page of {len(study_page(study)) / 1e6:.1f} MB")
    return rows


def measure(quick: bool = False) -> Table:
    """Make the file, then measure what a person waits for in a process of its own."""
    count = 200 if quick else 100_000
    code = (
        "import json, sys; from benchmarks.studies.stored_points import timed_here; "
        "print(json.dumps(timed_here(sys.argv[1], float(sys.argv[2]))))"
    )
    root = Path(__file__).resolve().parents[2]
    with tempfile.TemporaryDirectory() as folder:
        path = many(count, Path(folder))
        megabytes = path.stat().st_size / 1e6
        command = [sys.executable, "-c", code, str(path), str(time.time())]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    rows = [
        (what, f"{seconds:,.1f}", f"{busy:,.1f}", f"{peak / 1e9:.2f}", "", "")
        for what, seconds, busy, peak in found
    ]
    within = found[-1][1] <= GOAL_S and found[-1][3] <= GOAL_GB * 1e9
    goal = f"{GOAL_S:.0f} s, {GOAL_GB:.0f} GB"
    rows[-1] = (*rows[-1][:4], goal, "reached" if within else "missed")
    about = ABOUT.format(points=count, limit=LIMIT, megabytes=megabytes)
    columns = ("after", "s", "processor, s", "peak, GB", "goal", "")
    return Table("A study of many points", about, "python -m benchmarks stored-points", columns, tuple(rows))
