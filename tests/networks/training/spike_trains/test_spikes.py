"""Spikes of a layer against the cells that chips run, and what each spike did, exactly."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.networks.execute import execute
from deltasim.networks.training.spike_trains.as_network import as_network
from deltasim.networks.training.spike_trains.effects import effects, traces
from deltasim.networks.training.spike_trains.layer import Neuron, Spikes, Weights, fire, spikes_of
from deltasim.networks.training.spike_trains.network import Layer, drawn, run
from deltasim.networks.training.spike_trains.surrogate import unrolled
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import load_chip
from deltasim.simulator.simulate import simulate

NEURONS = st.builds(
    Neuron,
    threshold=st.sampled_from([0.25, 0.7, 2.0]),
    tau_m=st.sampled_from([4.0, 64.0, 100.0]),
    tau_s=st.sampled_from([2.0, 8.0]),
    refractory=st.integers(0, 3),
)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**16), first=NEURONS, second=NEURONS)
def test_a_network_on_chips_fires_the_very_spikes_that_training_saw(
    seed: int, first: Neuron, second: Neuron
) -> None:
    rng = np.random.default_rng(seed)
    stack = (Layer(7, first), Layer(9, second, recurrent=True), Layer(4, second))
    weights = drawn(6, stack, rng)
    frames = (rng.random((60, 6)) < 0.3).astype(np.float32)
    fired = run(stack, weights, spikes_of(frames))
    network = as_network("same", stack, weights)
    trace, (outputs,) = execute(network, [frames])
    np.testing.assert_array_equal(outputs, fired[-1].spikes.frames(4))
    sent = [len(one.spikes.neurons) - (one.spikes.neurons[one.spikes.bounds[-2] :].size) for one in fired]
    messages = np.bincount(trace.messages["projection"], minlength=len(network.projections))
    names = [projection.name for projection in network.projections]
    assert messages[names.index("layer_1->layer_1")] == messages[names.index("layer_1->layer_2")] == sent[1]
    assert messages[names.index("layer_0->layer_1")] == sent[0]


def test_both_engines_run_what_was_trained() -> None:
    rng = np.random.default_rng(3)
    stack = (Layer(20, Neuron(0.5)), Layer(16, Neuron(0.5), recurrent=True), Layer(3, Neuron(0.5)))
    network = as_network("both", stack, drawn(12, stack, rng))
    trace, (outputs,) = execute(network, [(rng.random((40, 12)) < 0.3).astype(np.float32)])
    assert outputs.sum() > 0
    chip = load_chip("mesh16")
    compiled, reference = (simulate(network, trace, chip, engine=engine) for engine in ("compiled", "simpy"))
    np.testing.assert_array_equal(compiled.counts, reference.counts)
    assert compiled.elapsed_ps == reference.elapsed_ps


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**16), neuron=NEURONS)
def test_effects_add_up_to_the_potentials_before_resets(seed: int, neuron: Neuron) -> None:
    """The reference's exact test of S-PSP."""
    rng = np.random.default_rng(seed)
    weights = Weights(rng.uniform(-1, 1, (6, 5)), rng.uniform(-1, 1, (5, 5)))
    sources = spikes_of(rng.random((80, 6)) < 0.3)
    did = fire(neuron, weights, sources)
    heard = effects(neuron, did.spikes, 5, traces(neuron, sources, 6))
    among = effects(neuron, did.spikes, 5, traces(neuron, did.spikes, 5))
    whole = (weights.forward.T * heard).sum(1) + (weights.recurrent.T * among).sum(1)
    np.testing.assert_allclose(whole, did.potentials, rtol=1e-12, atol=1e-12)
    assert (did.potentials >= neuron.threshold * did.spikes.counts(5) - 1e-6).all()
    assert (heard[did.spikes.counts(5) == 0] == 0).all() and (heard[:, sources.counts(6) == 0] == 0).all()


def test_an_effect_is_what_one_source_alone_would_have_done() -> None:
    """Every step of the two filters, with the resets that the neuron really had: no closed form."""
    rng = np.random.default_rng(5)
    neuron = Neuron(0.5, refractory=3)
    did = fire(
        neuron, Weights(rng.uniform(0, 1, (4, 2)), np.zeros((0, 2))), spikes_of(rng.random((90, 4)) < 0.3)
    )
    source = rng.random(90) < 0.2
    frames = did.spikes.frames(2)
    for i in range(2):
        c = v = total = waits = 0.0
        for step in range(1, 90):
            c = neuron.synapse * c + source[step - 1]
            v = neuron.leak * v + c / neuron.tau_s
            if waits:
                v, waits = 0.0, waits - 1
            if frames[step, i]:
                total, v, waits = total + v, 0.0, neuron.refractory
        found = effects(neuron, did.spikes, 2, traces(neuron, spikes_of(source[:, None]), 1))
        assert total > 0.5
        assert found[i, 0] == pytest.approx(total, rel=1e-12)


@pytest.mark.parametrize(("at", "effect"), [(1, 0.125), (2, 0.232422), (3, 0.324493)])
def test_effects_by_hand(at: int, effect: float) -> None:
    """Computed with the equations of the authors' code: a spike at 0, an output spike at 1, 2 or 3."""
    neuron = Neuron(tau_m=64, tau_s=8)
    source = Spikes(np.zeros(1, np.int32), np.array([0, 1, 1, 1, 1]))
    fired = spikes_of(np.arange(4)[:, None] == at)
    assert effects(neuron, fired, 1, traces(neuron, source, 1))[0, 0] == pytest.approx(effect, abs=5e-7)


def test_a_spike_is_heard_a_step_later_and_the_current_is_not_reset() -> None:
    """One strong spike: v passes the threshold again as soon as the refractory steps are over."""
    strong = Weights(np.array([[64.0]]), np.zeros((0, 1)))
    did = fire(Neuron(threshold=1.0, refractory=2), strong, spikes_of(np.arange(12)[:, None] == 0))
    assert np.flatnonzero(did.spikes.frames(1)[:, 0]).tolist() == [1, 4, 7, 10]


def test_unrolled_in_pytorch_the_counts_are_the_same() -> None:
    rng = np.random.default_rng(2)
    stack = (Layer(8, Neuron(0.5)), Layer(8, Neuron(0.5), recurrent=True))
    weights = drawn(6, stack, rng)
    frames = (rng.random((50, 3, 6)) < 0.3).astype(np.float32)
    matrices = [tuple(torch.from_numpy(m) for m in own) for own in weights]
    counts = unrolled(stack, matrices, torch.from_numpy(frames))  # type: ignore[arg-type]
    ours = [run(stack, weights, spikes_of(frames[:, k]))[-1].spikes.counts(8) for k in range(3)]
    assert np.sum(ours) > 20
    np.testing.assert_array_equal(counts.numpy(), ours)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Neuron(tau_s=6), "a power of two divides without rounding"),
        (lambda: Neuron(threshold=0), "threshold: 0: it is a finite number above 0"),
        (lambda: Neuron(tau_m=1), "tau_m: 1: it is a finite number above 1"),
        (lambda: Neuron(refractory=-1), "0 to 127 steps"),
    ],
)
def test_neurons_that_are_refused(make, sentence) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=sentence):
        make()
