"""Gradients of spike counts against a brute-force derivative of the equations they are taken from."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.networks.training.spike_trains.adam import adam_step, moments_of
from deltasim.networks.training.spike_trains.effects import effects, traces
from deltasim.networks.training.spike_trains.gradients import (
    Counts,
    Effects,
    Rule,
    elasticity,
    layer_gradient,
)
from deltasim.networks.training.spike_trains.layer import Neuron, Spikes, Weights, fire, spikes_of
from deltasim.networks.training.spike_trains.loss import Targets, count_loss
from deltasim.networks.training.spike_trains.network import Layer, add_gradient, no_sums, run
from deltasim.runtime.arrays import Numbers
from deltasim.runtime.errors import InputError

FREE, FAR = 1e-4, 1e9  # the least diagonal that is allowed, and a bound that does not bind


def root(equations: Callable[[Numbers], Numbers], start: Numbers) -> Numbers:
    """Newton, its Jacobian by differences."""
    found = start.copy()
    for _ in range(6):
        value = equations(found)
        columns = [(equations(found + 1e-7 * unit) - value) / 1e-7 for unit in np.eye(len(found))]
        found = found - np.linalg.solve(np.array(columns).T, value)
    return found


class Case:
    """A recurrent layer whose neurons all fire, and the implicit equations of its counts."""

    def __init__(self, seed: int, recurrent: bool, share: float) -> None:
        rng = np.random.default_rng(seed)
        self.neuron, self.size, self.inputs = Neuron(0.5, tau_m=32.0), 3, 2
        self.rule = Rule("full", share, FREE, FAR)
        among = rng.uniform(-0.2, 0.2, (self.size, self.size)) if recurrent else np.zeros((0, self.size))
        self.weights = Weights(rng.uniform(0.2, 0.8, (self.inputs, self.size)), among)
        self.sources = spikes_of(rng.random((120, self.inputs)) < 0.3)
        self.did = fire(self.neuron, self.weights, self.sources)
        trace = traces(self.neuron, self.sources, self.inputs)
        own = traces(self.neuron, self.did.spikes, self.size)
        self.effect = Effects(
            effects(self.neuron, self.did.spikes, self.size, trace),
            effects(self.neuron, self.did.spikes, self.size, own)[:, : len(among)],
        )
        self.counts = Counts(
            self.sources.counts(self.inputs), self.did.spikes.counts(self.size), self.sources.steps
        )
        self.losses = rng.normal(size=self.size)

    def solved(self, weights: Weights, sources: Numbers) -> float:
        """The loss ``sum_i losses_i o_i`` where o solves the implicit equations, e being in proportion to its
        source's count and a power of the neuron's own."""
        at = self.counts.neurons.astype(float)
        g = self.rule.self_dependence * elasticity(self.neuron, self.counts.neurons, self.counts.steps)

        def equations(o: Numbers) -> Numbers:
            grown = (o / at) ** g
            drive = (weights.forward.T * self.effect.forward * (sources / self.counts.sources)).sum(1)
            if len(weights.recurrent):
                heard = np.tile(o / at, (self.size, 1))
                np.fill_diagonal(heard, 1.0)
                drive = drive + (weights.recurrent.T * self.effect.recurrent * heard).sum(1)
            return o - at - (grown * drive - self.did.potentials) / self.neuron.threshold

        return float(self.losses @ root(equations, at))

    def slope(self, change: Callable[[float], float]) -> float:
        """A central difference."""
        return (change(1e-5) - change(-1e-5)) / 2e-5


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**16), recurrent=st.booleans(), share=st.sampled_from([0.0, 0.3]))
def test_the_full_gradient_is_that_of_the_implicit_equations(
    seed: int, recurrent: bool, share: float
) -> None:
    case = Case(seed, recurrent, share)
    found = layer_gradient(
        case.neuron, case.rule, case.weights, case.effect, case.did.potentials, case.counts, case.losses
    )
    if (case.counts.neurons == 0).any():
        return
    weights, sources = case.weights, case.counts.sources.astype(float)

    def moved(part: str, place: tuple[int, int], by: float) -> float:
        matrix = getattr(weights, part).copy()
        matrix[place] += by
        return case.solved(weights._replace(**{part: matrix}), sources)

    for part, effect in zip(("forward", "recurrent"), case.effect, strict=True):
        for place in np.ndindex(getattr(weights, part).shape):
            brute = case.slope(lambda by, part=part, place=place: moved(part, place, by))  # type: ignore[misc]
            assert found.scale[place[1]] * effect[place[1], place[0]] == pytest.approx(
                brute, rel=2e-4, abs=1e-6
            )
    for j in range(case.inputs):
        brute = case.slope(lambda by, j=j: case.solved(weights, sources + by * np.eye(case.inputs)[j]))  # type: ignore[misc]
        assert found.sources[j] == pytest.approx(brute, rel=2e-4, abs=1e-6)


def test_theta_and_omega_by_hand() -> None:
    """Theta = [[1, -.1], [-.2, 1]], Phi = [4, 2], delta = [1, .5]."""
    weights = Weights(np.array([[4.0, 2.0]]), np.array([[0.0, 0.2], [0.1, 0.0]]))
    effect, counts = Effects(np.ones((2, 1)), np.ones((2, 2))), Counts(np.array([1]), np.array([1, 1]), 10)
    found = {
        form: layer_gradient(
            Neuron(1.0), Rule(form, 0.0), weights, effect, np.ones(2), counts, np.array([1.0, 0.5])
        )
        for form in ("full", "diagonal")
    }
    assert found["full"].sources[0] == pytest.approx(5.714286, abs=5e-7)
    assert found["diagonal"].sources[0] == pytest.approx(5.714286, abs=5e-7)
    assert found["full"].scale.tolist() == pytest.approx([1.122449, 0.612245], abs=5e-7)
    assert found["diagonal"].scale.tolist() == [1.0, 0.5]


def test_the_threshold_divides_once() -> None:
    weights, effect = (
        Weights(np.ones((1, 1)), np.zeros((0, 1))),
        Effects(np.full((1, 1), 3.0), np.zeros((1, 0))),
    )
    counts = Counts(np.array([1]), np.array([1]), 10)
    found = layer_gradient(Neuron(2.0), Rule("full", 0.0), weights, effect, np.ones(1), counts, np.ones(1))
    assert (found.scale[0], found.sources[0]) == (0.5, 1.5)


def test_a_diagonal_stays_away_from_0() -> None:
    """A neuron that fires once in a long time: the equations' own slope has no bound there."""
    weights, effect = Weights(np.ones((1, 1)), np.zeros((0, 1))), Effects(np.ones((1, 1)), np.zeros((1, 0)))
    counts = Counts(np.array([1]), np.array([1]), 4000)
    found = layer_gradient(
        Neuron(1.0), Rule("full", 1.0, 0.25), weights, effect, np.full(1, 1.2), counts, np.ones(1)
    )
    assert found.scale[0] == 4.0


