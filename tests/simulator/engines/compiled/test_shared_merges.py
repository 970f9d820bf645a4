"""Shared merges lead to lists what led to them before."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from deltasim.simulator.engines.compiled.phases.shared_merges import MOST_MERGES, shared_merges_of

FIRST = 100


@given(st.lists(st.sets(st.integers(10, 18), max_size=7), max_size=9))
def test_every_list_has_the_same_inputs(sets: list[set[int]]) -> None:
    feeding = {arrival_list: set(origins) for arrival_list, origins in enumerate(sets)}
    merges, most = shared_merges_of(feeding, FIRST)
    held: dict[int, set[int]] = {}
    for number, pair in enumerate(merges):  # of what was there before it
        assert all(origin < FIRST + number for origin in pair)
        parts = [held.get(origin, {origin}) for origin in pair]
        assert not parts[0] & parts[1]
        held[FIRST + number] = parts[0] | parts[1]
    for arrival_list, origins in enumerate(sets):
        parts = [held.get(origin, {origin}) for origin in feeding[arrival_list]]
        assert set().union(*parts) == origins and sum(map(len, parts)) == len(origins)
    duplicates = Counter(origin for holds in held.values() for origin in holds)
    assert max(duplicates.values(), default=0) == most <= MOST_MERGES


@given(st.lists(st.sets(st.integers(10, 18), max_size=7), max_size=9))
def test_no_pair_leads_to_two_lists_that_could_share_its_merge(sets: list[set[int]]) -> None:
    feeding = {arrival_list: set(origins) for arrival_list, origins in enumerate(sets)}
    merges, _ = shared_merges_of(feeding, FIRST)
    fed = Counter((a, b) for origins in feeding.values() for a in origins for b in origins if a < b)
    duplicates: Counter[int] = Counter()
    held: dict[int, set[int]] = {}
    for number, pair in enumerate(merges):
        held[FIRST + number] = set().union(*(held.get(origin, {origin}) for origin in pair))
        duplicates.update(held[FIRST + number])
    for (a, b), arrival_lists in fed.items():
        inside = held.get(a, {a}) | held.get(b, {b})
        assert arrival_lists < 2 or any(duplicates[origin] == MOST_MERGES for origin in inside)
