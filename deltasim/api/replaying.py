"""What would help a run, replayed: ``deltasim whatif`` and ``ds.whatif``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from deltasim.api.cases import Case
    from deltasim.reports.run import Run
    from deltasim.reports.whatif.helped import Helped
    from deltasim.shell.progress import Progress
    from deltasim.simulator.chip import Chip
    from deltasim.workloads.benchmark import Benchmark


def whatif(
    benchmark: Benchmark | str,
    chip: Chip | str | Path = "edgedrnn",
    theta: float | None = None,
    limit: int | None = None,
    progress: Progress | None = None,
    jobs: int | None = None,
) -> Helped:
    """Run a benchmark on a chip, then again with each kind of unit faster or wider, and rank what helps.

    Arguments are those of `deltasim.simulate`. Raises `InputError` for whatever a person can mend.

    >>> import deltasim as ds
    >>> found = ds.whatif(ds.benchmark("digits", data="synthetic"), limit=1)
    >>> found.found.first.change.part, found.found.gain("mac.faster").shorter < 0.005
    ('threshold scan', True)
    """
    from deltasim.api.cases import choose, dense_baseline, prepare, run_case

    chosen = choose(benchmark) if isinstance(benchmark, str) else benchmark
    case = prepare(chosen if limit is None else chosen.limited(limit), chip, theta)
    run = run_case(case, dense_baseline(case, jobs=jobs), command="deltasim.whatif", jobs=jobs)
    return helped(case, run, progress, jobs)


def helped(case: Case, run: Run, progress: Progress | None = None, jobs: int | None = None) -> Helped:
    """What would help a run that is there."""
    from deltasim.api.placing import placed
    from deltasim.exploration.whatif.floors import floors
    from deltasim.exploration.whatif.whatif import what_if
    from deltasim.reports.whatif.helped import Helped
    from deltasim.simulator.plan.compile import compile_plan

    plan = compile_plan(case.network, case.chip, case.mapping)
    found = what_if(
        plan,
        case.trace,
        run.ledger,
        lambda chip: placed(case.benchmark, case.network, chip)[0],
        progress,
        jobs,
    )
    return Helped(run, found, floors(plan, case.trace))
