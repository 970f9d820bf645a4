"""Kernels see the arrays of a NamedTuple through one pointer, and write to the arrays themselves."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.runtime.arrays import Integers
from deltasim.runtime.compiling import kernel, part
from deltasim.runtime.views import directory, viewer
from deltasim.simulator.plan.records import record

PLACE = record("free_at", "length")


class Arrays(NamedTuple):
    places: Annotated[Any, PLACE]
    grid: Annotated[Integers, np.int64, 2]
    lists: Annotated[Integers, np.int64]


view_arrays = viewer(Arrays)


@part
def add_up(arrays: Arrays) -> None:
    """Row sums of the grid into the records; the lengths of all arrays into the list."""
    for row in range(arrays.grid.shape[0]):
        place = arrays.places[row]
        place.free_at += 1
        for column in range(arrays.grid.shape[1]):
            place.length += arrays.grid[row, column]
    arrays.lists[0] = arrays.places.size
    arrays.lists[1] = arrays.lists.size
    arrays.grid[0, 0] = -1


@kernel
def add_up_seen(arrays_directory: Integers) -> None:
    add_up(view_arrays(arrays_directory))


@given(st.integers(1, 5), st.integers(1, 5), st.integers(2, 9), st.integers(0, 2**32))
def test_a_kernel_reads_and_writes_every_array(rows: int, columns: int, length: int, seed: int) -> None:
    grid = np.random.default_rng(seed).integers(-(2**40), 2**40, (rows, columns))
    arrays = Arrays(np.zeros(rows, PLACE), grid.copy(), np.zeros(length, np.int64))
    add_up_seen(directory(arrays))
    assert arrays.places["length"].tolist() == grid.sum(axis=1).tolist()
    assert arrays.places["free_at"].tolist() == [1] * rows
    assert arrays.lists[:2].tolist() == [rows, length]
    grid[0, 0] = -1
    assert (arrays.grid == grid).all()


@pytest.mark.parametrize(
    ("field", "array"),
    [
        ("places", np.zeros(3, np.int64)),
        ("grid", np.zeros(3, np.int64)),
        ("grid", np.zeros((3, 2), np.int64).T),
        ("lists", np.zeros(6, np.int64)[::2]),
        ("lists", np.zeros(6, np.int32)),
    ],
)
def test_an_array_that_a_kernel_would_misread_is_refused(field: str, array: Integers) -> None:
    arrays = Arrays(np.zeros(2, PLACE), np.zeros((2, 2), np.int64), np.zeros(2, np.int64))
    with pytest.raises(TypeError, match=field):
        directory(arrays._replace(**{field: array}))


def test_an_array_that_may_not_be_written_is_refused() -> None:
    grid = np.zeros((2, 2), np.int64)
    grid.flags.writeable = False
    with pytest.raises(TypeError, match="grid"):
        directory(Arrays(np.zeros(2, PLACE), grid, np.zeros(2, np.int64)))
