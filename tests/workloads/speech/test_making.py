"""The trainings: dense layers equal the delta network's, a fold is made whole, choices are as they say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from deltasim.networks.execute import execute  # noqa: E402
from deltasim.networks.training.layers.layer import Conditions  # noqa: E402
from deltasim.networks.training.trainer.batches import frame_mask  # noqa: E402
from deltasim.workloads.speech.frames import heard  # noqa: E402
from deltasim.workloads.speech.making import train  # noqa: E402
from deltasim.workloads.speech.making.choosing import Point, chosen_of  # noqa: E402
from deltasim.workloads.speech.making.dense import Dense, trained_dense  # noqa: E402
from deltasim.workloads.speech.making.lesson import Sentences, batch_of, batches, looked_at, masked  # noqa: E402
from deltasim.workloads.speech.making.train import RECIPE, as_delta, fold_of, trained_fold  # noqa: E402
from deltasim.workloads.speech.recordings import Recordings, folds_of  # noqa: E402
from deltasim.workloads.speech.trained import Trained, load, save  # noqa: E402


def sentences(count: int, seed: int = 0) -> Sentences:
    """Noise with letters to it."""
    rng = np.random.default_rng(seed)
    features = tuple(
        rng.normal(-3, 1, (int(rng.integers(60, 120)), 40)).astype(np.float32) for _ in range(count)
    )
    return Sentences(features, tuple("a bc"[: int(rng.integers(1, 5))].strip() for _ in range(count)))


def test_dense_layers_are_those_of_the_delta_network() -> None:
    torch.manual_seed(0)
    dense = Dense(6, 2)
    batch = batch_of([heard(one) for one in sentences(4).features], ["a", "b", "c", "ab"])
    model = as_delta(dense.weights, replace(RECIPE, units=6))
    with torch.no_grad():
        apart = dense(batch) - model(batch.inputs, batch.lengths, Conditions(share=0.0)).values
    assert (apart * frame_mask(batch)).abs().max() < 1e-5
    again = Dense(6, 2)
    again.take(dense.weights)
    assert all(torch.equal(tensor, again.weights[name]) for name, tensor in dense.weights.items())


def test_a_dense_training_follows_from_its_seed_and_lowers_the_loss() -> None:
    own = sentences(4)
    recipe = replace(RECIPE, units=6, learning_rate=0.01)
    told: list[dict[str, float]] = []

    def trained() -> dict[str, torch.Tensor]:
        told.clear()
        return trained_dense(
            recipe,
            4,
            lambda rng: batches(own, 3, rng),
            looked_at(own),
            None,
            lambda found: told.append(found),
        )

    first, second = trained(), trained()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert min(found["validation_loss"] for found in told[1:]) < told[0]["validation_loss"]


@settings(max_examples=15, deadline=None)
@given(st.integers(16, 80), st.integers(0, 2**32 - 1))
def test_masks_only_take_away(steps: int, seed: int) -> None:
    frames = np.ones((steps, 40), np.float32)
    found = masked(frames, np.random.default_rng(seed))
    assert set(np.unique(found)) <= {0.0, 1.0} and np.array_equal(frames, np.ones_like(frames))
    assert (found == 0).mean() <= 2 * 6 / 40 + 2 / 8


def test_an_epoch_has_every_sentence_once() -> None:
    own = sentences(8)
    found = list(batches(own, 3, np.random.default_rng(0)))
    assert sum(len(batch.lengths) for batch in found) == 8 and len(found) > 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0.1, 1), st.floats(1, 20)), min_size=1, max_size=6), st.floats(0, 1))
def test_what_is_chosen_saves_most_of_what_is_good_enough(
    pairs: list[tuple[float, float]], most: float
) -> None:
    tried = [Point(float(place), *pair) for place, pair in enumerate(pairs)]
    found = chosen_of(tried, most)
    good = [one for one in tried if one.error <= most]
    if good:
        assert found in good and found.saved == max(one.saved for one in good)
    else:
        assert found.error == min(one.error for one in tried)


def recordings(count: int) -> Recordings:
    rng = np.random.default_rng(0)
    audio = tuple(rng.integers(-3000, 3000, 9000).astype(np.int16) for _ in range(count))
    names = tuple(f"n{place // 2}" for place in range(count))  # every text twice
    return Recordings("noise", audio, tuple("ab" for _ in names), names, np.zeros(count, np.int64))


def test_a_fold_learns_nothing_of_its_test_part(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in (("HELD_OUT", 2), ("NAIVE", (0.1,)), ("SCALES", (1.0, 2.0))):
        monkeypatch.setattr(train, name, value)
    whole = recordings(20)
    tested = folds_of(whole.names) == 1
    own = fold_of(whole, 1, 0)
    assert len(own.held_out.texts) == 4 and len(own.learned.texts) == 20 - int(tested.sum()) - 4
    changed = whole._replace(
        audio=tuple(-sound if test else sound for sound, test in zip(whole.audio, tested, strict=True))
    )
    recipe = replace(RECIPE, units=4, dense_epochs=1, epochs=2)
    made = []
    for number, one in enumerate((whole, changed)):
        told: list[str] = []
        fold = fold_of(one, 1, 0)
        torch.manual_seed(0)
        weights = Dense(4, 2).weights
        folder = tmp_path / str(number)
        made.append(trained_fold(fold, weights, recipe, folder, lambda name, _, told=told: told.append(name)))
        assert told == ["fold 1 dense", "fold 1 delta", "fold 1 delta"]
    assert made[0].delta.digest == made[1].delta.digest and made[0].dense.digest == made[1].dense.digest
    first = made[0]
    assert first.record == made[1].record
    save(Trained(first.dense, first.delta, first.record), tmp_path / "fold")
    again = load(tmp_path / "fold")
    assert again.fold == 1 and again.delta.digest == first.delta.digest
    _, outputs = execute(again.delta, [heard(own.held_out.features[0])])
    assert outputs[0].shape == (len(heard(own.held_out.features[0])), 29)
