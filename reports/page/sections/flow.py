"""Who fetched how much from where: ribbons from memories to layers, as thick as the bytes that went."""

from __future__ import annotations

from typing import Any, NamedTuple

import altair

from deltasim.reports.levels import Flow
from deltasim.reports.page.parts import Spec
from deltasim.reports.page.theme import INK, drawn_from, finished, series, text_pixels
from deltasim.reports.quantities import percent, quantity

BAR = 0.06  # width of a place, where columns of places are 1 apart
GAP = 0.06  # between two places of a column, of the picture's height
LEFT = 0.1  # room before the first column
CURVE = 24  # points along a ribbon


class Place(NamedTuple):
    """A memory or a layer in the picture: its column, and from where to where it reaches."""

    name: str
    column: int
    top: float
    bottom: float


def flow_chart(flows: tuple[Flow, ...], runs: int) -> Spec:
    """The picture of one inference: ``flows`` are sums over so many ``runs``."""
    places = {place.name: place for place in laid_out(flows)}
    total = sum(flow.bytes for flow in flows if not any(other.target == flow.source for other in flows))
    targets = list(dict.fromkeys(flow.target for flow in sorted(flows, key=lambda f: not last(f, flows))))
    ribbons = [row for flow in flows for row in ribbon_rows(flow, flows, places, runs, total)]
    bars = [
        {
            "name": place.name,
            "x": place.column - BAR / 2,
            "x2": place.column + BAR / 2,
            "y": place.top,
            "y2": place.bottom,
            "middle": (place.top + place.bottom) / 2,
            "shown": f"{place.name}: {quantity(through(place.name, flows) / runs, 'B')}",
        }
        for place in places.values()
    ]
    depth = max(place.column for place in places.values())
    names = [str(bar["shown"]) for bar in bars if places[str(bar["name"])].column == depth]
    ends = room_behind(depth + BAR / 2, text_pixels(max(map(len, names))) + 6)
    x = altair.X(
        "x:Q", axis=None, scale=altair.Scale(domainMin=-LEFT, domainMax=altair.ExprRef(**ends), nice=False)
    )
    y = altair.Y("y:Q", axis=None, scale=altair.Scale(domain=[1.0, -0.02], nice=False))
    tooltips = [
        altair.Tooltip("source:N", title="from"),
        altair.Tooltip("target:N", title="to"),
        altair.Tooltip("shown:N", title="bytes"),
        altair.Tooltip("share:N", title="of all"),
    ]
    area = (
        drawn_from(ribbons)
        .mark_area(opacity=0.55)
        .encode(
            x=x,
            y=y,
            y2="y2:Q",
            detail="ribbon:N",
            color=altair.Color("colour:N", scale=series(targets), legend=None),
            tooltip=tooltips,
        )
    )
    drawn = drawn_from(bars)
    bar = drawn.mark_rect(color=INK).encode(x=x, x2="x2:Q", y=y, y2="y2:Q", tooltip="shown:N")
    label = drawn.mark_text(align="left", dx=6, color=INK).encode(
        x="x2:Q", y=altair.Y("middle:Q"), text="shown:N"
    )
    return finished(area + bar + label, max(160, 70 * max(column_sizes(places))))


def room_behind(last: float, pixels: int) -> Spec:
    """The end of an axis from ``-LEFT`` on, so many pixels behind ``last``, however wide the chart is."""
    share = f"min(0.6, {pixels} / width)"
    return {"expr": f"({last!r} + {LEFT!r} * {share}) / (1 - {share})"}


def column_sizes(places: dict[str, Place]) -> list[int]:
    """How many places stand in each column."""
    columns = [place.column for place in places.values()]
    return [columns.count(column) for column in sorted(set(columns))]


def last(flow: Flow, flows: tuple[Flow, ...]) -> bool:
    """Tell whether nothing flows on from where this flow ends."""
    return not any(other.source == flow.target for other in flows)


def through(name: str, flows: tuple[Flow, ...]) -> int:
    """Bytes that a place takes in or gives out, whichever is more."""
    taken = sum(flow.bytes for flow in flows if flow.target == name)
    given = sum(flow.bytes for flow in flows if flow.source == name)
    return max(taken, given)


def laid_out(flows: tuple[Flow, ...]) -> tuple[Place, ...]:
    """Columns by how many places lie before; in a column from the top, in order of mention.

    >>> [(place.name, place.column) for place in laid_out((Flow("dram", "a", 3), Flow("dram", "b", 1)))]
    [('dram', 0), ('a', 1), ('b', 1)]
    """
    names = list(dict.fromkeys([*(f.source for f in flows), *(f.target for f in flows)]))
    column = dict.fromkeys(names, 0)
    for _ in names:  # a chain is at most as long as there are places
        for flow in flows:
            column[flow.target] = max(column[flow.target], column[flow.source] + 1)
    depth = max(column.values())
    column = {name: depth if all(f.source != name for f in flows) else at for name, at in column.items()}
    widest = max(sum(through(n, flows) for n in names if column[n] == at) for at in range(depth + 1))
    most = max(list(column.values()).count(at) for at in range(depth + 1))
    scale = (1.0 - GAP * (most - 1)) / widest
    found = []
    for at in range(depth + 1):
        held = [name for name in names if column[name] == at]
        tall = sum(through(name, flows) for name in held) * scale + GAP * (len(held) - 1)
        top = (1.0 - tall) / 2
        for name in held:
            bottom = top + through(name, flows) * scale
            found.append(Place(name, at, top, bottom))
            top = bottom + GAP
    return tuple(found)


def ribbon_rows(
    flow: Flow, flows: tuple[Flow, ...], places: dict[str, Place], runs: int, total: int
) -> list[dict[str, Any]]:
    """Points along one ribbon: its upper and its lower edge."""
    start, end = places[flow.source], places[flow.target]
    scale = (start.bottom - start.top) / through(flow.source, flows)
    before = sum(f.bytes for f in flows[: flows.index(flow)] if f.source == flow.source)
    within = sum(f.bytes for f in flows[: flows.index(flow)] if f.target == flow.target)
    top, top2, thick = start.top + before * scale, end.top + within * scale, flow.bytes * scale
    first, reach = start.column + BAR / 2, end.column - start.column - BAR
    tooltips = {
        "ribbon": f"{flow.source}->{flow.target}",
        "colour": flow.target,
        "source": flow.source,
        "target": flow.target,
        "shown": quantity(flow.bytes / runs, "B"),
        "share": percent(flow.bytes / total),
    }
    rows = []
    for point in range(CURVE + 1):
        along = point / CURVE
        bend = along * along * (3 - 2 * along)
        upper = top + (top2 - top) * bend
        rows.append({"x": first + along * reach, "y": upper, "y2": upper + thick, **tooltips})
    return rows
