"""The chart of docs/predistortion.md: how linear, against how much is left unsent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deltasim.validation.delta_networks.charts import COLOURS, HEIGHT, SHAPES, WIDTH, drawn
from deltasim.validation.predistortion.measured import OURS, PLAIN, points_of
from deltasim.validation.predistortion.published import DELTADPD
from deltasim.workloads.predistortion.trained import Trained

TITLES = {PLAIN: "plain, with thresholds", OURS: "ours"}
PUBLISHED = "DeltaDPD, another model"
LEAST_DB = -20.0  # what lies above is left out


def chart(pairs: Mapping[int, Mapping[str, Trained]]) -> str:
    """SVG: NMSE on the part held out over temporal sparsity, a line a seed, thresholds along it."""
    rows: list[dict[str, Any]] = [
        {
            "form": TITLES[form],
            "seed": f"{form} {seed}",
            "sparsity": 100 * point.sparsity,
            "nmse": point.nmse_db,
        }
        for seed, own in pairs.items()
        for form, pair in own.items()
        for point in points_of(pair)
        if point.nmse_db <= LEAST_DB
    ]
    rows.append(
        {
            "form": PUBLISHED,
            "seed": "published",
            "sparsity": 100 * DELTADPD.sparsity,
            "nmse": DELTADPD.nmse_db,
        }
    )
    return drawn(panel(rows))


def panel(rows: list[dict[str, Any]]) -> Any:
    """Lines coloured and points shaped by form."""
    import altair

    kinds = [*TITLES.values(), PUBLISHED]
    base = altair.Chart(altair.InlineData(values=rows))
    scale = altair.Scale(zero=False, padding=12)
    x = altair.X("sparsity:Q", title="temporal sparsity, %", scale=scale)
    y = altair.Y("nmse:Q", title="NMSE on the part held out, dB", scale=scale)
    colours = altair.Scale(domain=kinds, range=[COLOURS[2], COLOURS[1], COLOURS[0]])
    colour = altair.Color("form:N", title=None, scale=colours)
    shape = altair.Shape(
        "form:N", title=None, scale=altair.Scale(domain=kinds, range=[SHAPES[1], SHAPES[0], SHAPES[2]])
    )
    lines = base.mark_line(strokeWidth=1.5, opacity=0.7).encode(
        x=x, y=y, color=colour, detail="seed:N", order=altair.Order("sparsity:Q")
    )
    marks = base.mark_point(filled=True, size=50).encode(x=x, y=y, color=colour, shape=shape)
    room: Any = {"left": 5, "top": 5, "right": 30, "bottom": 5}  # fonts differ: the legend ends at the right
    return altair.layer(lines, marks).properties(width=WIDTH, height=HEIGHT, padding=room)
