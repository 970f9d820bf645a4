"""Datelines: on every ring and torus two legs of virtual channels leave no circle of waits."""

from __future__ import annotations

from itertools import pairwise

import pytest

from deltasim.simulator.chip.virtual_channels import NO_CIRCLE, legs_along, rings_of, waiting_circle
from deltasim.simulator.topology import parse_topology
from deltasim.simulator.topology.deadlock import circle_of

RINGS = [f"ring:{n}" for n in range(1, 12)] + [
    f"torus:{r}x{c}" for r in (1, 2, 3, 4, 5) for c in (2, 3, 4, 6)
]


@pytest.mark.parametrize("text", RINGS)
def test_two_legs_close_no_circle(text: str) -> None:
    topology, waits = parse_topology(text), set()
    for source in range(topology.nodes):
        for destination in range(topology.nodes):
            route = topology.route(source, destination)
            waits.update(pairwise(zip(route, legs_along(topology, route), strict=True)))
    numbers = {channel: number for number, channel in enumerate(sorted({c for wait in waits for c in wait}))}
    assert circle_of({(numbers[first], numbers[second]) for first, second in waits}) == ()


@pytest.mark.parametrize("text", RINGS)
def test_one_leg_closes_a_circle_on_rings_over_three(text: str) -> None:
    circle = waiting_circle(parse_topology(text))
    assert bool(circle) == (max(rings_of(parse_topology(text))) > 3)
    for link, following in zip(circle, circle[1:] + circle[:1], strict=True):
        assert parse_topology(text).pairs[link][1] == parse_topology(text).pairs[following][0]


@pytest.mark.parametrize("text", ["mesh:4x5", "star:6", "crossbar:5"])
def test_what_is_taken_for_free_of_circles_is(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse_topology(text).kind in NO_CIRCLE
    monkeypatch.setattr("deltasim.simulator.chip.virtual_channels.NO_CIRCLE", ())
    waiting_circle.cache_clear()
    assert waiting_circle(parse_topology(text)) == ()


def test_a_tree_is_free_between_its_cores_only() -> None:
    """Between cores a packet climbs, then descends; to a memory at a switch it may climb after descending."""
    tree = parse_topology("tree:2x3")
    assert waiting_circle(tree) == ()
    assert waiting_circle(tree, tuple(range(tree.cores, tree.nodes))) != ()


def test_a_dimension_begins_with_the_first_leg() -> None:
    """From (0, 3) to (3, 0) of a 4 x 4 torus: over the seam of the row, then over that of the column."""
    torus = parse_topology("torus:4x4")
    assert legs_along(torus, torus.route(3, 12)) == [1, 1]
    assert legs_along(torus, torus.route(2, 4)) == [0, 1, 0]
