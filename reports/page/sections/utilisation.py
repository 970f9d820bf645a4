"""Where time goes: how busy every core, link and memory was, drawn on the chip's topology."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair

from deltasim.reports.figures import WORK, activities
from deltasim.reports.page.floorplan import Floorplan, Spot, floorplan
from deltasim.reports.page.parts import Figure, Section, Spec
from deltasim.reports.page.plane import busy_legend, ends, plane, wires
from deltasim.reports.page.theme import INK, MUTED, drawn_from, finished, heat
from deltasim.reports.quantities import percent
from deltasim.simulator.memories.kinds import OFF_CHIP

if TYPE_CHECKING:
    from deltasim.reports.measured import Measured
    from deltasim.simulator.ledger.ledger import Ledger

SHAPES = {"core": "square", "hub": "circle"}  # a memory off the chip is a diamond


def section(result: Measured) -> Section:
    """Busy shares on the topology, and by kind of unit."""
    return Section(
        "utilisation",
        "Where time goes",
        result.limits,
        (
            Figure(
                "topology",
                f"Busy share of cores (squares), {outside(result)} (M) and links",
                topology_chart(result),
            ),
            Figure(
                "kinds",
                "Mean share of the time by kind of unit (line: the busiest)",
                kinds_chart(result),
            ),
        ),
    )


def outside(result: Measured) -> str:
    """What the memories off the chip are called."""
    found = dict.fromkeys(memory.several for memory in result.chip.memories if memory.off_chip)
    return " and ".join(found) or "memories off the chip"


def shares(ledger: Ledger) -> list[float]:
    """Busy share of every unit."""
    return [float(share) for share in ledger.busy_ps / float(max(ledger.elapsed_ps, 1))]


def spot_row(ledger: Ledger, spot: Spot, busy: list[float]) -> dict[str, Any]:
    """What the drawing tells of a core, hub or memory channel: its busiest unit, and all of them by name."""
    units = list(enumerate(ledger.units))
    if spot.kind in OFF_CHIP:
        channels = [row for row, unit in units if unit.kind == spot.kind]
        rows = channels[spot.number : spot.number + 1]
        name = ledger.units[rows[0]].name if rows else f"{spot.kind} {spot.number}"
    else:
        own = [row for row, unit in units if unit.node == spot.number and unit.kind in WORK]
        rows = [row for row in own if ledger.units[row].kind not in (*OFF_CHIP, "link", "bus")]
        name = f"{spot.kind} {spot.number}"
    words = (
        ", ".join(f"{ledger.units[row].kind} {percent(busy[row])}" for row in rows) or "no unit of its own"
    )
    top = max((busy[row] for row in rows), default=0.0)
    mark = "M" if spot.kind in OFF_CHIP else str(spot.number) if spot.kind == "core" else ""
    return {
        "name": name,
        "kind": spot.kind,
        "mark": mark,
        "x": spot.x,
        "y": spot.y,
        "busy": top,
        "told": words,
    }


def link_rows(ledger: Ledger, plan: Floorplan, busy: list[float]) -> list[dict[str, Any]]:
    """What the drawing tells of each link; a wire that is no unit has no share."""
    units = [row for row, unit in enumerate(ledger.units) if unit.kind in ("link", "bus")]
    rows = []
    for line in plan.lines:
        if line.number < 0:
            continue
        row = units[line.number]
        rows.append(
            {"name": ledger.units[row].name, "busy": busy[row], "told": f"busy {percent(busy[row])}"}
            | ends(line)
        )
    return rows


def topology_chart(result: Measured) -> Spec:
    """The chip from above; colours run from idle to always busy."""
    plan, busy = floorplan(result.chip), shares(result.ledger)
    drawn_on = plane(plan)
    x, y, side = drawn_on.x, drawn_on.y, max(9.0, 0.45 * drawn_on.unit)
    spots = [spot_row(result.ledger, spot, busy) for spot in plan.spots]
    beside = [spot.kind for spot in plan.spots if spot.kind not in SHAPES] or ["dram"]
    shapes = SHAPES | dict.fromkeys(beside, "diamond")
    colour = altair.Color("busy:Q", scale=heat(), legend=busy_legend("busy"))
    tooltips = [altair.Tooltip("name:N", title="unit"), altair.Tooltip("told:N", title="busy")]
    link = (
        drawn_from(link_rows(result.ledger, plan, busy))
        .mark_rule(strokeWidth=max(2.0, side / 8), strokeCap="round")
        .encode(x=x, y=y, x2="x2:Q", y2="y2:Q", color=colour, tooltip=tooltips)
    )
    places = drawn_from(spots).encode(x=x, y=y, tooltip=tooltips)
    node = places.mark_point(filled=True, size=int(side**2), opacity=1, stroke=MUTED, strokeWidth=1).encode(
        color=colour,
        shape=altair.Shape(
            "kind:N", scale=altair.Scale(domain=list(shapes), range=list(shapes.values())), legend=None
        ),
    )
    mark = places.mark_text(fontSize=max(8, int(side / 3)), fontWeight=600).encode(
        text="mark:N",
        color=altair.condition(altair.datum.busy >= 0.75, altair.value("var(--on-hot)"), altair.value(INK)),
    )
    return finished(wires(plan, drawn_on) + link + node + mark, drawn_on.height)


def kinds_chart(result: Measured) -> Spec:
    """Busy and stalled shares by kind of unit, mean over its units; a tick marks the busiest unit."""
    found = activities(result.ledger)
    rows: list[dict[str, Any]] = []
    for activity in found:
        shared = activity.busiest_unit.rpartition(".")[2] if "+" in activity.busiest_unit else activity.kind
        label = f"{shared} ({activity.units})" if activity.units > 1 else shared
        idle = max(0.0, 1 - activity.busy - activity.stalled)
        for place, (state, share) in enumerate(
            (("busy", activity.busy), ("stalled", activity.stalled), ("idle", idle))
        ):
            rows.append(
                {"kind": label, "state": state, "place": place, "share": share, "shown": percent(share)}
                | {
                    "busiest": activity.busiest,
                    "top": f"{activity.busiest_unit}: {percent(activity.busiest)}",
                }
            )
    states = altair.Scale(domain=["busy", "stalled", "idle"], range=["var(--h4)", "var(--s2)", "var(--h0)"])
    drawn = drawn_from(rows).encode(
        y=altair.Y("kind:N", sort=None, title=None, axis=altair.Axis(ticks=False, domain=False)),
        tooltip=[
            altair.Tooltip("kind:N", title="units"),
            altair.Tooltip("state:N"),
            altair.Tooltip("shown:N", title="mean share"),
            altair.Tooltip("top:N", title="busiest"),
        ],
    )
    scale = altair.Scale(domain=[0, 1], nice=False)
    bars = drawn.mark_bar(height={"band": 0.6}).encode(
        x=altair.X("share:Q", stack="zero", scale=scale, axis=altair.Axis(format=".0%", title=None)),
        color=altair.Color("state:N", scale=states, title=None),
        order="place:Q",
    )
    tick = (
        drawn.transform_filter(altair.datum.place == 0)
        .mark_tick(color=INK, thickness=2, height={"band": 0.8})
        .encode(x=altair.X("busiest:Q", scale=scale))
    )
    return finished(bars + tick, max(160, 40 * len(found)))
