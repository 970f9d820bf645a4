"""Mesh and torus: node ``r * C + c`` at row r and column c, along the row first, then along the column."""

from __future__ import annotations

import numpy as np

from deltasim.runtime.arrays import Integers
from deltasim.simulator.topology.links import Link, Places, one_class
from deltasim.simulator.topology.ring import ring_step
from deltasim.simulator.topology.topology import Topology


def mesh(shape: tuple[int, ...]) -> Topology:
    """A grid of rows by columns; dimension order (XY), which cannot deadlock.

    >>> topology = mesh((2, 3))
    >>> [topology.pairs[link] for link in topology.route(0, 5)]
    [(0, 1), (1, 2), (2, 5)]
    """
    rows, columns = shape

    def step(here: Integers, to: Integers) -> tuple[Integers, Integers]:
        row, column = np.divmod(here, columns)
        last_row, last_column = np.divmod(to, columns)
        along, down = np.sign(last_column - column), np.sign(last_row - row)
        return one_class(here + np.where(along != 0, along, columns * down))

    links = [
        Link(node, row * columns + column)
        for node in range(rows * columns)
        for row, column in around(*divmod(node, columns))
        if 0 <= row < rows and 0 <= column < columns
    ]
    return Topology(
        "mesh", shape, rows * columns, rows * columns, tuple(links), step, lambda: on_a_grid(shape), shape
    )


def torus(shape: tuple[int, ...]) -> Topology:
    """A mesh whose rows and columns close into rings, each taken the shorter way.

    Two classes of virtual channels, as on a ring. Laid out folded: links are two pitches long.
    """
    rows, columns = shape

    def step(here: Integers, to: Integers) -> tuple[Integers, Integers]:
        row, column = np.divmod(here, columns)
        last_row, last_column = np.divmod(to, columns)
        next_column, along = ring_step(column, last_column, columns)
        next_row, down = ring_step(row, last_row, rows)
        sideways = column != last_column
        onward = np.where(sideways, row * columns + next_column, next_row * columns + column)
        return onward, np.where(sideways, along, down)

    pairs = dict.fromkeys(
        (node, row % rows * columns + column % columns)
        for node in range(rows * columns)
        for row, column in around(*divmod(node, columns))
    )
    links = tuple(Link(start, end, length=2.0) for start, end in pairs if start != end)
    return Topology(
        "torus",
        shape,
        rows * columns,
        rows * columns,
        links,
        step,
        lambda: on_a_grid(shape),
        shape,
        classes=2,
    )


def around(row: int, column: int) -> tuple[tuple[int, int], ...]:
    """The four neighbours of a place: right, below, left, above."""
    return (row, column + 1), (row + 1, column), (row, column - 1), (row - 1, column)


def on_a_grid(shape: tuple[int, ...]) -> Places:
    """Places one unit apart, the first row on top. Shape (R * C, 2)."""
    rows, columns = shape
    row, column = np.divmod(np.arange(rows * columns), columns)
    return np.stack([column, rows - 1 - row], axis=1).astype(np.float64)
