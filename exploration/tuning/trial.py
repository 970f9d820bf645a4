"""One setting of the thresholds, tried: what it costs on the chip and what it loses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from deltasim.exploration.tuning.within import Within
from deltasim.networks.execute import execute
from deltasim.networks.graph import Network
from deltasim.networks.trace import Trace
from deltasim.runtime.arrays import Floats, Numbers
from deltasim.workloads.benchmark import Benchmark
from deltasim.workloads.deviation import deviation

Cost = Callable[[Network, Trace], float]
"""Joules of a trace on the chip; what a chip is stays above."""

SURE = 2
"""Standard errors that are added to a loss: other sequences lose more once in forty times."""

Setting = dict[str, "float | Numbers"]
"""Thresholds by projection: one number, or one for each source neuron."""


class Trial(NamedTuple):
    """A setting's joules, its loss in the kind that is limited, RMS deviation, agreement, score, occupancy.

    Joules are of one inference (a sequence). ``loss`` is in points or in the outputs' units; ``at_most`` is
    the loss with two standard errors of it over sequences, so that other sequences seldom lose more.
    ``score`` is None without labels. ``occupancy`` is that of each projection.
    """

    joules: float
    loss: float
    at_most: float
    rms: float
    agree: float
    score: float | None
    occupancy: dict[str, float]


@dataclass(frozen=True, eq=False)
class Bench:
    """A network on sequences, beside itself with every element sent.

    ``outputs`` and ``score`` are those at theta 0 on the same sequences. In points, the loss is that of the
    score (with labels), or of frames that agree with theta 0 (without).
    """

    benchmark: Benchmark
    cost: Cost
    within: Within
    outputs: Sequence[Floats]
    score: float | None

    def tried(self, setting: Setting) -> Trial:
        """Run the network with these thresholds; projections that are not named keep their own."""
        network = self.benchmark.network.with_thresholds(setting)
        trace, outputs = execute(network, self.benchmark.sequences)
        rms, _, agree = deviation(outputs, self.outputs)
        score = self.benchmark.scored(outputs)
        each = [deviation([one], [other]) for one, other in zip(outputs, self.outputs, strict=True)]
        frames = np.array([len(one) for one in outputs], np.float64)
        if self.within.kind == "rms":
            loss = rms
            at_most = np.sqrt(rms**2 + SURE * standard_error(np.array([one.rms**2 for one in each]), frames))
        elif score is None or self.score is None:
            loss = 100 * (1 - agree)
            at_most = loss + 100 * SURE * standard_error(np.array([one.agree for one in each]), frames)
        else:
            loss = 100 * (self.score - score)
            lost = self.scores(self.outputs) - self.scores(outputs)
            at_most = loss + 100 * SURE * standard_error(lost, np.ones(len(lost)))
        shares = trace.sent(network) / np.maximum(trace.scanned(network), 1)
        return Trial(
            self.cost(network, trace) / len(self.benchmark.sequences),
            loss,
            float(at_most),
            rms,
            agree,
            score,
            {p.name: float(share) for p, share in zip(network.projections, shares, strict=True)},
        )

    def scores(self, outputs: Sequence[Floats]) -> Numbers:
        """The score of each sequence by itself, on a bench with labels."""
        targets, score = self.benchmark.targets, self.benchmark.score
        assert targets is not None
        alone = [score([one], targets[place : place + 1]) for place, one in enumerate(outputs)]
        return np.array([np.nan if value is None else value for value in alone])


def standard_error(values: Numbers, weights: Numbers) -> float:
    """Of the mean of values that count by ``weights``: that of a ratio of sums, linearised; 0 for one value.

    >>> standard_error(np.array([1.0, 3.0]), np.ones(2)), standard_error(np.array([5.0]), np.ones(1))
    (1.0, 0.0)
    """
    if len(values) < 2:
        return 0.0
    apart = weights * (values - np.average(values, weights=weights))
    return float(np.sqrt((apart**2).sum() * len(values) / (len(values) - 1)) / weights.sum())


def bench(benchmark: Benchmark, cost: Cost, within: Within) -> tuple[Bench, Network, Trace]:
    """A benchmark ready to be tried, with the network at theta 0 and its messages there."""
    silent = benchmark.network.dense
    trace, outputs = execute(silent, benchmark.sequences)
    return Bench(benchmark, cost, within, outputs, benchmark.scored(outputs)), silent, trace
