"""Explore a study: propose points, prepare them, simulate what may be on the front, settle each in the file.

Points are settled in rounds of a fixed number. What is done with a point of a round follows from the rounds
before it alone, so it does not matter how many processes work, in which order they finish, or how often the
study was interrupted.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from deltasim.exploration.description import StudyDescription
from deltasim.exploration.executors import Executor
from deltasim.exploration.front import Reals, dominated_share, dominating
from deltasim.exploration.metrics import FITS, METRICS, costs, figures, require_metrics
from deltasim.exploration.pricing import PriceTable
from deltasim.exploration.racing.capital import chance_of
from deltasim.exploration.racing.order import PART
from deltasim.exploration.racing.race import Race, Raced, by_sequence
from deltasim.exploration.racing.rivals import asked_of, closest, compared
from deltasim.exploration.searches.layout import Layout, layout_of
from deltasim.exploration.searches.proposals import Outcome, Proposal, Task, seed_of
from deltasim.exploration.searches.search import generations, points_of, search_of
from deltasim.exploration.space.expressions import Expression, Value, expression
from deltasim.exploration.space.space import Setting, Space, Subject, read_space
from deltasim.exploration.store import BOUNDED, DONE, FAILED, INFEASIBLE, RACED, Counted, Point, Store
from deltasim.exploration.study import Study, measured_of, read_back
from deltasim.exploration.subjects import Subjects
from deltasim.exploration.workbench import Evaluation, Failed, Prepared, Setup
from deltasim.runtime.errors import InputError, nearest

FIRST_ROUND, ROUND = 4, 32
"""Points that are simulated together: few at first, for what they show saves others."""

RISK = 0.01
"""With racing, the chance that any point of a study is dropped that is on its front."""


class State(NamedTuple):
    """How far a study is: points settled of how many (as far as its search has said), and how they ended."""

    points: int
    total: int
    tally: Mapping[str, int]
    simulated: int
    hypervolume: float


@dataclass
class Archive:
    """The points that were simulated whole and meet the constraints: numbers, and a row of costs each."""

    objectives: int
    numbers: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._rows = np.empty((64, self.objectives))  # with room for more

    @property
    def costs(self) -> Reals:
        """Shape (points, objectives), in the order they came."""
        return self._rows[: len(self.numbers)]

    def add(self, number: int, costs: tuple[float, ...]) -> None:
        """Take in a point."""
        if len(self.numbers) == len(self._rows):
            self._rows = np.concatenate([self._rows, np.empty_like(self._rows)])
        self._rows[len(self.numbers)] = costs
        self.numbers.append(number)

    def dominator(self, least: tuple[float, ...]) -> int | None:
        """The lowest number of a point that dominates these costs; None without one.

        >>> archive = Archive(2)
        >>> for number, costs in ((7, (1.0, 2.0)), (3, (2.0, 1.0))):
        ...     archive.add(number, costs)
        >>> archive.dominator((2.0, 2.0)), archive.dominator((1.0, 3.0)), archive.dominator((1.0, 2.0))
        (3, 7, None)
        """
        found = np.flatnonzero(dominating(np.array(least), self.costs))
        return min((self.numbers[place] for place in found.tolist()), default=None)


class Candidate(NamedTuple):
    """A point of the generation under way."""

    number: int
    generation: int
    proposal: Proposal
    setting: Setting | None
    prepared: Prepared | Failed


def sequences_of(one: Candidate) -> int:
    """How many sequences a point that may be simulated has."""
    assert isinstance(one.prepared, Prepared)
    return one.prepared.sequences


@dataclass
class Exploration:
    """A study under way. ``report`` is told how far it is."""

    description: StudyDescription
    task: Task
    constraints: tuple[Expression, ...]
    store: Store
    digest: str
    executor: Executor
    bounds: bool
    report: Callable[[State], None] | None = None
    settled: dict[int, Point] = field(default_factory=dict)
    counted: dict[str, Counted] = field(default_factory=dict)
    tables: dict[str, PriceTable] = field(default_factory=dict)
    simulated: int = 0
    total: int = 0
    hypervolume: float = 0.0
    by_sequence: dict[int, Reals] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.archive = Archive(len(self.description.objectives))

    def run(self) -> None:
        """Work until the search has no more points."""
        self.settled = {point.number: point for point in self.store.points(self.digest)}
        self.counted = self.store.counted()
        self.tables = self.store.tables()
        ask = search_of(self.description.search, self.task)
        told: list[Outcome] = []
        self._tell()
        for generation, proposals in generations(ask, told):
            first = len(told)
            self.total = first + len(proposals)
            self._generation(generation, first, proposals)
            told += [self._outcome(first + place, one) for place, one in enumerate(proposals)]

    def _generation(self, generation: int, first: int, proposals: Sequence[Proposal]) -> None:
        numbers = range(first, first + len(proposals))
        candidates = self._prepared(generation, numbers, proposals)
        size, left = FIRST_ROUND, iter(candidates)
        while members := list(itertools.islice((one for one in left if self._is_open(one)), size)):
            self._round(members)
            size = min(ROUND, 2 * size)

    def _prepared(
        self, generation: int, numbers: Sequence[int], proposals: Sequence[Proposal]
    ) -> list[Candidate]:
        """What is known of every point of a generation, the best bounds first; none if all are settled."""
        settings: list[Setting | None] = []
        found: dict[int, Prepared | Failed] = {}
        for place, proposal in enumerate(proposals):
            try:
                settings.append(self.space.setting(proposal.values))
            except InputError as error:
                settings.append(None)
                found[place] = Failed(str(error))
        if all(number in self.settled for number in numbers):
            for number in numbers:
                self._archive(self.settled[number])
            return []
        waiting = [place for place, setting in enumerate(settings) if setting is not None]
        results = self.executor.each("prepare", [(settings[place], self.bounds) for place in waiting])
        for position, result in results:
            found[waiting[position]] = result
        candidates = [
            Candidate(number, generation, proposal, setting, found[place])
            for place, (number, proposal, setting) in enumerate(
                zip(numbers, proposals, settings, strict=True)
            )
        ]
        return self._by_promise(candidates) if self.bounds else candidates

    def _by_promise(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Those first whose bounds are low: the mean place among all, over the objectives."""
        least = np.array([self._least(one.prepared) or self.hopeless for one in candidates])
        places = np.mean([np.searchsorted(np.sort(column), column) for column in least.T], axis=0)
        return [candidates[place] for place in np.argsort(places, kind="stable").tolist()]

    @property
    def space(self) -> Space:
        return self.task.space

    @property
    def hopeless(self) -> tuple[float, ...]:
        return tuple(np.inf for _ in self.description.objectives)

    def _least(self, prepared: Prepared | Failed) -> tuple[float, ...] | None:
        """The objectives of a point's bound, as costs: no simulation goes below. None without one."""
        if isinstance(prepared, Failed) or prepared.bound is None:
            return None
        known = Counted("", prepared.sequences, prepared.bound.counts, prepared.bound.elapsed_ps, "")
        point = Point(0, 0, {}, {}, "", prices="least")._replace(
            area_mm2=prepared.area_mm2, off_chip_bytes=prepared.off_chip_bytes, score=prepared.score
        )
        grows = [METRICS[name].grows for name in self.description.objectives]
        found = self._costs(point, known, {"least": prepared.table})
        return tuple(cost if grown else -np.inf for cost, grown in zip(found, grows, strict=True))

    def _bounded(self, one: Candidate) -> Point | None:
        """The point as settled without a simulation, where one that was simulated dominates its bound."""
        least = self._least(one.prepared)
        if not self.bounds or least is None or not isinstance(one.prepared, Prepared):
            return None
        found = self.archive.dominator(least)
        if found is None:
            return None
        assert one.prepared.bound is not None
        proof = {"by": found, "elapsed_ps": one.prepared.bound.elapsed_ps}
        point = self._point(one, one.prepared, BOUNDED)
        return point._replace(proof=proof | {"counts": list(one.prepared.bound.counts)})

    def _is_open(self, one: Candidate) -> bool:
        """Whether a point has to be simulated; if not, it is settled."""
        if one.number in self.settled:  # by an earlier process, in this very round
            return self.settled[one.number].sequences > 0
        if isinstance(one.prepared, Failed):
            self._settle([self._failed(one, one.prepared.reason)])
        elif missed := self._missed(one.proposal.values, self._known_before(one.prepared)):
            self._settle([self._point(one, one.prepared, INFEASIBLE, reason=missed)], [one.prepared])
        elif point := self._bounded(one):
            self._settle([point], [one.prepared])
        else:
            return True
        return False

    def _round(self, members: Sequence[Candidate]) -> None:
        """Simulate some points, and settle each as soon as it is known what becomes of it."""
        waiting: dict[str, list[Candidate]] = {}
        for one in members:
            if one.number not in self.settled and isinstance(one.prepared, Prepared):
                waiting.setdefault(one.prepared.evaluation, []).append(one)
        for digest in [digest for digest in waiting if digest in self.counted]:
            self._enter(waiting.pop(digest), None)
        batches = list(waiting.values())
        tasks = [(batch[0].setting, self._race(batch)) for batch in batches]
        for place, result in self.executor.each("evaluate", tasks):
            if isinstance(result, Failed):
                failed = [self._failed(one, result.reason) for one in batches[place]]
                self._settle([point._replace(sequences=sequences_of(batches[place][0])) for point in failed])
            elif isinstance(result, Raced):
                self._drop(batches[place][0], result)
            else:
                self.simulated += 1
                self._enter(batches[place], result)
        for one in members:
            self._archive(self.settled[one.number])
        if self.report is not None:
            self.hypervolume = dominated_share(self.archive.costs)

    def _race(self, batch: Sequence[Candidate]) -> Race | None:
        """What points of equal counts are raced against: earlier points; of several, nothing."""
        objectives = self.description.objectives
        one, names = batch[0], compared(objectives)
        known = one.prepared
        if not self.description.race or not names or len(batch) > 1 or not isinstance(known, Prepared):
            return None
        if known.sequences <= PART or not self.archive.numbers:
            return None
        least = self._least(known) or self._before(known)
        may, asked = asked_of(least, self.archive.costs, objectives)
        rows = np.flatnonzero(may)
        if not len(rows):
            return None
        rows = rows[closest(least, self.archive.costs[rows])]
        rivals = tuple(self.archive.numbers[row] for row in rows.tolist())
        costs = np.stack([self._by_sequence(number, names) for number in rivals])
        chance = chance_of(one.number, points_of(self.description.search, self.task), RISK)
        seed = seed_of(self.task.seed, one.generation)
        return Race(rivals, names, costs, asked[rows], chance, seed, self.bounds)

    def _before(self, known: Prepared) -> tuple[float, ...]:
        """The objectives that need no counts, as costs; the others are no less than 0."""
        found = self._known_before(known)
        signs = {name: -1.0 if METRICS[name].more else 1.0 for name in self.description.objectives}
        costs = {"area": np.nan, "score": np.nan} | {name: float(value) for name, value in found.items()}
        return tuple(
            0.0 if METRICS[name].raced_by != () else sign * costs[name] for name, sign in signs.items()
        )

    def _by_sequence(self, number: int, names: Sequence[str]) -> Reals:
        """What a point of the archive costs on every sequence. Shape (figures, sequences)."""
        if number not in self.by_sequence:
            point = self.settled[number]
            latencies, each = self.store.by_sequence(point.evaluation)
            self.by_sequence[number] = by_sequence(each, latencies, self.tables[point.prices], names)
        return self.by_sequence[number]

    def _drop(self, one: Candidate, found: Raced) -> None:
        """Settle a point that is dominated with confidence."""
        assert isinstance(one.prepared, Prepared)
        proof = {"by": found.by, "elapsed_ps": found.elapsed_ps, "counts": list(found.counts)}
        point = self._point(one, one.prepared, RACED)
        self._settle([point._replace(sequences=found.sequences, proof=proof)], [one.prepared])

    def _enter(self, batch: Sequence[Candidate], found: Evaluation | None) -> None:
        """Settle points whose counts are known: done, or not within the constraints."""
        digest = batch[0].prepared.evaluation  # type: ignore[union-attr]
        if found is not None:
            self.counted[digest] = Counted(
                found.form.digest, len(found.latencies_ps), found.counts, found.elapsed_ps, found.limits
            )
        points = []
        for one in batch:
            assert isinstance(one.prepared, Prepared)
            self.tables[one.prepared.table.digest] = one.prepared.table
            point = self._point(one, one.prepared, DONE, evaluation=digest)
            missed = self._missed(one.proposal.values, self._figures(point, self.counted[digest]))
            points.append(point._replace(state=INFEASIBLE, reason=missed) if missed else point)
        prepared = [one.prepared for one in batch if isinstance(one.prepared, Prepared)]
        self._settle(points, prepared, {} if found is None else {digest: found})

    def _settle(
        self,
        points: Sequence[Point],
        prepared: Sequence[Prepared] = (),
        evaluations: Mapping[str, Evaluation] | None = None,
    ) -> None:
        self.tables |= {one.table.digest: one.table for one in prepared}
        self.store.settle(self.digest, points, [one.table for one in prepared], evaluations)
        self.settled |= {point.number: point for point in points}
        self._tell()

    def _tell(self) -> None:
        if self.report is not None:
            self.report(self.state())

    def state(self) -> State:
        """How far it is."""
        tally: dict[str, int] = {}
        for point in self.settled.values():
            tally[point.state] = tally.get(point.state, 0) + 1
        settled = len(self.settled)
        return State(settled, max(self.total, settled), tally, self.simulated, self.hypervolume)

    def _point(
        self, one: Candidate, known: Prepared, state: str, reason: str = "", evaluation: str = ""
    ) -> Point:
        return Point(
            number=one.number,
            generation=one.generation,
            parameters=one.proposal.values,
            sampler=one.proposal.sampler,
            state=state,
            reason=reason,
            evaluation=evaluation,
            prices=known.table.digest,
            area_mm2=known.area_mm2,
            unknown=known.unknown,
            off_chip_bytes=known.off_chip_bytes,
            score=known.score,
            sequences=known.sequences if evaluation else 0,
        )

    def _failed(self, one: Candidate, reason: str) -> Point:
        return Point(one.number, one.generation, one.proposal.values, one.proposal.sampler, FAILED, reason)

    def _known_before(self, known: Prepared | Point) -> dict[str, Value]:
        """Figures that need no counts, as constraints name them."""
        found: dict[str, Value] = {"off_chip": known.off_chip_bytes, FITS: known.off_chip_bytes == 0}
        found |= {"area": known.area_mm2} if known.area_mm2 is not None else {}
        return found | ({"score": known.score} if known.score is not None else {})

    def _figures(self, point: Point, known: Counted) -> dict[str, Value]:
        """All figures of a point that was counted, as constraints name them."""
        measured = measured_of([point], [known], self.tables, {})
        found: dict[str, Value] = {
            name: float(column[0]) for name, column in figures(measured, tuple(METRICS)).items()
        }
        return found | {FITS: point.off_chip_bytes == 0}

    def _missed(self, values: Mapping[str, Any], known: Mapping[str, Value]) -> str:
        """The constraints that a point does not meet, as far as figures are known; "" where it meets all."""
        return "; ".join(one.text for one, miss in self._misses(values, known) if miss > 0)

    def _misses(
        self, values: Mapping[str, Any], known: Mapping[str, Value]
    ) -> Iterator[tuple[Expression, float]]:
        given = {**self.space.known(dict(values)), **known} if self.constraints else {}
        for one in self.constraints:
            if one.names <= set(given):
                yield one, one.miss(given)

    def _archive(self, point: Point) -> None:
        if point.state == DONE:
            self.archive.add(point.number, self._costs(point, self.counted[point.evaluation]))

    def _costs(
        self, point: Point, counted: Counted, tables: Mapping[str, PriceTable] | None = None
    ) -> tuple[float, ...]:
        """The objectives of a point with these counts, as costs."""
        objectives = self.description.objectives
        measured = measured_of([point], [counted], self.tables if tables is None else tables, {})
        return tuple(costs(figures(measured, objectives), objectives)[0].tolist())

    def _counts_of(self, point: Point) -> Counted | None:
        """What was counted of a point, of one that was raced out on part of the sequences; or its bound."""
        if point.evaluation:
            return self.counted[point.evaluation]
        if point.state not in (BOUNDED, RACED):
            return None
        whole = self.counted[self.settled[point.proof["by"]].evaluation].sequences
        seen = point.sequences if point.state == RACED else whole
        return Counted("", seen, tuple(point.proof["counts"]), point.proof["elapsed_ps"], "")

    def _outcome(self, number: int, proposal: Proposal) -> Outcome:
        """What became of a point, as its search wants to know it."""
        point = self.settled[number]
        known = self._counts_of(point)
        if known is None:
            return Outcome(proposal, None, 0.0)
        if point.state == BOUNDED:
            return Outcome(proposal, self._costs(point, known), 0.0)
        misses = self._misses(point.parameters, self._figures(point, known))
        return Outcome(proposal, self._costs(point, known), max((miss for _, miss in misses), default=0.0))


