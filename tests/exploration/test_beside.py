"""What stands beside a study's page: reports of points, and the dense chip of equal area."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deltasim.api.exploring import dense_beside, explore, pages_of, read_numbers, write_reports
from deltasim.exploration.study import Study
from deltasim.reports.study.page import study_page
from deltasim.runtime.errors import InputError

Describe = Callable[..., dict[str, Any]]


@pytest.fixture
def study(described: Describe, tmp_path: Path) -> Study:
    return explore(described(), tmp_path / "a.db")


def test_a_point_s_report_is_its_run(study: Study, tmp_path: Path) -> None:
    number = study.front()[-1]["point"]
    pages = write_reports(study, [number], tmp_path / "a-points")
    assert pages == pages_of(study, tmp_path / "a-points") == write_reports(study, [], tmp_path / "a-points")
    page = tmp_path / pages[number]
    assert page.is_file() and "<html" in page.read_text()
    run = json.loads((page.parent / "run.json").read_text())
    entry = next(one for one in study.front() if one["point"] == number)
    assert run["energy"]["inference_j"] == pytest.approx(entry["energy_j"], rel=1e-9)
    assert f': "{pages[number]}"' in study_page(study, pages)


def test_the_dense_chip_has_the_area_and_sends_everything(study: Study) -> None:
    assert study.knee is not None
    dense, entry = dense_beside(study, study.knee), study.entries([study.knee])[0]
    assert dense.area == entry["area_mm2"]
    assert dense.energy > entry["energy_j"] and dense.figures()["energy_latency"] == pytest.approx(
        dense.energy * dense.latency
    )
    page = study_page(study, {}, dense)
    assert (
        "dense chip of equal area" in page
        and f'"which": "dense, out of the parts of point {study.knee}"' in page
    )


def test_points_by_name(study: Study) -> None:
    front = [entry["point"] for entry in study.front()]
    assert read_numbers("front", study, "--reports") == front
    assert read_numbers(f"{front[0]},{front[0]}", study, "--reports") == front[:1]
    for text, words in (("fromt", "or: front"), ("99", "points 0 to 3"), ("1,-2", "commas")):
        with pytest.raises(InputError, match=words):
            read_numbers(text, study, "--reports")
