"""Join the parts of a study: find what its names stand for, and hand in how a network is placed."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deltasim.runtime.errors import InputError

if TYPE_CHECKING:
    from deltasim.exploration.description import StudyDescription
    from deltasim.exploration.executors import Executor
    from deltasim.exploration.explore import State
    from deltasim.exploration.study import Study
    from deltasim.exploration.workbench import Setup
    from deltasim.reports.study.charts import DenseChip
    from deltasim.simulator.chip import Chip
    from deltasim.workloads.benchmark import Benchmark


def load_case(
    benchmark: str | None, model: str | None, data: str | None, limit: int | None, network: str | None
) -> Benchmark:
    """The benchmark of a study, or its model on its data; ``network`` takes the place of either's."""
    from deltasim.api.cases import choose
    from deltasim.api.own_network import chosen_model

    if benchmark is not None:
        return choose(benchmark, data, None if network is None else Path(network), limit)
    chosen = chosen_model(network or str(model), data, None, None)
    return chosen if limit is None else chosen.limited(limit)


def base_chips(description: StudyDescription) -> dict[str, Chip]:
    """The base chips of a study, as it names them. Errors: InputError."""
    from deltasim.simulator.chip import load_chip

    given = description.parameters.get("chip", [])
    named = [description.base, *(given if isinstance(given, list) else [given])]
    for name in named:
        if not isinstance(name, str):
            raise InputError(
                "parameters.chip", name, "a base chip is a name or a file", "Write it like mesh16."
            )
    if "chip" in description.parameters:
        named = named[1:]
    return {name: load_chip(name) for name in dict.fromkeys(named)}


def setup_of(description: StudyDescription) -> Setup:
    """What every process that works on a study has to know."""
    from deltasim.api.placing import placed
    from deltasim.exploration.workbench import Setup
    from deltasim.reports.figures import limit

    about = description
    load = functools.partial(load_case, about.benchmark, about.network, about.data, about.limit)
    return Setup(load, base_chips(description), placed, limit)


def require_data(description: StudyDescription, benchmark: Benchmark, chips: Mapping[str, Chip]) -> None:
    """Raise InputError for an objective that nothing says anything about."""
    from deltasim.simulator.chip.area import idle_power, known_mm2

    if "score" in description.objectives and benchmark.targets is None:
        rule = f"{benchmark.name} has no labels to score by"
        raise InputError("objectives", "score", rule, "Give it labels, or leave it out.")
    if "area" in description.objectives:
        for chip in chips.values():
            if known_mm2(idle_power(chip)) is None:
                rule = f"of no part of chip {chip.name} the area is known"
                raise InputError("objectives", "area", rule, "Leave it out.")


