"""The page and the table of a study: what they hold, how much of it they draw, and in a browser."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deltasim.exploration.front import front
from deltasim.exploration.study import Study
from deltasim.exploration.worth import worths
from deltasim.reports.study import charts
from deltasim.reports.study.page import study_page
from deltasim.reports.study.terminal import render
from tests.reports.study.made import made_study
from tests.reports.test_page_in_browser import CHROMIUM, browse


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return made_study(300, tmp_path_factory.mktemp("study") / "a.db")


def specs_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="specs">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    specs: dict[str, Any] = json.loads(found.group(1))
    return specs


def test_the_page_holds_every_point_that_was_simulated(study: Study) -> None:
    page = study_page(study)
    rows = specs_of(page)["pairs"]["datasets"]["points"]
    assert len(rows) == len(study.done) == study.tally()["done"] == 288
    assert sum(row["on"] for row in rows) == len(study.front_places) == int(front(study.costs).sum())
    assert sum(row["knee"] for row in rows) == 1
    for name in study.objectives:
        assert sorted(row[name] for row in rows) == pytest.approx(sorted(study.figures[name]))
    assert len(specs_of(page)["pairs"]["vconcat"][0]["concat"]) == 6
    assert "reason 7" in page and "reason 9" in page
    assert "<b>." not in page and "&lt;b&gt;." in page


def test_the_interval_holds_the_mean(study: Study) -> None:
    for name, ends in study.intervals.items():
        means = study.figures[name][study.front_places]
        assert ((ends[:, 0] <= means) & (means <= ends[:, 1])).all()


def test_many_points_are_drawn_as_density(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "MOST_MARKS", 150)
    marks, rest = charts.chosen(study)
    assert len(marks) == 150 and set(study.front_places.tolist()) <= set(marks)
    assert len(rest) == len(study.done) - len(study.front_places)
    drawn = specs_of(study_page(study))["pairs"]
    assert len(drawn["datasets"]["points"]) == 150
    first = drawn["vconcat"][0]["concat"][0]["layer"][0]
    assert first["mark"]["type"] == "rect" and 0 < len(first["data"]["values"]) <= len(rest)


def test_what_a_parameter_is_worth_is_what_was_put_in(study: Study) -> None:
    found = {(one.parameter, one.metric): one for one in worths(study)}
    assert all(one.pairs > 0 for one in found.values())


def test_the_table_in_the_terminal_shows_the_front(study: Study) -> None:
    from rich.console import Console

    console = Console(width=200, record=True, file=io.StringIO())
    console.print(render(study))
    said = console.export_text()
    assert f"{len(study.front())} points of 300 worth building" in said
    assert all(str(entry["point"]) in said for entry in study.front()[:40])
    assert "288 simulated" in said


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_the_page_opens_clean(study: Study, tmp_path: Path) -> None:
    drawn, console = browse(study_page(study), tmp_path)
    console = [line for line in console if "getBoundingClientRect" not in line]  # the probe is for runs
    assert console == []
    assert drawn.drawings == drawn.places == int(drawn.root["data-drawn"]) == 1
    assert drawn.root["data-loaded"] == "0"


@pytest.mark.long
def test_a_hundred_thousand_points(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """100,000 stored points opened, re-priced and drawn: at most 20 s and 2 GB."""
    import os
    import subprocess
    import sys

    made_study(100_000, tmp_path / "a.db")
    program = (
        "import resource, sys, time\n"
        "began = time.perf_counter()\n"
        "from deltasim.exploration.study import load_study\n"
        "from deltasim.reports.study.page import study_page\n"
        "study = load_study(sys.argv[1]).repriced({'core.mac': '2 pJ'})\n"
        "page = study_page(study)\n"
        "used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6\n"
        "print(time.perf_counter() - began, used, len(page) / 1e6)\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-c", program, str(tmp_path / "a.db")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    seconds, gigabytes, megabytes = map(float, done.stdout.split())
    record_property("seconds", round(seconds, 1))
    record_property("GB", round(gigabytes, 2))
    record_property("MB of page", round(megabytes, 1))
    assert seconds < 20 and gigabytes < 2
