"""Ring: nodes in a circle, the shorter way round, upward on a tie."""

from __future__ import annotations

import math

import numpy as np

from deltasim.runtime.arrays import Integers
from deltasim.simulator.topology.links import Link, Places
from deltasim.simulator.topology.topology import Topology


def ring(shape: tuple[int, ...]) -> Topology:
    """Cores in a circle, the shorter way round; two classes of virtual channels: see :func:`ring_step`.

    >>> topology = ring((4,))
    >>> [topology.pairs[link] for link in topology.route(0, 2)]
    [(0, 1), (1, 2)]
    """
    (count,) = shape
    pairs = dict.fromkeys((node, (node + way) % count) for node in range(count) for way in (1, -1))
    links = tuple(Link(start, end) for start, end in pairs if start != end)

    def step(here: Integers, to: Integers) -> tuple[Integers, Integers]:
        return ring_step(here, to, count)

    return Topology("ring", shape, count, count, links, step, lambda: on_a_circle(count), shape, classes=2)


def ring_step(here: Integers, to: Integers, count: int) -> tuple[Integers, Integers]:
    """The next place on a ring of ``count`` and the class of channels.

    A packet whose way still passes from the last place to the first (or back) uses class 0, any other class
    1, so that no dependency cycle closes (the dateline rule: Dally and Seitz, 1987).

    >>> onward, dateline_class = ring_step(np.array([3, 0, 0]), np.array([1, 1, 3]), 4)
    >>> onward.tolist(), dateline_class.tolist()
    ([0, 1, 3], [0, 1, 0])
    """
    upward = (to - here) % count
    up = 2 * upward <= count
    onward = np.where(upward == 0, here, (here + np.where(up, 1, -1)) % count)
    return onward, np.where(up, here < to, here > to).astype(here.dtype)


def on_a_circle(count: int) -> Places:
    """Places on a circle, clockwise from the top, neighbours one unit apart. Shape (count, 2)."""
    radius = 0.5 / math.sin(math.pi / count) if count > 2 else 0.5
    angle = 2 * np.pi * np.arange(count) / count
    return radius * np.stack([np.sin(angle), np.cos(angle)], axis=1)
