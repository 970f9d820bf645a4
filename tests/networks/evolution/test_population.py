"""The population: what follows from a seed, what a child replaces, and where an evolution ends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.networks.evolution.feed_forward import Layers
from deltasim.networks.evolution.population import (
    Evaluated,
    Evolved,
    Job,
    Made,
    Plan,
    begun,
    contests,
    evolve,
    here,
    round_of,
)
from deltasim.runtime.arrays import Numbers
from deltasim.runtime.errors import InputError

ONE_WEIGHT = Layers((1, 1))


@dataclass(frozen=True, eq=False)
class Far:  # a task
    """Fitness is how far the first weight has moved from 0, below ``enough`` at most."""

    enough: float = np.inf
    model: Layers = ONE_WEIGHT
    name: str = "far"
    until_solved: bool = True
    job: int = 3

    def described(self) -> dict[str, Any]:
        return {"name": self.name, "enough": str(self.enough)}

    def drawn(self, rng: np.random.Generator) -> Numbers:
        return np.concatenate([rng.standard_normal(2), [0.0]])  # and a number of the task's own

    def evaluate(self, genomes: Numbers) -> Evaluated:
        return Evaluated(
            genomes[:, 0].astype(float), genomes[:, 0] > self.enough, np.ones((len(genomes), 4, 1))
        )


PLAN = Plan("plain", 0.1, seed=3, budget=60, size=20, brood=7)


def same(one: Evolved, other: Evolved) -> bool:
    arrays = ("genomes", "fitness", "met", "best")
    plain = ("evaluations", "best_fitness", "solved_at", "curve")
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in arrays) and all(
        getattr(one, name) == getattr(other, name) for name in plain
    )


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 100), st.integers(1, 25), st.sampled_from(["plain", "sm-r", "sm-g-abs"]))
def test_the_order_in_which_jobs_are_done_changes_nothing(seed: int, brood: int, mutation: str) -> None:
    plan = replace(PLAN, seed=seed, brood=brood, mutation=mutation)

    def backwards(jobs: Sequence[Job]) -> Iterator[tuple[int, Made]]:
        return iter(reversed(list(here(Far(), plan)(jobs))))

    for one, other in zip(evolve(Far(), plan), evolve(Far(), plan, backwards), strict=True):
        assert same(one, other)


def test_what_goes_on_from_a_state_ends_like_what_was_never_stopped() -> None:
    states = list(evolve(Far(), PLAN))
    for state in states[:-1]:
        *_, last = evolve(Far(), PLAN, state=state)
        assert same(last, states[-1])
    assert states[-1].evaluations == PLAN.budget


def test_a_child_takes_the_place_of_the_worst_of_its_parents_tournament() -> None:
    plan = replace(PLAN, brood=1)
    state = begun(Far(), plan, here(Far(), plan))
    drawn = contests(plan, 21, 1)[0]
    after = round_of(Far(), plan, here(Far(), plan), state)
    changed = np.flatnonzero((after.genomes != state.genomes).any(1))
    assert changed.tolist() == [drawn[np.argmin(state.fitness[drawn])]]
    parent = state.genomes[drawn[np.argmax(state.fitness[drawn])]]
    step = after.genomes[changed[0]] - parent
    assert 0 < np.abs(step[:2]).max() < 0.5  # plain, of deviation 0.1
    assert step[2] != 0  # the task's own number moves too


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 100))
def test_places_that_no_tournament_names_stay(seed: int) -> None:
    plan = replace(PLAN, seed=seed)
    state = begun(Far(), plan, here(Far(), plan))
    after = round_of(Far(), plan, here(Far(), plan), state)
    named = np.unique(contests(plan, 21, 7))
    others = np.setdiff1d(np.arange(plan.size), named)
    assert np.array_equal(after.genomes[others], state.genomes[others])
    assert after.fitness.max() >= state.fitness.max()  # the fittest of a tournament is never its worst


def test_an_evolution_ends_with_the_first_that_solves_the_task() -> None:
    task = Far(enough=2.5)
    *_, last = evolve(task, replace(PLAN, budget=5000))
    assert last.solved_at == last.evaluations < 5000
    assert task.evaluate(last.best[None]).solved.all()
    assert last.curve[-1] == (last.evaluations, last.best_fitness)
    assert [fitness for _, fitness in last.curve] == sorted(fitness for _, fitness in last.curve)


def test_without_that_end_it_uses_its_budget_and_says_when_it_was_solved() -> None:
    *_, last = evolve(Far(enough=0.5, until_solved=False), PLAN)
    assert last.evaluations == PLAN.budget
    assert last.solved_at is not None and last.solved_at < PLAN.budget


def test_a_network_whose_fitness_is_no_number_is_never_a_parent() -> None:
    class Broken(Far):
        def evaluate(self, genomes: Numbers) -> Evaluated:
            found = super().evaluate(genomes)
            return found._replace(fitness=np.where(genomes[:, 0] > 0.5, np.nan, found.fitness))

    *_, last = evolve(Broken(), PLAN)
    assert last.best[0] <= 0.5 and np.isfinite(last.best_fitness)
    assert not np.isnan(last.fitness).any()


def test_no_number_changes_by_more_than_the_clip() -> None:
    plan = replace(PLAN, brood=1, magnitude=100.0, clip=0.2)
    state = begun(Far(), plan, here(Far(), plan))
    after = round_of(Far(), plan, here(Far(), plan), state)
    drawn = contests(plan, 21, 1)[0]
    child = after.genomes[drawn[np.argmin(state.fitness[drawn])]]
    parent = state.genomes[drawn[np.argmax(state.fitness[drawn])]]
    np.testing.assert_allclose(np.abs(child - parent)[:2], 0.2, rtol=1e-5)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"mutation": "plane"}, r"plane: there is no such mutation. Did you mean plain\?"),
        ({"magnitude": 0.0}, "magnitude: 0.0: a mutation has a size above 0"),
        ({"magnitude": float("nan")}, "a mutation has a size above 0"),
        ({"budget": 20}, "budget: 20: the first population alone is 20"),
        ({"tournament": 1}, "the best of at least two is chosen"),
        ({"size": 4}, "a population holds a tournament"),
        ({"seed": -1}, "a seed is at least 0"),
        ({"brood": 0}, "a round makes at least one child"),
        ({"clip": 0.0}, "a change may be above 0"),
        ({"own_magnitude": -1.0}, "a deviation is at least 0"),
    ],
)
def test_a_plan_that_is_none(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        replace(PLAN, **fields)


@pytest.mark.parametrize("mutation", ["sm-r", "sm-g-so"])
def test_a_safe_mutation_asks_for_no_trial_of_its_own(mutation: str) -> None:
    """As many networks are evaluated as there are children."""
    counted: list[int] = []

    class Counting(Far):
        def evaluate(self, genomes: Numbers) -> Evaluated:
            counted.append(len(genomes))
            return super().evaluate(genomes)

    *_, last = evolve(Counting(), replace(PLAN, mutation=mutation))
    assert sum(counted) == last.evaluations == PLAN.budget
