"""``deltasim train --data``: from a file to a network that runs, and what is told where it does not fit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from deltasim.api.training import train_on
from deltasim.exploration.column_prices import column_prices
from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.execute import execute
from deltasim.networks.training.trainer.fit import Fit
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import load_chip
from deltasim.simulator.ledger.pricing import price
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.simulate import run_plan
from deltasim.workloads.digits.sources import Source

FEW = {"units": 6, "dense_epochs": 1, "epochs": 1}


@pytest.fixture
def walks(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    path = tmp_path / "walks.npz"
    frames = rng.normal(size=(24 * 5, 3)).astype(np.float32)
    np.savez(path, frames=frames, offsets=np.arange(0, 121, 5), labels=np.arange(24) % 2)
    return path


def test_trained_then_run(deltasim, walks):
    line = "train --data walks.npz --units 6 --epochs 1 --l1 0.1 --bits 8 --energy edgedrnn"
    (walks.parent / "short.yaml").write_text("dense_epochs: 1\nlearning_rate: 0.01\n")
    done = deltasim(f"{line} --recipe short.yaml --out mine")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["score_name"] == "accuracy" and result["weight_fetches_saved"] > 1
    recipe = json.loads((walks.parent / "mine" / "training.json").read_text())["recipe"]
    assert (recipe["units"], recipe["dense_epochs"], recipe["bits"], recipe["l1"]) == (6, 1, 8, 0.1)
    assert (walks.parent / "mine" / "curve.svg").read_text().startswith("<svg")
    run = deltasim("run mine --data walks.npz --chip edgedrnn --json")
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"units": 0}, "recipe: units: 0: it is a whole number"),
        ({"energy": "edgedrnn"}, "whose weight l1 is 0"),
        ({"energy": "edgedrn", "l1": 1.0}, "Did you mean edgedrnn"),
        ({"recipe": "nowhere.yaml"}, "a recipe is a YAML file"),
        ({"data": "nowhere.npz"}, "there is nothing at this path"),
        ({"resume": True}, "no checkpoint to go on from"),
    ],
)
def test_what_does_not_fit_is_told(changes, sentence, walks, tmp_path):
    given = {"data": walks, "out": tmp_path / "mine", **FEW, **changes}
    with pytest.raises(InputError, match=sentence):
        train_on(**given)
    assert not (tmp_path / "mine").exists()


def test_a_stopped_training_goes_on(walks, tmp_path):
    whole = train_on(walks, tmp_path / "whole", **FEW)

    class Stopped(Exception):
        pass

    def stop(done, _):
        raise Stopped

    with pytest.raises(Stopped):
        train_on(walks, tmp_path / "mine", progress=stop, **FEW)
    with pytest.raises(InputError, match="never overwrites"):
        train_on(walks, tmp_path / "mine", **FEW)
    assert train_on(walks, tmp_path / "mine", resume=True, **FEW)["result"] == whole["result"]
    for name in ("network.safetensors", "input.json", "curve.csv"):
        assert (tmp_path / "mine" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_what_is_stopped_before_an_epoch_is_done_leaves_nothing(walks, tmp_path, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Fit, "step", stopped)
    with pytest.raises(KeyboardInterrupt):
        train_on(walks, tmp_path / "mine", **FEW)
    assert [path.name for path in tmp_path.iterdir()] == ["walks.npz"]


def test_a_benchmark_is_trained_from_the_shell(deltasim, tmp_path, monkeypatch):
    """Every option goes into the recipe and the record; what was stopped goes on with the same command."""
    whole = Source.read

    def few(self, part="all"):
        corpus = whole(self, part)
        return corpus.chosen(np.flatnonzero(corpus.speakers % 10 == 0))

    monkeypatch.setattr(Source, "read", few)
    (tmp_path / "short.yaml").write_text("dense_epochs: 1\nbatch: 32\n")
    line = "train digits --data synthetic --units 6 --epochs 1 --theta 0.2 --seed 3 --recipe short.yaml"
    done = deltasim(f"{line} --out mine")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sequences"] > 0
    record = json.loads((tmp_path / "mine" / "training.json").read_text())
    assert record["command"] == (
        "deltasim train digits --data synthetic --recipe short.yaml --units 6 --theta 0.2 --epochs 1 --seed 3"
    )
    recipe = record["recipe"]
    assert [recipe[name] for name in ("units", "theta_x", "theta_readout", "batch")] == [6, 0.2, 0.2, 32]
    again = deltasim(f"{line} --out mine")
    assert again.returncode == 2 and "never overwrites" in again.stderr


@pytest.mark.parametrize(
    ("task", "name", "sign"),
    [("frames", "frame accuracy", 1), ("values", "negative RMSE", -1), ("transcripts", "symbol accuracy", 0)],
)
def test_a_run_scores_what_was_trained(deltasim, tmp_path, task, name, sign):
    """The data of a run may say less than those of the training: names and numbers are the training's."""
    rng = np.random.default_rng(0)
    arrays = {"frames": rng.normal(size=(24 * 5, 3)).astype(np.float32), "offsets": np.arange(0, 121, 5)}
    said = {
        "frames": {"targets": rng.integers(-1, 3, 120)},
        "values": {"targets": rng.normal(size=(120, 2)).astype(np.float32)},
        "transcripts": {"labels": np.array(["ab", "b", "a"] * 8)},
    }
    np.savez(tmp_path / "some.npz", **arrays, **said[task])
    (tmp_path / "short.yaml").write_text("units: 6\ndense_epochs: 1\nepochs: 1\n")
    line = f"train --data some.npz --test some.npz --task {task} --recipe short.yaml --out mine"
    trained = deltasim(line)
    assert trained.returncode == 0, trained.stderr
    run = deltasim("run mine --data some.npz --chip edgedrnn --json")
    assert run.returncode == 0, run.stderr
    score = json.loads(run.stdout)["score"]
    wanted = json.loads(trained.stdout)["score"]
    assert score["name"] == name
    assert score["value"] == pytest.approx(1 - wanted if sign == 0 else sign * wanted, rel=1e-5)
    np.savez(tmp_path / "bare.npz", **arrays)
    bare = deltasim("run mine --data bare.npz --chip edgedrnn --json --out bare")
    assert bare.returncode == 0 and "score" not in json.loads(bare.stdout)


