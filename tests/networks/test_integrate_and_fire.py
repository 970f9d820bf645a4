"""Spiking cells, leaky integrators and delays: textbook forms, closed forms, whole numbers."""

from fractions import Fraction
from math import ceil, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.networks import (
    GLIF,
    LIF,
    AllToAll,
    Dense,
    Input,
    LeakyIntegrator,
    Network,
    Population,
    Projection,
)
from deltasim.networks.cells.glif import PARAMETERS, RESETS, Parameters
from deltasim.networks.cells.leaky_integrator import PARAMETERS as INTEGRATOR
from deltasim.networks.execute import execute
from deltasim.networks.numbers.arithmetic import EDGEDRNN, FixedPoint, Q
from deltasim.networks.numbers.quantise import quantised
from deltasim.runtime.errors import InputError
from tests.networks.numbers.slow_fixed_point import held, nearest_even

halves = st.sampled_from([0.0, 0.5, 0.75, 1.0])
own = st.lists(st.sampled_from(["leak", "threshold", "reset", "synapse"]), unique=True)


@st.composite
def neurons(draw, size=5):
    """A neuron of any kind; what its own parameters hold."""
    cell = GLIF(
        size,
        draw(halves),
        draw(st.sampled_from([0.5, 1.0])),
        draw(st.sampled_from([0.0, -0.25])),
        draw(st.sampled_from(list(RESETS))),
        draw(st.integers(0, 3)),
        draw(halves),
        draw(st.sampled_from([0.0, 0.25])),
        draw(halves),
        tuple(draw(own)),
    )
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    return cell, rng.integers(0, 3, (len(cell.own), size)) / 4, rng


def alone(cell, bias, weights, delay=0, arithmetic=None):
    """One population, driven by an input."""
    network = Network(
        "alone",
        (Population("input", Input(weights.shape[1])), Population("cell", cell, np.float32(bias))),
        (Projection("input", "cell", AllToAll.from_matrices(np.float32(weights)), "input", delay),),
        ("cell",),
    )
    return network if arithmetic is None else quantised(network, arithmetic)


@given(neurons(), st.integers(0, 2**16))
def test_every_neuron_is_its_textbook_form(drawn, seed):
    """Weights in eighths and factors in quarters: over so few steps float32 and double agree to the bit."""
    cell, constants, _ = drawn
    rng = np.random.default_rng(seed)
    weights, bias = rng.integers(-6, 9, (cell.size, 3)) / 8, rng.integers(-1, 2, cell.size) / 8
    frames = rng.integers(0, 2, (7, 3)).astype(np.float32)
    _, (spikes,) = execute(alone(cell, np.vstack([bias[None], constants]), weights), [frames])
    state = tuple(np.zeros(cell.size) for _ in cell.states)
    for frame, fired in zip(frames, spikes, strict=True):
        state = cell.dense_step(Parameters(weights, bias, constants), frame, state)
        assert fired.tolist() == state[0].tolist()


@settings(max_examples=60)
@given(
    neurons(),
    st.builds(
        FixedPoint,
        activation=st.sampled_from([Q(8, 8), Q(2, 3)]),
        accumulator=st.sampled_from([Q(9, 15), Q(3, 6), Q(2, 18)]),
        overflow=st.sampled_from(["saturate", "wrap"]),
    ),
)
def test_every_bit_of_a_neuron_in_fixed_point(drawn, arithmetic):
    """Against whole numbers and fractions that share no code with the cell."""
    cell, constants, rng = drawn
    form, way = arithmetic.accumulator, arithmetic.overflow
    network = alone(
        cell, np.vstack([rng.normal(size=(1, cell.size)) / 4, constants]), rng.normal(size=(cell.size, 3)), 0,
        arithmetic,
    )  # fmt: skip
    frames = rng.integers(0, 2, (9, 3)).astype(np.float32)
    _, (spikes,) = execute(network, [frames])
    bias, columns = network.populations[1].bias, network.projections[0].connection.columns
    shift = arithmetic.product_shift
    one = int(arithmetic.encode(1.0))
    for n in range(cell.size):
        factor = {}
        for name in PARAMETERS:
            if name in cell.own:
                raw = int(bias[1 + cell.own.index(name), n])
                scale = 2**form.fraction
            elif name in ("threshold", "reset"):
                raw, scale = held(nearest_even(Fraction(getattr(cell, name)) * 2**form.fraction), form), 1
            else:
                raw, scale = nearest_even(Fraction(getattr(cell, name)) * 2**15), 2**15
            factor[name] = Fraction(raw, 1 if name in ("threshold", "reset") else scale)
        v = i = a = wait = spike = 0
        for frame, fired in zip(frames, spikes[:, n], strict=True):
            total = int(bias[0, n])
            for source in np.flatnonzero(frame):
                product = Fraction(one * int(columns[source, 0, n])) / Fraction(2) ** shift
                total = held(total + nearest_even(product), form, way)
            i = held(nearest_even(factor["synapse"] * i) + total, form, way) if "i" in cell.states else total
            new = held(nearest_even(factor["leak"] * v) + i, form, way)
            if cell.resets == "by_subtraction_next" and spike:
                new = held(new - factor["threshold"], form, way)
            new = v if wait else new
            spike = int(new > factor["threshold"] + nearest_even(factor["adaptation"] * a) and not wait)
            if spike and cell.resets == "to_value":
                new = factor["reset"]
            if spike and cell.resets == "by_subtraction":
                new = held(new - factor["threshold"], form, way)
            v, wait = new, cell.refractory if spike else max(wait - 1, 0)
            if "a" in cell.states:
                a = nearest_even(factor["adaptation_leak"] * a) + spike * 2**form.fraction
                a = held(a, form, way)
            assert fired == spike


