"""How far a network's outputs are from those of the same network with every element sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from deltasim.runtime.arrays import Floats


class Deviation(NamedTuple):
    """``rms`` and ``max`` of the differences, in the output's own units, over all frames and outputs.

    ``agree`` is the share of frames whose largest output is the same one; with a single output, of those
    that lie on the same side of 0.5.
    """

    rms: float
    max: float
    agree: float


def deviation(outputs: Sequence[Floats], reference: Sequence[Floats]) -> Deviation:
    """Compare outputs (T, outputs) sequence by sequence, in float64.

    >>> found = deviation([np.array([[1.0, 0.0], [0.0, 2.0]])], [np.array([[1.0, 0.0], [0.0, 1.0]])])
    >>> found.rms, found.max, found.agree
    (0.5, 1.0, 1.0)
    >>> deviation([np.array([[0.4], [0.9]])], [np.array([[0.6], [0.8]])]).agree
    0.5
    """
    ours = np.concatenate(list(outputs)).astype(np.float64)
    theirs = np.concatenate(list(reference)).astype(np.float64)
    apart = np.abs(ours - theirs)
    if ours.shape[1] == 1:
        same = (ours > 0.5) == (theirs > 0.5)
    else:
        same = ours.argmax(axis=1) == theirs.argmax(axis=1)
    return Deviation(float(np.sqrt(np.mean(apart**2))), float(apart.max()), float(same.mean()))
