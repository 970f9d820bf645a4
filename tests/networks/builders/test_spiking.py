"""Spiking networks: against a dense reference, beside delta populations, and the sentences of their rules."""

import math
import re
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.networks.builders.spiking import random_spiking
from deltasim.networks.cells import GRU, LIF, Dense, Input
from deltasim.networks.connections import AllToAll, Sparse
from deltasim.networks.execute import execute
from deltasim.networks.graph import Network, Population, Projection
from deltasim.networks.numbers.arithmetic import FixedPoint, Q, quantise
from deltasim.networks.numbers.quantise import quantised
from deltasim.runtime.errors import InputError

seeds = st.integers(0, 2**16)


def matrix(connection):
    """A sparse connection as a plain (target, source) matrix of real numbers."""
    whole = np.zeros((connection.target_size, connection.source_size))
    for source in range(connection.source_size):
        words = slice(connection.pointer[source], connection.pointer[source + 1])
        whole[connection.targets[words], source] = connection.weights[words]
    return whole


def spikes_by_step(trace, projection, size):
    """Who fired, from the trace: (steps, size), as received one step later."""
    own = trace.messages[trace.messages["projection"] == projection]
    fired = np.zeros((trace.steps, size))
    fired[own["step"], own["source"]] = own["delta"]
    return fired


@given(seeds, st.sampled_from([0.0, 0.5, 0.875, 1.0]), st.sampled_from([1, 2]))
def test_against_matrix_products(seed, leak, areas):
    """Weights in grains and sums of few terms: double precision and float32 agree to the bit."""
    rng = np.random.default_rng(seed)
    network = random_spiking(40, 8, 0.2, rng, inputs=5, leak=leak, areas=areas)
    frames = (rng.random((30, 5)) < 0.3).astype(np.float32)
    trace, (output,) = execute(network, [frames])
    v = {p.name: np.zeros(p.size) for p in network.populations}
    fired = {p.name: np.zeros(p.size) for p in network.populations}
    for step, frame in enumerate(frames):
        before = fired | {"input": frame}
        fired = {}
        for population in network.populations[1:]:
            received = sum(
                matrix(p.connection) @ before[p.source]
                for p in network.projections
                if p.target == population.name
            )
            new = np.float32(np.float32(leak) * np.float32(v[population.name])) + np.float32(
                population.bias[0] + received
            )
            fired[population.name] = (new > 1.0).astype(float)
            v[population.name] = np.where(new > 1.0, 0.0, new)
        assert (output[step] == fired[network.outputs[0]]).all()
    assert (trace.messages["delta"] == 1).all()
    last = len(network.projections) - 1
    shown = spikes_by_step(trace, last, network.populations[-1].size)
    if network.projections[last].source == network.outputs[0]:
        assert (shown[1:] == output[:-1]).all()  # every spike is received one step later
    assert not shown[0].any()


@given(
    seeds,
    st.sampled_from([0.3, 0.75, 1.0]),
    st.sampled_from([Q(9, 15), Q(4, 8), Q(3, 5)]),
    st.sampled_from([Q(1, 7), Q(3, 11)]),
)
def test_every_bit_in_fixed_point(seed, leak, accumulator, weight):
    """Against whole numbers and fractions of Python's own."""
    rng = np.random.default_rng(seed)
    arithmetic = FixedPoint(weight=weight, accumulator=accumulator)
    network = random_spiking(12, 4, 0.3, rng, leak=leak, coupling=1.5)
    lif = replace(network.populations[1], cell=LIF(12, 0.9, leak, -0.3))
    network = quantised(replace(network, populations=(network.populations[0], lif)), arithmetic)
    _, (output,) = execute(network, [np.ones((12, 1), np.float32)])
    fine = 2**accumulator.fraction
    kept = Fraction(round(leak * 2**15), 2**15)
    words = [[int(w) for w in row] for row in matrix(network.projections[1].connection)]
    given_in = matrix(network.projections[0].connection)[:, 0]
    v, fired = [0] * 12, [0] * 12
    for step in range(12):
        for n in range(12):
            total = int(network.populations[1].bias[0, n])
            received = [int(given_in[n])] + [words[n][s] for s in range(12) if fired[s]]
            for word in received:
                product = round(Fraction(word, 2**weight.fraction) * fine)  # Python rounds half to even
                total = max(accumulator.lowest, min(accumulator.highest, total + product))
            total += round(kept * v[n])
            v[n] = max(accumulator.lowest, min(accumulator.highest, total))
        fired = [int(Fraction(x, fine) > Fraction(0.9)) for x in v]
        v = [int(quantise(-0.3, accumulator)) if f else x for f, x in zip(fired, v, strict=True)]
        assert output[step].tolist() == fired


def given_network(*populations, projections, arithmetic=None):
    made = (Population("input", Input(3)), *populations)
    rest = {} if arithmetic is None else {"arithmetic": arithmetic}
    return Network("test", made, projections, (made[-1].name,), **rest)


def lif(name="lif", size=3, **rest):
    return Population(name, LIF(size, 0.5, 0.0), np.zeros((1, size), np.float32), **rest)


def dense(name="readout", size=3, **rest):
    return Population(name, Dense(size), np.full((1, size), 0.25, np.float32), **rest)


def link(source, target, weights=None, **rest):
    words = np.eye(3, dtype=np.float32) if weights is None else weights
    return Projection(source, target, Sparse.from_matrices(words), **rest)


INTO = link("input", "lif")


