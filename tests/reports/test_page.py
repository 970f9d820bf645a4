"""The page as a file: whole, offline, escaped, and drawn for every chip in the box."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import altair
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.reports.figures import Score
from deltasim.reports.page import run_page
from deltasim.reports.page.document import script_json
from deltasim.reports.page.floorplan import floorplan
from deltasim.reports.page.script import bundled, libraries
from deltasim.reports.sweep import Sweep
from deltasim.simulator.chip import load_chip
from tests.reports.specimens import specimen

EVIL = "<script>alert(1)</script>"


class Reader(HTMLParser):
    """Collects the headline figures, the charts' places, the specs, and whatever a page could load."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.headline: dict[str, str] = {}
        self.charts: list[str] = []
        self.loads: list[str] = []
        self.text: list[str] = []
        self.specs: dict[str, Any] = {}
        self._specs = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held = {name: value or "" for name, value in attrs}
        self._specs = held.get("id") == "specs"
        if "data-key" in held:
            self.headline[held["data-key"]] = held["value"]
        if "data-chart" in held:
            self.charts.append(held["data-chart"])
        self.loads += [held[name] for name in ("src", "href", "action", "data") if name in held]

    def handle_data(self, data: str) -> None:
        if self._specs:
            self.specs = json.loads(data)
            self._specs = False
        else:
            self.text.append(data)


@pytest.mark.parametrize("chip", ["edgedrnn", "mesh16", "mesh64-hbm"])
def test_every_chart_has_its_place_and_nothing_is_loaded(chip: str) -> None:
    page = run_page(specimen(chip))
    read = Reader(page)
    assert read.charts and read.charts == list(read.specs)
    assert read.loads == ["data:,"]
    assert len(page) < 3_000_000
    assert "default-src 'none'" in page
    assert "{{" not in page.split("<script", 1)[0]


def test_the_headline_is_that_of_the_record() -> None:
    result = specimen()
    record = result.to_dict()
    headline = Reader(run_page(result)).headline
    assert len(headline) == 6
    for key, value in headline.items():
        group, name = key.split(".")
        assert float(value) == record[group][name]


def test_all_that_comes_from_outside_is_escaped() -> None:
    held = specimen()
    result = specimen(
        benchmark=EVIL, data=EVIL, fallback=EVIL, engine=EVIL, score=Score(EVIL, 0.5, 0.6), theta=EVIL,
        chip=held.chip.model_copy(update={"about": EVIL, "sources": (EVIL,)}),
    )  # fmt: skip
    page = run_page(result)
    assert "alert(1)" in page and EVIL not in page
    assert any(EVIL in text for text in Reader(page).text)


@given(st.text())
def test_no_text_ends_the_script_that_holds_it(text: str) -> None:
    written = script_json({text: {"title": text}})
    assert not re.search("[<>&\u2028\u2029]", written)
    line = " ".join(text.splitlines())
    assert json.loads(written) == {line: {"title": line}}


def test_a_sweep_links_its_pages(tmp_path: Path) -> None:
    results = tuple(specimen(theta=theta, score=Score("accuracy", 0.98, 0.987)) for theta in (0.0, 0.1))
    folder = Sweep(results).save(tmp_path / "sweep")
    read = Reader((folder / "report.html").read_text(encoding="utf-8"))
    assert read.charts == ["theta-score", "theta-savings"]
    assert read.loads[1:] == ["theta-0/report.html", "theta-0.1/report.html"]
    for target in read.loads[1:]:
        assert "theta-score" in Reader((folder / target).read_text(encoding="utf-8")).charts
    assert len(json.loads((folder / "sweep.json").read_text())["runs"]) == 2


@pytest.mark.parametrize(
    "topology", ["bus", "mesh:2x3", "torus:2x3", "ring:6", "star:6", "crossbar:6", "tree:6x1"]
)
def test_a_floorplan_shows_all_nodes_links_and_channels_apart(topology: str) -> None:
    name, memory = ("edgedrnn", 0) if topology == "bus" else ("mesh16", 1)
    fields = {"cores.count": 6, "network.topology": topology, f"memories.{memory}.ports": (0, 5)}
    chip = load_chip(name).changed(fields)
    plan = floorplan(chip)
    kinds = [spot.kind for spot in plan.spots]
    assert kinds.count("core") == 6 and kinds.count("dram") == 2
    assert kinds.count("hub") == chip.topology.nodes - 6
    assert sorted(line.number for line in plan.lines if line.number >= 0) == list(
        range(len(chip.topology.links))
    )
    assert len({(round(spot.x, 6), round(spot.y, 6)) for spot in plan.spots}) == len(plan.spots)
    left, right, bottom, top = plan.extent
    assert all(left < spot.x < right and bottom < spot.y < top for spot in plan.spots)


def test_the_libraries_are_one_script_that_ends_no_element() -> None:
    """Made in a process of its own; what the cache holds is the same."""
    version = ".".join(altair.SCHEMA_VERSION.lstrip("v").split(".")[:2])
    script = libraries()
    assert "vegaEmbed" in script and "</script" not in script
    assert bundled(version).decode().replace("</script", "<\\/script") == script
