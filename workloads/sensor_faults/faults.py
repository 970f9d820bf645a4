"""Faults of sensors, injected into readings: what a node then measures, and from when."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.arrays import Floats
from deltasim.runtime.errors import InputError

Values: TypeAlias = NDArray[np.float64]
WASHOUT = 24  # steps at the start of a sequence in which states still settle: no faults, no scores


def stuck(values: Values, rng: np.random.Generator) -> Values:
    """The first reading, over and over."""
    return np.full_like(values, values[0])


def drift(values: Values, rng: np.random.Generator) -> Values:
    """Up or down, evenly, to 4 deviations off at the end."""
    off = float(rng.choice([-4.0, 4.0]))
    return values + off * np.arange(1, len(values) + 1) / len(values)


def spike(values: Values, rng: np.random.Generator) -> Values:
    """One reading in ten is 4 deviations off, up or down."""
    struck: Values = (rng.random(len(values)) < 0.1) * rng.choice([-4.0, 4.0], len(values))
    return values + struck


def offset(values: Values, rng: np.random.Generator) -> Values:
    """Always 2 deviations too high, or too low."""
    return values + float(rng.choice([-2.0, 2.0]))


def noise(values: Values, rng: np.random.Generator) -> Values:
    """Normal noise of 1 deviation."""
    return values + rng.normal(size=len(values))


FAULTS: dict[str, Callable[[Values, np.random.Generator], Values]] = {
    fault.__name__: fault for fault in (stuck, drift, spike, offset, noise)
}
"""The kinds of faults, which nodes that fail get in turn. A deviation is that of the node's readings."""


class Faulty(NamedTuple):
    """Readings with faults in them; ``kind`` (T, N): 0 sound, 1 to 5 a fault, in the order of `FAULTS`."""

    readings: Floats
    kind: NDArray[np.int64]


def injected(readings: Floats, share: float, rng: np.random.Generator) -> Faulty:
    """Let a share of the nodes (0 to 1) fail, each from a step of its own on until the end.

    ``readings`` (T, N) in deviations of the nodes. Faults begin behind ``WASHOUT``, in the first half of
    what is left. Errors: InputError for a share outside 0 to 1, or a sequence too short.

    >>> found = injected(np.zeros((100, 10), np.float32), 0.5, np.random.default_rng(0))
    >>> np.unique(found.kind[-1]).tolist(), found.kind[:WASHOUT].any()
    ([0, 1, 2, 3, 4, 5], np.False_)
    """
    steps, nodes = readings.shape
    if not 0 <= share <= 1:
        raise InputError("share", share, "the share of nodes that fail lies within 0 to 1", "Give a share.")
    if steps < WASHOUT + 2:
        rule = f"a sequence with faults has more than {WASHOUT + 1} steps"
        raise InputError("sequence", f"{steps} steps", rule, "Give a longer one.")
    values, kind = readings.astype(np.float64), np.zeros((steps, nodes), np.int64)
    failing, first = rng.permutation(nodes)[: round(share * nodes)], int(rng.integers(len(FAULTS)))
    for place, node in enumerate(failing):
        number = (first + place) % len(FAULTS)
        begin = WASHOUT + int(rng.integers(0, (steps - WASHOUT) // 2))
        fault = list(FAULTS.values())[number]
        values[begin:, node] = fault(values[begin:, node], rng)
        kind[begin:, node] = number + 1
    return Faulty(values.astype(np.float32), kind)