@given(st.sampled_from([0.25, 0.5, 0.9]), st.floats(0.15, 3.0), st.integers(0, 4))
def test_the_period_of_a_neuron_under_constant_current(leak, current, refractory):
    """v after n steps is I (1 - leak^n) / (1 - leak): the first n beyond the threshold, then the wait."""
    highest = current / (1 - leak)
    if abs(highest - 1) < 1e-3:
        return
    cell = GLIF(1, leak, 1.0, refractory=refractory)
    _, (spikes,) = execute(alone(cell, [[current]], np.zeros((1, 1))), [np.zeros((200, 1), np.float32)])
    times = np.flatnonzero(spikes[:, 0])
    if highest < 1:
        assert times.size == 0
        return
    steps = log(1 - (1 - leak) / current) / log(leak) if current < 1 else 0.5
    if abs(steps - round(steps)) > 1e-4:
        assert times[0] == ceil(steps) - 1
        assert (np.diff(times) == ceil(steps) + refractory).all()


def test_reset_by_subtraction_keeps_the_rate():
    """An integrator that subtracts fires as often as its current over the threshold says."""
    cell = GLIF(1, 1.0, 1.0, resets="by_subtraction")
    _, (spikes,) = execute(alone(cell, [[0.3125]], np.zeros((1, 1))), [np.zeros((1600, 1), np.float32)])
    assert abs(spikes.sum() - 0.3125 * 1600) <= 1
    hard = GLIF(1, 1.0, 1.0)
    _, (fewer,) = execute(alone(hard, [[0.3125]], np.zeros((1, 1))), [np.zeros((1600, 1), np.float32)])
    assert fewer.sum() == 1600 // 4


def test_an_adaptive_threshold_spreads_spikes_out():
    plain, adaptive = GLIF(1, 0.9, 1.0), GLIF(1, 0.9, 1.0, adaptation=0.5, adaptation_leak=0.95)
    counts = []
    for cell in (plain, adaptive):
        _, (spikes,) = execute(alone(cell, [[0.4]], np.zeros((1, 1))), [np.zeros((300, 1), np.float32)])
        gaps = np.diff(np.flatnonzero(spikes[:, 0]))
        counts.append((spikes.sum(), gaps[0], gaps[-1]))
    assert counts[0][1] == counts[0][2]
    assert counts[1][0] < counts[0][0] and counts[1][2] > counts[1][1]


@given(st.sampled_from([0.5, 0.75]), st.sampled_from([0.0, 0.5]), st.integers(0, 5))
def test_the_response_of_a_leaky_integrator_to_one_spike(leak, synapse, delay):
    """A current-based integrator's is a difference of exponentials; the delay moves it."""
    cell = LeakyIntegrator(1, leak, synapse)
    frames = np.zeros((20, 1), np.float32)
    frames[2] = 1
    relay = GLIF(1, 0.0, 0.5)  # fires where its input does
    network = Network(
        "response",
        (
            Population("input", Input(1)),
            Population("relay", relay, np.zeros((1, 1), np.float32)),
            Population("integrator", cell, np.zeros((1, 1), np.float32)),
        ),
        (
            Projection("input", "relay", AllToAll(np.ones((1, 1, 1), np.float32))),
            Projection("relay", "integrator", AllToAll(np.ones((1, 1, 1), np.float32)), "input", delay),
        ),
        ("integrator",),
    )
    _, (values,) = execute(network, [frames])
    for step, value in enumerate(values[:, 0]):
        k = step - 2 - delay
        exact = sum(leak ** (k - j) * synapse**j for j in range(k + 1)) if k >= 0 else 0.0
        assert value == pytest.approx(exact, abs=1e-6)


def test_an_integrator_of_deltas_holds_its_whole_input():
    """From an Input it receives differences, which add up: a constant input is a constant current."""
    cell = LeakyIntegrator(1, 0.5)
    _, (values,) = execute(alone(cell, [[0.0]], np.ones((1, 1))), [np.ones((6, 1), np.float32)])
    assert values[:, 0].tolist() == [2 - 2.0**-n for n in range(6)]


