"""Multicast: the routes from one node to all cores as one tree of links, of which a message uses a part."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from deltasim.runtime.arrays import Flags, Integers
from deltasim.simulator.topology.links import ARRIVED


class Reach(NamedTuple):
    """The union of the routes from a node to every core: E links, nearest first.

    >>> from deltasim.simulator.topology import parse_topology
    >>> reach = parse_topology("mesh:2x2", 4).reach(0)
    >>> reach.link.tolist(), reach.parent.tolist(), reach.last.tolist()
    ([0, 1, 2], [-1, -1, 0], [-1, 0, 1, 2])
    """

    link: Integers  # (E,)
    parent: Integers  # (E,) the entry before, -1 at the source
    behind: Flags  # (E, cores) the cores whose route uses the entry
    last: Integers  # (cores,) the entry that reaches a core, -1 for the source itself

    def used(self, wanted: Flags) -> Flags:
        """The entries that lead to any of the wanted cores: (sets, cores) -> (sets, E)."""
        if wanted.shape[0] == 1:
            some: Flags = np.any(self.behind & wanted, axis=1, keepdims=True)
            return some.T
        return np.asarray(wanted.astype(np.float32) @ self.behind.T.astype(np.float32) > 0)


def reaches_from(bounds: Integers, link: Integers, cores: int, links: int) -> list[Reach]:
    """Join the routes from some nodes to all cores: (bounds, links) of every pair, source by source.

    A link has one predecessor on the ways from one source: no family lets two of them meet and part again.
    """
    count = (len(bounds) - 1) // cores
    pair = np.repeat(np.arange(count * cores), np.diff(bounds))
    hop = np.arange(len(link)) - bounds[pair]
    keys, first, entry = np.unique(pair // cores * links + link, return_index=True, return_inverse=True)
    order = np.lexsort((hop[first], keys // links)) if len(keys) else np.zeros(0, np.int64)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    entry, first = rank[entry], first[order]
    before = np.where(hop[first] > 0, entry[first - 1], ARRIVED) if len(first) else first
    last = np.full(count * cores, ARRIVED, np.int64)
    some = np.diff(bounds) > 0
    last[some] = entry[bounds[1:][some] - 1]
    begins = np.searchsorted(keys[order] // links, np.arange(count + 1)) if links else [0] * (count + 1)
    found = []
    for number in range(count):
        begin, end = int(begins[number]), int(begins[number + 1])
        mine = slice(int(bounds[number * cores]), int(bounds[(number + 1) * cores]))
        behind = np.zeros((end - begin, cores), np.bool_)
        behind[entry[mine] - begin, pair[mine] - number * cores] = True
        reached = last[number * cores : (number + 1) * cores]
        found.append(
            Reach(
                link[first[begin:end]],
                np.where(before[begin:end] == ARRIVED, ARRIVED, before[begin:end] - begin),
                behind,
                np.where(reached == ARRIVED, ARRIVED, reached - begin),
            )
        )
    return found
