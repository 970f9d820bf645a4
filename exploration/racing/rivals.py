"""Which points one is raced against: those of the front so far that it may turn out to be dominated by.

A bet is fair only against rivals that are chosen whatever the order of the sequences. As long as nothing was
dropped wrongly, the front of the points before is what it is without racing, and so are the rivals; the first
point that is dropped wrongly is therefore dropped by a fair bet, and the chances of all points add up to that
of a study. A search that learns chooses its points by what the orders before showed: every generation has an
order of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deltasim.exploration.front import Flags, Reals, front
from deltasim.exploration.metrics import METRICS

MOST_RIVALS = 8


def compared(objectives: Sequence[str]) -> tuple[str, ...]:
    """The figures that points are compared by, sequence by sequence; none where a race could show nothing.

    >>> compared(["energy_latency", "area", "energy"]), compared(["area", "score"]), compared(["power"])
    (('energy', 'latency'), (), ())
    """
    needed = [METRICS[name].raced_by for name in objectives]
    if None in needed:
        return ()
    return tuple(dict.fromkeys(name for names in needed if names for name in names))


def asked_of(least: Sequence[float], costs: Reals, objectives: Sequence[str]) -> tuple[Flags, Flags]:
    """Which points may dominate one with these ``least`` costs, and what a race has to show for it.

    ``costs`` are those of points, shape (points, objectives). What is known before a simulation decides by
    itself; of the other objectives a race has to show those that ``least`` leaves open. Shapes (points,)
    and (points, figures).

    >>> costs = np.array([[2.0, 5.0, 1.0], [2.0, 5.0, 3.0], [1.0, 1.0, 1.0]])
    >>> may, asked = asked_of((1.5, 4.0, 2.0), costs, ("energy", "latency", "area"))
    >>> may.tolist(), asked.tolist()
    ([True, False, False], [[True, True], [True, True], [False, False]])
    """
    names = compared(objectives)
    may = np.ones(len(costs), np.bool_)
    asked = np.zeros((len(costs), len(names)), np.bool_)
    for column, (name, cost) in enumerate(zip(objectives, least, strict=True)):
        open_ = ~(costs[:, column] <= cost)
        by = METRICS[name].raced_by
        if not by:
            may &= ~open_
        for figure in by or ():
            asked[:, names.index(figure)] |= open_
    return may & asked.any(axis=1), asked


def closest(least: Sequence[float], costs: Reals) -> list[int]:
    """The rows of ``costs`` to race against: on their front, those least above ``least`` first.

    >>> closest((1.0, 1.0), np.array([[9.0, 1.0], [2.0, 2.0], [2.0, 3.0], [1.0, 4.0]]))
    [1, 3, 0]
    """
    rows = np.flatnonzero(front(costs))
    lowest = costs.min(axis=0)
    scale = np.where(np.array(least) > 0, least, np.where(lowest > 0, lowest, 1.0))
    above = (costs[rows] / scale).max(axis=1)
    return [int(row) for row in rows[np.argsort(above, kind="stable")][:MOST_RIVALS]]
