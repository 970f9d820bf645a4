"""Thresholds for a network on a chip: what ``deltasim tune`` and ``ds.tune`` do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from deltasim.exploration.tuning.trial import Cost
    from deltasim.exploration.tuning.within import Within
    from deltasim.networks.graph import Network
    from deltasim.networks.trace import Trace
    from deltasim.reports.settings.tuned import Tuned
    from deltasim.runtime.arrays import Numbers
    from deltasim.shell.progress import Progress
    from deltasim.simulator.chip import Chip
    from deltasim.workloads.benchmark import Benchmark


def tune(
    network: Network | torch.nn.Module | str | Path,
    inputs: str | Path | Numbers | Sequence[Numbers],
    within: str,
    chip: Chip | str | Path = "edgedrnn",
    labels: Sequence[object] | None = None,
    per: str = "layer",
    calibration: int | None = None,
    layers: str | None = None,
    progress: Progress | None = None,
    jobs: int | None = None,
) -> Tuned:
    """Find the thresholds that save most joules on a chip and lose no more than ``within``.

    ``within`` is such as "0.5points" (of accuracy with labels, else of frames that agree with theta 0) or
    "0.02rms" (deviation of the outputs); ``per`` "layer" or "neuron". They are chosen on ``calibration``
    sequences (None: half of them) and reported on the rest. ``save(folder)`` stores them in a network folder,
    where ``ds.run`` and ``deltasim run`` use them. The other arguments are those of ``ds.run``.

    >>> import deltasim as ds
    >>> import numpy as np
    >>> from deltasim.networks import random_stack
    >>> rng = np.random.default_rng(0)
    >>> found = ds.tune(random_stack("gru", 3, (8,), rng), rng.normal(size=(4, 20, 3)).cumsum(axis=1) / 4,
    ...                 within="0.05rms")
    >>> found.tuning.calibration.rms <= 0.05, found.tuning.rest.saved > 1
    (True, True)
    """
    from deltasim.api.own_network import own_benchmark

    return tuned(
        own_benchmark(network, inputs, labels, layers), chip, within, per, calibration, progress, jobs
    )


def tuned(
    benchmark: Benchmark,
    chip: Chip | str | Path,
    within: str,
    per: str = "layer",
    calibration: int | None = None,
    progress: Progress | None = None,
    jobs: int | None = None,
    command: str = "deltasim.tune",
) -> Tuned:
    """``tune`` on a benchmark that is there."""
    from deltasim.exploration.tuning.tune import tune as search
    from deltasim.exploration.tuning.within import parse_within
    from deltasim.reports.settings.tuned import Tuned
    from deltasim.simulator.chip import load_chip

    limit: Within = parse_within(within)
    loaded = load_chip(chip) if isinstance(chip, str | Path) else chip
    cost = cost_on(loaded, benchmark, jobs)
    found = search(benchmark, cost, limit, per, calibration, progress)
    return Tuned(found, loaded, benchmark.data, benchmark.data_digest, command)


def cost_on(chip: Chip, benchmark: Benchmark, jobs: int | None) -> Cost:
    """Joules of a trace of the benchmark's network on a chip; its plan, the same for all thresholds, is made
    once.

    Errors: InputError where the network does not fit.
    """
    from deltasim.api.placing import placed
    from deltasim.simulator.ledger.pricing import price
    from deltasim.simulator.plan.compile import compile_plan
    from deltasim.simulator.simulate import run_plan

    mapping, _ = placed(benchmark, benchmark.network, chip)
    plan = compile_plan(benchmark.network, chip, mapping)

    def joules(network: Network, trace: Trace) -> float:
        return price(run_plan(plan, trace, jobs=jobs), chip, network).total_j

    return joules
