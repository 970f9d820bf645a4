"""Concentrated mesh: several cores at each router of a mesh."""

from __future__ import annotations

import math

import numpy as np

from deltasim.runtime.arrays import Integers
from deltasim.simulator.topology.links import Link, Places, both_ways, one_class
from deltasim.simulator.topology.mesh import around, on_a_grid
from deltasim.simulator.topology.topology import Topology


def concentrated_mesh(shape: tuple[int, ...]) -> Topology:
    """Rows by columns by cores at each router (Balfour and Dally, ICS 2006); along the row first.

    Cores come first, those of router ``r * C + c`` together; then the routers, row by row.

    >>> topology = concentrated_mesh((1, 2, 2))
    >>> topology.cores, [topology.pairs[link] for link in topology.route(0, 3)]
    (4, [(0, 4), (4, 5), (5, 3)])
    """
    rows, columns, each = shape
    cores, routers = math.prod(shape), rows * columns

    def router_of(node: Integers) -> Integers:
        return np.where(node < cores, node // each, node - cores)

    def step(here: Integers, to: Integers) -> tuple[Integers, Integers]:
        at, toward = router_of(here), router_of(to)
        row, column = np.divmod(at, columns)
        last_row, last_column = np.divmod(toward, columns)
        along, down = np.sign(last_column - column), np.sign(last_row - row)
        onward = np.where(at == toward, to, cores + at + np.where(along != 0, along, columns * down))
        return one_class(np.where((here < cores) & (here != to), cores + at, onward))

    links = [*both_ways(((core, cores + core // each) for core in range(cores)), length=0.5)]
    links += [
        Link(cores + router, cores + row * columns + column)
        for router in range(routers)
        for row, column in around(*divmod(router, columns))
        if 0 <= row < rows and 0 <= column < columns
    ]

    def lay_out() -> Places:
        grid = on_a_grid((rows, columns))
        angle = 2 * np.pi * (np.arange(cores) % each + 0.5) / each
        beside = 0.35 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        return np.concatenate([np.repeat(grid, each, axis=0) + beside, grid])

    return Topology(
        "cmesh",
        shape,
        cores,
        cores + routers,
        tuple(links),
        step,
        lay_out,
        (rows, columns * each),
        routers=False,
    )