def test_a_record_of_another_network_is_told(deltasim, walks):
    done = deltasim("train --data walks.npz --units 6 --epochs 1 --out mine")
    assert done.returncode == 0, done.stderr
    record = walks.parent / "mine" / "training.json"
    record.write_text(json.dumps({**json.loads(record.read_text()), "outputs": ["a"]}))
    run = deltasim("run mine --data walks.npz --chip edgedrnn")
    assert run.returncode == 2 and "of a training of 2 outputs" in run.stderr


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("driving", "a command of its own"),
        ("nmnist", "workloads.nmnist.making"),
        ("vad", "trained by others"),
        ("mackey-glass", "its readout is fitted"),
        ("evolved-parity", "its networks are evolved"),
        ("music-tags", "workloads.music_tags.making"),
        ("speech", "workloads.speech.making"),
        ("digts", "Did you mean digits?"),
        ("digits --task classes", "a benchmark knows its task"),
        ("digits --energy edgedrnn --l1 0", "whose weight l1 is 0"),
        ("digits --bits 7", "one of 0, 4, 6, 8, 16"),
        ("digits --data fssd", "neither a data set nor a readable folder"),
        ("digits --theta -0.1", "at least 0"),
    ],
)
def test_a_benchmark_that_cannot_be_trained_so_is_told(deltasim, line, sentence, tmp_path):
    done = deltasim(f"train {line} --out mine")
    assert done.returncode == 2 and sentence in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_prices_of_columns_say_what_messages_cost():
    """Alone on a chip, messages cost what the run does beyond one in which nothing is sent."""
    network = random_stack("lstm", 5, (12,), np.random.default_rng(0), theta=0.4)
    chip = load_chip("edgedrnn")
    prices = column_prices(network, chip)
    columns = [projection.connection.fan_out for projection in network.projections]
    for words, array in zip(columns, prices.values(), strict=True):
        np.testing.assert_allclose(array / array.sum(), words / words.sum(), rtol=1e-5)
    trace, _ = execute(network, [np.random.default_rng(1).normal(size=(40, 5)).astype(np.float32)])
    plan = compile_plan(network, chip, map_network(network, chip))
    silent, _ = execute(network.with_thresholds(1e9), [np.zeros((40, 5), np.float32)])
    whole, idle = (
        price(run_plan(compile_plan(other, chip, map_network(other, chip)), sent), chip, other).total_j
        for other, sent in ((network, trace), (network.with_thresholds(1e9), silent))
    )
    names = list(prices)
    told = sum(
        prices[names[projection]][source]
        for projection, source in zip(
            trace.messages["projection"].tolist(), trace.messages["source"].tolist(), strict=True
        )
    )
    assert plan.network is network
    assert 0.6 < told / (whole - idle) < 1.6  # messages of one step overlap, and share the time they take
