"""The page of several chips: one table, energy by way of saving it, and energy over occupancy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import altair

from deltasim.reports.chips.rows import ChipRow, table
from deltasim.reports.page.document import document
from deltasim.reports.page.energies import Dot, energies_chart
from deltasim.reports.page.parts import Card, Figure, Grid, Link, Page, Section, Spec
from deltasim.reports.page.theme import MUTED, drawn_from, finished, series
from deltasim.reports.quantities import count, percent, quantity, ratio, threshold

if TYPE_CHECKING:
    from deltasim.reports.run import Run


def chips_page(rows: Sequence[ChipRow], batch: int, command: str) -> str:
    """One offline HTML file, with a link to the page of every chip's run."""
    ran = [row for row in rows if row.run is not None]
    first = ran[0].run
    assert first is not None
    said = first.data.rstrip(".")
    best = min(ran, key=lambda row: row.joules or 0.0)
    heads, cells = table(tuple(rows))
    links = tuple(Link(row.chip.name, f"{row.chip.name}/report.html") for row in ran)
    verdicts = Grid(
        "", ("chip", "verdict"), tuple((row.chip.name, row.sentence.partition(": ")[2]) for row in rows),
        left=("chip", "verdict"),
    )  # fmt: skip
    sections = [
        Section(
            "chips",
            "All figures",
            "Energies and times are of one inference. Each chip has a page of its own.",
            grids=(Grid("", heads, cells, left=("",)),),
            links=links,
        ),
        Section(
            "ways",
            "What else would save energy",
            "The same network on the same chip, every element sent, by other means of saving; "
            f"the dense accelerator is a bound that never waits, at batch 1 and {batch}.",
            (Figure("ways", "Energy per inference (logarithmic)", ways_chart(ran), wide=True),),
            (notes_grid(ran),),
        ),
        Section(
            "break-even",
            "Where deltas begin to pay",
            "Energy of a step over occupancy, from a dense run thinned at random; the circle is the dense "
            "accelerator's at batch 1, where deltas break even.",
            (Figure("occupancy", "Energy of a step over occupancy", occupancy_chart(ran), wide=True),),
        ),
        Section("verdicts", "Verdicts", "A sentence for each chip.", grids=(verdicts,)),
        Section(
            "provenance",
            "Provenance",
            "Energy is counts times prices; every price and its source are on the page of the chip's run.",
            grids=(origin(first, command),),
        ),
    ]
    return document(
        Page(
            title=f"{first.benchmark} on {len(rows)} chips",
            kicker=f"{said} · {threshold(first.theta)} · {count(first.sequences)} sequences",
            lead=best.sentence,
            warning=first.fallback,
            cards=tuple(card(place, row) for place, row in enumerate(rows) if row.run is not None),
            sections=tuple(sections),
            footer=f"deltasim {first.provenance.versions.get('deltasim', '')} · {first.engine} engine",
        )
    )


def card(place: int, row: ChipRow) -> Card:
    """A chip's energy, beside the cheapest other way."""
    assert row.verdict is not None
    other = row.verdict.cheapest()
    times = ratio(other.joules / row.joules) if other.joules and row.joules else ""
    key = f"chips.{place}.energy_j"
    return Card(row.chip.name, quantity(row.joules, "J"), f"{other.name}: {times}", key, row.joules)


def notes_grid(rows: Sequence[ChipRow]) -> Grid:
    """What each way is; one that a chip does not take says why."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        for cost in row.verdict.costs if row.verdict else ():
            found.setdefault((cost.name, cost.about), []).append(row.chip.name)
    every = len(rows)
    lines = tuple(
        (name, about, "all" if len(chips) == every else ", ".join(chips))
        for (name, about), chips in found.items()
    )
    return Grid("", ("way", "is", "chips"), lines, left=("way", "is", "chips"))


def ways_chart(rows: Sequence[ChipRow]) -> Spec:
    """A point for each way on each chip."""
    dots = []
    for row in rows:
        assert row.verdict is not None
        ways = [("delta", row.joules), *((cost.name, cost.joules) for cost in row.verdict.costs)]
        dots += [Dot(row.chip.name, name, joules) for name, joules in ways if joules]
    names = list(dict.fromkeys(dot.colour for dot in dots))
    return energies_chart(dots, "chip", "way", [row.chip.name for row in rows], names)


def occupancy_chart(rows: Sequence[ChipRow]) -> Spec:
    """Energy of a step in parts of the chip's dense run, so that chips can stand in one picture."""
    lines, marks = [], []
    for row in rows:
        assert row.verdict is not None
        whole = row.verdict.curve[-1][1] or 1.0
        lines += [
            {
                "chip": row.chip.name,
                "occupancy": share,
                "part": joules / whole,
                "shown": quantity(joules, "J"),
            }
            for share, joules in row.verdict.curve
        ]
        share = row.verdict.break_even[1]
        if share is not None:
            height = min(row.verdict.fair_step_j[1] / whole, 1.0)
            marks.append({"chip": row.chip.name, "occupancy": share, "part": height, "shown": percent(share)})
    colour = altair.Color("chip:N", scale=series([row.chip.name for row in rows]), title=None)
    x = altair.X("occupancy:Q", title="occupancy", axis=altair.Axis(format=".0%"))
    y = altair.Y("part:Q", title="of the energy with every element sent", axis=altair.Axis(format=".0%"))
    drawn = drawn_from(lines).mark_line(strokeWidth=2, point=altair.OverlayMarkDef(size=30, opacity=1))
    layers = [
        drawn.encode(x=x, y=y, color=colour, tooltip=[altair.Tooltip("chip:N"), altair.Tooltip("shown:N")])
    ]
    if marks:
        circle = drawn_from(marks).mark_point(size=160, strokeWidth=2.5, filled=False)
        layers.append(
            circle.encode(x=x, y=y, color=colour, tooltip=[altair.Tooltip("chip:N"),
                          altair.Tooltip("shown:N", title="break-even")])
        )  # fmt: skip
    else:
        word = drawn_from([{"label": "no chip breaks even"}]).mark_text(align="right", color=MUTED)
        layers.append(word.encode(text="label:N", x=altair.value("width"), y=altair.value(12)))
    return finished(altair.layer(*layers), 320)


def origin(run: Run, command: str) -> Grid:
    """How to make the page again."""
    rows = (
        ("command", command),
        ("data", run.data),
        ("network digest", run.network.digest),
        ("data digest", run.provenance.data_digest),
        ("versions", ", ".join(f"{name} {version}" for name, version in run.provenance.versions.items())),
    )
    return Grid("How to make it again", ("what", "value"), rows, left=("what", "value"))
