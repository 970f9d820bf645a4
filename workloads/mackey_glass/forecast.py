"""NeuroBench's task: learn from 10 Lyapunov times, then continue them for 10 more without being told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.arrays import Floats, Numbers
from deltasim.workloads.mackey_glass.series import POINTS

TRAINED = 10 * POINTS  # points a network learns from
AHEAD = 10 * POINTS  # points it forecasts
WINDOW = TRAINED + AHEAD + 1


def guided(values: Numbers, length: int) -> Floats:
    """What a network with a loop receives, (length, 2): the value with a 1 while it is told, then zeros.

    >>> guided(np.array([0.5, 0.25]), 3).tolist()
    [[0.5, 1.0], [0.25, 1.0], [0.0, 0.0]]
    """
    found: Floats = np.zeros((length, 2), np.float32)
    found[: len(values), 0] = values
    found[: len(values), 1] = 1
    return found


def percentages(outputs: Sequence[NDArray[np.float32]], targets: NDArray[Any]) -> Numbers:
    """(n, 2): for each forecast the sum of ``200 |f - y| / (|f| + |y|)`` over its points, and their number.

    ``outputs`` (T_i, 1); ``targets`` (n, longest) what comes next, NaN where it is not to be forecast. A
    forecast that is no number, or has no end, counts 200.
    """
    rows = []
    for frames, row in zip(outputs, targets, strict=True):
        asked = np.isfinite(row[: len(frames)])
        told, true = frames[asked, 0].astype(np.float64), row[: len(frames)][asked].astype(np.float64)
        told = np.where(np.isfinite(told), told, np.inf)
        with np.errstate(invalid="ignore"):
            each = np.where(np.isinf(told), 200.0, 200 * np.abs(told - true) / (np.abs(told) + np.abs(true)))
        rows.append((np.where(np.isnan(each), 0.0, each).sum(), float(asked.sum())))
    return np.array(rows, np.float64).reshape(-1, 2)


def smape(outputs: Sequence[NDArray[np.float32]], targets: NDArray[Any]) -> float | None:
    """Symmetric mean absolute percentage error, 0 to 200; None where nothing is to be forecast.

    >>> smape([np.array([[1.0], [3.0]], np.float32)], np.array([[1.0, 1.0]]))
    50.0
    """
    total, count = percentages(outputs, targets).sum(axis=0)
    return float(total / count) if count else None
