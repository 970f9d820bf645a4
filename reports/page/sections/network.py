"""What the network on chip carried: the load of every link on the topology, and who caused it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import altair

from deltasim.reports.packet_model import packet_sentence
from deltasim.reports.page.floorplan import floorplan
from deltasim.reports.page.parts import Figure, Grid, Section, Spec
from deltasim.reports.page.plane import busy_legend, ends, plane, wires
from deltasim.reports.page.theme import MUTED, drawn_from, finished, heat
from deltasim.reports.quantities import count, percent, quantity, ratio
from deltasim.simulator.chip.actions import FLITS_BY_DIRECTION
from deltasim.simulator.memories.kinds import OFF_CHIP

if TYPE_CHECKING:
    from deltasim.reports.measured import Measured
    from deltasim.simulator.ledger.ledger import Ledger

LISTED = 8  # busiest links in the table


class LinkLoad(NamedTuple):
    """A link over the whole run: flits, share of the time it carried them, mean wait for it (ps)."""

    name: str
    flits: int
    load: float
    stalled: float
    wait_ps: float


def section(result: Measured) -> Section | None:
    """The network's section; None where no flit crossed a link."""
    loads = link_loads(result.ledger)
    flits = sum(link.flits for link in loads)
    if not flits:
        return None
    dense = sum(link.flits for link in link_loads(result.dense_ledger))
    top = max(loads, key=lambda link: link.load)
    sentence = (
        f"One inference moves {count(round(flits / result.sequences))} flits over links, "
        f"{ratio(dense / flits)} fewer than dense. "
        f"The busiest link is {top.name}, carrying flits {percent(top.load)} of the time."
    )
    caution = packet_sentence(result.ledger)
    if caution is not None:
        sentence += f" {caution}"
    pictures = (
        Figure("link-load", "Load of each link (share of the time; thick: the busiest)", load_chart(result)),
    )
    return Section("network", "Network on chip", sentence, pictures, (grid(result, loads),))


def link_loads(ledger: Ledger) -> tuple[LinkLoad, ...]:
    """Every link or bus of a ledger, in its order."""
    flits, elapsed = flits_of_units(ledger), float(max(ledger.elapsed_ps, 1))
    return tuple(
        LinkLoad(
            unit.name,
            flits[row],
            float(ledger.busy_ps[row] / elapsed),
            float(ledger.stalled_ps[row] / elapsed),
            float(ledger.queue_wait_ps[row] / max(flits[row], 1)),
        )
        for row, unit in enumerate(ledger.units)
        if unit.kind in ("link", "bus")
    )


def flits_of_units(ledger: Ledger) -> list[int]:
    """Flits over each unit, whichever way its link leads."""
    columns = [
        number for number, name in enumerate(ledger.actions) if name in ("link.flit", *FLITS_BY_DIRECTION)
    ]
    return [int(flits) for flits in ledger.counts[:, columns].sum(axis=1).tolist()]


def grid(result: Measured, loads: tuple[LinkLoad, ...]) -> Grid:
    """The busiest links."""
    runs = result.sequences
    rows = tuple(
        (
            link.name,
            quantity(link.flits / runs, ""),
            percent(link.load),
            percent(link.stalled),
            quantity(link.wait_ps * 1e-12, "s"),
        )
        for link in sorted(loads, key=lambda link: -link.load)[:LISTED]
    )
    shown = len(rows)
    heading = "Links" if shown == len(loads) else f"The {shown} busiest of {len(loads)} links"
    return Grid(heading, ("link", "flits", "load", "stalled", "waited per flit"), rows, left=("link",))


def load_chart(result: Measured) -> Spec:
    """The chip's links, coloured by load and as thick as their share of the busiest one's."""
    plan, loads = floorplan(result.chip), link_loads(result.ledger)
    drawn_on = plane(plan)
    x, y = drawn_on.x, drawn_on.y
    most = max(link.load for link in loads) or 1.0
    lines: list[dict[str, Any]] = [
        {
            "name": loads[line.number].name,
            "load": loads[line.number].load,
            "width": 1.0 + 7.0 * loads[line.number].load / most,
            "told": f"{percent(loads[line.number].load)}, {count(loads[line.number].flits)} flits",
        }
        | ends(line)
        for line in plan.lines
        if line.number >= 0
    ]
    tooltips = [altair.Tooltip("name:N", title="link"), altair.Tooltip("told:N", title="load")]
    link = (
        drawn_from(lines)
        .mark_rule(strokeCap="round")
        .encode(
            x=x,
            y=y,
            x2="x2:Q",
            y2="y2:Q",
            strokeWidth=altair.StrokeWidth("width:Q", scale=None, legend=None),
            color=altair.Color("load:Q", scale=heat(), legend=busy_legend("load")),
            tooltip=tooltips,
        )
    )
    nodes = [
        {"x": spot.x, "y": spot.y, "name": "M" if spot.kind in OFF_CHIP else str(spot.number)}
        for spot in plan.spots
    ]
    text = (
        drawn_from(nodes)
        .mark_text(fontSize=max(8, int(drawn_on.unit / 7)), color=MUTED)
        .encode(x=x, y=y, text="name:N")
    )
    return finished(wires(plan, drawn_on) + link + text, drawn_on.height)
