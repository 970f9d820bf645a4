"""How well digits were told from events."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def accuracy(outputs: Sequence[NDArray[np.float32]], targets: NDArray[np.int64]) -> float | None:
    """Share of the recordings for which the largest output, averaged over all frames, is the digit seen.

    None without recordings.

    >>> seen = np.array([[1.0, 0.0], [0.0, 0.6]], np.float32)
    >>> accuracy([seen, seen], np.array([0, 1]))
    0.5
    """
    right, of = recognised(outputs, targets).sum(axis=0).tolist()
    return right / of if of else None


def recognised(outputs: Sequence[NDArray[np.float32]], targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """For each recording whether it was recognised, and 1. Shape (recordings, 2)."""
    found = np.array([frames.astype(np.float64).mean(axis=0).argmax() for frames in outputs], np.int64)
    return np.column_stack([found == targets, np.ones(len(found))]).astype(np.float64)
