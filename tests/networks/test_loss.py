"""Lossy projections: who loses what, and what a receiver makes of the rest."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.networks.builders.recurrent import random_parameters, random_stack, stack
from deltasim.networks.execute import execute
from deltasim.networks.files.cached_execution import executed
from deltasim.networks.files.network import load_network, save_network
from deltasim.networks.files.trace_folder import open_trace, store_trace
from deltasim.networks.loss import Loss, lost_elements
from deltasim.networks.numbers.arithmetic import FixedPoint
from deltasim.networks.numbers.quantise import quantised
from deltasim.networks.trace import Trace, dense_trace, random_trace
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import load_chip
from deltasim.simulator.simulate import ENGINES, simulate
from tests.simulator.random_networks import losses, networks
from tests.simulator.strategies import inputs_of


def lossy(network, *channels):
    """The network with a channel for each projection, or None."""
    joined = zip(network.projections, channels, strict=True)
    return replace(network, projections=tuple(replace(p, loss=loss) for p, loss in joined))


def plain_rnn(theta=0.0, seed=0):
    rng = np.random.default_rng(seed)
    weights = random_parameters("rnn", 3, 5, rng)
    return weights, stack("rnn", 3, (5,), [weights], theta_x=theta, theta_h=theta)


def frames_of(length, seed=1, size=3):
    return np.random.default_rng(seed).normal(size=(length, size)).astype(np.float32)


def test_a_network_without_loss_keeps_its_digest_and_its_trace():
    """Digests of a network and a trace as they were before projections could lose messages."""
    network = random_stack("gru", 4, (6,), np.random.default_rng(0), theta=0.1)
    trace, _ = execute(network, [np.ones((3, 4), np.float32)])
    assert network.digest == "24f15e86c438979f80d31caa97a935fbf9a4a92ad50c590cbcd6608aa263d9dc"
    assert trace.digest == "e1aad128ff8e8d9b256205d85b2490e97966cfcb267f50baa7170951c2a955d3"


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_a_channel_that_loses_nothing_changes_nothing(data):
    """Bit for bit the same outputs and senders, of every cell and arithmetic, carrying values or deltas."""
    network = data.draw(networks())
    frames = data.draw(inputs_of(network))
    channel = st.sampled_from([Loss(0.0, 3), Loss(0.0, 3, "deltas")])
    chosen = [
        Loss(0.0, 3) if network.sends_events(number) else data.draw(channel)
        for number in range(len(network.projections))
    ]
    plain, expected = execute(network, frames)
    trace, found = execute(lossy(network, *chosen), frames)
    for one, other in zip(found, expected, strict=True):
        assert one.tobytes() == other.tobytes()
    assert not trace.lost.size
    named = ["step", "projection", "source"]
    assert trace.messages[named].tolist() == plain.messages[named].tolist()


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_what_is_lost_is_what_was_drawn(data):
    """Element for element, from execute and of made-up traces, over several passes and sequences."""
    network = data.draw(networks().flatmap(losses))
    frames = data.draw(inputs_of(network))
    lengths = [len(sequence) for sequence in frames]
    made = execute(network, frames)[0], dense_trace(network, lengths)
    for trace in (*made, random_trace(network, lengths, 0.5, np.random.default_rng(0))):
        lost = set(trace.lost.tolist())
        for place, (step, number, source, _) in enumerate(trace.messages.tolist()):
            loss = network.projections[number].loss
            drawn = loss is not None and lost_elements(loss, step, 1, source + 1)[0, source]
            assert (place in lost) == drawn
        assert len(trace.arrived) == len(trace.messages) - len(lost)


@pytest.mark.parametrize("probability", [0.0, 0.1, 0.5, 1.0])
def test_as_many_are_lost_as_the_probability_says(probability):
    """200,000 draws, within five standard deviations; neighbours in time and place independent."""
    lost = lost_elements(Loss(probability, seed=11), 0, 2000, 100).astype(float)
    spread = (probability * (1 - probability) / lost.size) ** 0.5
    assert abs(lost.mean() - probability) <= 5 * spread
    if spread:
        for one, other in ((lost[1:], lost[:-1]), (lost[:, 1:], lost[:, :-1])):
            assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 0.015


def test_a_receiver_holds_the_last_value_that_reached_it():
    """Against a plain recurrent network that is told which values arrive, written here once more."""
    weights, network = plain_rnn()
    to_input, to_state = Loss(0.4, 5), Loss(0.4, 6)
    inputs = frames_of(40)
    _, (found,) = execute(lossy(network, to_input, to_state), [inputs])
    heard_x, heard_h, h = np.zeros(3), np.zeros(5), np.zeros(5)
    gone_x, gone_h = (lost_elements(to_input, 0, 40, 3), lost_elements(to_state, 0, 40, 5))
    for step, x in enumerate(inputs):
        heard_x = np.where(gone_x[step], heard_x, x)
        heard_h = np.where(gone_h[step], heard_h, h)
        h = np.tanh(weights.w_input[0] @ heard_x + weights.w_recurrent[0] @ heard_h + weights.bias[0])
        np.testing.assert_allclose(found[step], h, atol=2e-6)


def test_a_lost_delta_stays_missing_and_a_lost_value_does_not():
    """Inputs that move on for 30 steps over a channel that loses, then a new value for each, not lost.

    Values make good what was lost with the next message; deltas only with the next refresh.
    """
    weights, network = plain_rnn()
    inputs = frames_of(40)
    seed = next(s for s in range(999) if not lost_elements(Loss(0.1, s), 30, 10, 3).any())
    sums = inputs @ weights.w_input[0].T + weights.bias[0]
    only_input = replace(network, projections=network.projections[:1])

    def error(carries, refresh):
        _, (found,) = execute(lossy(only_input, Loss(0.1, seed, carries, refresh)), [inputs])
        return np.abs(found - np.tanh(sums)).max(axis=1)

    assert error("values", 0)[30:].max() < 1e-6
    assert error("deltas", 1000)[30:].min() > 1e-3
    assert error("deltas", 35)[35:].max() < 1e-6 < 1e-3 < error("deltas", 35)[30:35].min()


def test_a_refresh_sends_every_element_as_a_value():
    """Its threshold keeps all back otherwise; an infinite one always."""
    _, network = plain_rnn(theta=9.0)
    silent = network.with_thresholds({"input": np.array([9.0, np.inf, 9.0])})
    for other in (silent, quantised(silent, FixedPoint())):
        sent = execute(lossy(other, Loss(0.0, 1, "values", 4), None), [frames_of(10)])[0].messages
        assert sent["source"][sent["projection"] == 0].tolist() == [0, 2] * 2
    trace, _ = execute(lossy(network, Loss(0.0, 1, "values", 4), None), [frames_of(10)])
    sent = trace.messages[trace.messages["projection"] == 0]
    assert sent["step"].tolist() == [4, 4, 4, 8, 8, 8] and sent["source"].tolist() == [0, 1, 2] * 2
    assert sent["delta"].tolist() == frames_of(10)[[4, 8]].ravel().tolist()


@pytest.mark.parametrize("engine", ENGINES)
def test_deliveries_and_losses_make_up_the_fan_out(engine):
    """On paper: 3 inputs and 5 states a step, each to all 16 cores, and every second of three is lost."""
    network = lossy(random_stack("rnn", 3, (32,), np.random.default_rng(0)), Loss(0.5, 8), Loss(1.0, 9))
    chip, steps = load_chip("mesh16"), 6
    trace = dense_trace(network, [steps])
    ledger = simulate(network, trace, chip, engine=engine)
    lost = lost_elements(Loss(0.5, 8), 0, steps, 3).sum()
    arrived = 3 * steps - lost
    assert 0 < lost < 3 * steps and trace.lost.size == lost + 32 * steps
    assert ledger.total("core.send") == (3 + 32) * steps
    assert ledger.total("core.receive") == 16 * arrived
    assert ledger.total("core.mac") == 32 * arrived
    everything = simulate(replace_losses(network), dense_trace(replace_losses(network), [steps]), chip)
    assert ledger.total("link.flit") == everything.total("link.flit")  # lost where they would have arrived
    assert ledger.elapsed_ps < everything.elapsed_ps


def replace_losses(network):
    return lossy(network, *(None for _ in network.projections))


def test_losses_are_stored_with_trace_and_network(tmp_path):
    network = lossy(plain_rnn(0.1)[1], Loss(0.3, 1), Loss(0.2, 2, "deltas", 5))
    inputs = [frames_of(20), frames_of(7, 2)]
    trace, _ = execute(network, inputs)
    assert trace.lost.size
    save_network(network, tmp_path / "network")
    assert load_network(tmp_path / "network").losses == network.losses
    trace.save(tmp_path / "trace.npz")
    parts = [trace.sequence(0), trace.sequence(1)]
    store_trace(parts, tmp_path / "folder")
    again = [
        Trace.load(tmp_path / "trace.npz"),
        open_trace(tmp_path / "folder"),
        executed(network, inputs)[0],
    ]
    for found in (*again, executed(network, inputs)[0]):
        assert found.digest == trace.digest and found.lost.tolist() == trace.lost.tolist()
    first = len(parts[0].messages)
    assert trace.lost.tolist() == [*parts[0].lost, *(parts[1].lost + first)]


def test_a_trace_that_lost_something_else_is_another(tmp_path):
    trace = execute(lossy(plain_rnn()[1], Loss(0.5, 1), None), [frames_of(9)])[0]
    assert replace(trace, lost=trace.lost[1:]).digest != trace.digest
    for lost in (trace.lost[::-1], trace.lost + len(trace.messages), trace.lost.astype(np.float32)):
        replace(trace, lost=lost).save(tmp_path / "a.npz")
        with pytest.raises(InputError, match="what it lost is no"):
            Trace.load(tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("channel", "sentence"),
    [
        (Loss(1.5, 0), "probability: 1.5: the probability that a message is lost lies within 0 to 1"),
        (Loss(-0.1, 0), "probability: -0.1: the probability that a message is lost lies within 0 to 1"),
        (Loss(float("nan"), 0), "probability: nan: the probability that a message is lost"),
        (Loss("0.1", 0), "probability: 0.1: the probability that a message is lost"),
        (Loss(0.1, -1), "seed: -1: a seed is a whole number from 0 to"),
        (Loss(0.1, 0, "value"), "carries: value: a message carries values or deltas. Did you mean values"),
        (Loss(0.1, 0, "values", -2), "refresh: -2: elements are refreshed every so many steps"),
        (Loss(0.1, 0, "deltas"), "refresh: 0: a delta that is lost stays missing for ever"),
    ],
)
def test_impossible_channels(channel, sentence):
    with pytest.raises(InputError, match="projection input->rnn_0: loss: ") as caught:
        lossy(plain_rnn()[1], channel, None)
    assert sentence in str(caught.value)
