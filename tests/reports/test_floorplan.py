"""Where a chip's parts are drawn, on layouts small enough to say where that is."""

from __future__ import annotations

from typing import Any

import pytest

from deltasim.reports.page.floorplan import (
    GAP,
    TRIM,
    Floorplan,
    Line,
    Spot,
    direction,
    floorplan,
    outward,
    reach,
)
from deltasim.reports.page.parts import Card, Figure, Grid, Link, Section
from deltasim.reports.page.plane import plane, wires
from deltasim.reports.page.sections.utilisation import link_rows, spot_row
from tests.reports.by_hand.charts import drawn
from tests.reports.by_hand.specimen import result
from tests.simulator.builders import DRAM, SCRATCHPAD, chip

NEAR = pytest.approx


def plan_of(topology: str, cores: int, ports: list[int]) -> Floorplan:
    fields: dict[str, Any] = {"cores.count": cores, "network.topology": topology}
    memories = [SCRATCHPAD, DRAM | {"ports": ports}] if ports else [SCRATCHPAD]
    return floorplan(chip(fields | {"memories": memories}))


def test_a_direction_keeps_to_its_right_and_off_its_nodes() -> None:
    assert direction(4, (0.0, 0.0), (2.0, 0.0)) == NEAR((4, TRIM, -GAP, 2 - TRIM, -GAP))
    assert direction(5, (2.0, 0.0), (0.0, 0.0)) == NEAR((5, 2 - TRIM, GAP, TRIM, GAP))
    assert direction(0, (1.0, 1.0), (1.0, 2.0)) == NEAR((0, 1 + GAP, 1 + TRIM, 1 + GAP, 2 - TRIM))
    # of a short one a third is left out at each end; 3-4-5: 0.6 across and 0.8 up
    x, y = 0.6 * 0.2 + 0.8 * GAP, 0.8 * 0.2 - 0.6 * GAP
    assert direction(0, (0.0, 0.0), (0.36, 0.48)) == NEAR((0, x, y, x + 0.12, y + 0.16))


def test_outward_is_over_the_nearest_side_or_away_from_the_middle() -> None:
    sides = (0.0, 3.0, 0.0, 2.0)
    middle = (1.5, 1.0)
    for place, way in (
        ((0.0, 0.0), (-1.0, 0.0)),  # left before bottom
        ((3.0, 2.0), (1.0, 0.0)),
        ((1.0, 2.0), (0.0, 1.0)),
        ((2.0, 0.0), (0.0, -1.0)),
        ((1.0, 1.0), (0.36, 0.36)),  # no side: between the nodes
    ):
        assert outward(place, middle, True, sides) == way
    assert outward((4.5, 5.0), middle, False, sides) == NEAR((0.6, 0.8))
    assert outward(middle, middle, False, sides) == (0.0, -1.0)


def test_the_drawing_reaches_half_a_node_beyond_all() -> None:
    spots = [Spot("core", 0, 1.0, 2.0), Spot("core", 1, -1.0, 0.0)]
    assert reach(spots, []) == (-1.5, 1.5, -0.5, 2.5)
    assert reach(spots, [Line(0, 0.0, -3.0, 4.0, 5.0)]) == (-1.5, 4.5, -3.5, 5.5)


def test_a_bus_is_a_line_with_cores_above_and_memories_below() -> None:
    plan = plan_of("bus", 2, [0])
    cores = [spot for spot in plan.spots if spot.kind == "core"]
    (dram,) = (spot for spot in plan.spots if spot.kind == "dram")
    bus, *others = plan.lines
    middle = bus.y
    assert (bus.number, bus.x, bus.x2, bus.y2) == (0, -1.0, 2, middle)
    assert dram == Spot("dram", 0, 0.0, middle - 1.0)
    assert others == [
        *(Line(-1, spot.x, spot.y - TRIM, spot.x, middle) for spot in cores),
        Line(-1, 0, middle, 0, middle - 1.0 + TRIM),
    ]
    assert all(spot.y > middle for spot in cores) and cores[0].x != cores[1].x
    both = plan_of("bus", 2, [0, 1])
    assert [line.x2 for line in both.lines if line.number == 0] == [2]
    assert [spot.number for spot in both.spots if spot.kind == "dram"] == [0, 1]


