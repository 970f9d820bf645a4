"""Searches that learn, by optuna's samplers in memory: genetic (NSGA-II), by densities (TPE), by Gaussian
processes (GP).

No state of a sampler is stored. Each generation has a new sampler with a seed of its own, over a study that
holds all points before it, so an interrupted search goes on with the points it would have tried.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from deltasim.exploration.searches.proposals import Ask, Outcome, Proposal, Task, seed_of
from deltasim.exploration.space.parameters import Choice
from deltasim.exploration.space.space import Values
from deltasim.runtime.errors import InputError

if TYPE_CHECKING:
    import optuna

GENERATION = {"nsga2": 32, "tpe": 16, "gp": 8}
"""Points of a generation."""

MISS = "miss"


@contextmanager
def quiet() -> Iterator[None]:
    """Within it, optuna says nothing."""
    import optuna

    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        optuna.logging.set_verbosity(level)


def ask_optuna(name: str, task: Task, budget: int) -> Ask:
    """A search by one of optuna's samplers. Errors: InputError where optuna is not installed."""
    if importlib.util.find_spec("optuna") is None:
        rule = "this search needs optuna, which is not installed"
        raise InputError("search", name, rule, "Run pip install 'deltasim[explore]'.")
    if name == "gp" and importlib.util.find_spec("torch") is None:
        rule = "Gaussian processes need PyTorch, which is not installed"
        raise InputError("search", name, rule, "Run pip install 'deltasim[explore,train]', or use tpe.")
    size = min(GENERATION[name], budget)
    search = Search(name, task, size)

    def ask(generation: int, told: Sequence[Outcome]) -> list[Proposal]:
        count = min(size, budget - len(told))
        with quiet():
            return search.ask(generation, told, count) if count > 0 else []

    return ask


class Search:
    """A study of optuna's in memory, filled from the points of ours."""

    def __init__(self, name: str, task: Task, size: int) -> None:
        import optuna

        self.name, self.task, self.size = name, task, size
        self.distributions = {parameter: self.distribution(parameter) for parameter in task.space.free}
        with quiet():
            self.study = optuna.create_study(directions=["minimize"] * task.objectives)
        self.told = 0
        self.asked: list[optuna.trial.Trial] = []

    def distribution(self, parameter: str) -> optuna.distributions.BaseDistribution:
        """What a parameter is to optuna: the place of a choice, a whole number or a real one."""
        from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

        found = self.task.space.free[parameter]
        if isinstance(found, Choice):
            last = len(found.values) - 1
            return IntDistribution(0, last) if found.ordered else CategoricalDistribution(range(last + 1))
        if found.whole:
            return IntDistribution(round(found.low), round(found.high), log=found.log)
        return FloatDistribution(found.low, found.high, log=found.log)

    def sampler(self, generation: int) -> optuna.samplers.BaseSampler:
        """A sampler of the kind asked for, with the seed of a generation."""
        from optuna.samplers import GPSampler, NSGAIISampler, TPESampler

        seed = seed_of(self.task.seed, generation)
        if self.name == "nsga2":
            return NSGAIISampler(population_size=self.size, seed=seed, constraints_func=misses)
        if self.name == "gp":
            return GPSampler(
                seed=seed,
                n_startup_trials=self.size,
                deterministic_objective=True,
                constraints_func=misses,
            )
        return TPESampler(n_startup_trials=self.size, seed=seed, constraints_func=misses)

    def ask(self, generation: int, told: Sequence[Outcome], count: int) -> list[Proposal]:
        """The points of a generation."""
        self.tell(told)
        self.study.sampler = self.sampler(generation)
        found = []
        for _ in range(count):
            trial = self.study.ask(self.distributions)
            asked = self.study.get_trials(deepcopy=False)[trial.number]
            sampler = {"params": dict(trial.params), "system": dict(asked.system_attrs)}
            found.append(Proposal(self.values(trial.params), sampler))
            self.asked.append(trial)
        return found

    def tell(self, told: Sequence[Outcome]) -> None:
        """Enter the points that are settled since: those asked for here, and those of an earlier process."""
        from optuna.trial import TrialState, create_trial

        for outcome in told[self.told :]:
            state = TrialState.FAIL if outcome.costs is None else TrialState.COMPLETE
            if self.asked:
                trial = self.asked.pop(0)
                trial.set_user_attr(MISS, outcome.miss)
                self.study.tell(trial, values=outcome.costs, state=state)
            else:
                sampler = outcome.proposal.sampler
                self.study.add_trial(
                    create_trial(
                        state=state,
                        values=outcome.costs,
                        params=sampler["params"],
                        distributions=self.distributions,
                        system_attrs={**sampler["system"], "constraints": [outcome.miss]},
                        user_attrs={MISS: outcome.miss},
                    )
                )
            self.told += 1

    def values(self, params: dict[str, Any]) -> Values:
        """What a point of optuna's gives each parameter."""
        found = self.task.space.free
        return {
            name: choice.values[params[name]]
            if isinstance(choice := found[name], Choice)
            else choice.written(params[name])
            for name in found
        }


def misses(trial: optuna.trial.FrozenTrial) -> tuple[float]:
    """By how much a point misses the constraints, as optuna asks for it."""
    return (float(trial.user_attrs[MISS]),)
