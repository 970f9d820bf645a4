"""Bundles feed lanes with what fed them before."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from deltasim.simulator.engines.compiled.phases.shared_merges import MOST, bundle_up

FIRST = 100


@given(st.lists(st.sets(st.integers(10, 18), max_size=7), max_size=9))
def test_every_lane_is_fed_by_the_same_lanes(sets: list[set[int]]) -> None:
    feeding = {lane: set(origins) for lane, origins in enumerate(sets)}
    bundles, most = bundle_up(feeding, FIRST)
    held: dict[int, set[int]] = {}
    for number, pair in enumerate(bundles):  # of what was there before it
        assert all(origin < FIRST + number for origin in pair)
        parts = [held.get(origin, {origin}) for origin in pair]
        assert not parts[0] & parts[1]
        held[FIRST + number] = parts[0] | parts[1]
    for lane, origins in enumerate(sets):
        parts = [held.get(origin, {origin}) for origin in feeding[lane]]
        assert set().union(*parts) == origins and sum(map(len, parts)) == len(origins)
    duplicates = Counter(origin for holds in held.values() for origin in holds)
    assert max(duplicates.values(), default=0) == most <= MOST


@given(st.lists(st.sets(st.integers(10, 18), max_size=7), max_size=9))
def test_no_pair_feeds_two_lanes_that_could_be_a_bundle(sets: list[set[int]]) -> None:
    feeding = {lane: set(origins) for lane, origins in enumerate(sets)}
    bundles, _ = bundle_up(feeding, FIRST)
    fed = Counter((a, b) for origins in feeding.values() for a in origins for b in origins if a < b)
    duplicates: Counter[int] = Counter()
    held: dict[int, set[int]] = {}
    for number, pair in enumerate(bundles):
        held[FIRST + number] = set().union(*(held.get(origin, {origin}) for origin in pair))
        duplicates.update(held[FIRST + number])
    for (a, b), lanes in fed.items():
        inside = held.get(a, {a}) | held.get(b, {b})
        assert lanes < 2 or any(duplicates[origin] == MOST for origin in inside)
