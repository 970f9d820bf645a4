"""Which points are worth building: the front, its knee, and the volume it dominates."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Reals = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


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


def hypervolume(costs: Reals, reference: Reals) -> float:
    """The volume that rows dominate below a reference point, by slices along the last cost.

    >>> hypervolume(np.array([[1.0, 3.0], [2.0, 2.0]]), np.array([4.0, 4.0]))
    5.0
    """
    inside = costs[(costs < reference).all(axis=1)]
    if not len(inside):
        return 0.0
    inside = inside[front(inside)]
    if inside.shape[1] == 1:
        return float(reference[0] - inside.min())
    order = inside[np.argsort(inside[:, -1], kind="stable")]
    levels = np.append(order[:, -1], reference[-1])
    return sum(
        hypervolume(order[: row + 1, :-1], reference[:-1]) * float(levels[row + 1] - levels[row])
        for row in range(len(order))
        if levels[row + 1] > levels[row]
    )
