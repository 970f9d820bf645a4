"""What would help, told: rows, sentence and JSON by hand; the page's sections in a browser."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import deltasim as ds
from deltasim.exploration.whatif.whatif import WhatIf
from deltasim.reports.page import run_page
from deltasim.reports.page.sections.what_helps import bounds_section
from deltasim.reports.whatif.helped import Helped
from tests.reports.test_page_in_browser import CHROMIUM, browse
from tests.reports.whatif.specimens import helped


@pytest.fixture(scope="module")
def told() -> Helped:
    return helped()


def test_rows_by_hand(told: Helped) -> None:
    assert told.rows == (
        ("bus, 10 % faster", "3.00 µs", "25.0 %", "7.00 µJ", "12.5 %"),
        ("multiply-accumulate, twice as wide (at twice the price an access)", "4.00 µs", "0", "10.0 µJ",
         "−25.0 %"),
        ("bram, twice as wide (not on this chip: it is full)", "–", "–", "–", "–"),
    )  # fmt: skip


def test_the_sentence_by_hand(told: Helped) -> None:
    assert told.sentence == (
        "The unit that sets the pace is the bus: 10 % faster, it shortens an inference by 25.0 %. "
        "Most of all helps bus, 10 % faster: 25.0 % less time. It saves 12.5 % of the energy, too."
    )


def test_the_sentence_where_another_change_saves_most_and_where_nothing_does(told: Helped) -> None:
    first, wide, none = told.found.gains

    def said(saved: float) -> str:
        gains = (first._replace(saved=0.00001), wide._replace(saved=saved), none)
        return Helped(told.run, WhatIf(told.found.elapsed_ps, told.found.joules, gains), None).sentence

    assert said(0.3).endswith(" Multiply-accumulate, twice as wide saves most energy, 30.0 %.")
    assert said(-0.1).endswith(" Nothing of this saves energy.")


def test_json_by_hand(told: Helped) -> None:
    record = json.loads(json.dumps(told.to_dict(), allow_nan=False))
    assert record["latency_s"] == pytest.approx(4e-6) and record["energy_j"] == pytest.approx(8e-6)
    assert record["pace"] == "network.faster"
    assert record["by_energy"] == ["network.faster", "mac.wider"]
    first, _, last = record["gains"]
    assert first["latency_s"] == pytest.approx(3e-6) and (first["shorter"], first["saved"]) == (0.25, 0.125)
    assert last["latency_s"] is None and last["note"] == "not on this chip: it is full"
    assert record["cores"] == {
        "busiest": 0,
        "least": [{"scan": 0.125, "mac": 0.25, "bus": 0.75, "bank": 0.5, "barrier": 0.025}],
    }


def test_the_bounds_of_a_core_by_hand(told: Helped) -> None:
    assert told.floors is not None
    section = bounds_section(told, told.floors)
    assert section.grids[0].rows == (("core 0", "12.5 %", "25.0 %", "75.0 %", "50.0 %", "2.5 %"),)
    names = ("core", "scan", "multiply", "bus", "DRAM bank", "barrier, between steps")
    assert section.grids[0].columns == names
    assert " Barriers take 2.5 %, between steps." in section.sentence
    assert "the multiply-accumulate stage has most to do of its own, 25.0 % of the time" in section.sentence


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: install Debian's package chromium")
def test_the_sections_open_clean_and_say_what_the_json_says(tmp_path: Path) -> None:
    found = ds.whatif(ds.benchmark("digits", data="synthetic"), "deltarnn", limit=1)
    record = found.to_dict()
    drawn, console = browse(run_page(found.run, helped=found), tmp_path)
    assert console == [] and drawn.root["data-loaded"] == "0"
    assert drawn.drawings == drawn.places == int(drawn.root["data-drawn"])
    plain = drawn.text.replace("\u00a0", " ")
    best = record["gains"][0]
    assert (
        f"Most of all helps {best['part']}, {best['change']}: {best['shorter']:.1%}".replace("%", " %")
        in plain
    )
    assert "Each core against its own bounds" in plain
    assert "What would help" not in run_page(found.run)
