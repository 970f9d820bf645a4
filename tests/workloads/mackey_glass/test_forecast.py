"""The series against another integrator, the loop against plain numpy, the score by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from deltasim.networks.execute import execute
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import load_chip
from deltasim.simulator.simulate import simulate
from deltasim.validation.mackey_glass import LEADERBOARD, constant_error, thresholded
from deltasim.workloads.digits.trained import SHIPPED as DIGITS
from deltasim.workloads.fetches import products_of
from deltasim.workloads.mackey_glass.benchmarks import TOLD, mackey_glass
from deltasim.workloads.mackey_glass.forecast import AHEAD, TRAINED, WINDOW, guided, percentages, smape
from deltasim.workloads.mackey_glass.making import (
    CHOOSING,
    REPEATS,
    begins,
    best_ridge,
    best_theta,
    choosing,
    forecast,
    learned,
    window,
)
from deltasim.workloads.mackey_glass.reservoir import WASHOUT, Shape, fitted, unfitted, with_readout
from deltasim.workloads.mackey_glass.series import BETA, GAMMA, LYAPUNOV, PAST, POINTS, TAU, series
from deltasim.workloads.mackey_glass.trained import SHIPPED, load
from tests.simulator.builders import assert_same_ledger


def test_the_series_is_that_of_another_integrator() -> None:
    """scipy's DOP853, delay by delay, over two Lyapunov times."""
    count = 2 * POINTS
    times = np.arange(count) * LYAPUNOV / POINTS
    past, now, found = (lambda t: PAST), PAST, []
    for turn in range(int(times[-1] // TAU) + 1):
        begin = turn * TAU

        def slope(t, y, past=past):
            late = past(t - TAU)
            return BETA * late / (1 + late**10) - GAMMA * y

        own = solve_ivp(
            slope, (begin, begin + TAU), [now], "DOP853", dense_output=True, rtol=1e-12, atol=1e-14
        )
        found += own.sol(times[(times >= begin) & (times < begin + TAU)])[0].tolist()
        past, now = (lambda t, sol=own.sol: sol(t)[0]), own.y[0, -1]
    np.testing.assert_allclose(series(count), found, atol=1e-8)


def test_the_first_delay_is_an_exponential() -> None:
    """With a constant past the feedback is a constant c: y = c / gamma + (y0 - c / gamma) exp(-gamma t)."""
    times = np.arange(6) * LYAPUNOV / POINTS
    rest = BETA * PAST / (1 + PAST**10) / GAMMA
    np.testing.assert_allclose(series(6), rest + (PAST - rest) * np.exp(-GAMMA * times), atol=1e-8)


def test_half_the_step_changes_little() -> None:
    np.testing.assert_allclose(series(5 * POINTS), series(5 * POINTS, 340), atol=1e-6)


def test_windows_that_choose_are_not_tested() -> None:
    assert begins(choosing(0)) >= begins(REPEATS - 1) + WINDOW
    np.testing.assert_array_equal(window(1), series(2000)[37 : 37 + WINDOW])
    assert len(window(choosing(CHOOSING - 1))) == WINDOW


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 30), st.integers(1, 30))
def test_the_loop_is_that_of_the_equations(seed: int, told: int, ahead: int) -> None:
    """In numpy, double precision, from the network's own weights."""
    shape = Shape(units=20)
    weights = np.random.default_rng(seed).uniform(-0.2, 0.2, 22).astype(np.float32)
    network = with_readout(unfitted(shape, seed), weights)
    _, (outputs,) = execute(network, [guided(series(200)[:told], told + ahead)])
    dense = {p.name: matrix_of(p.connection) for p in network.projections}
    bias = {p.name: p.bias for p in network.populations}
    state, heard, expected = np.zeros(20), 0.0, []
    for step in range(told + ahead):
        drive = float(np.float32(series(200)[step])) if step < told else heard
        sums = dense["reservoir->reservoir"] @ state + dense["drive->reservoir"][:, 0] * drive
        state = (1 - shape.leakage) * state + shape.leakage * np.tanh(sums + bias["reservoir"][0])
        told_by_states = dense["reservoir->readout"][0] @ state
        heard = bias["readout"][0, 0] + dense["drive->readout"][0, 0] * drive + told_by_states
        expected.append(heard)
    np.testing.assert_allclose(outputs[:, 0], expected, atol=1e-4)


