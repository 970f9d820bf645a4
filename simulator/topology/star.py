"""One place in the middle: bus, star and crossbar."""

from __future__ import annotations

import math

import numpy as np

from deltasim.runtime.arrays import Integers
from deltasim.simulator.topology.links import BUS, Link, Places, both_ways, one_class
from deltasim.simulator.topology.ring import on_a_circle
from deltasim.simulator.topology.topology import Topology


def bus(shape: tuple[int, ...]) -> Topology:
    """One link that every transfer between nodes uses, memories included. It has no routers."""
    (count,) = shape
    link = Link(BUS, BUS, length=count / 2)

    def step(here: Integers, to: Integers) -> tuple[Integers, Integers]:
        return one_class(to)

    def lay_out() -> Places:
        return np.stack([np.arange(count, dtype=np.float64), np.ones(count)], axis=1)

    return Topology("bus", shape, count, count, (link,), step, lay_out, shape, routers=False)


def star(shape: tuple[int, ...]) -> Topology:
    """A router for each of N cores, all joined by the hub, which is node N.

    >>> topology = star((3,))
    >>> topology.nodes, [topology.pairs[link] for link in topology.route(0, 2)]
    (4, [(0, 3), (3, 2)])
    """
    return around_a_hub("star", shape, routers=True)


def crossbar(shape: tuple[int, ...]) -> Topology:
    """One switch, node N, for all N cores, which have no routers of their own."""
    return around_a_hub("crossbar", shape, routers=False)


def around_a_hub(kind: str, shape: tuple[int, ...], routers: bool) -> Topology:
    (count,) = shape

    def step(here: Integers, to: Integers) -> tuple[Integers, Integers]:
        return one_class(np.where((here == count) | (to == count) | (here == to), to, count))

    links = both_ways(((node, count) for node in range(count)), length=math.sqrt(count) / 2)

    def lay_out() -> Places:
        return np.concatenate([on_a_circle(count), np.zeros((1, 2))])

    return Topology(kind, shape, count, count + 1, links, step, lay_out, shape, routers=routers)
