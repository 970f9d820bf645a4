"""How well a detector tells speech from noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltasim.workloads.roc import roc_auc

DECISION = 0.5  # a frame is called speech from this probability on, as in Silero's own code


def detection(outputs: Sequence[NDArray[np.float32]], targets: NDArray[Any]) -> float | None:
    """ROC AUC over all frames of outputs (T_i, 1); ``targets`` (n, longest) 1 for speech, NaN behind the end.

    >>> detection([np.array([[0.2], [0.7]], np.float32)], np.array([[0.0, 1.0, np.nan]]))
    1.0
    """
    values = np.concatenate([frames[:, 0] for frames in outputs]).astype(np.float64)
    spoken = np.concatenate([row[: len(frames)] for frames, row in zip(outputs, targets, strict=True)])
    known = np.isfinite(spoken)
    return roc_auc(values[known], spoken[known] > 0)


def agreement(outputs: Sequence[NDArray[np.float32]], others: Sequence[NDArray[np.float32]]) -> float:
    """The share of frames that two detectors decide alike.

    >>> agreement([np.array([[0.2], [0.7]])], [np.array([[0.4], [0.3]])])
    0.5
    """
    one, other = (
        np.concatenate([frames[:, 0] for frames in found]) >= DECISION for found in (outputs, others)
    )
    return float((one == other).mean())
