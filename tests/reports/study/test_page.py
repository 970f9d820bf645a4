"""The page and the table of a study: what they hold, how much of it they draw, and in a browser."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.exploration.front import front
from deltasim.exploration.study import Study
from deltasim.exploration.worth import worths
from deltasim.reports.study import marks as marked
from deltasim.reports.study.page import study_page
from deltasim.reports.study.scales import Scale, scale_of
from deltasim.reports.study.terminal import render
from tests.reports.study.made import made_study
from tests.reports.test_page_in_browser import CHROMIUM, browse


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return made_study(300, tmp_path_factory.mktemp("study") / "a.db")


def data_of(page: str, name: str) -> dict[str, Any]:
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found.group(1))
    return data


def test_the_page_holds_every_point_that_was_simulated(study: Study) -> None:
    page = study_page(study)
    specs, linked = data_of(page, "specs"), data_of(page, "linked")
    points = linked["points"]
    assert len(points["which"]) == len(study.done) == study.tally()["done"] == 288
    assert set(points["which"]) == {f"point {study.points[place].number}" for place in study.done}
    on_front = points["which"][linked["front"] :]
    assert on_front == [f"point {entry['point']}" for entry in study.front()]
    assert len(on_front) == int(front(study.costs).sum())
    assert points["which"][linked["knee"]] == f"point {study.knee}"
    assert sorted(specs) == ["coordinates", *(f"pair{number}" for number in range(6))]
    assert [panel["chart"] for panel in linked["panels"]] == sorted(specs)[1:]
    assert "reason 7" in page and "reason 9" in page
    assert "<b>." not in page and "&lt;b&gt;." in page


def test_a_mark_lies_where_its_axis_has_its_value(study: Study) -> None:
    page = study_page(study)
    specs, linked = data_of(page, "specs"), data_of(page, "linked")
    numbers = [int(which.removeprefix("point ")) for which in linked["points"]["which"]]
    rows = [study.place_of[number] for number in numbers]
    for panel in linked["panels"]:
        encoding = specs[panel["chart"]]["encoding"]
        for along, name in (("x", panel["x"]), ("y", panel["y"])):
            low, high = encoding[along]["scale"]["domain"]
            shares = np.array(linked["at"][name])
            log = encoding[along]["scale"].get("type") == "log"
            values = low * (high / low) ** shares if log else low + (high - low) * shares
            assert values == pytest.approx(study.figures[name][rows], abs=1e-4 * (high - low), rel=1e-3)


@given(
    ends=st.tuples(st.floats(1e-9, 1e6), st.floats(1.01, 1e6)),
    log=st.booleans(),
    shares=st.lists(st.floats(0, 1), min_size=1),
)
def test_shares_are_those_of_the_axis(ends: tuple[float, float], log: bool, shares: list[float]) -> None:
    low, high = ends[0], ends[0] * ends[1]
    scale = Scale(low, high, log)
    along = np.array(shares)
    values = low * (high / low) ** along if log else low + (high - low) * along
    assert scale.shares(values) == pytest.approx(along, abs=1e-6)
    assert scale.shares([low / 2, high * 2]).tolist() == [0.0, 1.0]


def test_the_coordinates_are_those_of_the_front(study: Study) -> None:
    drawn = data_of(study_page(study), "linked")["coordinates"]
    entries = study.front()
    assert drawn["labels"][:3] == ["scratchpad.size", "cores.mac.lanes", "network.topology"]
    assert len(drawn["at"]) == len(drawn["shown"]) == len(entries)
    assert all(0 <= height <= 1 for row in drawn["at"] for height in row)
    for entry, shown in zip(entries, drawn["shown"], strict=True):
        assert shown[1] == str(entry["parameters"]["cores.mac.lanes"])
    lanes = [entry["parameters"]["cores.mac.lanes"] for entry in entries]
    assert np.argsort(lanes).tolist() == np.argsort([row[1] for row in drawn["at"]]).tolist()


def test_the_interval_holds_the_mean(study: Study) -> None:
    for name, ends in study.intervals.items():
        means = study.figures[name][study.front_places]
        assert ((ends[:, 0] <= means) & (means <= ends[:, 1])).all()


def test_many_points_are_drawn_as_density(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marked, "MOST_MARKS", 150)
    marks, rest = marked.chosen(study)
    assert len(marks) == 150 and set(study.front_places.tolist()) <= set(marks)
    assert len(rest) == len(study.done) - len(study.front_places)
    drawn = data_of(study_page(study), "linked")
    assert len(drawn["points"]["which"]) == 150
    for panel in drawn["panels"]:
        squares = {tuple(square) for level in panel["levels"] for square in level["squares"]}
        assert len(squares) == sum(len(level["squares"]) for level in panel["levels"]) <= marked.BINS**2
        x, y = (np.array(study.figures[panel[name]][rest]) for name in ("x", "y"))
        along, up = scale_of(study, panel["x"]), scale_of(study, panel["y"])
        cells = np.stack([along.shares(x), up.shares(y)], axis=1) * marked.BINS
        assert squares == {tuple(cell) for cell in np.minimum(cells.astype(int), marked.BINS - 1).tolist()}
        darkness = [level["opacity"] for level in panel["levels"]]
        assert darkness == sorted(set(darkness)) and darkness[-1] == 0.7


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
    assert drawn.drawings == drawn.places == int(drawn.root["data-drawn"]) == 7
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
