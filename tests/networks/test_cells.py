"""Every cell: its delta form against its own textbook form, and the step as a pure elementwise function."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.networks.builders.feed_forward import feed_forward
from deltasim.networks.builders.recurrent import PARAMETERS, random_parameters, stack
from deltasim.networks.cells import (
    CELLS,
    GLIF,
    LIF,
    Conv2d,
    Dense,
    Formula,
    LeakyIntegrator,
    TruncatedLIF,
    conv2d,
    formula,
    gru,
    lstm,
    rnn,
)
from deltasim.networks.execute import execute
from deltasim.networks.numbers.arithmetic import FixedPoint, Float32, Q
from deltasim.runtime.errors import InputError

STATES = {"rnn": rnn.State, "gru": gru.State, "lstm": lstm.State}
CELL_EXAMPLES = {
    "dense": Dense(6, "sigmoid"),
    "conv2d": Conv2d((1, 2, 3), "tanh"),
    "lif": LIF(6, 0.5, 0.75, -0.25),
    "glif": GLIF(6, 0.75, 0.5, -0.25, "by_subtraction", 2, 0.5, 0.125, 0.875, ("leak", "threshold")),
    "truncated_lif": TruncatedLIF(6, 0.75, 0.5, -0.25, "by_subtraction", 2, 1 / 16, ("leak",)),
    "li": LeakyIntegrator(6, 0.75, 0.5, ("synapse",)),
    "formula": Formula(
        6, "c = 0.5 * c + tanh(a0); y = sqrt(abs(a1)) ** 1.5 * erf(c) + max(a0, exp(-a1 ** 2))"
    ),
    **{kind: CELLS[kind](6) for kind in PARAMETERS},
}
FORMULAS = (
    "y = a0 * a1",
    "y = sqrt(a0**2 + a1**2)",
    "y = abs(a0) ** 0.3 + a1 ** 3 + a0 ** 0 + (1 + a1 ** 2) ** -2",
    "y = log(1 + a0 * a0) - log1p(exp(a1)) + expm1(-abs(a0))",
    "y = max(a0, a1, 0.5) + min(a0, -a1) + relu(a1) * (a0 > a1) + (a0 <= 0)",
    "y = 0.5 * a0 * (1 + erf(a0 / 1.4142135623730951))",
    "u = sigmoid(a0); h = u * h + (1 - u) * tanh(a1)",
    "i = sigmoid(a0 + 0.5 * c); c = c + i * a1; h = tanh(c)",
)


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


@given(seed=st.integers(0, 2**16), text=st.sampled_from(FORMULAS))
def test_a_formula_is_computed_as_its_textbook_form(seed, text):
    """Numpy's own functions are the judge; roots of negative numbers are NaN in both."""
    rng = np.random.default_rng(seed)
    cell = Formula(5, text)
    parameters = formula.Parameters(
        rng.normal(size=(cell.accumulators, 5, 3)), rng.normal(size=(cell.accumulators, 5))
    )
    state = exact = np.zeros((len(cell.states), 5), np.float32)
    for frame in rng.normal(size=(4, 3)):
        exact = np.array(cell.dense_step(parameters, frame, exact))
        sums = (parameters.weights @ frame + parameters.bias).astype(np.float32)
        state = cell.step(Float32())(sums, state)
        np.testing.assert_allclose(state, exact, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("y =", "formula cell: y =: a formula is name = expression, several parted by semicolons. Write it"),
        ("(" * 5000, r"formula cell: \({77}\.\.\.: a formula is name = expression"),
        ("y = a0 + " + "-" * 5000 + "a0", "a formula is name = expression"),
        ("y = a0 * 1e999", "formula cell: 1e309: a formula has numbers, names"),
        ("y", "formula cell: y: a formula is made of statements name = expression"),
        ("y = sqr(a0)", r"formula cell: sqr: this is no function of a formula. Did you mean sqrt\?"),
        ("y = sqrt(a0, a1)", r"formula cell: sqrt\(a0, a1\): sqrt takes one value. Give one."),
        ("y = b + a0", "formula cell: b: a formula reads accumulators a0, a1 ... without a gap, and names"),
        ("y = a1", "formula cell: y = a1: a formula reads accumulators a0, a1 ... without a gap"),
        ("a0 = a0 + 1", "formula cell: a0: accumulators and functions are read, not given a value"),
        ("y = a0 ** a0", r"formula cell: a0 \*\* a0: an exponent is a number"),
        ("y = a0.real", "formula cell: a0.real: a formula has numbers, names"),
        ("import os", "formula cell: import os: a formula is made of statements"),
    ],
)
def test_formulas_that_mean_nothing(text, sentence):
    with pytest.raises(InputError, match=f"^{sentence}" if sentence.startswith("formula") else sentence):
        Formula(2, text)


def test_a_formula_in_fixed_point_rounds_its_states_once():
    arithmetic = FixedPoint(lookup=Q(2, 4))
    sums = np.int32([[3 << 14, -(1 << 15), 200 << 15], [1 << 15, 1 << 15, 1 << 15]])  # 1.5, -1, 200 (and 1)
    step = Formula(3, "y = a0 / 3 + 0 * a1").step(arithmetic)
    assert step(sums, np.zeros((1, 3), np.int32)).tolist() == [[128, -85, 17067]]  # times 256
    step = Formula(3, "y = 1000 * a0 + 0 * a1").step(arithmetic)
    assert step(sums, np.zeros((1, 3), np.int32)).tolist() == [[32767, -32768, 32767]]
    step = Formula(3, "y = tanh(a0) + 0 * a1").step(arithmetic)  # to a sixteenth, as every table
    assert step(sums, np.zeros((1, 3), np.int32)).tolist() == [[14 * 16, -12 * 16, 16 * 16]]
    step = Formula(3, "y = sqrt(a0) + 0 * a1").step(arithmetic)
    assert step(sums, np.zeros((1, 3), np.int32)).tolist() == [[314, 0, 3620]]  # of -1: none


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
    assert set(CELL_EXAMPLES) | {"input"} == set(CELLS)
