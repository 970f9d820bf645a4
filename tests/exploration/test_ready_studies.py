"""The ready studies are studies: each is read here, and explored in the long form."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from deltasim.api.exploring import base_chips, explore
from deltasim.exploration.description import read_study
from deltasim.exploration.explore import read_constraints
from deltasim.exploration.metrics import require_metrics
from deltasim.exploration.space.space import read_space

STUDIES = sorted((Path(__file__).resolve().parents[2] / "docs" / "studies").glob("*.yaml"))


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_it_is_a_study(path: Path) -> None:
    description = read_study(path)
    own = {"cache": "mesh16-cached", "serial": "mcu-psram"}  # docs/studies.md
    assert description.base == own.get(path.stem, "mesh16")
    assert (description.benchmark, description.data) == ("digits", "synthetic") or path.stem == "unbalanced"
    require_metrics(description.objectives)
    space = read_space(description.parameters, base_chips(description))
    read_constraints(description, space)
    assert 2 <= space.size <= 100 or description.search == "mapping"
    assert all(space.setting(values) for values in space.grid())


@pytest.mark.long
@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_it_has_an_answer(path: Path, tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """Every point is a chip, the front is no more than the study, and the same without racing."""
    study = explore(path, tmp_path / "a.db", race=True)
    if study.tally()["raced"]:
        whole = explore(path, tmp_path / "b.db", race=False)
        assert [entry["point"] for entry in study.front()] == [entry["point"] for entry in whole.front()]
    assert study.tally()["failed"] == 0
    assert 0 < len(study.front()) <= len(study.points)
    record_property("front", [entry["point"] for entry in study.front()])
