"""Which points are tried: all of them, points that fill the space evenly, or those that promise most."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from deltasim.exploration.searches.proposals import Ask, Outcome, Proposal, Task, seed_of
from deltasim.exploration.space.parameters import Choice
from deltasim.runtime.errors import InputError, nearest

MOST_GRID = 1_000_000


def grid(task: Task) -> Ask:
    """Every point, once."""
    if task.space.size == float("inf"):
        name = next(name for name, found in task.space.free.items() if not isinstance(found, Choice))
        rule = "a grid has values to take one by one, not a range"
        raise InputError(
            f"parameters.{name}", "a range", rule, "Give it a step or a count, or search: sobol."
        )
    size = int(task.space.size)
    most = MOST_GRID if task.budget is None else task.budget
    if size > most:
        rule = f"the grid has {size:,} points"
        raise InputError("budget", f"{most:,}", rule, "Give a larger budget, or search: sobol.")
    return lambda generation, _: [Proposal(values) for values in task.space.grid()] if generation == 0 else []


def budget_of(task: Task, search: str) -> int:
    """How many points may be tried. Errors: InputError where a study does not say."""
    if task.budget is None:
        raise InputError(
            "budget", "none", f"search {search} tries as many points as it may", "Add budget: 200."
        )
    return task.budget


def filling(task: Task, shares: Callable[[int, int, int], Any]) -> Ask:
    """Points that fill the space, all at once; ``shares(dimensions, count, seed)`` are in 0 .. 1."""
    count, dimensions = budget_of(task, "of this kind"), max(1, len(task.space.free))

    def ask(generation: int, _: Sequence[Outcome]) -> list[Proposal]:
        if generation:
            return []
        rows = np.asarray(shares(dimensions, count, seed_of(task.seed, 0)))[:count, : len(task.space.free)]
        return [Proposal(task.space.at(row)) for row in rows]

    return ask


def sobol(task: Task) -> Ask:
    """A scrambled Sobol sequence: its first points are those of any longer one."""

    def shares(dimensions: int, count: int, seed: int) -> Any:
        from scipy.stats import qmc

        return qmc.Sobol(dimensions, seed=seed).random_base2(max(0, (count - 1).bit_length()))

    return filling(task, shares)


def latin(task: Task) -> Ask:
    """A Latin hypercube: along each parameter one point in each of as many equal parts."""

    def shares(dimensions: int, count: int, seed: int) -> Any:
        from scipy.stats import qmc

        return qmc.LatinHypercube(dimensions, seed=seed).random(count)

    return filling(task, shares)


def sampled(name: str) -> Callable[[Task], Ask]:
    """A search that learns from the points before, by optuna."""

    def search(task: Task) -> Ask:
        from deltasim.exploration.searches.sampled import ask_optuna

        return ask_optuna(name, task, budget_of(task, name))

    return search


def mapping(task: Task) -> Ask:
    """A mapping is searched, by what the simulator says of those before."""
    from deltasim.exploration.searches.mapping import ask_mapping

    return ask_mapping(task.space.free, budget_of(task, "mapping"), task.seed, task.layout)


SEARCHES: dict[str, Callable[[Task], Ask]] = {
    "grid": grid,
    "sobol": sobol,
    "latin": latin,
    "nsga2": sampled("nsga2"),
    "tpe": sampled("tpe"),
    "gp": sampled("gp"),
    "mapping": mapping,
}


def points_of(name: str, task: Task) -> int | None:
    """How many points a search tries; None where a larger budget goes on with the same study."""
    if name == "grid":
        return int(task.space.size)
    return task.budget if name == "latin" else None


def search_of(name: str, task: Task) -> Ask:
    """A search by its name. Errors: InputError for one there is not, or one that cannot search this space."""
    if name not in SEARCHES:
        raise InputError("search", name, "there is no such search", nearest(name, SEARCHES))
    return SEARCHES[name](task)


def generations(ask: Ask, told: list[Outcome]) -> Iterator[tuple[int, Sequence[Proposal]]]:
    """The generations of a search; whoever takes one adds its outcomes to ``told`` before the next."""
    generation = 0
    while proposals := ask(generation, told):
        yield generation, proposals
        generation += 1
