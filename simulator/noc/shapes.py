"""The regular fabrics: mesh, torus, ring, star, fat tree, crossbar and bus.

Each gives its links and the rule ``step(router, terminal)``: the next router on the way, the same router when
the terminal is there. Lengths assume terminals on a square grid, one tile pitch apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from simulator.noc.fabric import ARRIVED, Fabric, Link

LARGEST = 1024  # terminals: more would take minutes to tabulate
Shape = tuple[int, ...]
Step = Callable[[int, int], tuple[int, int]]  # (router, terminal) -> (next router, class of virtual channels)


def assemble(
    name: str,
    home: Sequence[int],
    grid: Shape,
    routers: int,
    links: Sequence[Link],
    step: Step,
    classes: int = 1,
) -> Fabric:
    """Tabulate the routing rule for every router and terminal."""
    link_between = {(link.start, link.end): index for index, link in enumerate(links)}
    toward = np.full((routers, len(home)), ARRIVED, np.int32)
    leg = np.zeros((routers, len(home)), np.int32)
    for router in range(routers):
        for terminal in range(len(home)):
            onward, leg_here = step(router, terminal)
            if onward != router:
                toward[router, terminal] = link_between[router, onward]
                leg[router, terminal] = leg_here
    return Fabric(name, tuple(home), grid, routers, tuple(links), toward, leg, classes)


def mesh(name: str, shape: Shape) -> Fabric:
    """Router ``r * C + c`` at row r, column c. Along the row, then along the column (XY)."""
    rows, columns = shape

    def step(router: int, terminal: int) -> tuple[int, int]:
        (row, column), (last_row, last_column) = divmod(router, columns), divmod(terminal, columns)
        if column != last_column:
            return router + (1 if column < last_column else -1), 0
        return router + columns * ((row < last_row) - (row > last_row)), 0

    links = [
        Link(router, row * columns + column)
        for router in range(rows * columns)
        for row, column in _around(*divmod(router, columns))
        if 0 <= row < rows and 0 <= column < columns
    ]
    return assemble(name, range(rows * columns), shape, rows * columns, links, step)


def torus(name: str, shape: Shape) -> Fabric:
    """A mesh whose rows and columns close into rings, each taken the shorter way, upward on a tie.

    A packet whose way on a ring still passes from the last place to the first (or back) uses the first class
    of virtual channels, any other the second, so that no ring of waits closes. Folded: links two pitches
    long.
    """
    rows, columns = shape

    def step(router: int, terminal: int) -> tuple[int, int]:
        (row, column), (last_row, last_column) = divmod(router, columns), divmod(terminal, columns)
        if column != last_column:
            column, leg = ring_step(column, last_column, columns)
        else:
            row, leg = ring_step(row, last_row, rows)
        return row * columns + column, leg

    pairs = dict.fromkeys(
        (router, row % rows * columns + column % columns)
        for router in range(rows * columns)
        for row, column in _around(*divmod(router, columns))
    )
    links = [Link(start, end, length=2.0) for start, end in pairs if start != end]
    return assemble(name, range(rows * columns), shape, rows * columns, links, step, classes=2)


def ring(name: str, shape: Shape) -> Fabric:
    """Routers in a circle; the shorter way round, upward on a tie; two classes of channels as in a torus."""
    (count,) = shape
    pairs = dict.fromkeys((router, (router + way) % count) for router in range(count) for way in (1, -1))
    links = [Link(start, end) for start, end in pairs if start != end]
    return assemble(
        name, range(count), shape, count, links, lambda router, end: ring_step(router, end, count), classes=2
    )


def star(name: str, shape: Shape) -> Fabric:
    """A router for each terminal, all joined by the hub, which is router N."""
    (count,) = shape
    length = math.sqrt(count) / 2
    links = [
        Link(start, end, length)
        for router in range(count)
        for start, end in ((router, count), (count, router))
    ]

    def step(router: int, terminal: int) -> tuple[int, int]:
        return (terminal if router in (terminal, count) else count), 0

    return assemble(name, range(count), shape, count + 1, links, step)


def tree(name: str, shape: Shape) -> Fabric:
    """A fat tree of arity k with n levels: k^n terminals, n rows of k^(n-1) routers, k links up from each.

    Router w of a row links up to the k routers whose number differs from w in the row's digit (base k) at
    most. A packet climbs until it is above its destination, by the links its destination's digits name, then
    descends. Nobody climbs after descending, so no waits close a circle (Petrini and Vanneschi, IPPS 1997).
    """
    arity, levels = shape
    power = [int(arity**exponent) for exponent in range(levels + 1)]
    width = power[levels - 1]
    home = [terminal // arity for terminal in range(power[levels])]

    def digit(number: int, place: int) -> int:
        return number // power[place] % arity

    def set_digit(number: int, place: int, value: int) -> int:
        return number + (value - digit(number, place)) * power[place]

    def step(router: int, terminal: int) -> tuple[int, int]:
        level, place = divmod(router, width)
        if place // power[level] == home[terminal] // power[level]:  # above the destination
            if level == 0:
                return router, 0
            below = set_digit(place, level - 1, digit(home[terminal], level - 1))
            return (level - 1) * width + below, 0
        return (level + 1) * width + set_digit(place, level, digit(terminal, level)), 0

    links = []
    for level in range(levels - 1):
        length = math.sqrt(power[level + 1]) / 2
        for place in range(width):
            for value in range(arity):
                low, high = level * width + place, (level + 1) * width + set_digit(place, level, value)
                links += [Link(low, high, length), Link(high, low, length)]
    return assemble(name, home, (power[levels],), levels * width, links, step)


def crossbar(name: str, shape: Shape) -> Fabric:
    """One router for all terminals."""
    (count,) = shape
    toward = np.full((1, count), ARRIVED, np.int32)
    return Fabric(name, (0,) * count, shape, 1, (), toward, np.zeros_like(toward), reach=math.sqrt(count) / 2)


def bus(name: str, shape: Shape) -> Fabric:
    """One medium that carries one flit a cycle, whoever sends; a flit drives its full length."""
    (count,) = shape
    toward = np.full((1, count), ARRIVED, np.int32)
    return Fabric(
        name, (0,) * count, shape, 1, (), toward, np.zeros_like(toward), shared=True, reach=count / 2
    )


def ring_step(place: int, end: int, count: int) -> tuple[int, int]:
    """The next place on a ring of ``count`` and the class of channels: 0 while the seam lies ahead, else 1.

    >>> ring_step(3, 1, 4), ring_step(0, 1, 4), ring_step(0, 3, 4)
    ((0, 0), (1, 1), (3, 0))
    """
    upward = (end - place) % count
    if upward == 0:
        return place, 0
    if 2 * upward <= count:
        return (place + 1) % count, int(place < end)
    return (place - 1) % count, int(place > end)


def _around(row: int, column: int) -> tuple[tuple[int, int], ...]:
    return (row, column + 1), (row + 1, column), (row, column - 1), (row - 1, column)


# kind -> (how it is written, builder); another regular topology is one function and one line here
SHAPES: dict[str, tuple[str, Callable[[str, Shape], Fabric]]] = {
    "bus": ("bus:16", bus),
    "crossbar": ("crossbar:16", crossbar),
    "mesh": ("mesh:8x8", mesh),
    "ring": ("ring:16", ring),
    "star": ("star:16", star),
    "torus": ("torus:8x8", torus),
    "tree": ("tree:4x3", tree),
}
