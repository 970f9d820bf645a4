"""How sure means over sequences are: the sequences drawn again, with replacement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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


def drawn_together(columns: Mapping[str, Doubles]) -> dict[str, Doubles]:
    """Means of several arrays (sequences, figures) over the same draws of the sequences, by their names.

    >>> ones = np.ones((9, 2))
    >>> {name: means.shape for name, means in drawn_together({"a": ones, "b": ones[:, :1]}).items()}
    {'a': (2000, 2), 'b': (2000, 1)}
    """
    means = resampled(np.concatenate(list(columns.values()), axis=1))
    ends = np.cumsum([held.shape[1] for held in columns.values()])[:-1]
    return dict(zip(columns, np.split(means, ends, axis=1), strict=True))


def with_prices(means: Doubles, times: Doubles) -> Doubles:
    """Draws of the joules of an inference, prices and sequences drawn together. Shape (draws,).

    ``means`` (resamples, prices) are joules at the stated prices, ``times`` (draws, prices) what each price
    is times (`deltasim.reports.uncertainty.prices.factors`).
    """
    found: Doubles = np.einsum("dp,dp->d", times, means[np.arange(DRAWS) % len(means)])
    return found
