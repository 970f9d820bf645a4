"""``deltasim import``: what it writes and prints, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest
import torch
from torch import nn

from deltasim.networks import random_spiking
from deltasim.networks.files.network import load_network, save_network

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
    named = [line.split(": ")[0].rpartition(" on ")[2] for line in lines]
    for title in ("random frames", f"{tmp_path}/frames.npy"):
        assert [name for name in named if name.startswith(title)] == [title, f"{title}, sums of 64 bits"]
    assert len(named) == 4
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
            "none.npy: damaged: frames are read",
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


def test_a_spiking_graph_is_written_run_and_imported(tmp_path: Path, deltasim: Deltasim) -> None:
    """A NIR graph from export to a page, its time step from the metadata or from the command line."""
    network = random_spiking(24, 6, 0.2, np.random.default_rng(0), inputs=3)
    (tmp_path / "net").mkdir()
    save_network(network, tmp_path / "net")
    graph, out = tmp_path / "graph.nir", tmp_path / "again"
    assert deltasim(f"export {tmp_path}/net --out {graph} --dt 1ms").returncode == 0
    assert deltasim(f"import {graph} --out {out}").returncode == 0
    assert load_network(out).digest == network.digest
    np.save(tmp_path / "frames.npy", np.random.default_rng(1).integers(0, 2, (2, 9, 3)).astype(np.float32))
    line = f"run {graph} --data {tmp_path}/frames.npy --chip mesh16 --json --out"
    records = [
        json.loads(deltasim(f"{line} {tmp_path}/{name} {more}").stdout)
        for name, more in (("a", ""), ("b", "--dt 1ms"), ("c", "--dt 1ms --reset by_subtraction"))
    ]
    assert records[0]["messages"] == records[1]["messages"] > 0
    assert records[2]["messages"] != records[0]["messages"]
    assert (tmp_path / "a" / "report.html").is_file()
    again = deltasim(f"whatif {tmp_path}/c")  # the record says the time step and the reset
    assert again.returncode == 0, again.stderr
    late = deltasim(f"run {graph} --data {tmp_path}/frames.npy --dt 3ms --out {tmp_path}/d")
    assert late.returncode == 0
    quantised = f"quantise {graph} --data {tmp_path}/frames.npy --activations 2.8 --out {tmp_path}/q"
    assert deltasim(f"{quantised} --dt 1ms --reset by_subtraction").returncode == 0
    assert load_network(tmp_path / "q").populations[1].cell.resets == "by_subtraction"  # type: ignore[union-attr]
    for words, sentence in (
        (f"import {graph} --out {tmp_path}/e --check", "is no program that could run beside the network"),
        (
            f"run {tmp_path}/net --data {tmp_path}/frames.npy --dt 1ms",
            "time step and the reset of this model",
        ),
        (f"import {graph} --out {tmp_path}/e --reset subtract", "there is no such reset"),
        (
            f"tune {graph} --data {tmp_path}/frames.npy --within 0.1rms --dt soon --out {tmp_path}/e",
            "--dt: soon: expected a time",
        ),
        (f"import {graph} --out {tmp_path}/e --dt soon", "--dt: soon: expected a time"),
        (f"export {tmp_path}/net --out {tmp_path}/graph.onnx", "a NIR graph is a file .nir"),
    ):
        refused = deltasim(words)
        assert refused.returncode == 2 and sentence in refused.stderr, (words, refused.stderr)
