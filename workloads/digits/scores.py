"""How well digits were recognised."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from deltasim.workloads.digits.strings import edit_distance, read_out


def accuracy(outputs: Sequence[NDArray[np.float32]], targets: NDArray[np.int64]) -> float | None:
    """Share of the labelled recordings for which the largest output is the digit that was said.

    A label below 0 is none; without any label there is no accuracy.

    Outputs are averaged over all frames, frame t weighing t + 1: what was received so far grows with t.

    >>> recognised = np.array([[1.0, 0.0], [0.0, 0.6]], np.float32)
    >>> accuracy([recognised, recognised], np.array([1, -1])), accuracy([recognised], np.array([-1]))
    (1.0, None)
    """
    labelled = targets >= 0
    if not labelled.any():
        return None
    weighted = (np.arange(1, len(frames) + 1) @ frames.astype(np.float64) for frames in outputs)
    recognised = np.array([sums.argmax() for sums in weighted])
    return float((recognised == targets)[labelled].mean())


def digit_accuracy(outputs: Sequence[NDArray[np.float32]], targets: NDArray[np.int64]) -> float | None:
    """One less the errors (insertions, deletions, substitutions) over the digits said, over all strings.

    None where no digit was said.

    >>> outputs = [np.eye(11, dtype=np.float32)[[10, 3, 10, 7]]]
    >>> digit_accuracy(outputs, np.array([[3, 8, -1, -1, -1, -1, -1]]))
    0.5
    """
    said = [[int(digit) for digit in row if digit >= 0] for row in targets]
    if not any(said):
        return None
    errors = sum(edit_distance(read_out(frames), row) for frames, row in zip(outputs, said, strict=True))
    return 1 - errors / sum(len(row) for row in said)
