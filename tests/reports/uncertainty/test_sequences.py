"""Intervals of means over sequences, held against populations whose mean is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from deltasim.reports.uncertainty.figures import intervals_of, ratio_of_sums
from deltasim.reports.uncertainty.prices import NORMAL_95, Spread, factors
from deltasim.reports.uncertainty.sequences import RESAMPLES, interval, resampled, shares, with_prices


def covered(intervals: list[tuple[float, float]], true: list[float] | float) -> float:
    low, high = np.array(intervals).T
    return float(((np.asarray(true) >= low) & (np.asarray(true) <= high)).mean())


def test_intervals_of_means_hold_nine_of_ten() -> None:
    """400 samples of 60 lengths, lognormal as those of recordings are: a little fewer, as bootstraps do."""
    rng = np.random.default_rng(1)
    found = [interval(resampled(rng.lognormal(0.0, 0.5, (60, 1)))) for _ in range(400)]
    assert 0.85 <= covered(found, math.exp(0.125)) <= 0.93


def test_intervals_of_scores_hold_nine_of_ten() -> None:
    """200 samples of 100 recordings with one to seven digits, each said right with 90 %."""
    rng = np.random.default_rng(2)
    found = []
    for _ in range(200):
        said = rng.integers(1, 8, 100)
        points = np.column_stack([rng.binomial(said, 0.9), said]).astype(np.float64)
        found.append(interval(ratio_of_sums(resampled(points))))
    assert 0.83 <= covered(found, 0.9) <= 0.95


def test_intervals_of_prices_and_sequences_hold_nine_of_ten() -> None:
    """The true price is drawn, and so are the sequences; the truth is both, for all sequences there are."""
    rng = np.random.default_rng(3)
    found, true = [], []
    for _ in range(400):
        spreads = tuple(Spread(f"p{n}", 1.0, 1 / 1.3, 1.3, 1.0, f"p{n}") for n in range(3))
        shares_of = np.array([5.0, 2.0, 1.0])
        drawn = np.exp(rng.standard_normal(3) * math.log(1.3) / NORMAL_95)
        lengths = rng.lognormal(0.0, 0.6, (50, 1))
        found.append(interval(with_prices(resampled(lengths * shares_of), factors(spreads))))
        true.append(float(shares_of @ drawn) * math.exp(0.18))
    assert 0.85 <= covered(found, true) <= 0.94


VALUES = arrays.arrays(
    np.float64, st.tuples(st.integers(1, 40), st.integers(1, 3)), elements=st.floats(0, 100, width=32)
)


@settings(max_examples=20, deadline=None)
@given(VALUES)
def test_means_lie_between_the_least_and_the_most(values: np.ndarray) -> None:
    found = resampled(values)
    assert found.shape == (RESAMPLES, values.shape[1])
    assert (found >= values.min(axis=0) - 1e-9).all() and (found <= values.max(axis=0) + 1e-9).all()
    assert found.mean(axis=0) == pytest.approx(values.mean(axis=0), abs=0.15 * max(values.std(), 1e-9) + 1e-9)
    assert (resampled(values) == found).all()


@pytest.mark.parametrize("sequences", [1, 7, 1000])
def test_every_draw_has_as_many_sequences(sequences: int) -> None:
    """At once or in several pieces: each draw holds them all, and each is as likely."""
    rows = np.concatenate(list(shares(sequences)))
    assert rows.shape == (RESAMPLES, sequences)
    assert np.allclose(rows.sum(axis=1), 1.0) and rows.min() >= 0
    assert np.allclose(rows * sequences, np.round(rows * sequences))
    expected = RESAMPLES / sequences
    assert rows.sum(axis=0).max() < expected + 6 * math.sqrt(expected)


def test_one_sequence_says_nothing_of_others() -> None:
    price = (Spread("p", 1.0, 0.5, 2.0, 3.0, "p"),)
    found = intervals_of(price, (np.array([[3.0]]), np.array([[6.0]])), (np.ones(1), np.ones(1)), None, None)
    assert list(found) == ["energy.inference_j", "reduction.energy"]
    assert found["reduction.energy"] == (2.0, 2.0)  # the same price
    assert found["energy.inference_j"] == pytest.approx((1.5, 6.0), rel=0.03)


def test_savings_are_of_the_same_sequences() -> None:
    """Dense takes three times as long in each, however different they are."""
    rng = np.random.default_rng(6)
    seconds = rng.lognormal(0.0, 1.0, 20)
    joules = rng.lognormal(0.0, 1.0, (20, 2))
    prices = tuple(Spread(name, 1.0, 0.5, 2.0, 1.0, name) for name in "xy")
    points = np.column_stack([np.ones(20), np.ones(20)])
    found = intervals_of(prices, (joules, 3 * joules), (seconds, 3 * seconds), None, points)
    assert found["reduction.latency"] == found["reduction.energy"] == (3.0, 3.0)
    assert found["score.value"] == (1.0, 1.0)
    low, high = found["latency.inference_mean_s"]
    assert low < seconds.mean() < high
