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
    right, labelled = recognised(outputs, targets).sum(axis=0).tolist()
    return right / labelled if labelled else None


def recognised(outputs: Sequence[NDArray[np.float32]], targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """For each recording whether it was recognised, and whether it has a label. Shape (recordings, 2)."""
    weighted = (np.arange(1, len(frames) + 1) @ frames.astype(np.float64) for frames in outputs)
    found = np.array([sums.argmax() for sums in weighted])
    labelled = targets >= 0
    return np.column_stack([(found == targets) & labelled, labelled]).astype(np.float64)


def digit_accuracy(outputs: Sequence[NDArray[np.float32]], targets: NDArray[np.int64]) -> float | None:
    """One less the errors (insertions, deletions, substitutions) over the digits said, over all strings.

    None where no digit was said.

    >>> outputs = [np.eye(11, dtype=np.float32)[[10, 3, 10, 7]]]
    >>> digit_accuracy(outputs, np.array([[3, 8, -1, -1, -1, -1, -1]]))
    0.5
    """
    right, said = digits_right(outputs, targets).sum(axis=0).tolist()
    return 1 - (said - right) / said if said else None


def digits_right(outputs: Sequence[NDArray[np.float32]], targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """For each string the digits said less the errors, and the digits said. Shape (strings, 2)."""
    said = [[int(digit) for digit in row if digit >= 0] for row in targets]
    errors = [edit_distance(read_out(frames), row) for frames, row in zip(outputs, said, strict=True)]
    pairs = [(len(row) - wrong, len(row)) for row, wrong in zip(said, errors, strict=True)]
    return np.array(pairs, np.float64).reshape(-1, 2)
