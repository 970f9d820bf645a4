"""How charts look. Colours are names of CSS variables, so light, dark and paper need one drawing only.

Charts are drawn as SVG, where ``fill="var(--x)"`` follows the page's theme without being drawn again. Scales
are therefore discrete: a colour that is a variable cannot be mixed with another. The marks of a study, which
are many, are drawn on canvases, which `linked.js` draws again when the theme changes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from deltasim.reports.page.parts import Spec
from deltasim.reports.summary import part_label

if TYPE_CHECKING:
    import altair

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
INK, MUTED, LINE, DELTA, DENSE = (f"var(--{name})" for name in ("ink", "muted", "line", "delta", "dense"))
SERIES = tuple(f"var(--s{number})" for number in range(1, 11))  # told apart with any colour vision: a test
# Cold to hot; the last one is a unit that hardly ever rests.
HEAT_BOUNDS = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9)
HEAT = tuple(f"var(--h{number})" for number in range(len(HEAT_BOUNDS) + 1))
MOST_COLUMNS = 4  # of a legend
LEGEND_SYMBOL = 28  # pixels beside each name
BETWEEN = "25% – 50%"  # what Vega writes for a colour between two bounds

CONFIG: Spec = {
    "background": "transparent",
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": MUTED, "titleColor": MUTED, "titleFontWeight": "normal", "titleFontSize": 12,
        "labelFontSize": 12, "gridColor": LINE, "domainColor": LINE, "tickColor": LINE, "labelPadding": 6,
        "titlePadding": 10, "labelLimit": 220, "labelSeparation": 10,
    },
    "axisX": {"tickCount": 6, "labelBound": 8},
    "axisY": {"tickCount": 5},
    "legend": {
        "labelColor": MUTED, "titleColor": MUTED, "titleFontWeight": "normal", "labelFontSize": 12,
        "titleFontSize": 12, "orient": "top", "direction": "horizontal", "symbolType": "square",
        "labelLimit": 220, "offset": 12, "layout": {"top": {"direction": "vertical"}},
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
    spec["config"] = CONFIG | {"legend": CONFIG["legend"] | {"columns": columns(spec)}}
    spec["autosize"] = FITTED
    return spec


def columns(spec: Spec) -> Spec:
    """As many columns of a legend as fit beside each other, by the longest of its names."""
    longest = max((len(name) for name in legend_names(spec)), default=0)
    return {"expr": f"max(1, min({MOST_COLUMNS}, floor(width / {text_pixels(longest) + LEGEND_SYMBOL})))"}


def legend_names(spec: Any) -> list[str]:
    """The names in all legends of a chart; of a colour scale with bounds, what is between two."""
    if isinstance(spec, list):
        return [name for inner in spec for name in legend_names(inner)]
    if not isinstance(spec, dict):
        return []
    if "scale" in spec and "range" in (spec["scale"] or {}) and spec.get("legend", {}) is not None:
        domain = spec["scale"].get("domain", [])
        return [name if isinstance(name, str) else BETWEEN for name in domain]
    return [name for key, inner in spec.items() if key != "data" for name in legend_names(inner)]


def text_pixels(letters: int) -> int:
    """About as wide as a text of so many letters is at the 12 pixels of labels, in a wide font.

    >>> text_pixels(10)
    72
    """
    return math.ceil(7.2 * letters)


def with_room(high: float, letters: int, low: float | None = None) -> Spec:
    """The end of an axis that leaves room for so many letters behind the mark at ``high``.

    With a ``low``, the axis is logarithmic and starts there.
    """
    room = text_pixels(letters) + 8
    if low is None:
        return {"expr": f"{high!r} * width / max(20, width - {room})"}
    return {"expr": f"{low!r} * pow({high / low!r}, width / max(20, width - {room}))"}


def series(names: list[str]) -> altair.Scale:
    """A colour for each name, in order; from the ninth on the colours come round again."""
    import altair

    return altair.Scale(domain=names, range=[SERIES[place % len(SERIES)] for place in range(len(names))])


def part_colours(parts: list[str]) -> altair.Scale:
    """The colour of each part of a chip: the same on every page; further memories take what is left."""
    import altair

    fixed = {"compute": 1, "dram": 2, "state": 3, "scratchpad": 4, "network": 5, "encode": 7, "static": 8}
    left = [number for number in (6, 9, 10, *fixed.values()) if number not in map(fixed.get, parts)]
    others = [part for part in parts if part not in fixed]
    taken = {part: left[place % len(left)] for place, part in enumerate(others)}
    colours = [SERIES[(fixed | taken)[part] - 1] for part in parts]
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
