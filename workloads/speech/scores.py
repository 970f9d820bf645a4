"""How much of what was said is written down right: characters, and words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltasim.workloads.digits.strings import edit_distance
from deltasim.workloads.speech.letters import numbered, read_out, spelled


def characters_right(outputs: Sequence[NDArray[np.float32]], texts: Sequence[str]) -> NDArray[np.float64]:
    """For each sentence the characters said less the errors, and the characters said. Shape (n, 2).

    Errors are insertions, deletions and substitutions; spaces count as characters.

    >>> outputs = [np.eye(29, dtype=np.float32)[[7, 28, 8]]]
    >>> characters_right(outputs, ["his"]).tolist()
    [[2.0, 3.0]]
    """
    rows = []
    for frames, text in zip(outputs, texts, strict=True):
        wrong = edit_distance(numbered(read_out(frames)).tolist(), numbered(text).tolist())
        rows.append((len(text) - wrong, len(text)))
    return np.array(rows, np.float64).reshape(-1, 2)


def points(outputs: Sequence[NDArray[np.float32]], targets: NDArray[Any]) -> NDArray[np.float64]:
    """`characters_right` of targets (n, L), symbols padded with -1."""
    return characters_right(outputs, [spelled(row) for row in targets])


def character_accuracy(outputs: Sequence[NDArray[np.float32]], targets: NDArray[Any]) -> float | None:
    """One less the character error rate, all sentences pooled; None where nothing was said.

    >>> character_accuracy([np.eye(29, dtype=np.float32)[[7, 28, 8]]], np.array([[7, 8, 18]]))
    0.6666666666666667
    """
    right, said = points(outputs, targets).sum(0).tolist()
    return 1 - (said - right) / said if said else None
