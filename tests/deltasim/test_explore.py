"""``deltasim explore`` as a person meets it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

Deltasim = Callable[[str], CompletedProcess[str]]

LEAST = """
base: mesh16
benchmark: digits
data: synthetic
limit: 1
parameters:
  memories.scratchpad.size: [4 KiB, 16 KiB]
  cores.mac.lanes: [8]
  theta: [trained, 0.4]
objectives: [energy, latency, area, score]
search: grid
"""


def test_the_least_study(deltasim: Deltasim, tmp_path: Path) -> None:
    Path("study.yaml").write_text(LEAST)
    answer = deltasim("explore study.yaml --out study.db --jobs 1 --json")
    assert answer.returncode == 0, answer.stderr
    said = json.loads(answer.stdout)
    assert (said["points"], said["simulated"] + said["bounded"], said["failed"]) == (4, 4, 0)
    assert set(said["front"][0]) >= {"parameters", "energy_j", "latency_s", "area_mm2", "score", "limits"}
    shown = deltasim("explore study.yaml --out study.db --jobs 1")
    assert shown.returncode == 0 and "worth building" in shown.stdout and "16 KiB" in shown.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["study.db", "study.html", "study.yaml"]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("scratchpad.size", "scratchpad.sise", ("Did you mean memories.scratchpad.size",)),
        ("base: mesh16", "base: mesh17", ("mesh17", "Did you mean mesh16")),
        ("benchmark: digits", "benchmark: digitz", ("Did you mean digits",)),
        ("search: grid", "search: grit", ("Did you mean grid",)),
        ("score]", "scoer]", ("Did you mean score",)),
        (
            "objectives",
            "objektives",
            ("study.yaml:1: objectives: missing", "study.yaml:10: objektives", "Did you mean objectives"),
        ),
        ("[4 KiB, 16 KiB]", "[]", ("at least one value",)),
        ("limit: 1", "limit: one", ("study.yaml:5: limit",)),
        ("search: grid", "search: grid\nconstraints: [area <= 0.01 mm2]", ("the nearest", "%")),
        ("base: mesh16", "base: [", ("study.yaml", "not YAML")),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(
    before: str, after: str, words: tuple[str, ...], deltasim: Deltasim
) -> None:
    assert before in LEAST
    Path("study.yaml").write_text(LEAST.replace(before, after))
    answer = deltasim("explore study.yaml --out study.db --jobs 1")
    assert answer.returncode == 2 and answer.stdout == ""
    assert answer.stderr.startswith("deltasim: ") and "Traceback" not in answer.stderr
    assert [word for word in words if word not in answer.stderr] == [], answer.stderr


def test_fields_are_listed_by_their_paths(deltasim: Deltasim) -> None:
    said = deltasim("describe chip mesh16 --paths").stdout
    assert "memories.scratchpad.size" in said and "a size in bytes" in said


def test_points_go_to_a_table_and_a_point_to_a_chip(deltasim: Deltasim) -> None:
    import polars

    Path("study.yaml").write_text(LEAST)
    said = deltasim("explore study.yaml --out study.db --jobs 1 --export points.csv")
    assert said.returncode == 0, said.stderr
    assert deltasim("explore study.yaml --out study.db --jobs 1 --export points.parquet").returncode == 0
    assert polars.read_csv("points.csv").columns == polars.read_parquet("points.parquet").columns
    Path("chip.yaml").write_text(deltasim("explore study.yaml --out study.db --jobs 1 --chip 1").stdout)
    assert deltasim("map digits --data synthetic --chip chip.yaml").returncode == 0
    refused = deltasim("explore study.yaml --out study.db --export points.xls")
    assert refused.returncode == 2 and "--export" in refused.stderr
    refused = deltasim("explore study.yaml --out study.db --jobs 1 --chip 99")
    assert refused.returncode == 2 and "points 0 to 3" in refused.stderr
