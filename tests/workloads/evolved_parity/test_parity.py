"""Parity: what is asked, what fitness is, and that networks run elsewhere as they were evolved."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.networks.evolution.recurrent import Stack
from deltasim.networks.execute import execute
from deltasim.runtime.arrays import Numbers
from deltasim.workloads.evolved_parity.parity import PARITY, SEQUENCES, Joules, Parity, correct

STACKS = [Stack("rnn", 1, 5, 2, 2), Stack("gru", 1, 4, 2, 2)]


def test_all_sequences_and_their_parity() -> None:
    bits = ["".join(str(int(bit)) for bit in sequence[:, 0]) for sequence in SEQUENCES]
    assert bits == [f"{number:04b}" for number in range(16)]
    assert PARITY.tolist() == [text.count("1") % 2 for text in bits]


def joules(stack: Stack, weight: float = 0.5) -> Joules:
    return Joules(tuple(np.arange(1.0, size + 1) for size in stack.sources), weight)


def drawn(task: Parity, seed: int, scale: float = 3.0) -> Numbers:
    rng = np.random.default_rng(seed)
    return (scale * np.stack([task.drawn(rng) for _ in range(3)])).astype(np.float32)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(STACKS), st.integers(0, 10_000))
def test_an_exported_network_computes_and_sends_what_evolution_saw(stack: Stack, seed: int) -> None:
    """Executed event by event, by nothing of evolution: outputs, and messages count for count."""
    task = Parity(stack, joules(stack))
    genomes = drawn(task, seed)
    run = task.run(genomes)
    sequences = [sequence.astype(np.float32) for sequence in SEQUENCES]
    network = task.network(genomes[1], "evolved")
    trace, outputs = execute(network, sequences)
    logits = np.array([values[-1] for values in outputs], np.float64)
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_allclose(run.probabilities[1], shares, atol=1e-5)
    for number, projection in enumerate(network.projections):
        sent = np.bincount(
            trace.messages["source"][trace.messages["projection"] == number],
            minlength=run.sent[number].shape[1],
        )
        assert run.sent[number][1].tolist() == sent.tolist(), projection.name


@pytest.mark.parametrize("stack", STACKS)
def test_thresholds_of_0_change_nothing(stack: Stack) -> None:
    plain = Parity(stack)
    genomes = drawn(plain, 1)
    none = np.zeros((3, stack.projections), np.float32)
    dense, held = (stack.run(genomes, SEQUENCES, thetas) for thetas in (None, none))
    np.testing.assert_array_equal(dense.probabilities, held.probabilities)


def test_fitness_is_the_mean_log_probability_of_what_is_right() -> None:
    task = Parity(STACKS[0])
    genomes = drawn(task, 2)
    found = task.evaluate(genomes)
    y = task.run(genomes).probabilities
    for network in range(3):
        logs = [np.log(y[network, place, int(PARITY[place])]) for place in range(16)]
        assert found.fitness[network] == pytest.approx(np.mean(logs), abs=1e-6)
    assert found.solved.tolist() == (correct(task.run(genomes)) == 16).tolist()


def test_joules_are_the_share_of_what_sending_everything_costs() -> None:
    stack = STACKS[0]
    task = Parity(stack, joules(stack, 0.5))
    genomes = drawn(task, 3)
    genomes[:, -stack.projections :] = 1e9  # nothing is worth a message
    without = Parity(stack).evaluate(np.zeros((1, stack.parameters), np.float32))
    assert task.joules is not None and task.joules.share(task.run(genomes)).tolist() == [0, 0, 0]
    one = genomes[:1].copy()
    one[0, -stack.projections] = 0  # every bit that changes is: 16 sequences, from 0
    changes = sum(int((np.diff([0, *sequence[:, 0]]) != 0).sum()) for sequence in SEQUENCES)
    every = 16 * 4 * sum(price.sum() for price in task.joules.prices)
    assert task.joules.share(task.run(one))[0] == pytest.approx(changes / every)
    zero = np.zeros((1, stack.parameters + stack.projections), np.float32)
    assert task.evaluate(zero).fitness[0] == pytest.approx(without.fitness[0] - 0.5 * changes / every)
    assert not task.until_solved
