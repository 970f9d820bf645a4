"""What must hold at every step of every delta network, watched from outside through its trace."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.networks.builders.feed_forward import feed_forward
from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.cells import dense
from deltasim.networks.execute import execute
from deltasim.networks.numbers.arithmetic import FixedPoint, Q

seeds, thetas = st.integers(0, 2**16), st.sampled_from([0.0, 0.05, 0.3])
KINDS = st.sampled_from(["rnn", "gru", "lstm"])


def walk(rng, length, size):
    return np.cumsum(rng.normal(0, 0.2, (length, size)), axis=0).astype(np.float32)


def last_sent_by_step(network, trace, projection):
    """What ``projection`` last sent, after every step, summed up in double precision from its deltas."""
    sent = np.zeros((trace.steps, network.projections[projection].connection.source_size))
    for step in range(trace.steps):
        sent[step] = sent[step - 1] if step else 0
        messages = trace.step(step)
        own = messages[messages["projection"] == projection]
        sent[step, own["source"]] += own["delta"]
    return sent


@given(KINDS, seeds, thetas)
def test_no_encoder_is_ever_wrong_by_theta(kind, seed, theta):
    rng = np.random.default_rng(seed)
    network = random_stack(kind, 4, (6,), rng, theta=theta)
    frames = walk(rng, 25, 4)
    trace, (output,) = execute(network, [frames])
    before = np.concatenate([np.zeros((1, 6), np.float32), output[:-1]])
    for projection, values in ((0, frames), (1, before)):
        error = np.abs(last_sent_by_step(network, trace, projection) - values)
        assert (error < theta + 1e-6).all()
    assert (trace.messages["delta"] != 0).all()
    assert (np.abs(trace.messages["delta"]) >= np.float32(theta)).all()


@given(seeds, thetas)
def test_accumulator_is_weights_times_last_sent_plus_bias(seed, theta):
    """An identity population shows its accumulator: W @ last_sent + b, within theta * sum |W| of W x + b."""
    rng = np.random.default_rng(seed)
    weights, bias = rng.normal(size=(5, 7)), rng.normal(size=5)
    network = feed_forward((7,), [(dense.Parameters(weights, bias), "identity")], theta=theta)
    frames = walk(rng, 40, 7)
    trace, (output,) = execute(network, [frames])
    sent = last_sent_by_step(network, trace, 0)
    np.testing.assert_allclose(output, sent @ weights.T + bias, atol=2e-5)
    bound = theta * np.abs(weights).sum(axis=1) + 2e-5
    assert (np.abs(output - (frames @ weights.T + bias)) <= bound).all()


@given(seeds, thetas)
def test_in_fixed_point_the_accumulator_is_exact(seed, theta):
    """With room for every product bit, the running sum equals the matrix product in whole numbers."""
    rng = np.random.default_rng(seed)
    arithmetic = FixedPoint(weight=Q(2, 6), accumulator=Q(18, 14))
    network = random_stack("rnn", 7, (5,), rng, theta=theta, arithmetic=arithmetic)
    frames = walk(rng, 30, 7)
    trace, _ = execute(network, [frames])
    for projection in network.projections:
        index = network.projections.index(projection)
        accumulators = np.zeros((1, 5), np.int32)
        deltas = np.rint(trace.messages["delta"] * 256).astype(np.int32)
        own = trace.messages["projection"] == index
        sources = trace.messages["source"][own]
        projection.connection.integrate(accumulators, (0,), sources, deltas[own], arithmetic)
        sent = np.rint(last_sent_by_step(network, trace, index)[-1] * 256).astype(np.int64)
        assert (accumulators[0] == sent @ projection.connection.columns[:, 0].astype(np.int64)).all()


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
def test_a_constant_input_falls_silent(kind):
    network = random_stack(kind, 4, (8,), np.random.default_rng(2), theta=0.1)
    trace, _ = execute(network, [np.ones((60, 4), np.float32)])
    counts = np.diff(trace.step_bounds)
    assert counts[0] == 4  # the input once, the hidden state still at rest
    assert counts[-20:].sum() == 0


@given(KINDS, seeds)
def test_each_sequence_starts_afresh(kind, seed):
    rng = np.random.default_rng(seed)
    network = random_stack(kind, 3, (4,), rng, theta=0.05, bidirectional=bool(seed % 2), readout=2)
    sequences = [walk(rng, int(length), 3) for length in rng.integers(1, 9, 3)]
    trace, outputs = execute(network, sequences)
    for number, sequence in enumerate(sequences):
        alone, (output,) = execute(network, [sequence])
        assert (output == outputs[number]).all()
        assert alone.digest == trace.sequence(number).digest


@given(seeds)
def test_thresholds_may_differ_by_neuron(seed):
    rng = np.random.default_rng(seed)
    network = random_stack("gru", 4, (6,), rng)
    theta = rng.uniform(0, 0.5, 4)
    network = network.with_thresholds({"input->gru_0": theta, "recurrent": np.full(6, 9.0)})
    trace, _ = execute(network, [walk(rng, 30, 4)])
    assert (trace.messages["projection"] == 0).all()  # nothing in the hidden state ever changes by 9
    assert (np.abs(trace.messages["delta"]) >= theta.astype(np.float32)[trace.messages["source"]]).all()