def test_channels_stand_beside_their_nodes_and_behind_each_other() -> None:
    """Two channels at the left one of three cores in a row: 1 and 1.8 away; the second core has none."""
    three = plan_of("mesh:1x3", 3, [0])
    assert [(spot.kind, spot.x, spot.y) for spot in three.spots] == [
        ("core", 0.0, 0.0), ("core", 1.0, 0.0), ("core", 2.0, 0.0), ("dram", -1.0, 0.0),
    ]  # fmt: skip
    assert three.lines[-1] == NEAR((-1, -TRIM, 0.0, -1 + TRIM, 0.0))
    assert three.extent == (-1.5, 2.5, -0.5 - GAP, 0.5 + GAP)
    further = {"name": "more", "ports": [0]}
    fields: dict[str, Any] = {"cores.count": 3, "network.topology": "mesh:1x3"}
    both = floorplan(chip(fields | {"memories": [DRAM, DRAM | further]}))
    assert [(spot.number, spot.x) for spot in both.spots if spot.kind == "dram"] == [(0, -1.0), (1, -1.8)]
    assert both.lines[-1] == NEAR((-1, -TRIM, 0.0, -1.8 + TRIM, 0.0))


def test_around_a_middle_channels_stand_away_from_it() -> None:
    """Of a ring, along the line from its middle through the node; the middle is that of the drawing."""
    plan = plan_of("ring:4", 4, [1])
    xs, ys = ([spot[place] for spot in plan.spots[:4]] for place in (2, 3))
    middle = ((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
    node, dram = plan.spots[1], plan.spots[4]
    dx, dy = node.x - middle[0], node.y - middle[1]
    length = (dx * dx + dy * dy) ** 0.5
    assert (dram.x, dram.y) == NEAR((node.x + dx / length, node.y + dy / length))


def test_hubs_are_nodes_behind_the_cores() -> None:
    kinds = [(spot.kind, spot.number) for spot in plan_of("star:3", 3, []).spots]
    assert kinds == [("core", 0), ("core", 1), ("core", 2), ("hub", 3)]


def test_the_plane_keeps_its_shape() -> None:
    """A wide drawing fills 490 pixels, a tall one 430, a small one has 86 a step and room at both sides."""
    empty: tuple[()] = ()
    wide = plane(Floorplan(empty, empty, (0.0, 49.0, 0.0, 10.0)))
    assert (wide.unit, wide.height) == (10.0, 100)
    assert wide.x["scale"]["domain"] == [0.0, 49.0] and wide.y["scale"]["domain"] == [0.0, 10.0]
    tall = plane(Floorplan(empty, empty, (0.0, 3.0, -1.0, 42.0)))
    assert (tall.unit, tall.height) == (10.0, 430)
    assert tall.x["scale"]["domain"] == [-23.0, 26.0]  # 49 across
    small = plane(Floorplan(empty, empty, (0.0, 1.0, 0.0, 2.5)))
    assert (small.unit, small.height) == (86.0, 215)


def test_only_wires_that_are_no_links_lie_below() -> None:
    lines = (Line(0, 0.0, 0.0, 1.0, 0.0), Line(-1, 1.0, 2.0, 3.0, 4.0))
    plan = Floorplan((), lines, (0.0, 4.0, 0.0, 4.0))
    assert drawn(wires(plan, plane(plan)).to_dict()) == [{"x": 1.0, "y": 2.0, "x2": 3.0, "y2": 4.0}]


def test_a_hub_has_no_unit_of_its_own_and_a_channel_has_its_name() -> None:
    ledger = result().ledger
    busy = [0.0] * len(ledger.units)
    row = spot_row(ledger, Spot("hub", 7, 1.0, 2.0), busy)
    assert row == {
        "name": "hub 7", "kind": "hub", "mark": "", "x": 1.0, "y": 2.0, "busy": 0.0,
        "told": "no unit of its own",
    }  # fmt: skip
    assert spot_row(ledger, Spot("dram", 1, 0.0, 0.0), busy)["name"] == "dram 1"
    nothing = Floorplan((), (Line(-1, 0.0, 0.0, 1.0, 1.0),), (0.0, 1.0, 0.0, 1.0))
    assert link_rows(ledger, nothing, busy) == []


def test_parts_of_a_page_have_what_is_left_out() -> None:
    assert Figure("a", "A", {}).wide is False
    assert Section("a", "A", "says") == Section("a", "A", "says", (), (), ())
    grid = Grid("", ("a", "b"), (("1", "2"),))
    assert (grid.left, grid.folded, grid.under) == ((), False, False)
    assert grid.cells(("1", "2")) == (("a", "1"), ("b", "2"))
    with pytest.raises(ValueError, match="longer"):
        grid.cells(("1", "2", "3"))
    assert Link("text", "target").target == "target" and Card("a", "b", "c", "d", 1).value == 1


def test_channels_stand_away_from_the_middle_of_the_drawing() -> None:
    """Three nodes of a ring, one apart: 60 degrees at each corner, the height of it r = sqrt(3) / 2.

    The top lies above the middle of the drawing, so its channels stand 1 and 1.8 above it; node 1, at the
    right, lies half a side to the right and half a height below the middle.
    """
    fields: dict[str, Any] = {"cores.count": 3, "network.topology": "ring:3"}
    further = DRAM | {"name": "more", "ports": [0, 1]}
    plan = floorplan(chip(fields | {"memories": [DRAM, further]}))
    (_, _, x, top), (_, _, right, low), (_, _, left, _) = plan.spots[:3]
    height = 3**0.5 / 2
    assert (x, right - left, top - low) == NEAR((0.0, 1.0, height), abs=1e-12)
    channels = [spot for spot in plan.spots if spot.kind == "dram"]
    length = (0.5**2 + (height / 2) ** 2) ** 0.5
    dx, dy = 0.5 / length, -height / 2 / length
    assert [spot[2:] for spot in channels] == [
        NEAR((0.0, top + 1.0), abs=1e-12),
        NEAR((0.0, top + 1.8), abs=1e-12),
        NEAR((right + dx, low + dy)),
    ]
    assert [line[1:] for line in plan.lines if line.number < 0] == [
        NEAR((0.0, top + TRIM, 0.0, top + 1.0 - TRIM), abs=1e-12),
        NEAR((0.0, top + TRIM, 0.0, top + 1.8 - TRIM), abs=1e-12),
        NEAR((right + dx * TRIM, low + dy * TRIM, right + dx * (1 - TRIM), low + dy * (1 - TRIM))),
    ]


def test_the_middle_of_joined_chips_lies_between_them() -> None:
    """Two chips of two cores, three apart: their middle is (1.5, 0), and core 0 lies at (0, 0.5)."""
    link = {"width": "16 bit", "clock": "500 MHz", "hop_cycles": 5}
    fields: dict[str, Any] = {
        "cores.count": 4,
        "network.topology": "mesh:2x1",
        "memories": [SCRATCHPAD, DRAM],
    }
    plan = floorplan(chip(fields | {"network.joined": {"topology": "mesh:1x2", "link": link}}))
    assert [spot[2:] for spot in plan.spots[:3]] == [(0.0, 0.5), (0.0, -0.5), (3.0, 0.5)]
    (dram,) = (spot for spot in plan.spots if spot.kind == "dram")
    length = 2.5**0.5
    assert dram[2:] == NEAR((-1.5 / length, 0.5 + 0.5 / length))
