"""How charts look. Colours are names of CSS variables, so light, dark and paper need one drawing only.

Charts are drawn as SVG, where ``fill="var(--x)"`` follows the page's theme without being drawn again. Scales
are therefore discrete: a colour that is a variable cannot be mixed with another. The marks of a study, which
are many, are drawn on canvases, which `linked.js` draws again when the theme changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from deltasim.reports.page.parts import Spec
from deltasim.reports.summary import part_label

if TYPE_CHECKING:
    import altair

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
INK, MUTED, LINE, DELTA, DENSE = (f"var(--{name})" for name in ("ink", "muted", "line", "delta", "dense"))
SERIES = tuple(f"var(--s{number})" for number in range(1, 9))
# Cold to hot; the last one is a unit that hardly ever rests.
HEAT_BOUNDS = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9)
HEAT = tuple(f"var(--h{number})" for number in range(len(HEAT_BOUNDS) + 1))

CONFIG: Spec = {
    "background": "transparent",
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": MUTED, "titleColor": MUTED, "titleFontWeight": "normal", "titleFontSize": 12,
        "labelFontSize": 12, "gridColor": LINE, "domainColor": LINE, "tickColor": LINE, "labelPadding": 6,
        "titlePadding": 10, "labelLimit": 220,
    },
    "axisX": {"tickCount": 6},
    "axisY": {"tickCount": 5},
    "legend": {
        "labelColor": MUTED, "titleColor": MUTED, "titleFontWeight": "normal", "labelFontSize": 12,
        "titleFontSize": 12, "orient": "top", "direction": "horizontal", "symbolType": "square",
        "columns": 3,
        "labelLimit": 220, "offset": 12,
    },
    "text": {"color": MUTED, "font": FONT, "fontSize": 12},
    "header": {"labelColor": MUTED, "titleColor": MUTED},
}  # fmt: skip

FITTED: Spec = {"type": "fit-x", "contains": "padding", "resize": True}
"""As wide as its place, and as wide again when that changes."""


def drawn_from(rows: Sequence[Mapping[str, Any]]) -> altair.Chart:
    """A chart over rows of plain values, which are written into the page."""
    import altair

    return altair.Chart(altair.InlineData(values=list(rows)))


def finished(chart: altair.TopLevelMixin, height: int | None = None) -> Spec:
    """The chart's Vega-Lite spec in the page's look, as wide as its place."""
    settings: dict[str, Any] = (
        {"width": "container"} if height is None else {"width": "container", "height": height}
    )
    spec: Spec = chart.properties(**settings).to_dict()
    spec["config"] = CONFIG
    spec["autosize"] = FITTED
    return spec


def series(names: list[str]) -> altair.Scale:
    """A colour for each name, in order; from the ninth on the colours come round again."""
    import altair

    return altair.Scale(domain=names, range=[SERIES[place % len(SERIES)] for place in range(len(names))])


def part_colours(parts: list[str]) -> altair.Scale:
    """The colour of each part of a chip: the same on every page; further memories take what is left."""
    import altair

    fixed = {"compute": 1, "dram": 2, "state": 3, "scratchpad": 4, "network": 5, "encode": 7, "static": 8}
    colours = [SERIES[fixed.get(part, 6) - 1] for part in parts]
    return altair.Scale(domain=[part_label(part) for part in parts], range=colours)


def si_axis(unit: str) -> altair.Axis:
    """An axis whose labels carry SI prefix and unit: "500 nJ"."""
    import altair

    spaced = "replace(format(datum.value, '.3~s'), regexp('([^0-9.]?)$'), ' $1')"
    return altair.Axis(labelExpr=f"{spaced} + '{unit}'", title=None)


def heat() -> altair.Scale:
    """Colours for the share of time that a unit is busy."""
    import altair

    return altair.Scale(type="threshold", domain=list(HEAT_BOUNDS), range=list(HEAT))
