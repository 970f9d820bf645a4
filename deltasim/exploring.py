"""Join the parts of a study: find what its names stand for, and hand in how a network is placed."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Mapping
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
    from deltasim.simulator.chip import Chip
    from deltasim.workloads.benchmark import Benchmark


def load_case(
    benchmark: str | None, model: str | None, data: str | None, limit: int | None, network: str | None
) -> Benchmark:
    """The benchmark of a study, or its model on its data; ``network`` takes the place of either's."""
    from deltasim.cases import choose
    from deltasim.own_network import chosen_model

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
    from deltasim.exploration.workbench import Setup
    from deltasim.placing import placed
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
    jobs: int | None = 1,
    bounds: bool = True,
    report: Callable[[State], None] | None = None,
    scheduler: str | None = None,
) -> Study:
    """Explore a study: which of its chips are worth building, what each trade costs, and why.

    ``study`` is the path of a YAML file, or the same as plain data; ``out`` the SQLite file it is kept in
    (default: the study's name, here), where an interrupted study goes on. ``jobs`` processes work at once
    (None: one for each processor); a script that asks for several needs ``if __name__ == "__main__":``.
    With the address of a dask.distributed ``scheduler`` its workers do the work instead.
    Points that cannot be on the front by their ``bounds`` are not simulated, unless that is False.
    Errors: InputError for whatever a person can mend.
    """
    from deltasim.exploration.description import as_study
    from deltasim.exploration.executors import cluster, executor
    from deltasim.exploration.explore import explored
    from deltasim.simulator.engines.parallel import workers

    description = as_study(study)
    setup = setup_of(description)
    benchmark = setup.load(None)
    require_data(description, benchmark, setup.chips)
    path = Path(f"{description.name or 'study'}.db" if out is None else out)

    def start(digest: str, ready: Setup) -> AbstractContextManager[Executor]:
        if scheduler is not None:
            return cluster(digest, ready, scheduler)
        return executor(digest, ready, workers(jobs))

    subject = subject_of(description, setup, benchmark)
    return explored(description, setup, benchmark.data, subject, path, start, bounds, report)
