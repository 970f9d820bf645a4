"""What racing spares, and whether fronts are kept: ready studies and larger ones, whole and raced."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.studies.rate import STUDIES
from benchmarks.tables import Table
from deltasim.api.exploring import explore, setup_of
from deltasim.exploration.description import StudyDescription, as_study, read_study
from deltasim.exploration.explore import explored
from deltasim.exploration.front import Reals
from deltasim.exploration.racing.race import Race, Raced, until_dominated
from deltasim.exploration.space.space import Setting
from deltasim.exploration.store import Store
from deltasim.exploration.study import Study
from deltasim.exploration.workbench import (
    Evaluation,
    Failed,
    Prepared,
    Setup,
    Workbench,
    least_costs,
    order_for,
)
from deltasim.runtime.errors import InputError
from deltasim.simulator.plan.compile import compile_plan

ABOUT = """\
Each study in one process, with `--race no` and `--race yes`, messages made beforehand, bounds in both.
*Sequences* are those simulated over all points. Then what was recorded of all points is raced again with
{seeds} other seeds: how often the front was the same, point by point. *Scratchpads* and *caches* are the
studies of the table of points a minute; *recordings* are those of `data: fsdd`; then the ready studies of 60
sequences or more."""

READY = Path(__file__).resolve().parents[2] / "docs" / "studies"
MANY, SEEDS = 60, 10


class Known(NamedTuple):
    """What a point is and costs, kept for all replays, by its setting as text."""

    prepared: dict[str, Prepared | Failed]
    evaluated: dict[str, Evaluation | Failed]
    least: dict[str, Reals]


class Replay:
    """Races points over what was recorded of them; what was not is simulated once."""

    def __init__(self, setup: Setup, known: Known) -> None:
        self.bench, self.known = Workbench(setup), known

    def each(self, name: str, arguments: Sequence[tuple[Any, ...]]) -> Iterator[tuple[int, Any]]:
        for place, given in enumerate(arguments):
            yield place, self.prepared(given[0]) if name == "prepare" else self.evaluated(*given)

    def prepared(self, setting: Setting) -> Prepared | Failed:
        if repr(setting) not in self.known.prepared:
            self.known.prepared[repr(setting)] = self.bench.prepare(setting, True)
        return self.known.prepared[repr(setting)]

    def evaluated(self, setting: Setting, race: Race | None) -> Evaluation | Raced | Failed:
        name = repr(setting)
        if name not in self.known.evaluated:
            found = self.bench.evaluate(setting, None)
            assert not isinstance(found, Raced)
            self.known.evaluated[name] = found
        whole, prepared = self.known.evaluated[name], self.prepared(setting)
        if race is None or isinstance(whole, Failed) or isinstance(prepared, Failed):
            return whole
        computed = self.bench.subjects.computed(setting.subject)
        if name not in self.known.least:
            chip, _, mapping = self.bench.made(setting)
            plan = compile_plan(computed.network, chip, mapping)
            self.known.least[name] = least_costs(plan, computed, race)
        order, least = order_for(computed, race), self.known.least[name]
        running = ((whole.each[at], whole.latencies_ps[at]) for at in order.tolist())
        return until_dominated(race, order, least, prepared.table, running) or whole


def replayed(description: StudyDescription, seed: int, known: Known, folder: Path) -> Study:
    """The study raced with another seed, over what was recorded."""
    setup = setup_of(description)

    @contextmanager
    def start(_: str, ready: Setup) -> Iterator[Replay]:
        yield Replay(ready, known)

    described = description.model_copy(update={"seed": seed, "race": True})
    return explored(described, setup, "", str(seed), folder / f"seed-{seed}.db", start)


def studies(quick: bool) -> dict[str, StudyDescription]:
    """Studies of many sequences, by name; the recordings only where they are at hand."""
    ready = {path.stem: read_study(path) for path in sorted(READY.glob("*.yaml"))}
    if quick:
        return {"scratchpad": ready["scratchpad"].model_copy(update={"limit": 6})}
    found = {}
    usual: dict[str, Any] = {"benchmark": "digits", "objectives": ["energy", "latency", "area"]}
    for name, study in STUDIES.items():
        about = as_study(usual | study | {"data": "synthetic", "limit": MANY})
        found[f"{name}, {MANY} synthetic"] = about
        recordings = about.model_copy(update={"data": "fsdd", "limit": 150})
        try:
            setup_of(recordings).load(None)
        except InputError:
            continue
        found[f"{name}, 150 recordings"] = recordings
    return found | {name: one for name, one in ready.items() if one.limit is not None and one.limit >= MANY}


def recorded(study: Study) -> dict[str, Evaluation | Failed]:
    """What a study's file holds of every point that was simulated whole."""
    found: dict[str, Evaluation | Failed] = {}
    assert study.path is not None
    with Store.opened(study.path, writing=False) as store:
        for point in study.points:
            if point.evaluation:
                times, each = store.by_sequence(point.evaluation)
                form, known = study.tables[point.prices].form, study.counted[point.evaluation]
                rows = tuple(map(tuple, each))
                whole = Evaluation(form, known.counts, tuple(times), rows, known.limits)
                found[repr(study.setting(point.number))] = whole
    return found


def front_of(study: Study) -> list[int]:
    return sorted(entry["point"] for entry in study.front())


def row(name: str, study: StudyDescription, seeds: int, folder: Path) -> tuple[str, ...]:
    """One study: whole, raced, raced again."""
    first = {
        key: values[:1] if isinstance(values, list) else values for key, values in study.parameters.items()
    }
    explore(study.model_copy(update={"parameters": first}), folder / "first.db", jobs=1)
    runs: dict[bool, tuple[Study, float]] = {}
    for race in (False, True):
        began = time.process_time()
        found = explore(study, folder / f"{race}.db", jobs=1, race=race)
        runs[race] = found, time.process_time() - began
    (whole, whole_s), (fast, fast_s) = runs[False], runs[True]
    known = Known({}, recorded(whole), {})
    wanted = front_of(whole)
    same = sum(front_of(replayed(study, seed, known, folder)) == wanted for seed in range(1, 1 + seeds))
    spent = [sum(point.sequences for point in one.points) for one in (whole, fast)]
    tally = fast.tally()
    return (
        name,
        f"{len(whole.points):,}",
        f"{tally['bounded']:,}",
        f"{tally['raced']:,}",
        f"{tally['done']:,}",
        "the same" if front_of(fast) == wanted else "another",
        f"{spent[0]:,}",
        f"{spent[1]:,}",
        f"{whole_s:,.1f}",
        f"{fast_s:,.1f}",
        f"{same} of {seeds}",
    )


def measure(quick: bool = False) -> Table:
    """Measure every study."""
    seeds = 2 if quick else SEEDS
    rows = []
    for name, study in studies(quick).items():
        with tempfile.TemporaryDirectory() as folder:
            rows.append(row(name, study, seeds, Path(folder)))
            print(*rows[-1], sep=" | ", file=sys.stderr, flush=True)
    columns = ("study", "points", "bounded", "raced out", "simulated whole", "front", "sequences", "raced",
               "processor, s", "raced, s", "front the same")  # fmt: skip
    about = ABOUT.format(seeds=seeds)
    return Table("Racing", about, "python -m benchmarks racing", columns, tuple(rows))
