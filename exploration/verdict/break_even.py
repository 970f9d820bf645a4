"""Energy over occupancy: the dense run of a chip, thinned, until it costs what the dense accelerator does."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from deltasim.networks.trace import Trace
from deltasim.runtime.arrays import Floats

OCCUPANCIES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0)


def thinned(trace: Trace, share: float, seed: int = 0) -> Trace:
    """A trace with each message kept with probability ``share``, drawn by ``seed``.

    What a larger share keeps holds all that a smaller one does.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.networks.trace import dense_trace
    >>> trace = dense_trace(random_stack("gru", 8, (16,), np.random.default_rng(0)), [50])
    >>> [round(len(thinned(trace, share).messages) / len(trace.messages), 1) for share in (0, 0.5, 1)]
    [0.0, 0.5, 1.0]
    """
    kept = np.random.default_rng(seed).random(len(trace.messages)) < share
    counts = np.concatenate([[0], np.cumsum(kept)]).astype(np.int64)
    bounds = counts[trace.step_bounds]
    lost = counts[trace.lost[kept[trace.lost]]]
    return Trace(trace.messages[kept], bounds, trace.sequence_bounds, trace.network_digest, lost)


def energy_curve(
    trace: Trace, cost: Callable[[Trace], float], occupancies: Sequence[float] = OCCUPANCIES
) -> tuple[tuple[float, float], ...]:
    """Joules of a dense trace thinned to each of these occupancies, ascending."""
    return tuple((share, cost(thinned(trace, share))) for share in occupancies)


def break_even(curve: Sequence[tuple[float, float]], joules: float) -> float | None:
    """The highest occupancy at which deltas cost no more than ``joules``; the curve is straight in between.

    None: they cost more at any. 1: they cost no more even where everything is sent.

    >>> break_even([(0.0, 1.0), (0.5, 2.0), (1.0, 4.0)], 3.0), break_even([(0.0, 1.0), (1.0, 2.0)], 0.5)
    (0.75, None)
    """
    shares: Floats = np.array([share for share, _ in curve])
    costs: Floats = np.maximum.accumulate(np.array([cost for _, cost in curve]))
    if costs[0] > joules:
        return None
    if costs[-1] <= joules:
        return float(shares[-1])
    above = int(np.argmax(costs > joules))
    low, high = costs[above - 1], costs[above]
    return float(shares[above - 1] + (shares[above] - shares[above - 1]) * (joules - low) / (high - low))
