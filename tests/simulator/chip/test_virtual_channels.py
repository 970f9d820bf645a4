"""Datelines: on every ring and torus two dateline classes of virtual channels leave no dependency cycle."""

from __future__ import annotations

from itertools import pairwise

import pytest

from deltasim.simulator.chip import Chip, load_chip
from deltasim.simulator.chip.virtual_channels import (
    NO_CYCLE,
    classes_of,
    dateline_classes_along,
    dateline_classes_of,
    named,
    rings_of,
    waiting_cycle,
)
from deltasim.simulator.topology import parse_topology
from deltasim.simulator.topology.deadlock import first_cycle
from tests.simulator.builders import chip

RINGS = [f"ring:{n}" for n in range(1, 12)] + [
    f"torus:{r}x{c}" for r in (1, 2, 3, 4, 5) for c in (2, 3, 4, 6)
]


@pytest.mark.parametrize("text", RINGS)
def test_two_dateline_classes_close_no_cycle(text: str) -> None:
    topology, waits = parse_topology(text), set()
    for source in range(topology.nodes):
        for destination in range(topology.nodes):
            route = topology.route(source, destination)
            waits.update(pairwise(zip(route, dateline_classes_along(topology, route), strict=True)))
    numbers = {channel: number for number, channel in enumerate(sorted({c for wait in waits for c in wait}))}
    assert first_cycle({(numbers[first], numbers[second]) for first, second in waits}) == ()


@pytest.mark.parametrize("text", RINGS)
def test_one_dateline_class_closes_a_cycle_on_rings_over_three(text: str) -> None:
    cycle = waiting_cycle(parse_topology(text))
    assert bool(cycle) == (max(rings_of(parse_topology(text))) > 3)
    for link, following in zip(cycle, cycle[1:] + cycle[:1], strict=True):
        assert parse_topology(text).pairs[link][1] == parse_topology(text).pairs[following][0]


@pytest.mark.parametrize("text", ["mesh:4x5", "star:6", "crossbar:5"])
def test_what_is_taken_for_free_of_cycles_is(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert parse_topology(text).kind in NO_CYCLE
    monkeypatch.setattr("deltasim.simulator.chip.virtual_channels.NO_CYCLE", ())
    waiting_cycle.cache_clear()
    assert waiting_cycle(parse_topology(text)) == ()


def test_a_tree_is_free_between_its_cores_only() -> None:
    """Between cores a packet climbs, then descends; to a memory at a switch it may climb after descending."""
    tree = parse_topology("tree:2x3")
    assert waiting_cycle(tree) == ()
    assert waiting_cycle(tree, tuple(range(tree.cores, tree.nodes))) != ()


def test_classes_of_a_chip() -> None:
    """A second dateline class from rings of four on, where there are channels enough; three kinds of message
    where a shared memory answers.
    """

    def on(topology: str, cores: int, channels: int | None) -> Chip:
        buffers = {} if channels is None else {"network.virtual_channels": channels, "network.buffer": 8}
        return chip({"network.topology": topology, "cores.count": cores, **buffers})

    assert [dateline_classes_of(on("ring:4", 4, channels)) for channels in (2, 3, None)] == [2, 2, 1]
    assert dateline_classes_of(on("ring:3", 3, 4)) == dateline_classes_of(on("mesh:2x2", 4, 4)) == 1
    assert classes_of(on("mesh:2x2", 4, 2)) == 1 and classes_of(load_chip("mesh16")) == 3


def test_only_rings_over_two_have_a_dateline() -> None:
    ring, mesh, pair = (parse_topology(text) for text in ("ring:3", "mesh:2x2", "ring:2"))
    assert dateline_classes_along(mesh, mesh.route(0, 3)) == [0, 0]
    assert dateline_classes_along(ring, ring.route(2, 0)) == [1]
    assert (
        dateline_classes_along(pair, pair.route(1, 0))
        == dateline_classes_along(pair, pair.route(0, 1))
        == [0]
    )


def test_a_cycle_is_named_from_its_first_link_to_that_again() -> None:
    ring = parse_topology("ring:4")
    assert named(ring, waiting_cycle(ring)) == "0->1, 1->2, 2->3, 3->0, 0->1"


def test_a_dimension_begins_with_the_first_dateline_class() -> None:
    """From (0, 3) to (3, 0) of a 4 x 4 torus: over the dateline of the row, then over that of the column."""
    torus = parse_topology("torus:4x4")
    assert dateline_classes_along(torus, torus.route(3, 12)) == [1, 1]
    assert dateline_classes_along(torus, torus.route(2, 4)) == [0, 1, 0]
