"""Sigmoid and tanh in float32, with the same bits on every machine and for every slice of a population.

A library's ``exp`` differs between machines, and a vectorised one between the body and the tail of an array.
Both functions here are plain IEEE additions and multiplications in double precision, rounded to float32 once,
so a trace has one digest everywhere, and a core that holds ten neurons gets the bits of one that holds a
thousand.
"""

from __future__ import annotations

import numpy as np

from deltasim.runtime.compiling import kernel


@kernel
def expm1(x: float) -> float:
    """``exp(x) - 1`` in double precision for x in [-40, 40], to a relative 1e-12.

    The series of ``exp(y) - 1`` at ``y = x / 1024``, then ten times ``exp(2y) - 1 = u (2 + u)``.

    >>> abs(expm1(-1e-7) / -9.9999995e-08 - 1) < 1e-9
    True
    """
    y = x * 0.0009765625
    u = y * (1.0 + y * (0.5 + y * (1.0 / 6.0 + y * (1.0 / 24.0 + y * (1.0 / 120.0 + y * (1.0 / 720.0))))))
    for _ in range(10):
        u = u * (2.0 + u)
    return u


@kernel
def sigmoid(x: float) -> np.float32:
    """``1 / (1 + exp(-x))``, within one unit in the last place of float32 for normal results.

    >>> round(float(sigmoid(1.0)), 6), float(sigmoid(0.0))
    (0.731059, 0.5)
    """
    bounded = min(max(np.float64(x), -40.0), 40.0)  # beyond 40 the result is 0 or 1 to within 1e-17
    return np.float32(1.0 / (2.0 + expm1(-bounded)))


@kernel
def tanh(x: float) -> np.float32:
    """``(1 - exp(-2x)) / (1 + exp(-2x))``, within one unit in the last place of float32.

    >>> round(float(tanh(1.0)), 6), float(tanh(0.0)), float(tanh(50.0))
    (0.761594, 0.0, 1.0)
    """
    bounded = min(max(np.float64(x), -20.0), 20.0)
    u = expm1(-2.0 * bounded)
    return np.float32(-u / (2.0 + u))
