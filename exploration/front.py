"""Which points are worth building: the front, its knee, and the volume it dominates."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SAMPLES = 4096


def dominated(costs: Reals, by: Reals) -> Flags:
    """Which rows of ``costs`` some row of ``by`` dominates: nowhere more, somewhere less.

    >>> dominated(np.array([[1.0, 1.0], [2.0, 0.5]]), np.array([[1.0, 0.5], [1.0, 1.0]])).tolist()
    [True, True]
    """
    return dominators(costs, by) >= 0


def dominators(costs: Reals, by: Reals) -> npt.NDArray[np.int64]:
    """For each row of ``costs`` the first row of ``by`` that dominates it, -1 where none does."""
    found = np.full(len(costs), -1, np.int64)
    if len(by):
        for row, cost in enumerate(costs):
            beaten = (by <= cost).all(axis=1) & (by < cost).any(axis=1)
            if beaten.any():
                found[row] = int(np.argmax(beaten))
    return found


def front(costs: Reals) -> Flags:
    """Which rows no other dominates; equal rows are in it together.

    >>> front(np.array([[1.0, 3.0], [2.0, 2.0], [2.0, 3.0], [1.0, 3.0]])).tolist()
    [True, True, False, True]
    """
    kept: Reals = np.empty((0, costs.shape[1]))
    inside = np.zeros(len(costs), np.bool_)
    if not len(costs):
        return inside
    places: list[int] = []
    for row in np.lexsort(costs.T[::-1]):  # what dominates a row comes before it
        cost = costs[row]
        if not ((kept <= cost).all(axis=1) & (kept < cost).any(axis=1)).any():
            kept = np.vstack([kept, cost])
            places.append(int(row))
    inside[places] = True
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
