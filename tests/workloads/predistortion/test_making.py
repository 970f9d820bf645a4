"""Training: the bypass as it runs, an amplifier's model in PyTorch, and a small training that goes on."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.api.training import train_benchmark
from deltasim.networks.execute import execute
from deltasim.networks.training.layers.layer import Conditions
from deltasim.networks.training.network import DenseShape, RecurrentShape
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import load_chip
from deltasim.simulator.simulate import simulate
from deltasim.workloads.predistortion.amplifier import Amplifier as Model
from deltasim.workloads.predistortion.benchmarks import predistortion
from deltasim.workloads.predistortion.features import features
from deltasim.workloads.predistortion.making import train
from deltasim.workloads.predistortion.making.model import Amplifier, Bypassed, features_of, network_of
from deltasim.workloads.predistortion.making.train import RECIPES, pairs, train_predistortion
from deltasim.workloads.predistortion.sources import source
from deltasim.workloads.predistortion.thresholds import rescaled
from deltasim.workloads.predistortion.trained import load
from tests.simulator.builders import assert_same_ledger
from tests.workloads.predistortion.test_opendpd import SPEC, split, table


def signal(seed: int, count: int) -> np.ndarray:
    """A smooth complex signal of magnitude about a half."""
    rng = np.random.default_rng(seed)
    drawn = rng.normal(size=count + 8) + 1j * rng.normal(size=count + 8)
    return 0.3 * np.convolve(drawn, np.ones(9) / 3, "valid")


def model_of(seed: int, lags: tuple[int, ...], theta: float = 0.0) -> Bypassed:
    """A model with every weight drawn."""
    torch.manual_seed(seed)
    shapes = [RecurrentShape("gru", 5, theta, theta), DenseShape(2, theta=theta / 2)]
    model = Bypassed(6, shapes, lags=lags)
    with torch.no_grad():
        model.bypass.normal_()
    return model


@given(
    st.integers(0, 100),
    st.sets(st.integers(0, 30), min_size=1, max_size=4),
    st.sampled_from([0.0, 0.05, 0.2]),
)
@settings(max_examples=8, deadline=None)
def test_what_was_trained_is_what_runs(seed: int, lags: set[int], theta: float) -> None:
    model = model_of(seed, tuple(sorted(lags)), theta)
    told = features(signal(seed, 40))
    values, encodings = model(torch.from_numpy(told)[:, None])
    network = network_of(model, "drawn")
    trace, (outputs,) = execute(network, [told])
    np.testing.assert_allclose(
        outputs, values.detach()[:, 0].numpy(), atol=2e-5 * max(1, np.abs(outputs).max())
    )
    for number, (projection, encoding) in enumerate(zip(network.projections, encodings, strict=True)):
        assert projection.name == encoding.projection
        sent = int((trace.messages["projection"] == number).sum())
        late = len(told) - encoding.delay
        assert sent == int(encoding.deltas()[:late].ne(0).sum())
        assert projection.connection.fan_out.tolist() == encoding.fan_out.tolist()


def test_the_model_in_pytorch_is_the_one_that_scores() -> None:
    model = Model(network_of(model_of(3, (0, 2, 7)), "drawn", dense=True))
    samples = signal(1, 60)
    given_to = torch.from_numpy(pairs(samples))[:, None].requires_grad_()
    answer = Amplifier(model.network)(given_to)
    theirs = model.answer(samples)
    np.testing.assert_allclose(answer.detach()[:, 0].numpy(), pairs(theirs), atol=1e-5)
    answer.sum().backward()
    assert given_to.grad is not None and given_to.grad.abs().min() > 0


def test_features_have_a_gradient_where_nothing_is_sent() -> None:
    silent = torch.zeros(1, 1, 2, requires_grad=True)
    features_of(silent).sum().backward()
    assert silent.grad is not None and torch.isfinite(silent.grad).all()
    samples = signal(0, 9)
    np.testing.assert_allclose(
        features_of(torch.from_numpy(pairs(samples))[:, None])[:, 0].numpy(), features(samples), atol=1e-6
    )


def recording(folder: Path, test: int = 4) -> Path:
    """An amplifier that squeezes: what goes in is smooth, what comes out is bent and late in part."""
    folder.mkdir()
    (folder / "spec.json").write_text(json.dumps(SPEC))
    for number, part in enumerate(("train", "val", "test")):
        sent = signal(number if part != "test" else test, 400)
        sent = sent / np.abs(sent).max()
        received = sent * (1 - 0.3 * np.abs(sent) ** 2) + 0.05 * np.roll(sent, 2)
        table(folder / f"{part}_input.csv", "I,Q", pairs(sent))
        table(folder / f"{part}_output.csv", "I,Q", pairs(received))
    return folder


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few epochs of a small model."""
    monkeypatch.setattr(train, "AMPLIFIER", replace(train.AMPLIFIER, units=3, dense_epochs=3, batch=4))
    monkeypatch.setattr(train, "SCALES", (0.5, 1.0, 2.0))


