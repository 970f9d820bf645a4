"""Sums that stay exact: 64 bits where they hold every number, Python's own integers where they do not.

A sequence lasts less than 2**63 ps, but cores, queues and sequences add up beyond that. An array that needs
more has the type ``object``; whoever computes with floats converts it (``np.asarray(array, np.float64)``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[Any]
"""int64, or object: Python's integers."""

LARGEST = 2**63 - 1


def whole_numbers(values: Sequence[Any]) -> Counts:
    """Whole numbers as an array.

    >>> whole_numbers([1, 2]).dtype, whole_numbers([1, 2**70]).tolist()
    (dtype('int64'), [1, 1180591620717411303424])
    """
    try:
        return np.array(values, np.int64)
    except OverflowError:
        return np.array(values, object)


def wide(high: Counts, low: Counts, bits: int) -> Counts:
    """What stands in two arrays: ``high * 2**bits + low``.

    >>> wide(np.array([0, 1 << 40]), np.array([5, 7]), 31).tolist()
    [5, 2361183241434822606855]
    """
    if high.max(initial=0) < 1 << (62 - bits):
        return (high << bits) + low
    whole: Counts = (high.astype(object) << bits) + low.astype(object)
    return whole


def added(arrays: Sequence[Counts]) -> Counts:
    """Arrays of one shape added up, element by element.

    >>> added([np.array([LARGEST, 1]), np.array([LARGEST, 1])]).tolist()
    [18446744073709551614, 2]
    """
    kind = np.int64 if sum(map(largest, arrays)) <= LARGEST else object
    total: Counts = np.zeros(arrays[0].shape, kind)
    for array in arrays:
        total += array.astype(kind, copy=False)
    return total if kind is np.int64 else whole_numbers(total.tolist())


def largest(array: Counts) -> int:
    """The largest magnitude.

    >>> largest(np.array([3, -4])), largest(np.array([-(2**63)])), largest(np.zeros(0, np.int64))
    (4, 9223372036854775808, 0)
    """
    return max(int(array.max(initial=0)), -int(array.min(initial=0)))


def summed(array: Counts, axis: int) -> Counts:
    """The sum along an axis.

    >>> summed(np.array([[LARGEST, 1], [LARGEST, 1]]), 0).tolist()
    [18446744073709551614, 2]
    """
    most = largest(array) * max(1, array.shape[axis])
    kind = np.int64 if most <= LARGEST else object
    total: Counts = array.astype(kind, copy=False).sum(axis=axis, dtype=kind)
    return total if kind is np.int64 else whole_numbers(total.tolist())


def entered(table: Counts, amounts: Iterable[tuple[int, int, int]]) -> Counts:
    """A table with amounts added, each at its (row, column).

    >>> entered(np.zeros((1, 2), np.int64), [(0, 1, LARGEST), (0, 1, 1)]).tolist()
    [[0, 9223372036854775808]]
    """
    totals: dict[tuple[int, int], int] = {}
    for row, column, amount in amounts:
        totals[row, column] = totals.get((row, column), int(table[row, column])) + amount
    if any(total > LARGEST for total in totals.values()):
        table = table.astype(object)
    for place, total in totals.items():
        table[place] = total
    return table
