"""The Mackey-Glass equation, integrated: dy/dt = beta y(t - tau) / (1 + y(t - tau)^10) - gamma y(t).

The values are NeuroBench's: beta 0.2, gamma 0.1, tau 17, y = 0.7206597 up to t = 0, 75 points in a Lyapunov
time of 197. (Source: Mackey and Glass 1977; NeuroBench, `datasets/mackey_glass.py`.) NeuroBench hands out its
series as a file, since integrators differ, and what differs grows e-fold in a Lyapunov time; this is our own.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from deltasim.runtime.arrays import Numbers
from deltasim.runtime.errors import InputError

BETA, GAMMA, TAU, PAST = 0.2, 0.1, 17.0, 0.7206597
LYAPUNOV = 197.0
POINTS = 75  # of a Lyapunov time
STEPS = 170  # of the integrator in a delay


def slope(now: float, late: float) -> float:
    """dy/dt, from y(t) and y(t - tau); by products alone, so that every machine gets the same bits."""
    square = late * late
    tenth = square * square * square * square * square
    return BETA * late / (1.0 + tenth) - GAMMA * now


@lru_cache(maxsize=4)
def series(count: int, steps: int = STEPS) -> Numbers:
    """The first ``count`` points, (count,) float64, read-only.

    Runge and Kutta's classical method of fourth order with ``steps`` steps in a delay; between two steps the
    past is the cubic of their values and slopes.

    >>> series(750).min().round(3), series(750).max().round(3)
    (np.float64(0.419), np.float64(1.313))
    """
    if count < 1:
        raise InputError("points", count, "a series has at least one", "Give a positive number.")
    h = TAU / steps
    values, slopes = [PAST], [0.0]
    for k in range(int(np.ceil(count * LYAPUNOV / POINTS / h)) + 2):
        first = values[k - steps] if k >= steps else PAST
        last = values[k + 1 - steps] if k + 1 >= steps else PAST
        middle = PAST
        if k >= steps:
            bend = slopes[k - steps] - slopes[k + 1 - steps]
            middle = (first + last) / 2.0 + h * bend / 8.0
        here = values[k]
        one = slope(here, first)
        two = slope(here + h * one / 2.0, middle)
        three = slope(here + h * two / 2.0, middle)
        four = slope(here + h * three, last)
        slopes[k] = one
        slopes.append(0.0)
        values.append(here + h * (one + 2.0 * two + 2.0 * three + four) / 6.0)
    times = np.arange(count) * (LYAPUNOV / POINTS) / h
    places = times.astype(np.int64)
    s = times - places
    y, d = np.array(values), h * np.array(slopes)
    left = (1 + 2 * s) * (1 - s) ** 2 * y[places] + s * (1 - s) ** 2 * d[places]
    found = left + s**2 * (3 - 2 * s) * y[places + 1] + s**2 * (s - 1) * d[places + 1]
    found.setflags(write=False)
    return np.asarray(found)