def read_constraints(description: StudyDescription, space: Space) -> tuple[Expression, ...]:
    """The constraints of a study. Errors: InputError for a name that nobody knows."""
    found = []
    for place, text in enumerate(description.constraints):
        one = expression(text, f"constraints.{place}")
        known = {*METRICS, FITS, *space.free, *space.expressions}
        for name in sorted(one.names - known):
            if "." not in name:
                rule = "a constraint names figures, parameters and fields"
                raise InputError(f"constraints.{place}", name, rule, nearest(name, known))
            for chip in space.chips.values():
                from deltasim.simulator.chip.paths import require_path

                require_path(chip, name, f"constraints.{place}")
        found.append(one)
    return tuple(found)


def explored(
    description: StudyDescription,
    setup: Setup,
    data: str,
    subject: str,
    path: Path,
    executor: Callable[[str, Setup], Any],
    bounds: bool = True,
    report: Callable[[State], None] | None = None,
) -> Study:
    """Explore a study into its file, or go on with it where it is there.

    ``data`` is a sentence about the data, ``subject`` a digest over what the study's names stand for;
    without ``bounds`` every point is simulated. Whether points are raced is said in the description.
    Errors: InputError for a study that cannot be, or of which no point is what it asks for.
    """
    started = time.perf_counter()
    require_metrics(description.objectives)
    space = read_space(description.parameters, setup.chips)
    constraints = read_constraints(description, space)
    task = Task(
        space,
        description.budget,
        description.seed,
        len(description.objectives),
        lambda: layout_at(setup, space),
    )
    search_of(description.search, task)  # refuses what cannot be searched before anything is written
    if description.search == "mapping":  # which learns from figures, of all sequences
        bounds, description = False, description.model_copy(update={"race": False})
    digest = description.digest(f"{subject} {bounds}")
    with executor(digest, setup) as workers, Store.opened(path, writing=True) as store:
        chips = json.dumps({name: chip.content() for name, chip in setup.chips.items()})
        name = description.name or "study"
        store.add_study(digest, name, description.as_json(), chips, data, version("deltasim"))
        under_way = Exploration(description, task, constraints, store, digest, workers, bounds, report)
        under_way.run()
        require_answer(under_way)
        held = next(one for one in store.studies() if one["digest"] == digest)
        return read_back(store, held, time.perf_counter() - started)


