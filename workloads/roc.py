"""How well values tell two kinds apart, whatever the threshold."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.arrays import Numbers


def roc_auc(values: Numbers, positive: NDArray[np.bool_]) -> float | None:
    """The area under the receiver operating characteristic: P(value of a positive > that of a negative).

    By ranks (Mann and Whitney); equal values count half. None where one of the two kinds is missing.

    >>> roc_auc(np.array([0.9, 0.5, 0.5, 0.1]), np.array([True, True, False, False]))
    0.875
    """
    most = int(positive.sum())
    least = len(positive) - most
    if not most or not least:
        return None
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]
    return float((ranks[positive].sum() - most * (most + 1) / 2) / (most * least))
