"""The adding problem: the sum of two marked numbers, told at the end of a sequence.

Every frame is a number, uniform in 0 to 1, and a mark; one frame of the first half and one of the second are
marked 1. Who always says 1 has a mean squared error of 1/6. (Source: Hochreiter and Schmidhuber 1997, section
5.4, with numbers and marks as in Le, Jaitly and Hinton 2015, arXiv 1504.00941.)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.arrays import Floats

LENGTH = 40
GUESS = 1 / 6
"""The mean squared error of who always says 1."""


def drawn(count: int, rng: np.random.Generator, length: int = LENGTH) -> tuple[Floats, NDArray[np.float32]]:
    """Sequences (count, length, 2) and their sums (count,).

    >>> frames, sums = drawn(3, np.random.default_rng(0))
    >>> frames.shape, frames[:, :, 1].sum(1).tolist()
    ((3, 40, 2), [2.0, 2.0, 2.0])
    >>> bool(np.allclose((frames[:, :, 0] * frames[:, :, 1]).sum(1), sums))
    True
    """
    numbers = rng.random((count, length), np.float32)
    marks = np.zeros((count, length), np.float32)
    half = length // 2
    rows = np.arange(count)
    marks[rows, rng.integers(0, half, count)] = 1
    marks[rows, rng.integers(half, length, count)] = 1
    return np.stack([numbers, marks], 2), (numbers * marks).sum(1)


def points(outputs: list[NDArray[np.float32]], targets: NDArray[np.float32]) -> NDArray[np.float64]:
    """For each sequence minus the squared error of its last output, and 1.

    >>> points([np.array([[9.0], [1.5]], np.float32)], np.array([1.0])).tolist()
    [[-0.25, 1.0]]
    """
    said = np.array([frames[-1, 0] for frames in outputs], np.float64)
    return np.column_stack([-np.square(said - targets), np.ones(len(said))])
