"""How well alarms tell nodes that are faulty from sound ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltasim.workloads.roc import roc_auc

Reals = NDArray[np.float64]


class Rates(NamedTuple):
    """At one threshold: the share of faulty node-steps with an alarm, and of sound ones with an alarm."""

    detection: float
    false_alarms: float


def pooled(outputs: Sequence[NDArray[np.float32]], targets: NDArray[Any]) -> tuple[Reals, NDArray[np.bool_]]:
    """Alarm levels and labels of all node-steps that count, over all sequences.

    ``outputs[i]`` (T_i, N), ``targets`` (n, longest, N): 1 faulty, 0 sound, NaN where nothing is scored.
    """
    levels, labels = [], []
    for found, row in zip(outputs, targets, strict=True):
        wanted = row[: len(found)]
        known = np.isfinite(wanted)
        levels.append(found[known].astype(np.float64))
        labels.append(wanted[known] > 0)
    return np.concatenate(levels), np.concatenate(labels)


def alarm_auc(outputs: Sequence[NDArray[np.float32]], targets: NDArray[Any]) -> float | None:
    """The area under detections over false alarms at every threshold; None without both kinds.

    The probability that a faulty node-step has the higher alarm level, half a point where both are equal.
    Node-steps of all nodes and sequences in one pool.

    >>> alarm_auc([np.array([[0.1], [0.9], [0.9]], np.float32)], np.array([[[0.0], [1.0], [0.0]]]))
    0.75
    """
    return roc_auc(*pooled(outputs, targets))


def rates(outputs: Sequence[NDArray[np.float32]], targets: NDArray[Any], threshold: float) -> Rates:
    """Detections and false alarms where an alarm is a level above ``threshold``; NaN of what there is not.

    >>> rates([np.array([[0.1], [0.9]], np.float32)], np.array([[[0.0], [1.0]]]), 0.5)
    Rates(detection=1.0, false_alarms=0.0)
    """
    levels, labels = pooled(outputs, targets)
    above = levels > threshold
    return Rates(*(float(above[chosen].mean()) if chosen.any() else np.nan for chosen in (labels, ~labels)))
