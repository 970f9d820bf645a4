"""Shortest ways through any graph, of equal ones always the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deltasim.simulator.topology.links import Ints

UNREACHED = 1 << 30


def shortest_steps(nodes: int, pairs: Sequence[tuple[int, int]]) -> tuple[Ints, Ints]:
    """The next node from every node to every other, and the links between: two arrays (nodes, nodes).

    Of several neighbours equally near, the lowest. So every way is the first, in the order of its nodes, of
    the shortest ones, and each part of it is so as well: the ways from one node make a tree, and the ways to
    one node too. Where no way leads, the distance is ``UNREACHED`` and the step stays.

    >>> step, distance = shortest_steps(4, [(0, 1), (0, 2), (1, 3), (2, 3)])
    >>> step[:, 3].tolist(), distance[:, 3].tolist()
    ([1, 3, 3, 3], [2, 1, 1, 0])
    """
    before: list[list[int]] = [[] for _ in range(nodes)]
    for start, end in pairs:
        before[end].append(start)
    distance = np.full((nodes, nodes), UNREACHED, np.int32)
    for destination in range(nodes):
        away = [UNREACHED] * nodes
        away[destination] = 0
        rim, hops = [destination], 0
        while rim:
            hops += 1
            found = []
            for node in rim:
                for start in before[node]:
                    if away[start] == UNREACHED:
                        away[start] = hops
                        found.append(start)
            rim = found
        distance[:, destination] = away
    step = np.repeat(np.arange(nodes, dtype=np.int32)[:, None], nodes, axis=1)
    for start, end in sorted(pairs, key=lambda pair: -pair[1]):  # the lowest end has the last word
        nearer = distance[end] == distance[start] - 1
        step[start, nearer] = end
    return step, distance
