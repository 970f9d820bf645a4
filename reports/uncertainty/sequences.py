"""How sure means over sequences are: the sequences drawn again, with replacement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from deltasim.reports.uncertainty.prices import DRAWS, QUANTILES, SEED, Doubles, Interval, rounded

RESAMPLES = 2000
AT_ONCE = 1 << 20  # sequences drawn at a time


def resampled(values: Doubles) -> Doubles:
    """Means of columns over sequences drawn again. Values (sequences, figures), found (resamples, figures).

    Rule: as many sequences as there are, each equally likely each time. The draws follow from their number
    alone, so that two runs of the same sequences are drawn together: what they share cancels.

    >>> found = resampled(np.array([[0.0], [1.0]]))
    >>> found.shape, sorted(set(found[:, 0].tolist()))
    ((2000, 1), [0.0, 0.5, 1.0])
    """
    return np.concatenate([share @ values for share in shares(len(values))])


def shares(sequences: int) -> Iterator[Doubles]:
    """How large a share of the sequences drawn each one is. Each (resamples at once, sequences)."""
    generator = np.random.default_rng([SEED, sequences])
    at_once = max(1, AT_ONCE // sequences)
    for start in range(0, RESAMPLES, at_once):
        rows = min(at_once, RESAMPLES - start)
        drawn = generator.integers(sequences, size=(rows, sequences))
        places = (drawn + sequences * np.arange(rows)[:, np.newaxis]).ravel()
        counts = np.bincount(places, minlength=rows * sequences).reshape(rows, sequences)
        yield counts / sequences


def interval(draws: Any) -> Interval:
    """What 90 % of draws lie between, of four digits."""
    low, high = np.quantile(np.asarray(draws, np.float64), QUANTILES).tolist()
    return rounded(low), rounded(high)


def over_sequences(values: Doubles, figure: Callable[[Doubles], Any]) -> Interval | None:
    """The interval of a figure of means; None for one sequence, which says nothing of others.

    ``figure`` takes the means of the columns of ``values``, one row for each time the sequences are drawn.

    >>> over_sequences(np.ones((9, 1)), lambda means: means[:, 0])
    (1.0, 1.0)
    >>> over_sequences(np.ones((1, 1)), lambda means: means[:, 0]) is None
    True
    """
    return None if len(values) < 2 else interval(figure(resampled(values)))


def with_prices(joules: Doubles, times: Doubles) -> Doubles:
    """Draws of the joules of an inference, prices and sequences drawn together. Shape (draws,).

    ``joules`` (sequences, prices) are those of each sequence at the stated prices, ``times`` (draws, prices)
    what each price is times (`deltasim.reports.uncertainty.prices.factors`).
    """
    if len(joules) < 2:
        return times @ joules.mean(axis=0)
    means = resampled(joules)
    return np.einsum("dp,dp->d", times, means[np.arange(DRAWS) % RESAMPLES])
