"""Our sigmoid and tanh against numpy's in double precision."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from deltasim.networks.numbers.activations import sigmoid, tanh

reals = st.floats(-(2.0**100), 2.0**100, width=32) | st.floats(-32, 32, width=32)


def ulps(found, exact):
    return abs(float(found) - exact) / float(np.spacing(np.float32(abs(exact))))


@given(reals)
def test_sigmoid_is_correctly_rounded(x):
    found, exact = sigmoid(np.float32(x)), 1 / (1 + np.exp(-np.float64(np.clip(x, -700, 700))))
    assert isinstance(found, (np.float32, float))
    assert 0 <= found <= 1
    assert ulps(found, exact) <= 0.51 or (x < -40 and found < 1e-17)


@given(reals | st.floats(-(2.0**-8), 2.0**-8, width=32))
def test_tanh_is_correctly_rounded(x):
    assert ulps(tanh(np.float32(x)), np.tanh(np.float64(x))) <= 0.51


@given(reals)
def test_tanh_is_odd_and_sigmoid_symmetric(x):
    assert tanh(np.float32(-x)) == -tanh(np.float32(x))
    assert abs(sigmoid(np.float32(x)) + sigmoid(np.float32(-x)) - 1) < 1e-7
