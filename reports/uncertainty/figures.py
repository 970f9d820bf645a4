"""90 % intervals of the main figures of a run: of prices, of sequences, or of both drawn together."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from deltasim.reports.uncertainty.percentiles import percentile_interval, steps_interval
from deltasim.reports.uncertainty.prices import DRAWS, Doubles, Interval, Spread, factors
from deltasim.reports.uncertainty.sequences import drawn_together, interval, with_prices
from deltasim.runtime.arrays import Integers

if TYPE_CHECKING:
    from deltasim.simulator.ledger.ledger import Ledger
    from deltasim.simulator.ledger.pricing import Energy

Intervals = dict[str, Interval]
"""By the place of the figure in a record, as "energy.inference_j"."""

SECONDS = 1e-12


class Waiting(NamedTuple):
    """A run at the period of its steps: seconds each sequence lasts, and watts of each price at rest."""

    lasted_s: Doubles
    idle_w: Doubles


def joules_of_sequences(energy: Energy, ledger: Ledger) -> Doubles:
    """Joules of each sequence by price: counts times the price of the line. Shape (sequences, lines)."""
    columns = [ledger.actions.index(line.action) for line in energy.lines]
    counts = np.asarray(ledger.of_sequences[:, columns], np.float64)
    each = [SECONDS * line.price if line.unit == "ps" else line.price for line in energy.lines]
    found: Doubles = counts * np.array(each)
    return found


def seconds_of(ledger: Ledger) -> Doubles:
    """Latency of each sequence."""
    return np.asarray(ledger.sequence_latency_ps, np.float64) * SECONDS


def intervals_of(
    spreads: tuple[Spread, ...],
    joules: tuple[Doubles, Doubles],
    seconds: tuple[Doubles, Doubles],
    waiting: Waiting | None,
    points: Doubles | None,
) -> Intervals:
    """The intervals of energy, latency, savings against dense, mean power and score.

    ``joules`` (sequences, prices) and ``seconds`` (sequences,) are those of the delta and of the dense run,
    which have the same prices and sequences and are drawn with the same draws. A run of one sequence has
    intervals of its prices alone.
    """
    times = factors(spreads)
    columns = {"delta": joules[0], "dense": joules[1], "seconds": np.column_stack(seconds)}
    if waiting is not None:
        rest = np.maximum(0.0, waiting.lasted_s - seconds[0])
        columns["waiting"] = np.column_stack([waiting.lasted_s, rest])
    if points is not None:
        columns["points"] = points
    means = drawn_together(columns)
    delta, dense = (with_prices(means[name], times) for name in ("delta", "dense"))
    found = {"energy.inference_j": interval(delta)}
    if delta.all():
        found["reduction.energy"] = interval(dense / delta)
    if waiting is not None:
        found["power.mean_w"] = interval(mean_power(delta, times @ waiting.idle_w, means["waiting"]))
    if len(seconds[0]) < 2:
        return found
    latency = means["seconds"]
    found["latency.inference_mean_s"] = interval(latency[:, 0])
    if latency.all():
        found["reduction.latency"] = interval(latency[:, 1] / latency[:, 0])
    if points is not None and points[:, 1].any():
        found["score.value"] = interval(ratio_of_sums(means["points"]))
    return found


def percentiles_of(ledger: Ledger, bounds: Integers) -> Intervals:
    """The intervals of the 99th percentiles of latency, of those that have one; ``bounds``: of sequences."""
    found = {
        "latency.inference_p99_s": percentile_interval(seconds_of(ledger)),
        "latency.step_p99_s": steps_interval(
            np.asarray(ledger.step_latency_ps, np.float64) * SECONDS, np.asarray(bounds)
        ),
    }
    return {figure: held for figure, held in found.items() if held is not None}


def ratio_of_sums(means: Doubles) -> Doubles:
    """The scores of draws of the sequences; those without anything to score are left out.

    >>> ratio_of_sums(np.array([[1.0, 2.0], [0.0, 0.0]])).tolist()
    [0.5]
    """
    held = means[means[:, 1] > 0]
    return held[:, 0] / held[:, 1]


def mean_power(joules: Doubles, idle_w: Doubles, waiting: Doubles) -> Doubles:
    """Draws of the mean power: joules of an inference and of waiting for the next, over what it lasts.

    ``waiting`` (resamples, 2) are the seconds that an inference lasts and those the chip waits in it.
    """
    lasted, rest = waiting[np.arange(DRAWS) % len(waiting)].T
    found: Doubles = (joules + idle_w * rest) / lasted
    return found
