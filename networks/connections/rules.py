"""What every connection asks of its arguments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from deltasim.networks.numbers.arithmetic import Arithmetic, Float32
from deltasim.runtime.arrays import Integers, Numbers
from deltasim.runtime.errors import InputError

Integrator: TypeAlias = Callable[[Numbers, Numbers, Numbers], None]
"""``f(accumulators, sources, deltas)``: integrates messages in the order given, in place."""


def bounds_of(bounds: Sequence[int] | Integers, target_size: int) -> Integers:
    """Ascending neuron bounds within [0, target_size], as int64.

    >>> bounds_of((0, 2, 5), 5).tolist()
    [0, 2, 5]
    """
    checked = np.asarray(bounds, np.int64)
    ascending = checked.ndim == 1 and checked.size >= 2 and bool(np.all(np.diff(checked) >= 0))
    if not ascending or checked[0] < 0 or checked[-1] > target_size:
        rule = f"bounds of target neurons ascend within 0 to {target_size}"
        raise InputError("target slice", list(bounds), rule, "Give at least two such bounds.")
    return checked


def fed_of(fed: Sequence[int] | Integers) -> Integers:
    """Accumulator indices as the int64 array that kernels take."""
    return np.asarray(fed, np.int64)


def require_matching(weights: Numbers, arithmetic: Arithmetic) -> None:
    """Refuse float weights in fixed point and raw integers in float32: the sums would mean nothing."""
    if (weights.dtype.kind == "f") != isinstance(arithmetic, Float32):
        rule = f"weights of type {weights.dtype} do not belong to {arithmetic} arithmetic"
        raise InputError(
            "weights", weights.dtype, rule, "Pass the network's arithmetic, or quantise it first."
        )
