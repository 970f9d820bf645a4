"""The training command's function: a very short run from recordings to a benchmark, and bad input."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from deltasim.runtime.errors import InputError
from deltasim.workloads.digits.making import train as training
from deltasim.workloads.digits.sources import Source
from deltasim.workloads.digits.trained import load
from deltasim.workloads.registry import benchmark
from deltasim.workloads.training_record import RECORD


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recordings of few speakers, so that an epoch takes no time."""
    whole = Source.read

    def read(self: Source, part: str = "all") -> object:
        corpus = whole(self, part)
        return corpus.chosen(np.flatnonzero(corpus.speakers % 10 == 0))

    monkeypatch.setattr(Source, "read", read)


@pytest.mark.parametrize("task", list(training.TASKS))
def test_a_short_training_makes_a_benchmark_of_its_own(task: str, few: None, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    out = tmp_path / "mine"
    trained = training.train_digits(
        "synthetic", 16, 0.3, 3, out, lambda *done: told.append(done), task, epochs=1
    )
    assert told == [(1, 2), (2, 2)]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine"]
    again = load(out)
    assert (again.dense.digest, again.delta.digest) == (trained.dense.digest, trained.delta.digest)
    record = json.loads((out / RECORD).read_text())
    assert record["command"] == (
        f"deltasim train {task} --data synthetic --hidden 16 --theta 0.3 --seed 3 --epochs 1"
    )
    assert record["result"]["weight_fetches_saved"] > 1
    thetas = {projection.role: np.max(projection.theta) for projection in again.delta.projections[:2]}
    assert thetas["recurrent"] == 0.3
    assert all(np.max(projection.theta) == 0 for projection in again.dense.projections)
    mine = benchmark(task, data="synthetic", trained=out)
    assert mine.network.digest == trained.delta.digest


def test_threshold_zero_trains_the_dense_network_alone(few: None, tmp_path: Path) -> None:
    trained = training.train_digits("synthetic", 8, 0.0, 0, tmp_path / "dense", epochs=1)
    assert all(np.max(projection.theta) == 0 for projection in trained.delta.projections)
    assert trained.record["result"]["score"] == trained.record["result"]["dense_score"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"theta": -0.1}, "a threshold is at least 0"),
        ({"theta": float("nan")}, "a threshold is at least 0"),
        ({"hidden": 0}, "a layer has at least one unit"),
        ({"data": "fssd"}, "neither a data set nor a readable folder"),
    ],
)
def test_bad_input_is_told_before_anything_is_written(
    changes: dict[str, object], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=sentence):
        training.train_digits(**{"data": "synthetic", "out": tmp_path / "new", **changes})  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_exists_is_kept(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a training writes a new folder"):
        training.train_digits("synthetic", out=tmp_path)


def test_a_damaged_record_is_told(tmp_path: Path) -> None:
    (tmp_path / RECORD).write_text("{")
    with pytest.raises(InputError, match="it is not a record of a training"):
        load(tmp_path)
    (tmp_path / RECORD).write_text(json.dumps({"mean": [0.0], "deviation": [1.0]}))
    with pytest.raises(InputError, match="40 numbers"):
        load(tmp_path)


def test_both_recipes_round_to_one_arithmetic() -> None:
    formats = {"activation": (8, 8), "weight": (1, 7), "table": (2, 8)}
    for task in training.TASKS.values():
        for recipe in (task.dense, task.delta):
            assert recipe == replace(recipe, **formats)  # type: ignore[arg-type]
