"""How well a network steers: its outputs beside what the driver did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Steering(NamedTuple):
    """Root mean square error, mean absolute error, and Pearson's correlation, over all frames."""

    rmse: float
    mae: float
    correlation: float


def steering(outputs: Sequence[NDArray[np.float32]], targets: NDArray[Any]) -> Steering | None:
    """Compare outputs (T_i, 1) with the rows of ``targets`` (n, longest), NaN behind shorter sequences.

    The correlation is NaN where either side is constant; None where no frame has a target.

    >>> steering([np.array([[1.0], [0.0]], np.float32)], np.array([[1.0, 1.0]]))
    Steering(rmse=0.7071067811865476, mae=0.5, correlation=nan)
    """
    predicted = np.concatenate([frames[:, 0] for frames in outputs]).astype(np.float64)
    driven = np.concatenate([row[: len(frames)] for frames, row in zip(outputs, targets, strict=True)])
    known = np.isfinite(driven)
    if not known.any():
        return None
    predicted, driven = predicted[known], driven[known].astype(np.float64)
    apart = predicted - driven
    constant = predicted.std() == 0 or driven.std() == 0
    correlation = float("nan") if constant else float(np.corrcoef(predicted, driven)[0, 1])
    return Steering(float(np.sqrt(np.mean(apart**2))), float(np.abs(apart).mean()), correlation)


def negative_rmse(outputs: Sequence[NDArray[np.float32]], targets: NDArray[Any]) -> float | None:
    """The root mean square error below zero, so that more is better; None without targets.

    >>> negative_rmse([np.array([[0.5]], np.float32)], np.array([[0.25]]))
    -0.25
    """
    found = steering(outputs, targets)
    return None if found is None else -found.rmse