@given(st.integers(0, 6), st.integers(0, 6))
def test_two_synapses_between_one_pair_of_neurons(early, late):
    """Each has its own delay and weight; one more than the sum of the others brings the target to fire."""
    populations = (
        Population("input", Input(1)),
        Population("cell", LeakyIntegrator(1, 0.0), np.zeros((1, 1), np.float32)),
    )

    def synapse(weight, delay, label):
        return Projection("input", "cell", AllToAll(np.full((1, 1, 1), weight)), "input", delay, label=label)

    network = Network("pair", populations, (synapse(1.0, early, ""), synapse(0.25, late, "late")), ("cell",))
    frames = np.zeros((14, 1), np.float32)
    frames[1:] = 1  # a step: what has arrived stays
    _, (values,) = execute(network, [frames])
    expected = [(step >= 1 + early) + 0.25 * (step >= 1 + late) for step in range(14)]
    assert values[:, 0].tolist() == expected
    assert [projection.name for projection in network.projections] == ["input->cell", "input->cell:late"]
    with pytest.raises(InputError, match=r"two projections join .* give each a label"):
        Network("pair", populations, (synapse(1.0, 0, ""), synapse(0.25, 0, "")), ("cell",))


def test_a_sigma_delta_neuron_is_a_dense_delta_neuron():
    """Lava's rule, written out: sigma adds up what arrives, delta sends where the output moved far enough."""
    rng = np.random.default_rng(0)
    weights, bias, theta = rng.normal(size=(6, 4)), rng.normal(size=6) / 4, 0.2
    first = Dense(6, "relu")
    network = Network(
        "sigma-delta",
        (
            Population("input", Input(4)),
            Population("first", first, np.float32(bias[None])),
            Population("second", Dense(6), np.zeros((1, 6), np.float32)),
        ),
        (
            Projection("input", "first", AllToAll.from_matrices(np.float32(weights)), theta=0.1),
            Projection("first", "second", AllToAll.from_matrices(np.eye(6, dtype=np.float32)), theta=theta),
        ),
        ("second",),
    )
    frames = rng.normal(size=(40, 4)).cumsum(axis=0).astype(np.float32) / 4
    trace, (values,) = execute(network, [frames])
    sent, sigma, act, residue = np.zeros(4), np.zeros(6), np.zeros(6), np.zeros(6)
    total = np.zeros(6)
    for step, frame in enumerate(frames):
        moved = np.where(np.abs(frame - sent) >= 0.1, frame - sent, 0)
        sent = sent + moved
        sigma = sigma + weights @ moved
        new = np.maximum(sigma + bias, 0)
        delta = new - act + residue
        out = np.where(np.abs(delta) >= theta, delta, 0)
        residue, act = delta - out, new
        total = total + out
        np.testing.assert_allclose(values[step], total, atol=1e-5)
        messages = trace.step(step)
        assert messages["source"][messages["projection"] == 1].tolist() == np.flatnonzero(out).tolist()


def test_a_glif_without_parts_is_a_lif():
    rng = np.random.default_rng(1)
    weights, bias = rng.normal(size=(9, 5)), rng.normal(size=(1, 9)) / 4
    frames = (rng.random((50, 5)) < 0.4).astype(np.float32)
    networks = [alone(cell, bias, weights) for cell in (LIF(9, 0.8, 0.9, -0.1), GLIF(9, 0.9, 0.8, -0.1))]
    outputs = [execute(network, [frames])[1][0] for network in networks]
    assert outputs[0].sum() > 20 and (outputs[0] == outputs[1]).all()
    assert networks[0].digest != networks[1].digest


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"leak": 1.5}, r"glif cell: leak: 1.5: leak is the share that is left after a step, 0 to 1"),
        ({"resets": "subtract"}, r"glif cell: resets: subtract: there is no such reset. .* by_subtraction"),
        ({"reset": 2.0}, r"glif cell: reset: 2.0: .* does not lie above threshold 1.0"),
        ({"refractory": 128}, r"glif cell: refractory: 128: a refractory period is 0 to 127 steps"),
        ({"own": ("tau",)}, r"glif cell: own: tau: this is no parameter that a neuron may have of its own"),
    ],
)
def test_impossible_neurons(fields, sentence):
    with pytest.raises(InputError, match=sentence):
        GLIF(2, **fields)


def test_impossible_integrators_and_delays():
    with pytest.raises(InputError, match=r"li cell: synapse: -0.5: synapse is the share"):
        LeakyIntegrator(2, synapse=-0.5)
    assert LeakyIntegrator(2, 0.25, own=("leak",)) == LeakyIntegrator(2, 0.75, own=["leak"])  # not read
    assert LeakyIntegrator(2, own=tuple(INTEGRATOR)).states == ("y", "i")
    with pytest.raises(InputError, match=r"delay|65536: a delay is 0 to 65,535 steps"):
        alone(GLIF(1), [[0.0]], np.ones((1, 1)), 65_536)
    edged = alone(GLIF(2), np.zeros((1, 2)), np.ones((2, 1)), 3, EDGEDRNN)
    assert edged.projections[0].delay == 3
