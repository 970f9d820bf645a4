"""Fat tree: switches whose links upward are as many as those downward."""

from __future__ import annotations

import math

import numpy as np

from deltasim.runtime.arrays import Integers
from deltasim.simulator.topology.links import Link, Places, both_ways, one_class
from deltasim.simulator.topology.topology import Topology


def tree(shape: tuple[int, ...]) -> Topology:
    """A tree of arity k with n levels: k^n cores, n rows of k^(n-1) switches, k links up from each.

    Cores have no routers; core c hangs at switch c // k of the lowest row. Switch w of a row links up to the
    k switches whose number differs from w in the row's digit (base k) at most. A packet climbs until it is
    above its destination, by the links its destination's digits name, then descends. Nobody climbs after
    descending, so no waits close a cycle (Petrini and Vanneschi, IPPS 1997). Switches are destinations too:
    a memory may have its port there.

    >>> topology = tree((2, 3))
    >>> topology.cores, topology.nodes
    (8, 20)
    >>> [topology.pairs[link] for link in topology.route(0, 5)]
    [(0, 8), (8, 13), (13, 17), (17, 15), (15, 10), (10, 5)]
    """
    arity, levels = shape
    power = [int(arity**exponent) for exponent in range(levels + 1)]
    cores, width = power[levels], power[levels - 1]
    pairs = [((core, cores + core // arity), math.sqrt(arity) / 2) for core in range(cores)]
    for level in range(levels - 1):
        for place in range(width):
            for value in range(arity):
                above = place + (value - place // power[level] % arity) * power[level]
                ends = (cores + level * width + place, cores + (level + 1) * width + above)
                pairs.append((ends, math.sqrt(power[level + 1]) / 2))
    links: list[Link] = [link for ends, length in pairs for link in both_ways([ends], length)]
    nodes = cores + levels * width
    scale = np.array(power, np.int64)

    def step(here: Integers, to: Integers) -> tuple[Integers, Integers]:
        level, place = np.divmod(np.maximum(here - cores, 0), width)
        last_level, switch = np.divmod(np.maximum(to - cores, 0), width)
        is_core = to < cores
        switch = np.where(
            is_core, to // arity, switch
        )  # a core is reached through the lowest switch above it
        ways_up = np.where(is_core, to, switch)  # whose digits choose the links upward
        low, below = scale[level], scale[np.maximum(level - 1, 0)]
        settled = scale[np.minimum(level, last_level)]
        matches = place % settled == switch % settled  # digits that only links further down could change
        above = matches & (level >= last_level) & (place // low == switch // low)
        downward = place + (switch // below % arity - place // below % arity) * below
        upward = place + (ways_up // low % arity - place // low % arity) * low
        down = np.where(level == 0, to, cores + (level - 1) * width + downward)
        onward = np.where(above | ~matches, down, cores + (level + 1) * width + upward)
        onward = np.where(here < cores, cores + here // arity, onward)
        return one_class(np.where(here == to, to, onward))

    return Topology(
        "tree", shape, cores, nodes, tuple(links), step, lambda: in_rows(shape), (cores,), routers=False
    )


def in_rows(shape: tuple[int, ...]) -> Places:
    """Cores at the bottom, each row of switches above the last, in the middle of what hangs below."""
    arity, levels = shape
    width = arity ** (levels - 1)
    rows = [np.stack([np.arange(arity**levels), np.zeros(arity**levels)], axis=1)]
    for level in range(levels):
        across = (np.arange(width) + 0.5) * arity - 0.5
        rows.append(np.stack([across, np.full(width, (level + 1) * 1.5)], axis=1))
    return np.concatenate(rows).astype(np.float64)
