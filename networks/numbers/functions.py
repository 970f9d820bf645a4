"""Exponential, logarithm and their like in double precision, with the same bits on every machine.

Like ``activations``, of additions, multiplications and divisions alone: a library's own differ between
machines. Relative errors stay below 1e-11, so that a result rounded to float32 is right to its last place.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from deltasim.networks.numbers.activations import expm1
from deltasim.runtime.compiling import kernel

Doubles = npt.NDArray[np.float64]

LN2 = 0.6931471805599453
LN2_HIGH = 0.6931471803691238  # 32 bits: a product with a whole number below 2**21 is exact
LN2_LOW = 1.9082149292705877e-10
ROOT_HALF = 0.7071067811865476
TWO_BY_ROOT_PI = 1.1283791670955126


@kernel
def exponential(x: float) -> float:
    """``exp(x)``: 0 below -745, infinite beyond 709.78.

    >>> abs(exponential(1.0) - math.e) < 1e-11, exponential(-1000.0), exponential(1000.0)
    (True, 0.0, inf)
    """
    if x != x:
        return x
    if x < -746.0:
        return 0.0
    if x > 710.0:
        return np.inf
    power = math.floor(x / LN2 + 0.5)
    rest = (x - power * LN2_HIGH) - power * LN2_LOW
    return math.ldexp(1.0 + expm1(rest), int(power))


@kernel
def less_one(x: float) -> float:
    """``exp(x) - 1``, exact to the last places near 0 too.

    >>> abs(less_one(1e-9) / 1.0000000005e-9 - 1) < 1e-11
    True
    """
    return expm1(x) if abs(x) <= 30.0 else exponential(x) - 1.0


@kernel
def twice_atanh(s: float) -> float:
    """``log((1 + s) / (1 - s))`` for ``|s| < 0.18``, by its series."""
    square, total = s * s, 0.0
    for odd in range(23, 0, -2):
        total = total * square + 1.0 / odd
    return 2.0 * s * total


@kernel
def logarithm(x: float) -> float:
    """The natural logarithm: minus infinity of 0, NaN below.

    >>> abs(logarithm(10.0) - math.log(10)) < 1e-14, logarithm(0.0)
    (True, -inf)
    """
    if x != x or x == np.inf:
        return x
    if x <= 0.0:
        return -np.inf if x == 0.0 else np.nan
    part, power = math.frexp(x)
    if part < ROOT_HALF:
        part, power = 2.0 * part, power - 1
    return power * LN2_HIGH + (power * LN2_LOW + twice_atanh((part - 1.0) / (part + 1.0)))


@kernel
def of_one_more(x: float) -> float:
    """``log(1 + x)``, exact to the last places near 0 too.

    >>> abs(of_one_more(1e-9) / 9.999999995e-10 - 1) < 1e-11
    True
    """
    return twice_atanh(x / (2.0 + x)) if abs(x) < 0.25 else logarithm(1.0 + x)


@kernel
def error_function(x: float) -> float:
    """``2 / sqrt(pi)`` times the integral of ``exp(-t**2)`` from 0 to x, by its series of positive terms.

    >>> abs(error_function(1.0) - math.erf(1)) < 1e-12, error_function(-9.0)
    (True, -1.0)
    """
    if abs(x) > 6.0:
        return math.copysign(1.0, x)
    square, term, total = 2.0 * x * x, x, x
    odd = 3.0
    while abs(term) > 1e-17 * abs(total):
        term = term * square / odd
        total, odd = total + term, odd + 2.0
    return TWO_BY_ROOT_PI * exponential(-x * x) * total


@kernel
def sigmoid_of(x: float) -> float:
    """``1 / (1 + exp(-x))``, as ``activations.sigmoid`` before it is rounded."""
    return 1.0 / (2.0 + expm1(-min(max(x, -40.0), 40.0))) if x == x else x


@kernel
def tanh_of(x: float) -> float:
    """``(1 - exp(-2x)) / (1 + exp(-2x))``, as ``activations.tanh`` before it is rounded."""
    if x != x:
        return x
    u = expm1(-2.0 * min(max(x, -20.0), 20.0))
    return -u / (2.0 + u)


NAMES = ("exp", "expm1", "log", "log1p", "erf", "sigmoid", "tanh")
"""What ``of_row`` computes; the order is the code it takes."""


@kernel
def of_row(code: int, row: Doubles) -> Doubles:
    """The function of this code, of every element.

    >>> of_row(NAMES.index("log"), np.array([1.0, 2.0])).round(3).tolist()
    [0.0, 0.693]
    """
    found = np.empty_like(row)
    for i in range(row.size):
        x = row[i]
        if code == 0:
            found[i] = exponential(x)
        elif code == 1:
            found[i] = less_one(x)
        elif code == 2:
            found[i] = logarithm(x)
        elif code == 3:
            found[i] = of_one_more(x)
        elif code == 4:
            found[i] = error_function(x)
        elif code == 5:
            found[i] = sigmoid_of(x)
        else:
            found[i] = tanh_of(x)
    return found
