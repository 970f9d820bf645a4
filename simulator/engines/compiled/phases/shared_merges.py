"""Lanes that feed several others together are merged once: they become a lane of their own, a bundle.

In a mesh whatever comes along a row, and what the core itself sends, goes on to both links of the column and
into the core: three lanes with the same feeds.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from itertools import combinations
from typing import NamedTuple

MOST = 8
"""No lane is in more bundles than this, within each other or not: each holds a copy of its keys."""

Pair = tuple[int, int]


class Bundles(NamedTuple):
    """The pair that each bundle is made of, and of how many a lane is at most, within each other or not."""

    pairs: list[Pair]
    duplicates: int


def bundle_up(feeding: dict[int, set[int]], number: int) -> Bundles:
    """Make the pair that feeds most lanes together a bundle, as long as a pair feeds more than one.

    ``feeding``: for each lane those that feed it; a pair that was made a bundle is replaced by it. Bundles
    are numbered from ``number`` on. The same idea as byte pair encoding, on sets.

    >>> lanes = {0: {5, 6, 7}, 1: {5, 6, 8}, 2: {5, 6, 7, 8}}
    >>> bundle_up(lanes, 10)
    Bundles(pairs=[(5, 6), (7, 10)], duplicates=2)
    >>> lanes
    {0: {11}, 1: {8, 10}, 2: {8, 11}}
    """
    fed: dict[Pair, set[int]] = {}
    for lane, origins in feeding.items():
        for pair in combinations(sorted(origins), 2):
            fed.setdefault(pair, set()).add(lane)
    heap = [(-len(lanes), pair) for pair, lanes in fed.items() if len(lanes) > 1]
    heapq.heapify(heap)
    holds: dict[int, frozenset[int]] = {}  # the lanes in each bundle
    duplicates: dict[int, int] = {}  # of each of these
    bundles: list[Pair] = []
    while heap:
        count, pair = heapq.heappop(heap)
        lanes = fed[pair]
        inside = frozenset[int]().union(*(holds.get(origin, frozenset({origin})) for origin in pair))
        if len(lanes) != -count or any(duplicates.get(origin, 0) == MOST for origin in inside):
            continue  # it has changed since, or would hold one copy too many
        bundle = number + len(bundles)
        bundles.append(pair)
        holds[bundle] = inside
        for origin in inside:
            duplicates[origin] = duplicates.get(origin, 0) + 1
        changed = set(replace(feeding, fed, pair, bundle, sorted(lanes)))
        for other in sorted(changed):
            if len(fed[other]) > 1:
                heapq.heappush(heap, (-len(fed[other]), other))
    return Bundles(bundles, max(duplicates.values(), default=0))


def replace(
    feeding: dict[int, set[int]], fed: dict[Pair, set[int]], pair: Pair, bundle: int, lanes: Iterable[int]
) -> Iterable[Pair]:
    """Let a bundle feed these lanes instead of its pair; yields the pairs that this changes."""
    for lane in lanes:
        feeding[lane] -= set(pair)
        for rest in feeding[lane]:
            for origin in pair:
                old = (min(origin, rest), max(origin, rest))
                fed[old].discard(lane)
                yield old
            fed.setdefault((rest, bundle), set()).add(lane)
            yield (rest, bundle)
        feeding[lane].add(bundle)
    fed[pair] = set()
