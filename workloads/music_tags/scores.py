"""How well tags are told: the area under the ROC curve of each tag, their mean, and all in one pool."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.arrays import Floats, Numbers
from deltasim.workloads.roc import roc_auc


class Areas(NamedTuple):
    """ROC AUC: of each tag (NaN where no clip, or every clip, has it), their mean, and over all answers."""

    each: Numbers
    mean: float
    pooled: float


def answers(outputs: Sequence[NDArray[np.float32]], reads: str) -> Numbers:
    """What a network says of every clip, (n, tags): its last step, or the mean over its steps.

    >>> outputs = [np.array([[1.0], [3.0]], np.float32)]
    >>> answers(outputs, "last").tolist(), answers(outputs, "mean").tolist()
    ([[3.0]], [[2.0]])
    """
    if reads == "last":
        return np.stack([steps[-1] for steps in outputs]).astype(np.float64)
    return np.stack([steps.mean(0, dtype=np.float64) for steps in outputs])


def areas(said: Numbers, tags: NDArray[np.bool_]) -> Areas:
    """The areas of answers (n, tags).

    >>> areas(np.array([[0.9, 0.1], [0.2, 0.3]]), np.array([[True, False], [False, False]]))
    Areas(each=array([ 1., nan]), mean=1.0, pooled=1.0)
    """
    found = [roc_auc(said[:, tag], tags[:, tag]) for tag in range(tags.shape[1])]
    each = np.array([np.nan if area is None else area for area in found])
    pooled = roc_auc(said.ravel(), tags.ravel())
    known = each[np.isfinite(each)]
    mean = float(known.mean()) if known.size else float("nan")
    return Areas(each, mean, float("nan") if pooled is None else pooled)


def mean_area(reads: str) -> Callable[[Sequence[Floats], NDArray[Any]], float | None]:
    """The score of outputs that are read so: the mean ROC AUC of the tags; None where no tag has both kinds.

    >>> score = mean_area("last")
    >>> score([np.array([[0.2]]), np.array([[0.7]])], np.array([[False], [True]]))
    1.0
    """

    def score(outputs: Sequence[Floats], targets: NDArray[Any]) -> float | None:
        found = areas(answers(outputs, reads), targets.astype(bool)).mean
        return None if np.isnan(found) else found

    return score
