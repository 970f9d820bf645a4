"""Where things are drawn: nodes, links and memories of a chip as points and lines of a plane."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from deltasim.simulator.topology import BUS

if TYPE_CHECKING:
    from deltasim.simulator.chip import Chip

GAP = 0.07  # between the two directions of a link, in distances of neighbours
UPRIGHT = ("mesh", "torus", "tree")  # drawn in rows; the others around a middle
TRIM = 0.3  # how far from a node's middle its links begin


class Spot(NamedTuple):
    """A place in the drawing: a core, a hub or a memory off the chip; ``number`` counts within its kind."""

    kind: str
    number: int
    x: float
    y: float


class Line(NamedTuple):
    """A link in the drawing; ``number`` is the link's own, or -1 for a wire that is no unit of its own."""

    number: int
    x: float
    y: float
    x2: float
    y2: float


class Floorplan(NamedTuple):
    """All spots and lines, and how far the drawing reaches: (left, right, bottom, top)."""

    spots: tuple[Spot, ...]
    lines: tuple[Line, ...]
    extent: tuple[float, float, float, float]


def floorplan(chip: Chip) -> Floorplan:
    """Lay a chip out, by the topology's own layout; a memory off the chip stands outside its node.

    >>> from deltasim.simulator.chip import load_chip
    >>> [spot.kind for spot in floorplan(load_chip("edgedrnn")).spots]
    ['core', 'dram']
    """
    topology = chip.topology
    layout = topology.layout()
    spots = [
        Spot("core" if node < topology.cores else "hub", node, *layout[node])
        for node in range(topology.nodes)
    ]
    outside = [
        (memory.unit_kind, port) for memory in chip.memories if memory.off_chip for port in memory.ports
    ]
    number = Counter[str]()
    if topology.kind == "bus":
        left, right = -1.0, max(topology.nodes, len(outside))
        middle = layout[BUS][1]
        lines = [Line(0, left, middle, right, middle)]
        lines += [Line(-1, spot.x, spot.y - TRIM, spot.x, middle) for spot in spots]
        for channel, (kind, _) in enumerate(outside):
            spots.append(Spot(kind, number[kind], float(channel), middle - 1.0))
            number[kind] += 1
            lines.append(Line(-1, channel, middle, channel, middle - 1.0 + TRIM))
    else:
        lines = [direction(index, layout[a], layout[b]) for index, (a, b) in enumerate(topology.pairs)]
        taken: Counter[int] = Counter()
        xs, ys = [x for x, _ in layout.values()], [y for _, y in layout.values()]
        centre = ((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)
        for kind, port in outside:
            x, y = layout[port]
            dx, dy = outward((x, y), centre, topology.kind in UPRIGHT, (min(xs), max(xs), min(ys), max(ys)))
            away = 1.0 + 0.8 * taken[port]
            taken[port] += 1
            spots.append(Spot(kind, number[kind], x + dx * away, y + dy * away))
            number[kind] += 1
            near, far = TRIM, away - TRIM
            lines.append(Line(-1, x + dx * near, y + dy * near, x + dx * far, y + dy * far))
    return Floorplan(tuple(spots), tuple(lines), reach(spots, lines))


def direction(number: int, start: tuple[float, float], end: tuple[float, float]) -> Line:
    """One direction of a link: shortened at both ends, shifted to its right-hand side."""
    (x, y), (x2, y2) = start, end
    length = math.hypot(x2 - x, y2 - y) or 1.0
    dx, dy = (x2 - x) / length, (y2 - y) / length
    right, trim = (dy * GAP, -dx * GAP), min(TRIM, length / 3)
    return Line(
        number,
        x + dx * trim + right[0],
        y + dy * trim + right[1],
        x2 - dx * trim + right[0],
        y2 - dy * trim + right[1],
    )


def outward(
    place: tuple[float, float],
    centre: tuple[float, float],
    upright: bool,
    sides: tuple[float, float, float, float],
) -> tuple[float, float]:
    """The direction, of length 1, in which a memory stands away from its node.

    Where nodes stand in rows it is straight out of the nearest side, left and right first, else diagonal
    and nearer; elsewhere it is away from the middle.
    """
    x, y = place
    if upright:
        left, right, bottom, top = sides
        for at, side, way in (
            (x, left, (-1.0, 0.0)),
            (x, right, (1.0, 0.0)),
            (y, top, (0.0, 1.0)),
            (y, bottom, (0.0, -1.0)),
        ):
            if at == side:
                return way
        return (0.36, 0.36)
    dx, dy = x - centre[0], y - centre[1]
    length = math.hypot(dx, dy)
    return (dx / length, dy / length) if length else (0.0, -1.0)


def reach(spots: list[Spot], lines: list[Line]) -> tuple[float, float, float, float]:
    """The bounds of the drawing, with room for half a node around."""
    xs = [spot.x for spot in spots] + [end for line in lines for end in (line.x, line.x2)]
    ys = [spot.y for spot in spots] + [end for line in lines for end in (line.y, line.y2)]
    return min(xs) - 0.5, max(xs) + 0.5, min(ys) - 0.5, max(ys) + 0.5
