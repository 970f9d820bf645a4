"""A steady-state population: every child replaces a network that its parent was chosen against.

A round makes a brood of children from the population as it stands, in jobs of a fixed number of children
that any process may do; then they enter one after another. What is drawn for a child follows from the seed
and from the child's number, so nothing depends on how many processes there are, nor on where an evolution
was stopped and went on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from deltasim.networks.evolution.mutation import MUTATIONS, Model, mutated
from deltasim.runtime.arrays import Flags, Integers, Numbers
from deltasim.runtime.errors import InputError, nearest

SAMPLES = 100  # of what a parent met, drawn for its child's mutation
BROOD = 50  # children of a round


class Evaluated(NamedTuple):
    """What came of K networks: fitness (K,), more is better; whether each solved the task; what each met.

    ``met`` (K, S, ...) are the samples that a safe mutation of its children looks at.
    """

    fitness: Numbers
    solved: Flags
    met: Numbers


class Task(Protocol):
    """What networks are evolved for.

    A genome is the model's weights, and behind them any numbers of the task's own, which are mutated plainly.
    ``until_solved``: whether an evolution ends with the first network that solves the task. ``job``: how many
    children are made in one go. ``described`` says in plain types all that fitness follows from.
    """

    @property
    def name(self) -> str: ...

    @property
    def model(self) -> Model: ...

    @property
    def until_solved(self) -> bool: ...

    @property
    def job(self) -> int: ...

    def described(self) -> dict[str, Any]: ...

    def drawn(self, rng: np.random.Generator) -> Numbers: ...

    def evaluate(self, genomes: Numbers) -> Evaluated: ...


@dataclass(frozen=True)
class Plan:
    """How an evolution goes; all that its result follows from, beside the task.

    ``mutation`` one of `MUTATIONS`, ``magnitude`` its size, ``clip`` the largest change of a number (inf for
    none), ``own_magnitude`` the deviation of plain changes of the task's own numbers; ``budget`` evaluations
    in all, the first population's among them.
    """

    mutation: str
    magnitude: float
    seed: int = 0
    budget: int = 100_000
    size: int = 250
    tournament: int = 5
    brood: int = BROOD
    clip: float = np.inf
    own_magnitude: float = 0.05

    def __post_init__(self) -> None:
        rules: Sequence[tuple[str, bool, str, str]] = (
            ("magnitude", 0 < self.magnitude < np.inf, "a mutation has a size above 0", "Give one."),
            ("seed", self.seed >= 0, "a seed is at least 0", "Give one."),
            ("tournament", self.tournament >= 2, "the best of at least two is chosen", "Give 5."),
            ("size", self.size >= self.tournament, "a population holds a tournament", "Give 250."),
            ("brood", self.brood >= 1, "a round makes at least one child", f"Give {BROOD}."),
            ("clip", self.clip > 0, "a change may be above 0", "Give a number, or inf."),
            ("own_magnitude", 0 <= self.own_magnitude < np.inf, "a deviation is at least 0", "Give one."),
            ("budget", self.budget > self.size, f"the first population alone is {self.size}", "Give more."),
        )
        if self.mutation not in MUTATIONS:
            rule = "there is no such mutation"
            raise InputError("mutation", self.mutation, rule, nearest(self.mutation, MUTATIONS))
        for name, sound, rule, remedy in rules:
            if not sound:
                raise InputError(name, getattr(self, name), rule, remedy)


@dataclass(frozen=True, eq=False)
class Evolved:
    """Where an evolution is.

    ``genomes`` (N, P), ``fitness`` (N,) and ``met`` (N, S, ...) are the population; ``best`` (P,) the fittest
    genome so far, in the end the one that solved the task where that is the end; ``solved_at`` the number of
    the first evaluation that solved it, None for none yet; ``curve`` (evaluations, best fitness) wherever
    that rose.
    """

    genomes: Numbers
    fitness: Numbers
    met: Numbers
    evaluations: int
    best: Numbers
    best_fitness: float
    solved_at: int | None
    curve: tuple[tuple[int, float], ...]


class Made(NamedTuple):
    """The children of a job, and what came of them."""

    genomes: Numbers
    evaluated: Evaluated


class Job(NamedTuple):
    """K children to be made, the first of this number, of parents (K, P) that met samples (K, S, ...).

    None for both: they are drawn.
    """

    first: int
    size: int
    parents: Numbers | None
    met: Numbers | None


Each = Callable[[Sequence[Job]], Iterator[tuple[int, Made]]]
"""Does jobs, in whatever processes; results come in any order, each with its job's place."""


def here(task: Task, plan: Plan) -> Each:
    """What does jobs one after another in this process."""
    return lambda jobs: ((place, made(task, plan, job)) for place, job in enumerate(jobs))


def drawing(plan: Plan, what: int, number: int) -> np.random.Generator:
    """The generator of one thing that is drawn from the child of this number on."""
    return np.random.default_rng((plan.seed, what, number))


CONTESTS, CHANGES = 0, 1  # what is drawn


def contests(plan: Plan, first: int, count: int) -> Integers:
    """The places of the tournaments of a brood, (count, tournament)."""
    rng = drawing(plan, CONTESTS, first)
    return np.array([rng.choice(plan.size, plan.tournament, replace=False) for _ in range(count)])