SMALL = replace(RECIPES["bypassed"], units=3, dense_epochs=3, epochs=2, batch=4)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.glob("*.safetensors")}


@pytest.mark.usefixtures("quick")
def test_a_training_goes_on_and_never_looks_at_the_test_part(tmp_path: Path) -> None:
    data = recording(tmp_path / "PA")
    small = {"units": 3, "dense_epochs": 3, "epochs": 2, "batch": 4}
    record = train_benchmark("predistortion", tmp_path / "whole", data, **small)
    assert record["command"].startswith("deltasim train predistortion --data PA --units 3")
    assert {file.name for file in (tmp_path / "whole").iterdir()} == {
        f"{name}.{kind}" for name in ("amplifier", "dense", "delta") for kind in ("json", "safetensors")
    } | {"training.json"}

    stops: list[int] = []

    def stopped(done: int, total: int) -> None:
        stops.append(done)
        if done == 7:
            raise KeyboardInterrupt

    other = recording(tmp_path / "other", test=9)
    other.rename(tmp_path / "moved")
    shutil.move(data, tmp_path / "first")
    (tmp_path / "moved").rename(data)  # the same parts to learn from and to choose on, another test part
    with pytest.raises(KeyboardInterrupt):
        train_predistortion(source(data), SMALL, tmp_path / "resumed", progress=stopped)
    train_predistortion(source(data), SMALL, tmp_path / "resumed", resume=True)
    assert bytes_of(tmp_path / "whole") == bytes_of(tmp_path / "resumed")

    assert record["result"]["scale"] in (0.5, 1.0, 2.0)
    found = predistortion(data, tmp_path / "resumed")
    _, outputs = execute(found.network, found.sequences)
    assert "; networks and model were trained for the amplifier PA of OpenDPD" not in found.data
    wanted, (told,) = found.targets[0], found.sequences
    answer = load(tmp_path / "resumed").amplifier.answer(
        outputs[0][:, 0] + 1j * outputs[0][:, 1].astype(float)
    )
    by_hand = 10 * np.log10(np.sum(abs(wanted) ** 2) / np.sum(abs(answer - wanted) ** 2))
    assert found.scored(outputs) == pytest.approx(by_hand) and len(told) == len(wanted)
    assert load(tmp_path / "whole").record["form"] == "bypassed"


@pytest.mark.usefixtures("quick")
def test_what_cannot_be_trained_is_told(tmp_path: Path) -> None:
    data = source(recording(tmp_path / "PA"))
    with pytest.raises(InputError, match="trained in float32, one GRU layer"):
        train_predistortion(data, replace(SMALL, bits=8), tmp_path / "mine")
    (tmp_path / "mine").mkdir()
    with pytest.raises(InputError, match="there is no checkpoint to go on from"):
        train_predistortion(data, SMALL, tmp_path / "mine", resume=True)
    with pytest.raises(InputError, match="the box holds the test part alone"):
        train_predistortion(source(), SMALL, tmp_path / "other")
    split(tmp_path / "short")
    with pytest.raises(InputError, match="10 samples: the part train has at least 176 samples"):
        train_predistortion(source(tmp_path / "short"), SMALL, tmp_path / "other")


def test_thresholds_are_scaled_in_training_as_they_are_when_it_runs() -> None:
    model = model_of(2, (0, 3), theta=0.1)
    told = features(signal(5, 40))
    values, _ = model(torch.from_numpy(told)[:, None], None, Conditions(share=1.5))
    _, (outputs,) = execute(rescaled(network_of(model, "drawn"), 1.5), [told])
    np.testing.assert_allclose(outputs, values.detach()[:, 0].numpy(), atol=1e-4)


def test_both_engines_run_the_bypass() -> None:
    network = network_of(model_of(0, (0, 1, 5), theta=0.1), "drawn")
    trace, _ = execute(network, [features(signal(0, 12))])
    chip = load_chip("predistorter")
    assert_same_ledger(simulate(network, trace, chip), simulate(network, trace, chip, engine="simpy"))
