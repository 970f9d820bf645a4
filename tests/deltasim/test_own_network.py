"""A network and data of one's own, from the command line and from Python."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import deltasim as ds
from deltasim.main import main
from deltasim.networks.execute import execute
from deltasim.networks.files.network import save_network
from deltasim.networks.importers.models import import_model
from deltasim.runtime.errors import InputError


@pytest.fixture(scope="module")
def module() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.GRU(3, 8)


def frames(count: int = 2) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, 6, 3)).cumsum(axis=1).astype(np.float32) / 4


def test_without_labels_there_is_no_score_but_a_deviation(
    module: torch.nn.Module, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save(module.state_dict(), tmp_path / "mine.pt")
    np.save(tmp_path / "frames.npy", frames())
    line = "run {0}/mine.pt --layers . --data {0}/frames.npy --theta 0.2 --json --out {0}/out"
    assert main(line.format(tmp_path).split()) == 0
    record = json.loads(capsys.readouterr().out)
    assert "score" not in record and record["theta"] == 0.2
    sent = ds.run(module, frames(), theta=0.2)
    assert record["deviation"] == sent.deviation._asdict()
    assert record["messages"] == len(sent.trace.messages)
    with torch.no_grad():
        whole = [module(torch.from_numpy(one))[0].numpy() for one in frames()]
    _, ours = execute(sent.network, list(frames()))
    apart = np.concatenate([a - b for a, b in zip(ours, whole, strict=True)])
    assert record["deviation"]["rms"] == pytest.approx(float(np.sqrt((apart**2).mean())), rel=1e-4)
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Deviation from dense" in page and "Accuracy" not in page
    assert main(["compare", f"{tmp_path}/out", f"{tmp_path}/out"]) == 0


def test_own_thresholds_are_given_and_send_all_at_zero(module: torch.nn.Module, tmp_path: Path) -> None:
    folder = tmp_path / "net"
    folder.mkdir()
    save_network(import_model(module).network.with_thresholds(0.1), folder)
    own = ds.run(folder, frames())
    assert own.theta == "given" and own.deviation.rms > 0
    assert ds.run(folder, frames(), theta=0.0).deviation == (0.0, 0.0, 1.0)


def test_labels_are_scored_by_the_last_frame(module: torch.nn.Module) -> None:
    outputs = [module(torch.from_numpy(one))[0][-1].argmax().item() for one in frames(3)]
    labels = [outputs[0], outputs[1], (outputs[2] + 1) % 8]
    done = ds.run(module, list(frames(3)), labels=labels, theta=0.0)
    assert done.score.value == pytest.approx(2 / 3) and done.deviation is None
    with pytest.raises(InputError, match="the network has 8 outputs"):
        ds.run(module, frames(), labels=[0, 8])
    with pytest.raises(InputError, match="the network takes 3"):
        ds.run(module, np.zeros((4, 2)))


def test_frames_are_normalised_as_the_network_folder_says(module: torch.nn.Module, tmp_path: Path) -> None:
    save_network(import_model(module).network, tmp_path)
    (tmp_path / "input.json").write_text('{"mean": [1, 2, 3], "deviation": [2, 2, 2]}')
    moved = frames() * 2 + np.array([1, 2, 3], np.float32)
    assert ds.run(tmp_path, moved).trace.messages["delta"] == pytest.approx(
        ds.run(module, frames()).trace.messages["delta"], abs=1e-5
    )
    (tmp_path / "input.json").write_text('{"mean": [1, 2, 3], "deviation": [2, 0, 2]}')
    with pytest.raises(InputError, match="a standard deviation is above 0"):
        ds.run(tmp_path, moved)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("run {0}/none.pt --data {0}/x.npy", "there is no such file"),
        ("run {0} --data {0}/x.npy", "network.safetensors: no file"),
        ("run {0}/none.pt", "needs sequences to run on"),
        ("run {0}/none.onnx --data x --trained y", "for the benchmarks in the box"),
    ],
)
def test_what_is_refused(
    line: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(line.format(tmp_path).split()) == 2
    said = capsys.readouterr().err
    assert sentence in said and len(said.splitlines()) == 1
