"""Mutations: what they promise of the change of outputs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.networks.evolution.feed_forward import Layers
from deltasim.networks.evolution.mutation import MUTATIONS, divisor, mutated
from deltasim.networks.evolution.recurrent import Stack
from deltasim.networks.evolution.sensitivity import SENSITIVITIES
from deltasim.runtime.arrays import Numbers
from deltasim.runtime.errors import InputError

STACK = Stack("rnn", 1, 4, 2, 2)


def brood(seed: int) -> tuple[Numbers, Numbers, Numbers]:
    rng = np.random.default_rng(seed)
    parents = np.stack([2 * STACK.drawn(rng) for _ in range(3)])
    return parents, rng.standard_normal(parents.shape), rng.standard_normal((3, 6, 4, 1))


def test_a_sensitivity_of_0_becomes_1_before_small_ones_become_a_hundredth() -> None:
    assert divisor(np.array([0.0, 0.001, 0.01, 3.0])).tolist() == [1.0, 0.01, 0.01, 3.0]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(1e-4, 1e-2))
def test_sm_r_moves_the_outputs_by_its_magnitude(seed: int, magnitude: float) -> None:
    parents, noise, samples = brood(seed)
    children = mutated(STACK, "sm-r", parents, noise, samples, magnitude)
    before, after = (STACK.outputs_on(genomes, samples) for genomes in (parents, children))
    moved = ((after - before) ** 2).mean((1, 2))
    assert (moved < magnitude).all()
    step = children - parents
    cosine = (step * noise).sum(1) / np.linalg.norm(step, axis=1) / np.linalg.norm(noise, axis=1)
    np.testing.assert_allclose(cosine, 1)
    longer = parents + 1.01 * step  # a length that would have been too long, or all were tried
    reached = ((STACK.outputs_on(longer, samples) - before) ** 2).mean((1, 2)) >= magnitude
    assert (reached | (np.linalg.norm(step, axis=1) >= 0.25 * 2**13)).all()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(list(SENSITIVITIES)))
def test_sm_g_divides_the_same_noise_by_the_sensitivities(seed: int, name: str) -> None:
    parents, noise, samples = brood(seed)
    children = mutated(STACK, name, parents, noise, samples, 0.1)
    found = SENSITIVITIES[name](STACK.derivatives(parents, samples), noise)
    np.testing.assert_allclose((children - parents) * divisor(found), 0.1 * noise, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", MUTATIONS)
def test_each_child_follows_from_its_own_parent_alone(name: str) -> None:
    parents, noise, samples = brood(1)
    whole = mutated(STACK, name, parents, noise, samples, 0.01)
    alone = mutated(STACK, name, parents[1:2], noise[1:2], samples[1:2], 0.01)
    np.testing.assert_allclose(whole[1], alone[0], rtol=1e-12)


def test_a_safe_mutation_spares_what_matters() -> None:
    """A weight that moves the outputs a thousand times more is moved a thousand times less."""
    layers = Layers((2, 1))
    parents, samples = np.zeros((1, 3)), np.array([[[1.0, 0.001], [1.0, 0.001]]])
    change = mutated(layers, "sm-g-abs", parents, np.ones((1, 3)), 4 * samples, 0.1) - parents
    assert change[0].round(6).tolist() == [0.1, 10.0, 0.4]


def test_an_unknown_mutation_gets_the_nearest_name() -> None:
    with pytest.raises(InputError, match=r"sm-g-sun: there is no such mutation. Did you mean sm-g-sum\?"):
        mutated(STACK, "sm-g-sun", *brood(0), 0.1)
