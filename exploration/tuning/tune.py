"""Tune a network's thresholds for a chip: chosen on one part of the data, reported on the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from deltasim.exploration.tuning.parts import calibration_and_rest, part
from deltasim.exploration.tuning.scales import layer_scale, moves, neuron_scales
from deltasim.exploration.tuning.search import search
from deltasim.exploration.tuning.trial import Cost, Setting, Trial, bench
from deltasim.exploration.tuning.within import Within
from deltasim.networks.graph import Network
from deltasim.networks.trace import dense_trace
from deltasim.runtime.arrays import Numbers
from deltasim.runtime.errors import InputError, nearest
from deltasim.workloads.benchmark import Benchmark

PER = ("layer", "neuron")
SCOUTED = 6
"""One in so many of the sequences that choose is run with every projection raised alone."""


@dataclass(frozen=True)
class Measure:
    """A setting on one part of the data; joules of one inference, ``dense`` with every element sent."""

    data: str
    sequences: int
    joules: float
    dense_joules: float
    loss: float
    rms: float
    agree: float
    score: float | None
    dense_score: float | None

    @property
    def saved(self) -> float | None:
        """Dense over delta."""
        return self.dense_joules / self.joules if self.joules else None


@dataclass(frozen=True, eq=False)
class Tuning:
    """What a search found. ``curve`` holds what was tried as a whole; its losses are on the calibration set.

    ``occupancy`` is that of each projection on the rest; ``thresholds`` are in the units of the values.
    """

    network: Network
    thresholds: Setting
    within: Within
    per: str
    calibration: Measure
    rest: Measure
    occupancy: dict[str, float]
    curve: tuple[Trial, ...]
    best: Trial
    trials: int

    @property
    def tuned(self) -> Network:
        """The network with the thresholds found."""
        return self.network.with_thresholds(self.thresholds)

    @property
    def holds(self) -> bool:
        """Whether the loss lies within what was allowed on the part that chose nothing."""
        return self.rest.loss <= self.within.most

    def to_dict(self) -> dict[str, Any]:
        """In plain types; the thresholds themselves are stored apart."""
        return {
            "network": self.network.name,
            "within": str(self.within),
            "per": self.per,
            "holds": self.holds,
            "trials": self.trials,
            "calibration": {**asdict(self.calibration), "saved": self.calibration.saved},
            "rest": {**asdict(self.rest), "saved": self.rest.saved},
            "curve": [{"joules": one.joules, "loss": one.loss, "rms": one.rms} for one in self.curve],
        }


def tune(
    benchmark: Benchmark,
    cost: Cost,
    within: Within,
    per: str = "layer",
    calibration: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Tuning:
    """Find thresholds that cost fewest joules by ``cost`` and lose no more than ``within`` against theta 0.

    ``per`` is "layer" (one threshold for each projection) or "neuron" (one for each source neuron of it);
    ``calibration`` the number of sequences that choose. Errors: InputError for data that cannot be split and
    a network without a projection that sends differences that change.

    >>> import numpy as np
    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.workloads.own.benchmark import own_benchmark
    >>> from deltasim.workloads.own.sequences import sequences
    >>> rng = np.random.default_rng(0)
    >>> data = sequences("walks", list(rng.normal(size=(4, 20, 3)).cumsum(axis=1) / 4))
    >>> network = random_stack("gru", 3, (8,), rng)
    >>> found = tune(own_benchmark(network, data), lambda network, trace: float(len(trace.messages)),
    ...              Within("rms", 0.05))
    >>> found.calibration.rms <= 0.05, found.rest.sequences, found.rest.joules < found.rest.dense_joules
    (True, 2, True)
    """
    if per not in PER:
        raise InputError("per", per, "thresholds are found for each layer or neuron", nearest(per, PER))
    first, others = calibration_and_rest(benchmark, calibration)
    chooser, silent, trace = bench(first, cost, within)
    steps = moves(silent, trace)
    scales: dict[str, float | Numbers] = {}
    for projection in silent.projections:
        if projection.name in steps:
            own = steps[projection.name]
            found = neuron_scales(silent, projection, own) if per == "neuron" else layer_scale(own)
            scales[projection.name] = found
    if not any(values.any() for values in steps.values()):
        rule = "no projection of it sends differences that change on these data"
        raise InputError(f"network {benchmark.network.name}", "nothing to tune", rule, "Give other data.")
    few = part(first, np.arange(0, len(first.sequences), SCOUTED), "for the order")
    scout = bench(few, cost, within)[0] if len(few.sequences) < len(first.sequences) else None
    result = search(chooser, scales, progress, scout)
    judge, _, _ = bench(others, cost, within)
    there = judge.tried(result.setting)

    def measured(own: Benchmark, trial: Trial, dense_score: float | None) -> Measure:
        dense = dense_trace(own.network, [len(sequence) for sequence in own.sequences])
        joules = cost(own.network, dense) / len(own.sequences)
        return Measure(
            own.data, len(own.sequences), trial.joules, joules, trial.loss, trial.rms, trial.agree,
            trial.score, dense_score,
        )  # fmt: skip

    return Tuning(
        network=benchmark.network,
        thresholds=result.setting,
        within=within,
        per=per,
        calibration=measured(first, result.best, chooser.score),
        rest=measured(others, there, judge.score),
        occupancy=there.occupancy,
        curve=result.curve,
        best=result.best,
        trials=result.trials,
    )
