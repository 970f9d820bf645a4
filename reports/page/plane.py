"""The plane a chip is drawn on: its axes, kept in shape and in the middle, and the wires below all else."""

from __future__ import annotations

from typing import Any, NamedTuple

import altair

from deltasim.reports.page.floorplan import Floorplan, Line
from deltasim.reports.page.theme import LINE, drawn_from

WIDTH = 490  # pixels of a chart beside another, about


class Plane(NamedTuple):
    """Axes of the drawing, pixels between neighbours, and its height in pixels."""

    x: altair.X
    y: altair.Y
    unit: float
    height: int


def plane(plan: Floorplan) -> Plane:
    """Axes that reach over a whole floorplan."""
    left, right, bottom, top = plan.extent
    unit = min(86.0, WIDTH / (right - left), 430 / (top - bottom))
    spare = max(0.0, WIDTH / unit - (right - left)) / 2
    return Plane(
        altair.X("x:Q", axis=None, scale=altair.Scale(domain=[left - spare, right + spare], nice=False)),
        altair.Y("y:Q", axis=None, scale=altair.Scale(domain=[bottom, top], nice=False)),
        unit,
        int(unit * (top - bottom)),
    )


def ends(line: Line) -> dict[str, Any]:
    """Where a line is drawn."""
    return {"x": line.x, "y": line.y, "x2": line.x2, "y2": line.y2}


def wires(plan: Floorplan, drawn_on: Plane) -> altair.Chart:
    """The lines that are no unit of their own."""
    rows = [ends(line) for line in plan.lines if line.number < 0]
    drawn: altair.Chart = drawn_from(rows).mark_rule(color=LINE, strokeWidth=2)
    return drawn.encode(x=drawn_on.x, y=drawn_on.y, x2="x2:Q", y2="y2:Q")


def busy_legend(title: str) -> altair.Legend:
    """The legend of shares of time."""
    return altair.Legend(title=title, format=".0%", symbolStrokeWidth=0, symbolType="square")