@pytest.mark.parametrize("period", [20, 50, 125])
def test_the_elasticity_is_that_of_regular_trains(period: int) -> None:
    """Effects of a source that always fires, on trains made for the purpose, over one spike more or less."""
    neuron, steps = Neuron(tau_m=64.0), 20_000
    trace = traces(neuron, Spikes(np.zeros(steps, np.int32), np.arange(steps + 1)), 1)

    def effect(every: int) -> tuple[float, float]:
        fired = spikes_of(np.arange(steps)[:, None] % every == every - 1)
        one = float(effects(neuron, fired, 1, trace)[0, 0]) / len(fired.neurons)
        return float(np.log(steps / every)), float(np.log(one * steps / every))

    (more, large), (less, small) = effect(period - 1), effect(period + 1)
    counts = np.array([round(steps / period)])
    closed = float(elasticity(neuron, counts, steps)[0])
    assert (large - small) / (more - less) == pytest.approx(closed, abs=0.03)


def test_sums_are_what_layers_say_in_turn() -> None:
    """A stack's gradient: the last layer's from the loss, the first's from what the last sends down."""
    rng = np.random.default_rng(4)
    stack = (Layer(6, Neuron(0.4)), Layer(3, Neuron(0.4)))
    weights = tuple(Weights(rng.uniform(0, 1, shape), np.zeros((0, shape[1]))) for shape in ((5, 6), (6, 3)))
    inputs = spikes_of(rng.random((60, 5)) < 0.3)
    fired, sums, losses = run(stack, weights, inputs), no_sums(weights), np.array([1.0, -2.0, 0.5])
    add_gradient(stack, weights, Rule("full", 0.0), inputs, fired, losses, sums)
    above = effects(stack[1].neuron, fired[1].spikes, 3, traces(stack[1].neuron, fired[0].spikes, 6))
    np.testing.assert_allclose(sums[1].forward, losses[:, None] * above / 0.4)
    o = fired[0].spikes.counts(6)
    assert (o > 0).all() and (fired[1].spikes.counts(3) > 0).all()
    down = (weights[1].forward * (above / o).T) @ losses / 0.4
    below = effects(stack[0].neuron, fired[0].spikes, 6, traces(stack[0].neuron, inputs, 5))
    np.testing.assert_allclose(sums[0].forward, down[:, None] * below / 0.4)


def test_the_loss_has_its_slope_outside_the_margin() -> None:
    targets, counts = Targets(15, 2, 2), np.array([3, 9, 1])
    slopes = count_loss(targets, counts, 0)[1]
    for place in range(3):
        ups = [count_loss(targets, counts + by * np.eye(3)[place], 0)[0] for by in (1e-6, -1e-6)]
        assert (ups[0] - ups[1]) / 2e-6 == pytest.approx(slopes[place], abs=1e-5)
    assert slopes[2] == 0


def test_adam_is_pytorchs() -> None:
    import torch

    rng = np.random.default_rng(0)
    ours = rng.normal(size=(3, 4)).astype(np.float32)
    theirs = torch.nn.Parameter(torch.from_numpy(ours.copy()))
    optimiser, moments = torch.optim.Adam([theirs], 1e-2), moments_of(ours)
    for step in range(1, 20):
        slope = rng.normal(size=(3, 4)).astype(np.float32)
        theirs.grad = torch.from_numpy(slope)
        optimiser.step()
        adam_step(ours, moments, slope, 1e-2, step)
    np.testing.assert_allclose(ours, theirs.detach().numpy(), atol=1e-6)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Rule("ful"), r"there is no such form. Did you mean full\?"),
        (lambda: Rule(self_dependence=2), "a share is 0 to 1"),
        (lambda: Rule(least=0), "a diagonal is kept from 0"),
        (lambda: Targets(2, 5), "the neuron of the class fires more often"),
        (lambda: Targets(margin=-1), "a margin is at least 0"),
    ],
)
def test_rules_that_are_refused(make, sentence) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=sentence):
        make()
