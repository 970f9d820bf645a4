"""Adam (Kingma and Ba 2015, arXiv 1412.6980) on float32 arrays, in one pass."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from deltasim.runtime.arrays import Numbers
from deltasim.runtime.compiling import kernel

FIRST, SECOND, SMALL = 0.9, 0.999, 1e-8


class Moments(NamedTuple):
    """Running means of a parameter's gradient and of its square."""

    first: Numbers
    second: Numbers


def moments_of(parameter: Numbers) -> Moments:
    """Moments to begin with."""
    return Moments(np.zeros_like(parameter), np.zeros_like(parameter))


def adam_step(parameter: Numbers, moments: Moments, gradient: Numbers, rate: float, step: int) -> None:
    """Change a parameter, and its moments, in place; ``step`` counts from 1.

    >>> parameter = np.zeros((1, 1), np.float32)
    >>> adam_step(parameter, moments_of(parameter), np.full((1, 1), 5, np.float32), 0.5, 1)
    >>> parameter.round(4).tolist()
    [[-0.5]]
    """
    kind = parameter.dtype.type
    rates = np.array([rate / (1 - FIRST**step), 1 / (1 - SECOND**step), FIRST, SECOND, SMALL], kind)
    flat = np.ascontiguousarray(gradient).ravel()
    change(parameter.ravel(), moments.first.ravel(), moments.second.ravel(), flat, rates)


@kernel
def change(parameter: Numbers, first: Numbers, second: Numbers, gradient: Numbers, rates: Numbers) -> None:
    """One pass over all elements."""
    rate, correction, beta, gamma, small = rates[0], rates[1], rates[2], rates[3], rates[4]
    one = beta / beta
    for n in range(len(parameter)):
        slope = gradient[n]
        first[n] = beta * first[n] + (one - beta) * slope
        second[n] = gamma * second[n] + (one - gamma) * slope * slope
        parameter[n] -= rate * first[n] / (np.sqrt(second[n] * correction) + small)