def layout_at(setup: Setup, space: Space) -> Layout:
    """What a search for a mapping goes by: the base chip, and the network as the study's data drive it."""
    computed = Subjects(setup.load).computed(Subject())
    return layout_of(computed.network, computed.trace, space.chips[space.base])


def require_answer(study: Exploration) -> None:
    """Raise InputError where no point is simulated and within the constraints."""
    points = list(study.settled.values())
    if any(point.state == DONE for point in points):
        return
    near: list[tuple[float, Point, str]] = []
    for point in points:
        if point.state == INFEASIBLE:
            counted = study._counts_of(point)
            known = study._known_before(point) if counted is None else study._figures(point, counted)
            misses = list(study._misses(point.parameters, known))
            one, miss = max(misses, key=lambda found: found[1])
            near.append((miss, point, one.text))
    if not near:
        rule = f"none of its {len(points):,} points is a chip that holds the network"
        first = next((point.reason for point in points), "there is none")
        raise InputError("parameters", f"{len(points):,} points", rule, f"The first: {first}")
    miss, point, text = min(near, key=lambda found: (found[0], found[1].number))
    said = ", ".join(f"{name} {value}" for name, value in point.parameters.items())
    rule = f"no point meets all constraints; the nearest ({said}) misses this one by {miss:.1%}"
    raise InputError("constraints", text, rule, "Relax it, or widen the parameters.")
