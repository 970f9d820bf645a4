"""Intervals of 99th percentiles, held against populations whose percentile is known."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.reports.uncertainty.percentiles import FEWEST, binomial, percentile_interval, steps_interval

NORMAL_99 = NormalDist().inv_cdf(0.99)


def test_of_inferences_it_holds_nine_of_ten() -> None:
    """600 samples of 500 lognormal latencies: no fewer than stated, as either side errs with at most 5 %."""
    rng = np.random.default_rng(1)
    true, held = math.exp(0.5 * NORMAL_99), 0
    for _ in range(600):
        found = percentile_interval(rng.lognormal(0.0, 0.5, 500))
        assert found is not None
        held += found[0] <= true * 1.0005 and true * 0.9995 <= found[1]
    assert 0.88 <= held / 600 <= 0.97


def test_of_steps_of_sequences_that_differ_it_holds_nearly_nine_of_ten() -> None:
    """150 samples of 60 sequences of 30 to 60 steps, each sequence slower or faster as a whole."""
    rng = np.random.default_rng(2)
    true, held = math.exp(math.hypot(0.2, 0.4) * NORMAL_99), 0
    for _ in range(150):
        lengths = rng.integers(30, 61, 60)
        of = np.repeat(rng.normal(0.0, 0.2, 60), lengths)
        steps = np.exp(of + rng.normal(0.0, 0.4, lengths.sum()))
        found = steps_interval(steps, np.concatenate([[0], np.cumsum(lengths)]))
        assert found is not None
        held += found[0] <= true <= found[1]
    assert 0.80 <= held / 150 <= 0.95


def test_binomial_probabilities_by_hand() -> None:
    assert binomial(2).tolist() == pytest.approx([0.0001, 0.0198, 0.9801])
    assert binomial(300).sum() == pytest.approx(1.0)


@pytest.mark.parametrize("number", [1, 20, 298])
def test_too_few_inferences_have_none(number: int) -> None:
    assert percentile_interval(np.arange(number)) is None


def test_too_few_sequences_have_none_of_their_steps() -> None:
    assert steps_interval(np.arange(10 * (FEWEST - 1)), np.arange(0, 10 * FEWEST, 10)) is None


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=FEWEST, max_size=40), st.integers(0, 9))
def test_the_bounds_are_among_the_steps(lengths: list[int], seed: int) -> None:
    steps = np.random.default_rng(seed).integers(0, 9000, sum(lengths)).astype(np.float64)
    found = steps_interval(steps, np.concatenate([[0], np.cumsum(lengths)]))
    assert found is not None and found[0] <= found[1]
    assert steps.min() <= found[0] and found[1] <= steps.max()
