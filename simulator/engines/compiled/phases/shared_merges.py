"""Arrival lists that lead to several others together are merged once, into a list of their own.

In a mesh whatever comes along a row, and what the core itself sends, goes on to both links of the column and
into the core: three arrival lists with the same input edges.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from itertools import combinations
from typing import NamedTuple

MOST_MERGES = 8
"""No list is in more merges than this, within each other or not: each holds a copy of its keys."""

Pair = tuple[int, int]


class SharedMerges(NamedTuple):
    """The pair that each merge is made of, and in how many a list is at most, within each other or not."""

    pairs: list[Pair]
    duplicates: int


def shared_merges_of(feeding: dict[int, set[int]], number: int) -> SharedMerges:
    """Merge the pair that leads to most lists together, as long as a pair leads to more than one.

    ``feeding``: for each list those that lead to it; a pair that was merged is replaced by its merge. Merges
    are numbered from ``number`` on. The same idea as byte pair encoding, on sets.

    >>> lists = {0: {5, 6, 7}, 1: {5, 6, 8}, 2: {5, 6, 7, 8}}
    >>> shared_merges_of(lists, 10)
    SharedMerges(pairs=[(5, 6), (7, 10)], duplicates=2)
    >>> lists
    {0: {11}, 1: {8, 10}, 2: {8, 11}}
    """
    fed: dict[Pair, set[int]] = {}
    for into, origins in feeding.items():
        for pair in combinations(sorted(origins), 2):
            fed.setdefault(pair, set()).add(into)
    heap = [(-len(lists), pair) for pair, lists in fed.items() if len(lists) > 1]
    heapq.heapify(heap)
    holds: dict[int, frozenset[int]] = {}  # the lists in each merge
    duplicates: dict[int, int] = {}  # of each of these
    merges: list[Pair] = []
    while heap:
        count, pair = heapq.heappop(heap)
        lists = fed[pair]
        inside = frozenset[int]().union(*(holds.get(origin, frozenset({origin})) for origin in pair))
        if len(lists) != -count or any(duplicates.get(origin, 0) == MOST_MERGES for origin in inside):
            continue  # it has changed since, or would hold one copy too many
        merge = number + len(merges)
        merges.append(pair)
        holds[merge] = inside
        for origin in inside:
            duplicates[origin] = duplicates.get(origin, 0) + 1
        changed = set(replace(feeding, fed, pair, merge, sorted(lists)))
        for other in sorted(changed):
            if len(fed[other]) > 1:
                heapq.heappush(heap, (-len(fed[other]), other))
    return SharedMerges(merges, max(duplicates.values(), default=0))


def replace(
    feeding: dict[int, set[int]],
    fed: dict[Pair, set[int]],
    pair: Pair,
    merge: int,
    lists: Iterable[int],
) -> Iterable[Pair]:
    """Let a merge lead to these lists instead of its pair; yields the pairs that this changes."""
    for into in lists:
        feeding[into] -= set(pair)
        for rest in feeding[into]:
            for origin in pair:
                old = (min(origin, rest), max(origin, rest))
                fed[old].discard(into)
                yield old
            fed.setdefault((rest, merge), set()).add(into)
            yield (rest, merge)
        feeding[into].add(merge)
    fed[pair] = set()
