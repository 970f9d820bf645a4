"""Which points are worth building: the front, its knee, and the volume it dominates."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SAMPLES = 4096
BLOCK = 64


def dominating(cost: Reals, by: Reals) -> Flags:
    """Which rows of ``by`` dominate one row of costs: nowhere more, somewhere less.

    >>> dominating(np.array([2.0, 0.5]), np.array([[1.0, 1.0], [1.0, 0.5], [2.0, 0.5]])).tolist()
    [False, True, False]
    """
    no_more = np.ones(len(by), np.bool_)
    less = np.zeros(len(by), np.bool_)
    for column, value in zip(by.T, cost.tolist(), strict=True):
        no_more &= column <= value
        less |= column < value
    return no_more & less


def front(costs: Reals) -> Flags:
    """Which rows no other dominates; equal rows are in it together, and rows with a NaN.

    Rows go by the sum of their ranks, so that what dominates a row comes before it: the first of those left
    is on the front, and what it dominates is dropped, block by block. Time: rows times rows of the front.

    >>> front(np.array([[1.0, 3.0], [2.0, 2.0], [2.0, 3.0], [1.0, 3.0]])).tolist()
    [True, True, False, True]
    """
    inside = np.zeros(len(costs), np.bool_)
    inside[np.isnan(costs).any(axis=1)] = True
    left = np.flatnonzero(~inside)
    ranks = [np.unique(column, return_inverse=True)[1] for column in costs[left].T]
    total = np.sum(ranks, axis=0, dtype=np.int64)
    order = np.argsort(total, kind="stable")
    left, columns = left[order], np.stack([total, *ranks])[:, order].astype(np.int32)
    while len(left):
        beaten = np.zeros(len(left), np.bool_)
        for row in range(min(BLOCK, len(left))):
            if not beaten[row]:
                inside[left[row]] = True
                behind = columns[0] > columns[0, row]
                for column in columns[1:]:
                    behind &= column >= column[row]
                beaten |= behind
        keep = np.flatnonzero(~beaten[BLOCK:]) + BLOCK
        left, columns = left[keep], columns[:, keep]
    return inside


def knee(costs: Reals) -> int:
    """The row nearest to the best of everything, each cost scaled to 0 .. 1 over the rows given.

    >>> knee(np.array([[0.0, 10.0], [1.0, 1.0], [10.0, 0.0]]))
    1
    """
    low, high = costs.min(axis=0), costs.max(axis=0)
    scaled = (costs - low) / np.where(high > low, high - low, 1.0)
    return int(np.argmin((scaled**2).sum(axis=1)))


def dominated_share(costs: Reals) -> float:
    """The share of the box around all rows that they dominate: the hypervolume, each cost scaled to 0 .. 1.

    Told by 4,096 points of the box, the same ones for the same number of costs, so to 1 % or so.

    >>> dominated_share(np.array([[0.0, 4.0], [2.0, 2.0], [4.0, 0.0]]))
    0.240234375
    """
    if not len(costs):
        return 0.0
    low, high = costs.min(axis=0), costs.max(axis=0)
    scaled = (costs - low) / np.where(high > low, high - low, 1.0)
    samples = np.random.default_rng(0).random((SAMPLES, costs.shape[1]))
    found = np.zeros(SAMPLES, np.bool_)
    for row in scaled[front(scaled)]:
        found |= (row <= samples).all(axis=1)
    return float(found.mean())
