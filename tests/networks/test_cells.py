"""Every cell: its delta form against its own textbook form, and the step as a pure elementwise function."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.networks.builders.feed_forward import feed_forward
from deltasim.networks.builders.recurrent import PARAMETERS, random_parameters, stack
from deltasim.networks.cells import CELLS, LIF, Conv2d, Dense, conv2d, gru, lstm, rnn
from deltasim.networks.execute import execute
from deltasim.networks.numbers.arithmetic import FixedPoint, Float32
from deltasim.runtime.errors import InputError

STATES = {"rnn": rnn.State, "gru": gru.State, "lstm": lstm.State}
CELL_EXAMPLES = {
    "dense": Dense(6, "sigmoid"),
    "conv2d": Conv2d((1, 2, 3), "tanh"),
    "lif": LIF(6, 0.5, 0.75, -0.25),
    **{kind: CELLS[kind](6) for kind in PARAMETERS},
}


@pytest.mark.parametrize("kind", PARAMETERS)
@given(seed=st.integers(0, 2**16), length=st.integers(1, 20))
def test_delta_form_at_theta_0_is_the_textbook_form(kind, seed, length):
    rng = np.random.default_rng(seed)
    parameters = random_parameters(kind, 3, 5, rng)
    frames = rng.normal(size=(length, 3)).astype(np.float32)
    _, (output,) = execute(stack(kind, 3, (5,), [parameters]), [frames])
    cell = CELLS[kind](5)
    state = STATES[kind](*(np.zeros(5) for _ in cell.states))
    for frame, values in zip(frames, output, strict=True):
        state = cell.dense_step(parameters, frame, state)
        np.testing.assert_allclose(values, state.h, atol=1e-5)


@pytest.mark.parametrize("activation", ["identity", "relu", "sigmoid", "tanh"])
def test_convolution_against_its_textbook_form(activation):
    rng = np.random.default_rng(0)
    parameters = conv2d.Parameters(rng.normal(size=(3, 2, 2, 3)), rng.normal(size=3), (2, 1), (1, 0))
    network = feed_forward((2, 5, 6), [(parameters, activation)])
    frames = rng.normal(size=(3, 2, 5, 6)).astype(np.float32)
    _, (output,) = execute(network, [frames.reshape(3, -1)])
    cell = network.populations[1].cell
    for frame, values in zip(frames, output, strict=True):
        expected = cell.dense_step(parameters, frame, conv2d.State(np.zeros(cell.shape))).y
        np.testing.assert_allclose(values.reshape(cell.shape), expected, atol=1e-5)


@pytest.mark.parametrize("kind", CELL_EXAMPLES)
@pytest.mark.parametrize("arithmetic", [Float32(), FixedPoint()], ids=["float32", "fixed"])
@given(seed=st.integers(0, 2**16), lo=st.integers(0, 5), size=st.integers(1, 6))
def test_step_is_pure_and_works_on_any_slice(kind, arithmetic, seed, lo, size):
    cell = CELL_EXAMPLES[kind]
    rng = np.random.default_rng(seed)
    accumulators = (rng.normal(size=(cell.accumulators, 6)) * 2).astype(np.float32)
    states = (rng.normal(size=(len(cell.states), 6))).astype(np.float32)
    if isinstance(arithmetic, FixedPoint):
        accumulators, states = (accumulators * 2**15).astype(np.int32), (states * 256).astype(np.int32)
    kept = accumulators.copy(), states.copy()
    step = cell.step(arithmetic)
    whole = step(accumulators, states)
    assert (accumulators == kept[0]).all()
    assert (states == kept[1]).all()
    assert whole.dtype == arithmetic.dtype
    part = slice(lo, min(lo + size, 6))
    sliced = step(np.ascontiguousarray(accumulators[:, part]), np.ascontiguousarray(states[:, part]))
    assert (sliced == whole[:, part]).all()


def test_unknown_activation():
    with pytest.raises(
        InputError, match=r"dense cell: rellu: this is no known activation. Did you mean relu\?"
    ):
        Dense(4, "rellu")


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"leak": 1.1}, "lif cell: leak: 1.1: a leak is the share of the potential kept .* 0 to 1"),
        ({"reset": 2.0}, "lif cell: reset: 2.0: .* the reset does not lie above threshold 1.0. Lower"),
        ({"threshold": np.nan}, "threshold and reset are finite"),
    ],
)
def test_impossible_neurons(fields, sentence):
    with pytest.raises(InputError, match=sentence):
        LIF(4, **fields)


def test_every_cell_is_in_the_table():
    assert {cell.kind for cell in CELLS.values()} == set(CELLS)