def test_the_readout_is_the_least_squares_solution() -> None:
    """At its minimum the gradient of the ridge regression is 0."""
    values, ridge = series(300), 1e-3
    network = fitted(unfitted(Shape(units=10), 0), values, ridge)
    told = replace(network, outputs=("drive", "reservoir", "readout"))
    _, (found,) = execute(told, [guided(values[:-1], 299)])
    features = np.hstack([np.ones((299, 1)), found[:, :-1].astype(float)])[WASHOUT:]
    rest = found[WASHOUT:, -1].astype(float) - values[1 + WASHOUT :]
    bias = {p.name: p.bias for p in network.populations}["readout"][0]
    parts = [p.connection.weights for p in network.projections if p.target == "readout"]
    gradient = features.T @ rest + ridge * np.concatenate([bias, *parts])
    assert np.abs(gradient).max() < 1e-3 * np.abs(features.T @ values[1 + WASHOUT :]).max()
    assert np.abs(rest).mean() < 0.05


def matrix_of(connection) -> np.ndarray:
    found = np.zeros((connection.target_size * connection.gates, connection.source_size))
    for source in range(connection.source_size):
        own = slice(connection.pointer[source], connection.pointer[source + 1])
        found[connection.targets[own], source] = connection.weights[own]
    return found


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-5, 5, width=32), st.floats(0.125, 2, width=32)), min_size=1, max_size=20)
)
def test_the_error_lies_between_0_and_200(pairs: list[tuple[float, float]]) -> None:
    told, true = np.array(pairs).T
    found = smape([told[:, None].astype(np.float32)], true[None])
    by_hand = np.mean([200 * abs(f - y) / (abs(f) + abs(y)) for f, y in pairs])
    assert 0 <= found <= 200 and found == pytest.approx(by_hand)


def test_a_forecast_without_end_counts_200() -> None:
    outputs = [np.array([[np.nan], [np.inf], [1.0]], np.float32)]
    assert percentages(outputs, np.array([[1.0, 1.0, 1.0]])).tolist() == [[400.0, 3.0]]
    assert smape(outputs, np.full((1, 3), np.nan)) is None


def test_a_third_of_the_operations_forecasts_better_than_the_mean() -> None:
    """On the first five windows, beside the leaderboard's ESN; docs/mackey-glass.md has all."""
    record = load(SHIPPED).record
    found = [forecast(learned(k, 0.0, record["dense"]["ridge"]), window(k)) for k in range(5)]
    guessed = [constant_error(window(k)) for k in range(5)]
    assert np.mean([one.smape for one in found]) < 0.8 * np.mean(guessed)
    assert all(products_of(one.network, one.trace) < LEADERBOARD["ESN"].products / 3 for one in found)


def test_the_shipped_networks_are_those_of_the_record() -> None:
    found = load(SHIPPED)
    errors = {float(k): {float(r): e for r, e in row.items()} for k, row in found.record["errors"].items()}
    assert found.record["delta"]["theta"] == best_theta(errors)
    assert found.record["delta"]["ridge"] == best_ridge(errors, best_theta(errors))
    for kind, network in (("dense", found.dense), ("delta", found.delta)):
        drawn = unfitted(Shape(), 0, found.record[kind]["theta"])
        assert [p.theta for p in network.projections] == [p.theta for p in drawn.projections]
        one, other = (n.projections[3].connection.weights for n in (network, drawn))
        np.testing.assert_allclose(one, other, rtol=1e-4)


def test_both_engines_run_the_loop() -> None:
    network = thresholded(load(SHIPPED).dense, 1e-3)
    frames = [guided(series(12), 20)]
    trace, _ = execute(network, frames)
    chip = load_chip("earbud")
    assert_same_ledger(simulate(network, trace, chip), simulate(network, trace, chip, engine="simpy"))


def test_what_is_not_forecast_has_no_target() -> None:
    found = mackey_glass()
    assert np.isnan(found.targets[:, :TOLD]).all() and np.isfinite(found.targets[:, TOLD:]).all()
    assert found.targets.shape[1] == TOLD + AHEAD == len(found.sequences[0])
    np.testing.assert_allclose(found.targets[0, TOLD], series(TRAINED + 2)[TRAINED + 1])
    few = replace(found.limited(1))
    _, outputs = execute(few.dense_network, few.sequences)
    total, count = few.points(outputs, few.targets).sum(axis=0)
    assert few.scored(outputs) == pytest.approx(total / count)


def test_folders_and_data_of_another_kind_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the series is computed"):
        mackey_glass("generatd")
    with pytest.raises(InputError, match="no such folder"):
        mackey_glass(None, tmp_path / "none")
    for file in next(DIGITS.glob("digits-synthetic")).glob("*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(InputError, match="a forecaster takes a value"):
        mackey_glass(None, tmp_path)
    (tmp_path / "training.json").write_text(json.dumps([1]))
    with pytest.raises(InputError, match="a record of a training is a table"):
        mackey_glass(None, tmp_path)
