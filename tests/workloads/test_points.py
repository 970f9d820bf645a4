"""What a score is made of, sequence by sequence, gives the score."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.workloads.digits.scores import accuracy, digit_accuracy, digits_right, recognised
from deltasim.workloads.own.learning.task import SCORES, Task
from deltasim.workloads.own.scores import SCORINGS, padded


def outputs(count: int, classes: int, seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal((int(rng.integers(1, 9)), classes)).astype(np.float32) for _ in range(count)]


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 12), st.integers(0, 2**20))
def test_points_sum_to_the_score(count: int, seed: int) -> None:
    rng, given_out = np.random.default_rng(seed), outputs(count, 11, seed)
    labels = rng.integers(-1, 11, count)
    strings = np.where(np.arange(7) < rng.integers(0, 8, (count, 1)), rng.integers(0, 10, (count, 7)), -1)
    for score, points, targets in (
        (accuracy, recognised, labels),
        (digit_accuracy, digits_right, strings),
    ):
        found = points(given_out, targets)
        assert found.shape == (count, 2) and (found[:, 0] <= found[:, 1]).all()
        right, most = found.sum(axis=0)
        whole = score(given_out, targets)
        assert whole == (pytest.approx(right / most) if most else None)
        alone = np.concatenate([points([one], targets[n : n + 1]) for n, one in enumerate(given_out)])
        assert np.array_equal(alone, found)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 9), st.integers(0, 2**20), st.sampled_from(sorted(SCORINGS)))
def test_a_run_is_scored_as_its_training_was(count: int, seed: int, kind: str) -> None:
    """Errors become shares that are right, an RMSE lies below zero; else the figures are the same."""
    rng, given_out = np.random.default_rng(seed), outputs(count, 4, seed)
    said = {
        "classes": lambda frames: np.array(rng.integers(4)),
        "frames": lambda frames: rng.integers(-1, 4, len(frames)),
        "values": lambda frames: rng.standard_normal((len(frames), 4)).astype(np.float32),
        "transcripts": lambda frames: rng.integers(0, 3, rng.integers(1, 6)),
    }
    targets = tuple(said[kind](frames) for frames in given_out)
    scoring = SCORINGS[kind]
    whole = padded(Task(kind, ("a", "b", "c", "d"), 4, targets))
    found, trained = scoring.score(given_out, whole), SCORES[kind][1](given_out, targets)
    same = {"values": -trained, "transcripts": 1 - trained}.get(kind, trained)
    assert found is None if np.isnan(same) else found == pytest.approx(same, rel=1e-6)
    if scoring.points is not None:
        one = [scoring.points([frames], whole[n : n + 1]) for n, frames in enumerate(given_out)]
        assert np.array_equal(np.concatenate(one), scoring.points(given_out, whole))
