"""Energies side by side: a row for each thing that is compared, a dot for each way or chip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import altair

from deltasim.reports.page.parts import Spec
from deltasim.reports.page.sections.thresholds import ticks
from deltasim.reports.page.theme import drawn_from, finished, series, si_axis
from deltasim.reports.quantities import quantity


class Dot(NamedTuple):
    """An energy, of the thing that has the row and of the one that has the colour."""

    row: str
    colour: str
    joules: float


def energies_chart(
    dots: Sequence[Dot], row: str, colour: str, rows: Sequence[str], colours: Sequence[str]
) -> Spec:
    """Dots on a logarithmic axis. ``row`` and ``colour`` say what has them; the lists, in which order."""
    points = [
        {row: dot.row, colour: dot.colour, "joules": dot.joules, "shown": quantity(dot.joules, "J")}
        for dot in dots
    ]
    every = [dot.joules for dot in dots]
    axis, marks = si_axis("J"), ticks(min(every), max(every))
    axis.values = marks if len(marks) < 10 else [mark for mark in marks if f"{mark:e}"[0] == "1"]
    drawn = (
        drawn_from(points)
        .mark_circle(size=120, opacity=1)
        .encode(
            x=altair.X("joules:Q", scale=altair.Scale(type="log"), axis=axis),
            y=altair.Y(f"{row}:N", title=None, sort=list(rows)),
            color=altair.Color(f"{colour}:N", scale=series(list(colours)), title=None),
            tooltip=[
                altair.Tooltip(f"{row}:N"),
                altair.Tooltip(f"{colour}:N"),
                altair.Tooltip("shown:N", title="energy"),
            ],
        )
    )
    return finished(drawn, 60 + 44 * len(rows))
