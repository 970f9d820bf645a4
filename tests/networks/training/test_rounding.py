"""Rounding in training is the rounding of the arithmetic."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.networks.numbers.arithmetic import Q, dequantise, quantise
from deltasim.networks.training.rounding import rounded


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-300, 300, width=32), min_size=1), st.integers(1, 8), st.integers(0, 10))
def test_rounding_in_training_is_the_rounding_of_the_arithmetic(
    values: list[float], integer: int, fraction: int
) -> None:
    form = Q(integer, fraction)
    ours = rounded(torch.tensor(values), integer, fraction).numpy()
    np.testing.assert_array_equal(ours, dequantise(quantise(np.array(values, np.float32), form), form))
