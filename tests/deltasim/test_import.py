"""``deltasim import``: what it writes and prints, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
import torch
from torch import nn

from deltasim.networks.files.network import load_network

Deltasim = Callable[[str], CompletedProcess[str]]


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    model = nn.Sequential()
    model.add_module("gru", nn.GRU(3, 4))
    model.add_module("fc", nn.Linear(4, 2))
    torch.save(model.state_dict(), tmp_path / "model.pt")
    return tmp_path / "model.pt"


def test_a_file_of_weights_becomes_a_network_folder(
    weights: Path, tmp_path: Path, deltasim: Deltasim
) -> None:
    frames = np.random.default_rng(0).normal(size=(9, 3)).astype(np.float32)
    np.save(tmp_path / "frames.npy", frames)
    out = tmp_path / "network"
    answer = deltasim(
        f"import {weights} --layers 'gru relu fc' --out {out} --check --inputs {tmp_path}/frames.npy"
    )
    assert answer.returncode == 0
    assert all("compiling kernels" in line for line in answer.stderr.splitlines())
    assert "4 populations, 4 projections, 93 weights" in answer.stdout
    lines = [
        line for line in answer.stdout.splitlines() if line.startswith("largest difference from PyTorch on ")
    ]
    assert [line.split(": ")[0].rpartition(" on ")[2] for line in lines] == [
        "random frames",
        f"{tmp_path}/frames.npy",
    ]
    for line in lines:
        difference, _, output = line.rpartition(": ")[2].partition(", of outputs up to ")
        assert float(difference) <= 1e-5 * float(output)
    network = load_network(out)
    assert [population.name for population in network.populations] == ["input", "gru_0", "relu", "fc"]
    assert [projection.theta for projection in network.projections] == [0.0] * 4
    assert sorted(file.name for file in out.iterdir()) == ["network.json", "network.safetensors"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("{model}", "does not say what stands between them. Name them in order"),
        (
            "{model} --layers 'gru fcc'",
            "fcc: a layer is the prefix of its tensors, or a function. Did you mean",
        ),
        ("{folder}/none.pt", "none.pt: no file: weights are read from a file. Check the path."),
        ("{folder}", "no suffix: a model is a file whose suffix says what it is"),
        (
            "{model} --layers 'gru fc' --inputs {folder}/none.npy",
            "none.npy: FileNotFoundError: frames are read",
        ),
        (
            "{model} --layers 'gru fc' --inputs {folder}/wide.npy",
            "wide.npy: shape (2, 5): the model takes frames of 3",
        ),
    ],
)
def test_what_cannot_be_imported_leaves_nothing(
    words: str, sentence: str, weights: Path, tmp_path: Path, deltasim: Deltasim
) -> None:
    np.save(tmp_path / "wide.npy", np.zeros((2, 5)))
    out = tmp_path / "network"
    answer = deltasim(f"import {words.format(model=weights, folder=tmp_path)} --out {out}")
    assert answer.returncode == 2
    assert sentence in answer.stderr
    assert len(answer.stderr.splitlines()) == 1
    assert not out.exists()


def test_what_is_there_is_never_overwritten(weights: Path, tmp_path: Path, deltasim: Deltasim) -> None:
    answer = deltasim(f"import {weights} --layers 'gru fc' --out {tmp_path}")
    assert (answer.returncode, "never overwrites what is there" in answer.stderr) == (2, True)