def subject_of(description: StudyDescription, setup: Setup, benchmark: Benchmark) -> str:
    """A digest over what the names of a study stand for: chips, networks, data, version.

    ``benchmark`` is the one with its own network.
    """
    from importlib.metadata import version

    given = description.parameters.get("network", [])
    networks = given if isinstance(given, list) else [given]
    held = [benchmark, *(setup.load(None if name is None else str(name)) for name in networks)]
    parts = [
        version("deltasim"),
        *(chip.digest for chip in setup.chips.values()),
        *(f"{one.network.digest} {one.data_digest}" for one in held),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def explore(
    study: StudyDescription | Mapping[str, Any] | str | Path,
    out: str | Path | None = None,
    jobs: int | None = None,
    bounds: bool = True,
    report: Callable[[State], None] | None = None,
    scheduler: str | None = None,
    race: bool | None = None,
) -> Study:
    """Explore a study: which of its chips are worth building, what each trade costs, and why.

    ``study`` is the path of a YAML file, or the same as plain data; ``out`` the SQLite file it is kept in
    (default: the study's name, here), where an interrupted study goes on. ``jobs`` processes work at once,
    by default one for each processor.
    With the address of a dask.distributed ``scheduler`` its workers do the work instead.
    Points that cannot be on the front by their ``bounds`` are not simulated, unless that is False. With
    ``race`` points that are dominated with confidence on some of the sequences are not simulated on the
    others; the front is that of all points with a probability of 99 %, and exact without. None: as the study
    says, and where it says nothing, if it has more than 100 sequences.
    Errors: InputError for whatever a person can mend.
    """
    from deltasim.exploration.description import as_study
    from deltasim.exploration.executors import cluster, executor
    from deltasim.exploration.explore import explored
    from deltasim.exploration.racing.order import MANY
    from deltasim.simulator.engines.parallel import workers

    description = as_study(study)
    setup = setup_of(description)
    benchmark = setup.load(None)
    race = description.race if race is None else race
    race = len(benchmark.sequences) > MANY if race is None else race
    description = description.model_copy(update={"race": race})
    require_data(description, benchmark, setup.chips)
    path = Path(f"{description.name or 'study'}.db" if out is None else out)

    def start(digest: str, ready: Setup) -> AbstractContextManager[Executor]:
        if scheduler is not None:
            return cluster(digest, ready, scheduler)
        return executor(digest, ready, workers(jobs))

    subject = subject_of(description, setup, benchmark)
    return explored(description, setup, benchmark.data, subject, path, start, bounds, report)


def read_numbers(text: str, study: Study, place: str) -> list[int]:
    """Points as a command line names them: numbers with commas between, or ``front``. Errors: InputError."""
    if text == "front":
        return [entry["point"] for entry in study.front()]
    numbers = []
    for one in text.split(","):
        if not one.strip().isdecimal() or len(one) > 12:
            raise InputError(place, one, "points are numbers with commas between, or: front", "Write 3,18.")
        point = study.point(int(one))
        if not point.evaluation:
            rule = f"it was not simulated whole: it is {point.state}"
            raise InputError(place, f"point {one.strip()}", rule, "Name a point of the front.")
        numbers.append(point.number)
    return list(dict.fromkeys(numbers))


def write_reports(study: Study, numbers: Sequence[int], folder: Path) -> dict[int, str]:
    """The run folder of each point, with its page, as ``deltasim run`` writes it; those that are there stay.

    Each holds the dense run on the same chip, too. Gives for every point that has a page its path, from the
    folder that holds ``folder``. Errors: InputError.
    """
    from dataclasses import replace

    from deltasim.api.cases import simulate
    from deltasim.exploration.workbench import Workbench

    own = folder / study.digest[:8]
    waiting = [number for number in numbers if not (own / str(number)).exists()]
    if waiting:
        own.mkdir(parents=True, exist_ok=True)
        bench = Workbench(setup_of(study.description))
    for number in waiting:
        computed = bench.subjects.computed(study.setting(number).subject)
        run = simulate(replace(computed.benchmark, network=computed.network), study.chip(number))
        run.save(own / str(number))
    return pages_of(study, folder)


def pages_of(study: Study, folder: Path) -> dict[int, str]:
    """Points of a study whose page lies in a folder, and where, from the folder that holds it."""
    own = folder / study.digest[:8]
    found = (int(path.parent.name) for path in own.glob("*/report.html") if path.parent.name.isdecimal())
    return {number: f"{folder.name}/{own.name}/{number}/report.html" for number in sorted(found)}


def dense_beside(study: Study, number: int) -> DenseChip:
    """The dense accelerator out of the parts of a point's chip, on the same sequences, of the same area."""
    from deltasim.exploration.verdict.fair_dense import fair_dense
    from deltasim.exploration.verdict.state_tax import state_tax
    from deltasim.exploration.verdict.verdict import dense_run
    from deltasim.exploration.workbench import Workbench
    from deltasim.networks.files.cached_execution import executed
    from deltasim.networks.trace import dense_trace
    from deltasim.reports.study.charts import DenseChip
    from deltasim.simulator.ledger.pricing import price

    computed = Workbench(setup_of(study.description)).subjects.computed(study.setting(number).subject)
    benchmark, network, chip = computed.benchmark, computed.network, study.chip(number)
    trace = dense_trace(network, [len(sequence) for sequence in benchmark.sequences])
    ledger, mapping = dense_run(network, chip, trace, 1)
    tax = state_tax(network, trace, chip, mapping, ledger)
    found = fair_dense(ledger, price(ledger, chip, network), tax, chip)
    _, outputs = executed(network.dense, benchmark.sequences)
    count = len(benchmark.sequences)
    return DenseChip(
        number,
        found.joules / count,
        found.seconds / count,
        study.point(number).area_mm2,
        benchmark.scored(outputs),
    )