def test_a_dense_readout_shows_the_spikes_of_the_step_before():
    """Its accumulators start anew, so it shows what it receives in this step and no running sum."""
    network = given_network(
        lif(), dense(), projections=(INTO, link("lif", "readout", 2 * np.eye(3), delay=1))
    )
    frames = np.float32([[1, 0, 0], [1, 1, 0], [0, 0, 0], [0, 0, 0]])
    trace, (output,) = execute(network, [frames])
    assert (output == 0.25 + 2 * np.concatenate([np.zeros((1, 3)), frames[:-1]])).all()
    assert [m.item()[:3] for m in trace.messages[trace.messages["projection"] == 1]] == [
        (1, 1, 0), (2, 1, 0), (2, 1, 1),
    ]  # fmt: skip
    assert trace.messages["delta"].tolist() == [1.0] * 6


def test_real_values_reach_spiking_neurons_as_they_are():
    """An input above its threshold is an event of its own value at every step, changed or not."""
    network = given_network(lif(), projections=(replace(INTO, theta=0.3),))
    trace, (output,) = execute(network, [np.float32([[0.6, 0.2, -0.4]] * 3)])
    assert trace.messages["source"].tolist() == [0, 2] * 3
    assert trace.messages["delta"].tolist() == np.float32([0.6, -0.4] * 3).tolist()
    assert output.tolist() == [[1, 0, 0]] * 3


def test_delta_populations_drive_spiking_ones():
    network = given_network(
        dense("analogue"), lif(), projections=(link("input", "analogue"), link("analogue", "lif"))
    )
    trace, (output,) = execute(network, [np.float32([[0.5, 0, -0.25]] * 2)])
    assert [m.item() for m in trace.messages] == [
        (0, 0, 0, 0.5), (0, 0, 2, -0.25), (0, 1, 0, 0.75), (0, 1, 1, 0.25),
        (1, 1, 0, 0.75), (1, 1, 1, 0.25),  # the input has not changed, its event comes again
    ]  # fmt: skip
    assert output.tolist() == [[1, 0, 0]] * 2


SPIKES = link("lif", "readout", delay=1)
FAULTS = {
    "network test: projection lif->readout: pass 1: spikes of pass 0 are received in their own pass. "
    "Put readout into the same pass.": ((lif(), dense(pass_number=1)), (INTO, SPIKES)),
    "network test: projection lif->readout: theta: 1.5: a spike is 1, so a threshold above 1 keeps every "
    "spike back. Give 0.": ((lif(), dense()), (INTO, replace(SPIKES, theta=1.5))),
    "network test: population readout: spikes of lif, deltas of input: a population receives spikes or "
    "deltas: deltas add up over the steps, spikes do not. Let the spikes pass through a Dense population of "
    "their own.": (
        (lif(), dense()), (INTO, SPIKES, link("input", "readout")),
    ),
}  # fmt: skip


@pytest.mark.parametrize("sentence", FAULTS)
def test_faults(sentence):
    populations, projections = FAULTS[sentence]
    with pytest.raises(InputError, match=f"^{re.escape(sentence)}$"):
        given_network(*populations, projections=projections)


def test_a_gated_cell_cannot_receive_spikes_beside_its_own_deltas():
    gru = Population("gru", GRU(3), np.zeros((4, 3), np.float32))
    words = AllToAll(np.zeros((3, 3, 3), np.float32))
    links = (INTO, Projection("lif", "gru", words, delay=1), Projection("gru", "gru", words, "recurrent", 1))
    with pytest.raises(
        InputError, match="population gru: spikes of lif, deltas of gru: a population receives"
    ):
        given_network(lif(), gru, projections=links)


def test_a_spike_fits_the_activation_format():
    network = given_network(lif(), projections=(INTO,))
    with pytest.raises(InputError, match=r"Q1.7: a spike is 1, and activations of Q1.7 end at 0.9922. Use"):
        quantised(network, FixedPoint(activation=Q(1, 7)))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"areas": 3}, "64 neurons, fan-out 8: each of 3 areas holds a whole number of neurons"),
        ({"reach": 4}, "64 neurons, fan-out 8"),
        ({"rate": 1.0}, "rate: 1.0: a rate is the share of steps in which a neuron fires"),
    ],
)
def test_impossible_random_networks(fields, sentence):
    with pytest.raises(InputError, match=sentence):
        random_spiking(**({"neurons": 64, "fan_out": 8, "rate": 0.1} | fields), rng=np.random.default_rng(0))


@given(seeds, st.sampled_from([1, 2, 4]), st.sampled_from([None, 9]))
def test_random_networks_have_the_synapses_asked_for(seed, areas, reach):
    network = random_spiking(64, 8, 0.2, np.random.default_rng(seed), areas=areas, reach=reach)
    recurrent = [p.connection for p in network.projections if p.role == "recurrent"]
    assert sum(connection.weight_words for connection in recurrent) == 64 * 8
    for connection in recurrent:
        spans = [np.ptp(column) for column in connection.targets.reshape(connection.source_size, -1)]
        assert max(spans) < (reach or connection.target_size)
        assert (connection.weights * 4096 == np.rint(connection.weights * 4096)).all()


@pytest.mark.parametrize("rate", [0.05, 0.18, 0.4])
def test_random_networks_fire_about_as_often_as_asked(rate):
    network = random_spiking(512, 32, rate, np.random.default_rng(1))
    trace, _ = execute(network, [np.zeros((300, 1), np.float32)])
    assert math.isclose(len(trace.messages) / (300 * 512), rate, rel_tol=0.3)
