"""Evolve the networks of a benchmark: ``deltasim evolve``."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from deltasim.runtime.disk.unfinished import tell_when_stopped
from deltasim.runtime.errors import InputError, nearest

if TYPE_CHECKING:
    from deltasim.networks.evolution.population import Evolved, Job, Made, Plan, Task
    from deltasim.shell.progress import Progress
    from deltasim.workloads.evolved_parity.parity import Parity

BENCHMARK = "evolved-parity"
EVERY_S = 5.0  # from one checkpoint to the next
WEIGHT = 0.1  # what sending everything costs a network of its fitness


class Broods(NamedTuple):
    """What a process that makes children has to know once; its own bench."""

    task: Task
    plan: Plan

    def bench(self) -> Broods:
        """What does the jobs."""
        return self

    def made(self, job: Job) -> Made:
        """The children of a job."""
        from deltasim.networks.evolution.population import made

        return made(self.task, self.plan, job)


def evolve_benchmark(
    benchmark: str,
    out: str | Path,
    *,
    mutation: str = "sm-r",
    magnitude: float | None = None,
    seed: int = 0,
    budget: int | None = None,
    cell: str = "rnn",
    energy: str | Path | None = None,
    weight: float | None = None,
    jobs: int | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Evolve networks that tell the parity of four bits and write their folder ``out``; the record of it.

    ``mutation`` is one of `deltasim.networks.evolution.mutation.MUTATIONS`, ``magnitude`` its size, by
    default the one of `deltasim.workloads.evolved_parity.tasks`; ``budget`` evaluations at most. ``cell`` is
    rnn or gru. With ``energy``, a chip, thresholds evolve too, and fitness is less by ``weight`` (by default
    `WEIGHT`) times the joules of messages over those of sending everything, at the chip's price of a message
    (`deltasim.exploration.column_prices`). ``jobs`` processes make children at once, by default one for each
    processor; the result does not depend on them. With ``resume`` an evolution that was stopped goes on.

    Errors: InputError for what cannot be, and for a folder that is there already.
    """
    from deltasim.networks.evolution.checkpoint import subject_of
    from deltasim.runtime.disk.output import refuse_existing
    from deltasim.workloads.evolved_parity.trained import write_evolved

    if benchmark != BENCHMARK:
        rule = "the networks of this benchmark are not evolved"
        raise InputError("deltasim evolve", benchmark, rule, nearest(benchmark, [BENCHMARK]))
    folder = Path(out)
    if not resume:
        refuse_existing(folder)
    if energy is None and weight is not None:
        raise InputError("--weight", weight, "joules count with --energy only", "Name a chip in --energy.")
    weighed = WEIGHT if weight is None else weight
    task = parity_task(cell, energy, weighed)
    plan = plan_of(mutation, magnitude, seed, budget)
    last = evolved(task, plan, folder, subject_of(task, plan), jobs, resume, progress)
    words = [
        f"deltasim evolve {BENCHMARK} --mutation {mutation} --magnitude {plan.magnitude:g} --seed {seed}"
    ]
    words += [f"--budget {plan.budget} --cell {cell}"]
    if energy is not None:
        words.append(f"--energy {Path(energy).name} --weight {weighed:g}")
    return write_evolved(task, plan, last, folder, " ".join(words))


def parity_task(cell: str, energy: str | Path | None, weight: float) -> Parity:
    """The task, with the prices of a chip where joules count. Errors: InputError."""
    from dataclasses import replace

    import numpy as np

    from deltasim.networks.evolution.recurrent import CELLS
    from deltasim.workloads.evolved_parity.parity import SHAPE, Joules, Parity

    if cell not in CELLS:
        raise InputError("--cell", cell, "no such cell evolves", nearest(cell, CELLS))
    shape = replace(SHAPE, kind=cell)
    if energy is None:
        return Parity(shape)
    if not 0 < weight < math.inf:
        raise InputError("--weight", weight, "a weight is a number above 0", f"Give {WEIGHT}.")
    from deltasim.exploration.column_prices import column_prices
    from deltasim.simulator.chip import load_chip

    drawn = shape.network(shape.drawn(np.random.default_rng(0)), [0.0] * shape.projections, "priced")
    prices = column_prices(drawn, load_chip(energy))
    ordered = tuple(prices[projection.name].astype(np.float64) for projection in drawn.projections)
    return Parity(shape, Joules(ordered, weight))


def plan_of(mutation: str, magnitude: float | None, seed: int, budget: int | None) -> Plan:
    """How it goes. Errors: InputError for an unknown mutation or a number that cannot be."""
    from deltasim.networks.evolution.mutation import MUTATIONS
    from deltasim.networks.evolution.population import Plan
    from deltasim.workloads.evolved_parity.tasks import TASKS

    if mutation not in MUTATIONS:
        rule = "there is no such mutation"
        raise InputError("--mutation", mutation, rule, nearest(mutation, MUTATIONS))
    entry = TASKS["parity"]
    size = entry.mutations[mutation][0] if magnitude is None else magnitude
    return Plan(mutation, size, seed, entry.budget if budget is None else budget)


def evolved(
    task: Task,
    plan: Plan,
    folder: Path,
    subject: str,
    jobs: int | None,
    resume: bool,
    progress: Progress | None,
) -> Evolved:
    """The last state; a checkpoint stands in ``folder`` after the first population and every few seconds."""
    from deltasim.exploration.executors import executor
    from deltasim.networks.evolution.checkpoint import load_evolved, save_evolved
    from deltasim.networks.evolution.population import evolve
    from deltasim.simulator.engines.parallel import workers

    found = load_evolved(folder, subject) if resume else None
    most = math.ceil(plan.brood / task.job)
    with executor(subject, Broods(task, plan), min(workers(jobs), most)) as hands:

        def each(jobs: Sequence[Job]) -> Iterator[tuple[int, Made]]:
            return hands.each("made", [(job,) for job in jobs])

        saved = -math.inf if found is None else time.monotonic()
        for state in evolve(task, plan, each, found):
            if progress is not None:
                progress(state.evaluations, plan.budget)
            if time.monotonic() >= saved + EVERY_S:
                save_evolved(state, folder, subject)
                saved = time.monotonic()
                done = f"{state.evaluations:,} evaluations"
                tell_when_stopped(f"{folder} holds a checkpoint after {done}; --resume goes on from it.")
            found = state
    assert found is not None
    return found
