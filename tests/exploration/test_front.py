"""The front, the knee and the volume, against their definitions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.exploration.explore import Archive
from deltasim.exploration.front import Reals, dominated_share, dominating, front, knee

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
    for row in rows:
        assert dominating(np.array(row, np.float64), costs).tolist() == [beats(other, row) for other in rows]
    assert wanted[np.flatnonzero(front(costs))[knee(costs[front(costs)])]]


REALS = st.one_of(
    st.sampled_from([0.0, -0.0, 1e-300, 1.0, np.inf, -np.inf, np.nan]), st.floats(-2, 2, width=16)
)


@given(
    st.integers(1, 3).flatmap(
        lambda width: st.lists(st.tuples(*[REALS] * width), max_size=20).map(
            lambda rows: np.array(rows, np.float64).reshape(len(rows), width)
        )
    )
)
def test_the_front_of_any_numbers(costs: Reals) -> None:
    """Zeros of either sign are equal, infinities compare, and nothing is more or less than a NaN."""
    wanted = [not ((costs <= row).all(axis=1) & (costs < row).any(axis=1)).any() for row in costs]
    assert front(costs).tolist() == wanted


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.sampled_from([2, 30, 10**6]))
def test_the_front_of_many_rows(seed: int, width: int, values: int) -> None:
    costs = np.random.default_rng(seed).integers(0, values, (400, width)).astype(np.float64)
    wanted = [not dominating(row, costs).any() for row in costs]
    assert front(costs).tolist() == wanted


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 5), st.integers(0, 5)), max_size=150),
       st.tuples(st.integers(0, 5), st.integers(0, 5)))  # fmt: skip
def test_the_proof_is_the_lowest_number(points: list[tuple[int, int, int]], least: tuple[int, int]) -> None:
    archive = Archive(2)
    known = {number: costs for number, *costs in points}
    for number, costs in known.items():
        archive.add(number, tuple(map(float, costs)))
    wanted = [n for n, (x, y) in known.items() if x <= least[0] and y <= least[1] and (x, y) != least]
    assert archive.dominator((float(least[0]), float(least[1]))) == min(wanted, default=None)


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
