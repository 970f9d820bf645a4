"""Sums beside Python's own integers, on both sides of what 64 bits hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.simulator.ledger.exact import LARGEST, added, entered, summed, whole_numbers, wide

numbers = st.one_of(st.integers(-10, 10), st.integers(LARGEST - 5, LARGEST), st.integers(-LARGEST, LARGEST))


@given(st.lists(st.lists(numbers, min_size=3, max_size=3), min_size=1, max_size=4))
def test_sums_are_pythons(rows: list[list[int]]) -> None:
    array = np.array(rows, np.int64)
    columns = [sum(row[place] for row in rows) for place in range(3)]
    assert summed(array, 0).tolist() == added([np.array(row, np.int64) for row in rows]).tolist() == columns
    assert summed(array, 1).tolist() == [sum(row) for row in rows]
    assert (array == np.array(rows, np.int64)).all(), "what is added up stays as it was"


def test_64_bits_are_used_as_long_as_they_hold() -> None:
    half = LARGEST // 2
    assert summed(np.array([[half, 1], [half, 1]]), 0).dtype == np.int64
    assert summed(np.array([[half + 1, 1], [half + 1, 1]]), 0).tolist() == [LARGEST + 1, 2]
    assert summed(np.zeros((0, 2), np.int64), 0).tolist() == [0, 0]
    assert whole_numbers([LARGEST]).dtype == np.int64 and whole_numbers([LARGEST + 1]).dtype == object


@pytest.mark.parametrize("bits", [1, 31, 40])
@pytest.mark.parametrize("high", [0, 1, (1 << 21) - 1, 1 << 22, 1 << 40, 1 << 61])
def test_two_arrays_stand_for_one_number(bits: int, high: int) -> None:
    low = (1 << bits) - 1
    found = wide(np.array([high, 0]), np.array([low, low]), bits)
    assert found.tolist() == [(high << bits) + low, low]
    assert (found.dtype == np.int64) == (high < 1 << (62 - bits))


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2), st.integers(0, LARGEST)), max_size=6))
def test_amounts_are_entered_where_they_belong(amounts: list[tuple[int, int, int]]) -> None:
    table = np.arange(6, dtype=np.int64).reshape(2, 3)
    expected = table.tolist()
    for row, column, amount in amounts:
        expected[row][column] += amount
    found = entered(table, iter(amounts))
    assert found.tolist() == expected
    assert (found.dtype == np.int64) == (max(map(max, expected)) <= LARGEST)


def test_a_sum_that_64_bits_hold_comes_back_in_them() -> None:
    """One element may be so large that the sums might not have fitted."""
    found = summed(np.array([[LARGEST, 1], [0, 1]]), 0)
    assert found.tolist() == [LARGEST, 2] and found.dtype == np.int64