def made(task: Task, plan: Plan, job: Job) -> Made:
    """Make the children of a job, and evaluate them; without parents, draw new networks."""
    rng = drawing(plan, CHANGES, job.first)
    if job.parents is None or job.met is None:
        fresh = np.stack([task.drawn(rng) for _ in range(job.size)]).astype(np.float32)
        return Made(fresh, evaluated(task, fresh))
    noise = rng.standard_normal(job.parents.shape, np.float32)
    met, samples = job.met, job.met.shape[1]
    if samples > SAMPLES:
        met = np.stack([one[rng.choice(samples, SAMPLES, replace=False)] for one in met])
    weights = task.model.parameters
    change = plan.own_magnitude * noise
    parents = job.parents[:, :weights]
    with np.errstate(over="ignore", invalid="ignore"):
        safe = mutated(task.model, plan.mutation, parents, noise[:, :weights], met, plan.magnitude)
    change[:, :weights] = safe - parents
    children = job.parents + np.clip(change, -plan.clip, plan.clip)
    return Made(children, evaluated(task, children))


def evaluated(task: Task, genomes: Numbers) -> Evaluated:
    """What came of networks; those whose fitness is no number are the least fit."""
    with np.errstate(over="ignore", invalid="ignore"):
        found = task.evaluate(genomes)
    return found._replace(fitness=np.where(np.isnan(found.fitness), -np.inf, found.fitness))


def jobs_of(
    size: int, first: int, count: int, parents: Numbers | None = None, met: Numbers | None = None
) -> list[Job]:
    """The children from number ``first`` on, in jobs of ``size``."""
    jobs = []
    for begin in range(0, count, size):
        cut = slice(begin, min(begin + size, count))
        own = [None if array is None else array[cut] for array in (parents, met)]
        jobs.append(Job(first + begin, cut.stop - begin, *own))
    return jobs


def done(each: Each, jobs: Sequence[Job]) -> Made:
    """All jobs' children, in order."""
    found = [one for _, one in sorted(each(jobs), key=lambda result: result[0])]
    joined = (np.concatenate(arrays) for arrays in zip(*[one.evaluated for one in found], strict=True))
    return Made(np.concatenate([one.genomes for one in found]), Evaluated(*joined))


def begun(task: Task, plan: Plan, each: Each) -> Evolved:
    """The first population, drawn and evaluated."""
    first = done(each, jobs_of(task.job, 1, plan.size))
    fitness = first.evaluated.fitness
    empty = Evolved(first.genomes, fitness, first.evaluated.met, 0, first.genomes[0], -np.inf, None, ())
    for place in range(plan.size):
        empty = noted(task, empty, first, place)
        if empty.solved_at is not None and task.until_solved:
            break
    return empty


def noted(task: Task, state: Evolved, made: Made, place: int) -> Evolved:
    """The state after one more evaluation: its number, the best so far, the first that solved."""
    number, fitness = state.evaluations + 1, float(made.evaluated.fitness[place])
    solves = bool(made.evaluated.solved[place]) and state.solved_at is None
    rises = fitness > state.best_fitness
    better = rises or (solves and task.until_solved)
    return Evolved(
        state.genomes, state.fitness, state.met, number,
        made.genomes[place] if better else state.best,
        max(fitness, state.best_fitness),
        number if solves else state.solved_at,
        (*state.curve, (number, fitness)) if rises else state.curve,
    )  # fmt: skip


def round_of(task: Task, plan: Plan, each: Each, state: Evolved) -> Evolved:
    """One brood later.

    A child's parent is the fittest of its tournament. The child takes the place of the least fit *of the same
    tournament*, as it then stands: so does the paper's code, which draws a second tournament and then does
    not look at it. With a brood of 1 the two are the same algorithm.
    """
    first, count = state.evaluations + 1, min(plan.brood, plan.budget - state.evaluations)
    drawn = contests(plan, first, count)
    parents = np.array([places[np.argmax(state.fitness[places])] for places in drawn])
    brood = done(each, jobs_of(task.job, first, count, state.genomes[parents], state.met[parents]))
    genomes, fitness, met = state.genomes.copy(), state.fitness.copy(), state.met.copy()
    moved = Evolved(genomes, fitness, met, *after(state))
    for place, places in enumerate(drawn):
        worst = places[np.argmin(fitness[places])]
        genomes[worst], fitness[worst], met[worst] = (
            brood.genomes[place],
            brood.evaluated.fitness[place],
            brood.evaluated.met[place],
        )
        moved = noted(task, moved, brood, place)
        if moved.solved_at is not None and task.until_solved:
            break
    return moved


def after(state: Evolved) -> tuple[Any, ...]:
    """All of a state but the population."""
    return state.evaluations, state.best, state.best_fitness, state.solved_at, state.curve


def finished(task: Task, plan: Plan, state: Evolved) -> bool:
    """Whether nothing more is to be evaluated."""
    return state.evaluations >= plan.budget or (task.until_solved and state.solved_at is not None)


def evolve(
    task: Task, plan: Plan, each: Each | None = None, state: Evolved | None = None
) -> Iterator[Evolved]:
    """The states after the first population and after every round, from ``state`` on where one is given.

    ``each`` does the jobs, by default in this process.

    >>> from deltasim.workloads.evolved_parity.parity import Parity
    >>> *_, last = evolve(Parity(), Plan("sm-g-sum", 0.1, budget=300))
    >>> last.evaluations, len(last.genomes)
    (300, 250)
    """
    workers = each or here(task, plan)
    if state is None:
        state = begun(task, plan, workers)
        yield state
    while not finished(task, plan, state):
        state = round_of(task, plan, workers, state)
        yield state
