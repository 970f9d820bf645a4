"""Networks that steer, as they are trained: the same function as the one a chip runs, and learning."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from deltasim.networks.execute import execute
from deltasim.runtime.errors import InputError
from deltasim.workloads.driving.benchmarks import driving
from deltasim.workloads.driving.drive import Drive, inputs
from deltasim.workloads.driving.making import __main__ as command
from deltasim.workloads.driving.making.batches import STEPS, batches, folds
from deltasim.workloads.driving.making.export import fixed_point
from deltasim.workloads.driving.making.model import Steerer, Thresholds
from deltasim.workloads.driving.making.train import Recipe, Stage, costs, fan_outs, trained_family
from deltasim.workloads.driving.parts import words_of
from deltasim.workloads.driving.trained import load

THETAS = Thresholds((0.1, 0.05, 0.05, 0.05, 0.05), 0.1, 0.05, 0.02)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def driven(frames: int = 130) -> Drive:
    """A bright bar that wanders from side to side: the steering follows it."""
    place = 32 + 20 * np.sin(np.arange(frames) / 9)
    columns = np.arange(64)
    row = 60 + 150 * np.exp(-(((columns - place[:, None]) / 6) ** 2))
    pictures = np.repeat(row[:, None], 32, 1).astype(np.uint8)
    steering = ((place - 32) / 40).astype(np.float32)
    bounds = np.array([0, frames])
    return Drive("a bar", pictures, steering, bounds, np.zeros(frames, bool), 0.05, "")


def steerer() -> Steerer:
    """A network as it is before training, its biases as fixed point holds them."""
    torch.manual_seed(0)
    model = Steerer(16)
    for bias in (part for name, part in model.named_parameters() if "bias" in name):
        bias.data = (bias.data * 2**15).round() / 2**15
    return model


@pytest.mark.parametrize("alone", [False, True])
def test_what_is_trained_is_what_runs(alone: bool) -> None:
    """The delta form in fixed point gives what the training's forward pass gives, message by message."""
    model, drive = steerer(), driven(60)
    network = fixed_point(model, THETAS, "steerer", alone)
    trace, outputs = execute(network, [inputs(drive.frames)])
    with torch.no_grad():
        frames = torch.from_numpy(inputs(drive.frames)).view(-1, 1, 32, 64)
        features, kept = model.see(frames, THETAS)
        seen = (model.steer_alone if alone else model.steer)(features, THETAS)
    sent = [
        (torch.diff(part, dim=0, prepend=torch.zeros_like(part[:1])) != 0).sum()
        for part in (*kept, *seen.held)
    ]
    found = np.bincount(trace.messages["projection"], minlength=len(network.projections)).tolist()
    if not alone:  # the recurrence is a step late: the last change of a state is not sent
        sent[6] -= (seen.held[1][-1] != seen.held[1][-2]).sum()
    assert found == [int(count) for count in sent]
    np.testing.assert_allclose(outputs[0][:, 0], seen.steering[:, 0].numpy(), atol=1 / 256)


def test_the_cost_is_that_of_the_weights_fetched() -> None:
    model, drive = steerer(), driven(40)
    frames = torch.from_numpy(inputs(drive.frames)).view(-1, 1, 32, 64)
    features, kept = model.see(frames, THETAS)
    seen = model.steer(features, THETAS)
    found = costs([*kept, *seen.held], THETAS, fan_outs(model))
    network = fixed_point(model, THETAS, "steerer")
    first, _ = execute(network, [inputs(drive.frames[:1])])
    whole, _ = execute(network, [inputs(drive.frames)])
    _, all_words, _ = words_of(network, whole)
    _, first_words, _ = words_of(network, first)
    every, _, _ = words_of(network, first)
    # the recurrence is a step late: it sends the first frame's changes, and not those of the last
    states = torch.cat([torch.zeros_like(seen.held[1][:1]), seen.held[1]])
    first_sent, last_sent = (int((states[place + 1] != states[place]).sum()) for place in (0, 39))
    fetched = all_words.recurrent - first_words.recurrent + 48 * (last_sent - first_sent)
    assert found.share.recurrent == pytest.approx(fetched / (39 * every.recurrent), rel=1e-6)
    # columns at the edge of a picture are shorter than the mean
    share = (all_words.convolutional - first_words.convolutional) / (39 * every.convolutional)
    assert found.share.convolutional == pytest.approx(share, rel=0.1)
    assert float(found.cost[1].detach()) >= found.share.recurrent * 0.99  # a delta is at least its threshold


