"""A network file that is wrong is refused on the command line in one sentence."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import numpy as np
import pytest

Deltasim = Callable[[str], CompletedProcess[str]]


@pytest.fixture
def mine(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tiny networks, to be spoilt."""
    return Path(shutil.copytree(tiny, tmp_path_factory.mktemp("spoilt") / "mine"))


def refused(deltasim: Deltasim, mine: Path, tmp_path: Path, *words: str) -> None:
    answer = deltasim(f"run digits --data synthetic --limit 1 --trained {mine}")
    assert answer.returncode == 2, answer
    assert answer.stdout == "" and answer.stderr.count("\n") == 1
    assert answer.stderr.startswith("deltasim: ") and "Traceback" not in answer.stderr
    assert [word for word in words if word not in answer.stderr] == [], answer.stderr
    assert list(tmp_path.iterdir()) == []


def spoil_description(mine: Path, spoil: Callable[[Any], None]) -> None:
    file = mine / "delta.json"
    description = json.loads(file.read_text())
    spoil(description)
    file.write_text(json.dumps(description))


def spoil_weights(mine: Path, name: str, weights: np.ndarray[Any, Any] | None) -> None:
    from safetensors.numpy import load_file, save_file

    tensors = load_file(mine / "delta.safetensors")
    del tensors[name]
    save_file(tensors if weights is None else {**tensors, name: weights}, mine / "delta.safetensors")


def test_an_unknown_cell(deltasim: Deltasim, mine: Path, tmp_path: Path) -> None:
    spoil_description(mine, lambda network: network["populations"][1].update(cell="gruu"))
    refused(deltasim, mine, tmp_path, "gruu", "Did you mean gru?")


def test_a_cycle_without_delay(deltasim: Deltasim, mine: Path, tmp_path: Path) -> None:
    spoil_description(mine, lambda network: network["projections"][1].update(delay=0))
    refused(deltasim, mine, tmp_path, "gru_0 -> gru_0", "delay")


def test_a_negative_threshold(deltasim: Deltasim, mine: Path, tmp_path: Path) -> None:
    spoil_description(mine, lambda network: network["projections"][1].update(theta=-0.5))
    refused(deltasim, mine, tmp_path, "theta", "-0.5")


def test_weights_of_the_wrong_shape(deltasim: Deltasim, mine: Path, tmp_path: Path) -> None:
    spoil_weights(mine, "gru_0->gru_0.weights", np.zeros((8, 3, 7), np.int8))
    refused(deltasim, mine, tmp_path, "gru_0->gru_0", "7")


def test_weights_with_nan(deltasim: Deltasim, mine: Path, tmp_path: Path) -> None:
    spoil_weights(mine, "gru_0->gru_0.weights", np.full((8, 3, 8), np.nan, np.float32))
    refused(deltasim, mine, tmp_path, "gru_0->gru_0")


def test_missing_weights(deltasim: Deltasim, mine: Path, tmp_path: Path) -> None:
    spoil_weights(mine, "gru_0->gru_0.weights", None)
    refused(deltasim, mine, tmp_path, "gru_0->gru_0.weights")


@pytest.mark.parametrize("file", ["delta.safetensors", "delta.json", "training.json"])
@pytest.mark.parametrize("damage", ["cut", "empty", "gone"])
def test_a_damaged_file(file: str, damage: str, deltasim: Deltasim, mine: Path, tmp_path: Path) -> None:
    path = mine / file
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[: 100 if damage == "cut" else 0])
    refused(deltasim, mine, tmp_path, file)
