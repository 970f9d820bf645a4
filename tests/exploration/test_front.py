"""The front, the knee and the volume, against their definitions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.exploration.front import dominated_share, dominators, front, knee

ROWS = st.integers(1, 4).flatmap(
    lambda width: st.lists(
        st.lists(st.integers(0, 4), min_size=width, max_size=width), min_size=1, max_size=12
    )
)


@given(ROWS)
def test_the_front_is_what_nothing_dominates(rows: list[list[int]]) -> None:
    costs = np.array(rows, np.float64)

    def beats(a: list[int], b: list[int]) -> bool:
        return all(x <= y for x, y in zip(a, b, strict=True)) and a != b

    wanted = [not any(beats(other, row) for other in rows) for row in rows]
    assert front(costs).tolist() == wanted
    found = dominators(costs, costs)
    assert [place < 0 for place in found.tolist()] == wanted
    assert all(beats(rows[place], row) for place, row in zip(found.tolist(), rows, strict=True) if place >= 0)
    assert wanted[np.flatnonzero(front(costs))[knee(costs[front(costs)])]]


@given(ROWS)
def test_the_share_is_that_of_its_cells(rows: list[list[int]]) -> None:
    """With the corners of the box among the rows, all costs are whole: each cell is dominated or not."""
    width = len(rows[0])
    costs = np.array([*rows, [4] * width, [0] * (width - 1) + [4], [4] * (width - 1) + [0]], np.float64)
    cells = sum(
        any(all(value <= place for value, place in zip(row, cell, strict=True)) for row in costs.tolist())
        for cell in itertools.product(range(4), repeat=width)
    )
    if (costs.min(axis=0) == 0).all() and (costs.max(axis=0) == 4).all():
        assert dominated_share(costs) == pytest.approx(cells / 4**width, abs=0.03)
