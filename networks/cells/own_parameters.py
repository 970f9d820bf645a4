"""Parameters that all neurons of a population share, or that each has of its own.

A parameter of a neuron's own is an accumulator that nothing feeds, a constant of its bias: so it is kept,
placed, read and sliced as all that a neuron remembers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from deltasim.networks.numbers.arithmetic import Arithmetic, FixedPoint
from deltasim.networks.numbers.fixed_point import Wide, shifted
from deltasim.runtime.arrays import Numbers
from deltasim.runtime.compiling import kernel
from deltasim.runtime.errors import InputError, nearest

SHARE_FRACTION = 15
"""Fraction bits of a shared factor in fixed point: from 0 to 1 in steps of 2**-15."""


def settle_own(cell: Any, known: Sequence[str]) -> None:
    """Bring the names in ``own`` of a cell into the order of ``known``, and their own fields to the default.

    Errors: InputError for a name that is not known.
    """
    for name in cell.own:
        if name not in known:
            rule = "this is no parameter that a neuron may have of its own"
            raise InputError(f"{cell.kind} cell: own", name, rule, nearest(str(name), known))
    object.__setattr__(cell, "own", tuple(name for name in known if name in cell.own))
    for field in fields(cell):
        if field.name in cell.own:
            object.__setattr__(cell, field.name, field.default)


def require_share(place: str, name: str, value: float) -> None:
    """A factor that says what is left after a step lies within 0 to 1."""
    if not 0.0 <= value <= 1.0:
        rule = f"{name} is the share that is left after a step, 0 to 1"
        raise InputError(f"{place}: {name}", value, rule, "Give a number within 0 to 1.")


def shared_values(shared: dict[str, float], factors: Sequence[str], arithmetic: Arithmetic) -> Numbers:
    """What all neurons share: float32, or raw, factors with 15 fraction bits and the others as accumulators.

    >>> from deltasim.networks.numbers.arithmetic import FLOAT32
    >>> shared_values({"leak": 0.5, "threshold": 1.0}, ("leak",), FixedPoint()).tolist()
    [16384, 32768]
    """
    if not isinstance(arithmetic, FixedPoint):
        return np.array(list(shared.values()), np.float32)
    form = arithmetic.accumulator
    raw = [
        np.rint(value * 2.0**SHARE_FRACTION)
        if name in factors
        else np.clip(np.rint(value * 2.0**form.fraction), form.lowest, form.highest)
        for name, value in shared.items()
    ]
    return np.array(raw, np.int64)


def every_value(shared: Numbers, own: Sequence[int], accumulators: Numbers) -> Numbers:
    """The parameters of every neuron (P, n); those ``own`` are accumulators 1, 2, ...

    >>> sums = np.float32([[0, 0], [0.5, 0.75]])
    >>> every_value(np.float32([0.9, 1.0]), [0], sums).tolist()
    [[0.5, 0.75], [1.0, 1.0]]
    """
    values = np.empty((shared.size, accumulators.shape[1]), shared.dtype)
    values[:] = shared[:, None]
    for number, row in enumerate(own):
        values[row] = accumulators[1 + number]
    return values


def fractions(names: Sequence[str], own: Sequence[str], arithmetic: Arithmetic) -> tuple[int, ...]:
    """Fraction bits of each parameter in fixed point: of an own one the accumulator's; floats have none."""
    if not isinstance(arithmetic, FixedPoint):
        return (0,) * len(names)
    return tuple(arithmetic.accumulator.fraction if name in own else SHARE_FRACTION for name in names)


@kernel
def share(value: Wide, factor: Wide, fraction: int) -> Wide:
    """``factor * value`` in the fraction of ``value``, rounded half to even.

    >>> share(100, 16384, 15)
    50
    """
    return shifted(np.int64(factor) * np.int64(value), fraction)
