"""Join the parts: execute a network once, replay its trace on a chip, and set it beside the dense run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from deltasim.networks.graph import Network
    from deltasim.networks.trace import Trace
    from deltasim.reports.run import Run
    from deltasim.reports.sweep import Sweep
    from deltasim.runtime.arrays import Floats
    from deltasim.shell.progress import Progress
    from deltasim.simulator.chip import Chip
    from deltasim.simulator.ledger.ledger import Ledger
    from deltasim.simulator.mapping.mapping import Mapping
    from deltasim.workloads.benchmark import Benchmark


@dataclass(frozen=True, eq=False)
class Case:
    """One run, ready for the engine: what is computed is known, what it costs is not.

    ``theta`` is "trained" or "given" where the network keeps its own thresholds, else what replaces them.
    """

    benchmark: Benchmark
    network: Network
    chip: Chip
    mapping: Mapping
    trace: Trace
    theta: str | float
    outputs: Sequence[Floats]
    score: float | None  # None where the benchmark has no labels
    engine: str
    profile: str | None  # the data on which hot columns were counted, where the chip pins them

    @property
    def digest(self) -> str:
        """The name of the run by its content: network, trace, chip, mapping and version."""
        from deltasim.reports.measured import run_digest

        return run_digest(self.network, self.trace, self.chip, self.mapping)


class Baseline(NamedTuple):
    """The dense side of every comparison: all elements sent at every step on the same chip.

    ``outputs`` and ``score`` are those of the dense network on the same sequences.
    """

    ledger: Ledger
    outputs: Sequence[Floats]
    score: float | None


def choose(
    benchmark: str,
    data: str | None = None,
    trained: Path | None = None,
    limit: int | None = None,
) -> Benchmark:
    """Find a benchmark, perhaps with networks of your own training, and take ``limit`` of its sequences."""
    from deltasim.workloads.registry import benchmark as load_benchmark

    chosen = load_benchmark(benchmark, data, trained)
    return chosen if limit is None else chosen.limited(limit)


def prepare(
    benchmark: Benchmark, chip: Chip | str | Path, theta: float | None = None, engine: str = "compiled"
) -> Case:
    """Load the chip, set the thresholds, place the network and compute its messages.

    ``theta`` None keeps the thresholds the network was trained with; a number replaces them all.
    The messages come from the cache where they were computed before. Raises `InputError` for an unknown chip
    or engine, a threshold below 0, or a network that does not fit.
    """
    from deltasim.api.placing import placed
    from deltasim.networks.files.cached_execution import executed
    from deltasim.simulator.chip import load_chip
    from deltasim.simulator.simulate import require_engine

    require_engine(engine)
    loaded = load_chip(chip) if isinstance(chip, str | Path) else chip
    network = benchmark.network if theta is None else benchmark.network.with_thresholds(theta)
    mapping, profile = placed(benchmark, network, loaded)
    trace, outputs = executed(network, benchmark.sequences)
    return Case(
        benchmark=benchmark,
        network=network,
        chip=loaded,
        mapping=mapping,
        trace=trace,
        theta=benchmark.thresholds if theta is None else theta,
        outputs=outputs,
        score=benchmark.scored(outputs),
        engine=engine,
        profile=profile,
    )


def dense_baseline(case: Case, progress: Progress | None = None, jobs: int | None = None) -> Baseline:
    """Replay the dense trace on the case's chip and score the dense-trained network.

    What a dense run costs depends on shapes alone, so one baseline serves every threshold of a sweep. Where
    the chip pins columns, all are equally hot in it.
    ``jobs`` sequences run at once, one for each processor by default.
    """
    from deltasim.api.placing import placed_evenly
    from deltasim.networks.files.cached_execution import executed
    from deltasim.networks.trace import dense_trace
    from deltasim.simulator.simulate import simulate as replay

    benchmark = case.benchmark
    trace = dense_trace(case.network, [len(sequence) for sequence in benchmark.sequences])
    mapping = placed_evenly(case.network, case.chip) if case.chip.placement.pins else case.mapping
    ledger = replay(case.network, trace, case.chip, mapping, engine=case.engine, jobs=jobs, progress=progress)
    _, outputs = executed(benchmark.dense_network, benchmark.sequences)
    return Baseline(ledger, outputs, benchmark.scored(outputs))


def run_case(
    case: Case,
    baseline: Baseline,
    command: str = "deltasim.simulate",
    progress: Progress | None = None,
    jobs: int | None = None,
) -> Run:
    """Replay the case's trace on its chip and hold the counts against the baseline.

    In the SimPy engine the neurons also compute for themselves, and must arrive at the very same trace.
    What is timed is the engine's work on the sequences, ``jobs`` of them at once (None: one for each
    processor): the plan is there, and every kernel has been used before the clock starts.
    """
    from deltasim.reports.figures import Score
    from deltasim.reports.measured import Provenance
    from deltasim.reports.run import Run
    from deltasim.simulator.plan.compile import compile_plan
    from deltasim.simulator.simulate import rehearse, run_plan
    from deltasim.workloads.benchmark import points_of
    from deltasim.workloads.deviation import deviation

    benchmark = case.benchmark
    plan = compile_plan(case.network, case.chip, case.mapping)
    rehearse(plan, benchmark.sequences[0], case.engine)
    inputs = benchmark.sequences if case.engine == "simpy" else None
    started = time.perf_counter()
    ledger = run_plan(plan, case.trace, inputs=inputs, engine=case.engine, jobs=jobs, progress=progress)
    wall_s = time.perf_counter() - started
    return Run(
        benchmark=benchmark.name,
        data=benchmark.data,
        fallback=benchmark.fallback,
        chip=case.chip,
        engine=case.engine,
        theta=case.theta,
        network=case.network,
        trace=case.trace,
        mapping=case.mapping,
        ledger=ledger,
        dense_ledger=baseline.ledger,
        score=Score(benchmark.score_name, case.score, baseline.score),
        provenance=Provenance(
            command=command, seed=0, data_digest=benchmark.data_digest, profile=case.profile
        ),
        wall_s=wall_s,
        period_s=benchmark.period_s,
        points=points_of(benchmark, case.outputs),
        deviation=None if benchmark.targets is not None else deviation(case.outputs, baseline.outputs),
    )


def simulate(
    benchmark: Benchmark | str,
    chip: Chip | str | Path = "edgedrnn",
    theta: float | None = None,
    limit: int | None = None,
    engine: str = "compiled",
    progress: Progress | None = None,
    jobs: int | None = None,
) -> Run:
    """Run a benchmark on a chip, with the dense run on the same chip beside it.

    ``benchmark`` and ``chip`` are names in the box, a path of a YAML description, or the things themselves;
    ``theta`` replaces all trained thresholds; ``limit`` takes that many sequences, spread over classes;
    ``jobs`` of them run at once, by default one for each processor, which changes nothing but the time.
    Raises `InputError` for whatever a person can mend.

    >>> import deltasim as ds
    >>> run = ds.simulate(ds.benchmark("digits", data="synthetic"), chip="edgedrnn", theta=0.3, limit=1)
    >>> run.sequences, run.to_frame().is_empty()
    (1, False)
    """
    return sweep(benchmark, [theta], chip, limit, engine, progress, jobs)[0]


def sweep(
    benchmark: Benchmark | str,
    thetas: Sequence[float | None],
    chip: Chip | str | Path = "edgedrnn",
    limit: int | None = None,
    engine: str = "compiled",
    progress: Progress | None = None,
    jobs: int | None = None,
) -> Sweep:
    """Run a benchmark once for each threshold; the dense baseline runs once for all.

    A sweep is a sequence of runs, with `to_frame`, `figure` and `save` as a run has them.
    """
    from deltasim.reports.sweep import Sweep

    chosen = choose(benchmark) if isinstance(benchmark, str) else benchmark
    chosen = chosen if limit is None else chosen.limited(limit)
    cases = [prepare(chosen, chip, theta, engine) for theta in thetas]
    baseline = dense_baseline(cases[0], progress, jobs)
    return Sweep(tuple(run_case(case, baseline, progress=progress, jobs=jobs) for case in cases))
