"""Run a network on a chip at a steady occupancy and read off what a published table states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from deltasim.networks.graph import Network
from deltasim.networks.trace import Trace, from_counts
from deltasim.runtime.arrays import Integers
from deltasim.simulator.chip import Chip
from deltasim.simulator.ledger.ledger import Ledger
from deltasim.simulator.ledger.pricing import price
from deltasim.simulator.simulate import simulate


class Measured(NamedTuple):
    """Means over the steps of a run: seconds and joules a step, watts, and the whole ledger."""

    step_s: float
    step_j: float
    power_w: float
    ledger: Ledger


def steady_trace(network: Network, steps: int, occupancy: float, seed: int = 0) -> Trace:
    """A trace whose every encoder sends as evenly as whole messages allow: after t steps, ⌊t o n⌋ in all.

    Which elements they are is drawn anew at each step. A random trace of so few steps would miss the mean by
    a percent or two, which is what the table has to resolve.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> network = random_stack("gru", 10, (20,), np.random.default_rng(0))
    >>> trace = steady_trace(network, 4, 0.25)
    >>> [len(trace.step(step)) for step in range(4)]
    [7, 8, 7, 8]
    """
    sizes = [projection.connection.source_size for projection in network.projections]
    return counted_trace(network, even_counts([occupancy * size for size in sizes], steps), seed)


def even_counts(means: Sequence[float], steps: int) -> Integers:
    """Whole numbers (steps, encoders) that come as evenly as they can: after t steps, ⌊t mean⌋ in all.

    >>> even_counts([2.5, 0.4], 3).tolist()
    [[2, 0], [3, 0], [2, 1]]
    """
    reached = np.floor(np.arange(steps + 1)[:, None] * np.array(means)[None]).astype(np.int64)
    return np.asarray(np.diff(reached, axis=0), np.int64)


def counted_trace(network: Network, counts: Integers, seed: int = 0) -> Trace:
    """A trace of one sequence in which encoder p sends ``counts[step, p]`` elements, drawn anew each step."""
    rng = np.random.default_rng(seed)
    steps, encoders = counts.shape
    sizes = [projection.connection.source_size for projection in network.projections]
    drawn = [
        np.sort(rng.choice(sizes[encoder], counts[step, encoder], replace=False)).astype(np.int32)
        for step in range(steps)
        for encoder in range(encoders)
    ]
    step_of, encoder_of = np.divmod(np.arange(steps * encoders), encoders)
    chosen, bounds = np.concatenate(drawn), np.array([0, steps], np.int64)
    ones = np.ones(len(chosen), np.float32)
    return from_counts(chosen, ones, step_of, encoder_of, counts.ravel(), bounds, network.digest)


def measure(network: Network, chip: Chip, occupancy: float, steps: int) -> Measured:
    """Simulate ``steps`` steps at an occupancy, 0 to 1."""
    return measure_trace(network, chip, steady_trace(network, steps, occupancy))


def measure_trace(network: Network, chip: Chip, trace: Trace) -> Measured:
    """Simulate a trace."""
    ledger = simulate(network, trace, chip)
    joules, seconds, steps = price(ledger, chip, network).total_j, ledger.elapsed_ps * 1e-12, trace.steps
    return Measured(seconds / steps, joules / steps, joules / seconds, ledger)


def occupancy_of(target_s: float, occupancies: Sequence[float], steps_s: Sequence[float]) -> float | None:
    """The occupancy at which a step takes ``target_s``, on straight lines between measured ones.

    None where the target lies outside what was measured. Both sequences ascend.

    >>> occupancy_of(1.5, [0.1, 0.2], [1.0, 2.0]), occupancy_of(0.5, [0.1, 0.2], [1.0, 2.0])
    (0.15000000000000002, None)
    """
    if not steps_s[0] <= target_s <= steps_s[-1]:
        return None
    return float(np.interp(target_s, steps_s, occupancies))