def test_a_family_learns_and_is_the_same_again() -> None:
    drive = driven()
    few = Stage(8, 3e-3, batch=2, drop=0.0, averaging=0.0)
    recipe = replace(
        Recipe(), features=few, dense=few, delta=replace(few, convolutional=2), thresholds=THETAS
    )

    def made() -> list[tuple[str, float]]:
        whole = ((0, 130),)
        family = trained_family(drive, recipe, (8,), (), whole, whole, drive)
        return [(found.name, found.measured.steering.rmse) for found in family]

    first = made()
    assert [name for name, _ in first] == ["alone", "dense-8", "delta-8"]
    still = float(np.sqrt(np.mean(drive.steering**2)))
    assert all(rmse < 0.8 * still for _, rmse in first), (first, still)
    assert made() == first


def test_folds_leave_no_frame_in_both_parts() -> None:
    bounds = np.array([0, 700, 1500])
    drive = replace(driven(1500), bounds=bounds)
    parts = folds(drive, 4)
    assert len(parts) == 4
    held = [frame for _, ((first, end),) in parts for frame in range(first, end)]
    assert sorted(held) == list(range(1500))
    for train, ((first, end),) in parts:
        for low, high in train:
            assert high - low >= STEPS
            assert not any(low < edge < high for edge in bounds)
            assert high <= first - 50 or low >= end + 50 or 700 in (high, low) or high in (first, end)


def test_batches_are_stretches_of_the_drive() -> None:
    drive = driven(400)
    found = list(batches(drive, ((0, 400),), 3, np.random.default_rng(0)))
    assert {tuple(batch.frames.shape[2:]) for batch in found} == {(32, 64)}
    assert sum(batch.steering.shape[1] for batch in found) in (400 // STEPS, 400 // STEPS - 1)
    values = np.unique(np.abs(torch.cat([batch.steering.flatten() for batch in found]).numpy()))
    assert np.isin(values, np.abs(drive.steering)).all()


def test_the_command_writes_what_a_run_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole way from a file to networks that the benchmark loads, with trainings of one epoch."""
    rng = np.random.default_rng(0)
    count = 240
    np.savez(
        tmp_path / "driving.npz",
        frames=rng.integers(0, 256, (count, 64, 128), np.uint8),
        steering=rng.uniform(-1, 1, count).astype(np.float32),
        segment=np.repeat([0, 1, 2], count // 3).astype(np.uint8),
        is_test=np.repeat([False, False, True], count // 3),
        user_deleted=np.zeros(count, bool),
    )
    once = Stage(1, 1e-3)
    monkeypatch.setattr(command, "Recipe", lambda: Recipe(features=once, dense=once, delta=once))
    arguments = ["--data", str(tmp_path), "--sizes", "8", "--dense", "4", "--seed", "3"]
    command.main([str(tmp_path / "out"), *arguments])
    made = tmp_path / "out" / "seed-3"
    assert sorted(folder.name for folder in made.iterdir()) == ["alone", "dense-4", "gru-8"]
    found = driving(tmp_path, made / "gru-8")
    assert found.network.population("gru_0").size == 8
    record = load(made / "gru-8").record
    assert set(record["results"]) == {"dense", "delta"}
    assert record["results"]["delta"]["network_digest"] == found.network.digest
    assert str(tmp_path) not in record["command"]
    with pytest.raises(InputError, match="there are folds 0 to 3"):
        command.main([str(tmp_path / "out"), *arguments, "--fold", "4"])
