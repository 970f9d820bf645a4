"""How sure 99th percentiles are: of inferences by their order alone, of steps by sequences drawn again."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from deltasim.reports.uncertainty.prices import Doubles, Interval, rounded
from deltasim.reports.uncertainty.sequences import interval, shares

TAIL = 0.05  # of each side, which an interval of 90 % leaves out
SHARE = 0.99
FEWEST = 20
"""Sequences: of fewer, one that is not there may hold all of the slowest steps."""


def percentile_interval(values: npt.NDArray[Any]) -> Interval | None:
    """An interval that holds the 99th percentile in 90 % of samples, however values are distributed.

    Of n values, b are below the percentile, which follows a binomial distribution. So it lies between two of
    the values in their order, chosen so that either side is wrong with at most 5 %. None where even the
    largest may be too small: of fewer than 299 values.

    >>> percentile_interval(np.arange(300.0)), percentile_interval(np.arange(298.0))
    ((293.0, 299.0), None)
    """
    ordered, number = np.sort(np.asarray(values, np.float64)), len(values)
    below = np.cumsum(binomial(number))  # P(b <= k), at k
    high = int(np.searchsorted(below, 1 - TAIL))
    if high >= number:
        return None
    low = int(np.searchsorted(below, TAIL, side="right"))  # P(b >= low) is more than 95 %
    return rounded(float(ordered[max(0, low - 1)])), rounded(float(ordered[high]))


def binomial(number: int) -> Doubles:
    """The probability that k of so many values are below their 99th percentile, at k."""
    place = np.arange(number + 1)
    logs = [math.lgamma(k + 1) for k in range(number + 1)]
    chosen = np.array(logs[-1]) - np.array(logs) - np.array(logs[::-1])
    found: Doubles = np.exp(chosen + place * math.log(SHARE) + (number - place) * math.log1p(-SHARE))
    return found


def steps_interval(values: npt.NDArray[Any], bounds: npt.NDArray[np.integer[Any]]) -> Interval | None:
    """What 90 % of draws of the sequences find as the 99th percentile of their steps.

    Steps of one sequence are alike, so whole sequences are drawn; ``bounds`` (sequences + 1,) are where each
    begins. None of fewer than `FEWEST`.

    >>> steps_interval(np.tile(np.arange(10.0), 30), np.arange(0, 301, 10))
    (9.0, 9.0)
    """
    lengths = np.diff(bounds)
    if len(lengths) < FEWEST:
        return None
    order = np.argsort(-np.asarray(values, np.float64), kind="stable")
    of = np.repeat(np.arange(len(lengths)), lengths)[order]
    found = []
    for share in shares(len(lengths)):
        whole = share @ lengths
        kept = max(1, math.ceil(len(of) * 5 * (1 - SHARE)))
        behind = np.cumsum(share[:, of[:kept]], axis=1)
        while (behind[:, -1] <= (1 - SHARE) * whole).any():  # few long sequences hold most of the draw
            kept = min(len(of), 2 * kept)
            behind = np.cumsum(share[:, of[:kept]], axis=1)
        first = (behind > (1 - SHARE) * whole[:, np.newaxis]).argmax(axis=1)
        found.append(np.asarray(values, np.float64)[order[first]])
    return interval(np.concatenate(found))
