"""Column-balanced pruning: equal shares for all processing elements, the largest weights stay."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.networks.builders.pruning import column_balanced
from deltasim.runtime.errors import InputError


@given(
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(1, 5),
    st.integers(1, 4),
    st.floats(0, 1),
    st.integers(0, 99),
)
def test_every_element_keeps_the_largest_of_its_words(
    gates: int, rounds: int, elements: int, sources: int, gamma: float, seed: int
) -> None:
    """Distinct magnitudes above 0: what is left is the top of each part, untouched."""
    shape = (gates, rounds * elements, sources)
    rng = np.random.default_rng(seed)
    weights = (rng.permutation(np.prod(shape)) + 1.0).reshape(shape) * rng.choice([-1, 1], shape)
    kept = column_balanced(weights, elements, gamma)
    left = gates * rounds - int(gamma * gates * rounds)
    for element in range(elements):
        for source in range(sources):
            before = weights[:, element::elements, source].ravel()
            after = kept[:, element::elements, source].ravel()
            largest = np.sort(np.abs(before))[::-1][:left]
            assert np.sort(np.abs(after[after != 0]))[::-1].tolist() == largest.tolist()
            assert ((after == before) | (after == 0)).all()


def test_the_argument_is_left_alone() -> None:
    weights = np.ones((2, 4, 3), np.float32)
    assert column_balanced(weights, 2, 1.0).sum() == 0 and weights.sum() == 24


def test_what_cannot_be_dealt_out_is_refused() -> None:
    weights = np.ones((1, 6, 2), np.float32)
    with pytest.raises(InputError, match="elements: 4: 6 target neurons divide evenly"):
        column_balanced(weights, 4, 0.5)
    with pytest.raises(InputError, match=r"gamma: 1\.5: a share of pruned weights lies within 0 to 1"):
        column_balanced(weights, 2, 1.5)
