"""A training run from its random choices to the network it exports."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from deltasim.networks.execute import execute
from deltasim.networks.numbers.arithmetic import Q, dequantise, quantise
from deltasim.networks.training.export import exported, fixed_point
from deltasim.networks.training.recipe import Model, Recipe, pooled_logits, train
from deltasim.networks.training.rounding import rounded
from deltasim.networks.training.trainer.batches import Batch, padded

TINY = Recipe(
    hidden=12,
    epochs=8,
    learning_rate=1e-2,
    theta_x=0.3,
    theta_h=0.2,
    reduction=3,
    noise=0.01,
    label_smoothing=0,
)


def ramps(_: int, rng: np.random.Generator) -> Iterator[Batch]:
    """Rising or falling ramps of uneven length, to be told apart."""
    for _ in range(6):
        labels = rng.integers(0, 2, 16)
        sequences = [
            (np.linspace(0, 2 * label - 1, rng.integers(5, 12))[:, None] * np.ones(3)).astype(np.float32)
            for label in labels
        ]
        yield padded(sequences, torch.from_numpy(labels))


def loss(logits: Tensor, batch: Batch) -> Tensor:
    return torch.nn.functional.cross_entropy(pooled_logits(logits, batch), batch.targets)


def trained() -> tuple[Model, list[dict[str, float]]]:
    torch.manual_seed(0)
    told: list[dict[str, float]] = []
    return train(Model(3, TINY.hidden, 2), ramps, loss, TINY, told.append), told


@pytest.fixture(scope="module")
def run() -> tuple[Model, list[dict[str, float]]]:
    return trained()


def test_a_tiny_training_learns_and_saves(run: tuple[Model, list[dict[str, float]]]) -> None:
    _, told = run
    assert told[-1]["loss"] < told[0]["loss"] / 2
    assert told[-1]["reduction"] > 2
    assert [figures["epoch"] for figures in told] == list(range(1, TINY.epochs + 1))


def test_the_same_seed_gives_the_same_weights(run: tuple[Model, list[dict[str, float]]]) -> None:
    again, _ = trained()
    for left, right in zip(run[0].state_dict().values(), again.state_dict().values(), strict=True):
        assert torch.equal(left, right)


def unrounded() -> Recipe:
    """The tiny recipe with formats so fine that rounding does not show in float32."""
    return Recipe(
        hidden=TINY.hidden,
        theta_x=TINY.theta_x,
        theta_h=TINY.theta_h,
        activation=(8, 40),
        weight=(8, 40),
        table=(2, 40),
    )


def test_the_exported_network_computes_what_was_trained(run: tuple[Model, list[dict[str, float]]]) -> None:
    recipe = unrounded()
    batch = next(ramps(0, np.random.default_rng(5)))
    with torch.no_grad():
        logits, _ = run[0](batch.inputs, recipe, recipe.theta_x, recipe.theta_h)
    sequences = [batch.inputs[:length, place].numpy() for place, length in enumerate(batch.lengths)]
    _, outputs = execute(exported(run[0], recipe, "tiny"), sequences)
    for place, output in enumerate(outputs):
        np.testing.assert_allclose(output, logits[: len(output), place], atol=1e-4)


def test_the_fixed_point_network_hears_nearly_the_same(run: tuple[Model, list[dict[str, float]]]) -> None:
    model = run[0]
    agree = total = 0
    for batch in ramps(0, np.random.default_rng(6)):
        with torch.no_grad():
            logits, _ = model(batch.inputs, TINY, TINY.theta_x, TINY.theta_h)
        received = pooled_logits(logits, batch).argmax(1)
        sequences = [batch.inputs[:length, place].numpy() for place, length in enumerate(batch.lengths)]
        _, outputs = execute(fixed_point(model, TINY, "tiny"), sequences)
        said = [int((np.arange(1, len(frames) + 1) @ frames).argmax()) for frames in outputs]
        agree += int((received.numpy() == said).sum())
        total += len(said)
    assert agree >= 0.98 * total


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-300, 300, width=32), min_size=1), st.integers(1, 8), st.integers(0, 10))
def test_rounding_in_training_is_the_rounding_of_the_arithmetic(
    values: list[float], integer: int, fraction: int
) -> None:
    form = Q(integer, fraction)
    ours = rounded(torch.tensor(values), integer, fraction).numpy()
    np.testing.assert_array_equal(ours, dequantise(quantise(np.array(values, np.float32), form), form))
