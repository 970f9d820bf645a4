"""Training on spike counts: it learns, goes on where it was stopped, and refuses what it cannot do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from deltasim.networks.training.spike_trains.fit import METHODS, Lesson, Recipe, Sample, fit
from deltasim.networks.training.spike_trains.layer import Neuron, spikes_of
from deltasim.networks.training.spike_trains.loss import Targets
from deltasim.networks.training.spike_trains.network import Layer, drawn
from deltasim.runtime.errors import InputError

STACK = (Layer(24, Neuron(0.5)), Layer(20, Neuron(0.5), recurrent=True), Layer(3, Neuron(0.5)))
RECIPE = Recipe(targets=Targets(10, 1, 1), epochs=5, rate=1.2e-2)


def one(rng: np.random.Generator) -> Sample:
    """Which of three groups of inputs fires more often."""
    label = int(rng.integers(3))
    chance = np.full(9, 0.05)
    chance[3 * label : 3 * label + 3] = 0.5
    return spikes_of(rng.random((40, 9)) < chance), label


def samples(rng: np.random.Generator) -> Iterator[Sample]:
    for _ in range(150):
        yield one(rng)


LESSON = Lesson(150, samples, [one(np.random.default_rng((9, k))) for k in range(60)], "groups")
BEGINNING = drawn(9, STACK, np.random.default_rng(1))


@pytest.mark.parametrize("method", METHODS)
def test_both_methods_learn(method: str) -> None:
    before = fit(STACK, BEGINNING, replace(RECIPE, method=method, rate=1e-9, epochs=1), LESSON).history[-1]
    learned = fit(STACK, BEGINNING, replace(RECIPE, method=method), LESSON)
    best = max(figures["validation_accuracy"] for figures in learned.history)
    assert best > max(0.85, before["validation_accuracy"] + 0.2)


def test_stopped_and_resumed_it_ends_with_the_same_weights(tmp_path: Path) -> None:
    whole = fit(STACK, BEGINNING, RECIPE, LESSON)

    def stop(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(STACK, BEGINNING, RECIPE, LESSON, folder=tmp_path, progress=stop)
    resumed = fit(STACK, BEGINNING, RECIPE, LESSON, folder=tmp_path, resume=True)
    for ours, theirs in zip(resumed.weights, whole.weights, strict=True):
        np.testing.assert_array_equal(ours.forward, theirs.forward)
        np.testing.assert_array_equal(ours.recurrent, theirs.recurrent)
    assert [f["loss"] for f in resumed.history] == [f["loss"] for f in whole.history]
    with pytest.raises(InputError, match="another recipe, other data"):
        fit(STACK, BEGINNING, replace(RECIPE, seed=1), LESSON, folder=tmp_path, resume=True)


def test_patience_ends_a_training_that_does_not_get_better() -> None:
    recipe = replace(RECIPE, rate=1e-12, patience=2, epochs=9)
    assert len(fit(STACK, BEGINNING, recipe, LESSON).history) == 3


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Recipe(method="surogate"), r"Did you mean surrogate\?"),
        (lambda: Recipe(epochs=0), "it is at least 1"),
        (lambda: Recipe(rate=0), "a rate is above 0"),
    ],
)
def test_recipes_that_are_refused(make, sentence) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=sentence):
        make()
