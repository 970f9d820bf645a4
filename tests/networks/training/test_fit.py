"""Training from its random choices to the weights it ends with: aids, checkpoints, what goes wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from deltasim.networks.execute import execute
from deltasim.networks.files.checkpoint import FILE
from deltasim.networks.training.exporting import exported
from deltasim.networks.training.layers.layer import Conditions, Encoding
from deltasim.networks.training.network import DeltaNetwork, DenseShape, RecurrentShape
from deltasim.networks.training.rounding import Formats
from deltasim.networks.training.trainer.batches import Batch, padded
from deltasim.networks.training.trainer.checkpoint import State, save_checkpoint
from deltasim.networks.training.trainer.costs import cost
from deltasim.networks.training.trainer.fit import Lesson, fit, look, seeded, subject
from deltasim.networks.training.trainer.losses import class_loss
from deltasim.networks.training.trainer.pruning import masks
from deltasim.networks.training.trainer.recipe import RULES, Recipe, read_recipe, recipe_from
from deltasim.runtime.errors import InputError

TINY = Recipe(
    units=12,
    theta_x=0.3,
    theta_h=0.2,
    dense_epochs=3,
    epochs=4,
    batch=16,
    learning_rate=2e-2,
    ramp=0.5,
    patience=0,
)


def ramps(rng: np.random.Generator) -> Iterator[Batch]:
    """Rising or falling ramps of uneven length, to be told apart."""
    for _ in range(4):
        labels = rng.integers(0, 2, 16)
        sequences = [
            (np.linspace(0, 2 * label - 1, rng.integers(5, 12))[:, None] * np.ones(3)).astype(np.float32)
            for label in labels
        ]
        yield padded(sequences, torch.from_numpy(labels))


LESSON = Lesson(ramps, list(ramps(np.random.default_rng(99)))[:2], class_loss, "ramps")


def model_of(recipe: Recipe) -> DeltaNetwork:
    seeded(recipe.seed, 0)
    layers = [
        RecurrentShape(recipe.cell, recipe.units, recipe.theta_x, recipe.theta_h),
        DenseShape(2, theta=recipe.theta_h),
    ]
    return DeltaNetwork(3, layers, recipe.learned)


def trained(recipe: Recipe, **given: object) -> tuple[DeltaNetwork, State]:
    model = model_of(recipe)
    return model, fit(model, recipe, LESSON, **given)  # type: ignore[arg-type]


def weights(model: DeltaNetwork) -> bytes:
    return b"".join(tensor.numpy().tobytes() for tensor in model.state_dict().values())


def test_a_tiny_training_learns_and_tells() -> None:
    told: list[tuple[int, int]] = []
    model, state = trained(TINY, progress=lambda *done: told.append(done))
    assert told[-1] == (7, 7)
    assert [(f["stage"], f["epoch"]) for f in state.history] == [
        (0, 1), (0, 2), (0, 3), (1, 1), (1, 2), (1, 3), (1, 4),
    ]  # fmt: skip
    assert state.history[-1]["loss"] < state.history[0]["loss"] / 2
    assert state.key == min(f["validation_loss"] for f in state.history if f["stage"] and f["epoch"] >= 2)
    assert look(model, LESSON, Conditions()).loss == pytest.approx(state.key)


AIDED = {
    "gru": {"l1": 0.05, "noise": 0.02, "bits": 8},
    "lstm": {"sparsity": 0.5, "pattern": "column-balanced", "elements": 4, "learned": "neuron"},
    "rnn": {"noise": 0.1, "l1": 0.01, "learned": "layer", "sparsity": 0.25},
    "gru-reset-before": {"l1": 0.1},
    "dsgu": {"l1": 0.1},
}


@pytest.mark.parametrize("cell", AIDED)
@pytest.mark.parametrize("stop", [2, 5])
def test_what_is_resumed_ends_as_if_never_stopped(cell: str, stop: int, tmp_path: Path) -> None:
    recipe = replace(TINY, cell=cell, patience=3, **AIDED[cell])
    (tmp_path / "whole").mkdir()
    whole, state = trained(recipe, folder=tmp_path / "whole")

    class Stopped(Exception):
        pass

    def stopping(done: int, _: int) -> None:
        if done == stop:
            raise Stopped

    folder = tmp_path / "stopped"
    folder.mkdir()
    with pytest.raises(Stopped):
        trained(recipe, folder=folder, progress=stopping)
    again, resumed = trained(replace(recipe), folder=folder, resume=True)
    assert weights(again) == weights(whole)
    assert resumed.history == state.history
    assert sorted(path.name[:11] for path in folder.iterdir()) == ["checkpoint-", "checkpoint."]
    for name, tensor in state.optimiser.items():
        assert torch.equal(tensor, resumed.optimiser[name])
    once_more, _ = trained(recipe, folder=folder, resume=True)
    assert weights(once_more) == weights(whole)


def test_another_seed_is_another_network() -> None:
    short = replace(TINY, dense_epochs=1, epochs=1)
    assert weights(trained(short)[0]) == weights(trained(short)[0])
    assert weights(trained(short)[0]) != weights(trained(replace(short, seed=1))[0])


def test_every_aid_does_what_it_is_for() -> None:
    plain = trained(TINY)[1].history[-1]
    taxed = trained(replace(TINY, l1=1.0))[1].history[-1]
    assert taxed["validation_saved"] > 1.3 * plain["validation_saved"]
    pruned, _ = trained(replace(TINY, sparsity=0.75))
    for name, weight in pruned.weights:
        share = float(weight.detach().eq(0).float().mean())
        assert share == pytest.approx(0 if "readout" in name else 0.75, abs=0.01)
    balanced, _ = trained(replace(TINY, sparsity=0.5, pattern="column-balanced", elements=3))
    matrix = dict(balanced.weights)["gru_0.weight_hh_l0"].detach().reshape(3, 4, 3, 12)
    assert set(matrix.ne(0).sum((0, 1)).flatten().tolist()) == {6}
    learned, _ = trained(replace(TINY, learned="neuron", l1=0.1))
    thetas = learned.layers[0].theta_h[0]()
    assert thetas.shape == (12,)
    assert thetas.std() > 0
    exact, _ = trained(replace(TINY, bits=4))
    batch = LESSON.validation[0]
    with torch.no_grad():
        outputs = exact(batch.inputs, batch.lengths, Conditions(formats=Formats(4))).values
    network = exported(exact, "four-bits", formats=Formats(4))
    _, (first, *_) = execute(network, [batch.inputs[: batch.lengths[0], 0].numpy()])
    np.testing.assert_array_equal(first, outputs[: len(first), 0].numpy())
    assert network.weight_bits(0) == 4


def test_prices_weigh_messages() -> None:
    """The share of dense joules by hand: two frames, elements of 3 and 1 J, charges 2 and 1."""
    held = torch.tensor([[[1.0, 0.0]], [[1.0, 0.5]]])
    sent = (Encoding("a->b", held, torch.tensor(0.5), torch.tensor([1, 1])),)
    batch = Batch(held, torch.tensor([2]), held)
    assert cost(sent, batch, {"a->b": np.array([3.0, 1.0])}).item() == pytest.approx((3 * 2 + 1) / (2 * 4))
    assert cost(sent, batch).item() == pytest.approx(3 / 4)
    dear = np.where(np.arange(3) == 0, 100.0, 0.0)
    prices = {"input->gru_0": dear, "gru_0->gru_0": np.zeros(12), "gru_0->readout": np.zeros(12)}
    model = model_of(TINY)
    fit(model, replace(TINY, l1=1.0), replace(LESSON, prices=prices))
    with pytest.raises(InputError, match="3 columns of a projection have a finite price"):
        fit(model, TINY, replace(LESSON, prices={**prices, "input->gru_0": np.zeros(2)}))
    with pytest.raises(InputError, match="there is a price for every column"):
        fit(model, TINY, replace(LESSON, prices={"input->gru_1": dear}))


def test_early_stopping_keeps_the_best() -> None:
    """A validation part with its labels exchanged gets worse the more is learned."""
    exchanged = [batch._replace(targets=1 - batch.targets) for batch in LESSON.validation]
    lesson = replace(LESSON, validation=exchanged)
    recipe = replace(TINY, dense_epochs=30, epochs=0, patience=2)
    model = model_of(recipe)
    keys = [figures["objective"] for figures in fit(model, recipe, lesson).history]
    assert len(keys) == keys.index(min(keys)) + 3 < 30
    assert look(model, lesson, Conditions(share=0.0)).loss == pytest.approx(min(keys))


def test_divergence_is_told_and_the_last_good_state_kept(tmp_path: Path) -> None:
    def exploding(outputs: torch.Tensor, batch: Batch) -> torch.Tensor:
        return class_loss(outputs, batch) * (float("nan") if (tmp_path / FILE).exists() else 1)

    model = model_of(TINY)
    lesson = replace(LESSON, loss=exploding)
    with pytest.raises(InputError, match=r"epoch 2: loss nan: .*The checkpoint of epoch 1 is"):
        fit(model, TINY, lesson, folder=tmp_path)
    record = json.loads((tmp_path / FILE).read_text())
    assert record["epoch"] == 1
    assert all(torch.isfinite(tensor).all() for tensor in model.state_dict().values())


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda folder: (folder / FILE).unlink(), "no checkpoint to go on from"),
        (lambda folder: (folder / FILE).write_text("{"), "it is no checkpoint"),
        (lambda folder: (folder / FILE).write_text("{}"), "no checkpoint of this version"),
        (lambda folder: next(folder.glob("*.safetensors")).write_bytes(b"PK"), "safetensors .its content"),
        (lambda folder: next(folder.glob("*.safetensors")).unlink(), "are safetensors .No such file"),
    ],
)
def test_a_damaged_checkpoint_is_told(damage: object, sentence: str, tmp_path: Path) -> None:
    model = model_of(TINY)
    state = State(weights=dict(model.state_dict()))
    save_checkpoint(state, tmp_path, subject(model, TINY, LESSON))
    damage(tmp_path)  # type: ignore[operator]
    with pytest.raises(InputError, match=sentence):
        fit(model, TINY, LESSON, folder=tmp_path, resume=True)


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path: Path) -> None:
    model = model_of(TINY)
    save_checkpoint(State(weights=dict(model.state_dict())), tmp_path, subject(model, TINY, LESSON))
    with pytest.raises(InputError, match="another recipe, other data or another network"):
        fit(model, replace(TINY, l1=0.5), LESSON, folder=tmp_path, resume=True)


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from deltasim.networks.files import checkpoint

    def full(*_: object) -> object:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "new_file", full)
    with pytest.raises(InputError, match=r"could not be written .No space left on device"):
        trained(replace(TINY, dense_epochs=1, epochs=0), folder=tmp_path)


def test_pruning_leaves_the_largest() -> None:
    model = model_of(TINY)
    for weight, mask in masks(model, 0.5, "unstructured", 1).items():
        sizes = weight.detach().abs()
        assert sizes[mask == 0].max() <= sizes[mask == 1].min()


def test_every_field_of_a_recipe_has_a_rule() -> None:
    assert list(RULES) == list(Recipe().described())


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("units: 0", r"a.yaml: units: 0: it is a whole number from 1 to 16384"),
        ("units: 1.5", "it is a whole number"),
        ("units: yes", "it is a whole number"),
        ("theta_x: .nan", "theta_x: nan: it is a number from 0"),
        ("cell: gruu", "Did you mean gru"),
        ("unit: 3", "there is no such field. Did you mean units"),
        ("units: 3\nunits: 4", "a field is given once"),
        ("- 1", "a recipe is fields and values"),
        ("units: !!python/none x", "a recipe is plain YAML"),
        ("cell: gru-reset-before\nbits: 8", "in float32 alone"),
        ("sparsity: 0.5\npattern: column-balanced\nunits: 9", "divide evenly"),
        ("learned: layer\ntheta_x: 0", "starts above 0"),
    ],
)
def test_a_bad_recipe_is_told(text: str, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(text)
    with pytest.raises(InputError, match=sentence):
        read_recipe(file)


def test_a_recipe_file_is_its_fields(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("units: 7\ntheta_h: 1\ncell: lstm\n")
    assert recipe_from(read_recipe(file)) == Recipe(units=7, theta_h=1, cell="lstm")
    file.write_text("")
    assert recipe_from(read_recipe(file)) == Recipe()
