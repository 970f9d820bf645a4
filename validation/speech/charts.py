"""The chart of docs/speech.md: character error rate over weight fetches saved."""

from __future__ import annotations

from typing import Any

from deltasim.validation.delta_networks.charts import COLOURS, HEIGHT, MUTED, SHAPES, WIDTH, drawn
from deltasim.validation.speech.measured import Errors, Measured, rate

NAMES = ("dense, θ given when it runs", "trained as a delta network, θ scaled")
TOP = 0.6  # character error rate above which a point is left out


def row(errors: Errors, found: Measured, kind: str, chosen: bool) -> dict[str, Any]:
    """A point with its interval, in percent."""
    value, low, high = rate(errors, found.names)
    return {
        "kind": kind,
        "saved": errors.saved,
        "cer": 100 * value,
        "low": 100 * low,
        "high": 100 * min(high, TOP),
        "chosen": chosen,
    }


def error_chart(found: Measured) -> str:
    """SVG: every threshold and scale that was tried, all folds pooled; what each fold chose stands out."""
    import altair

    rows = [row(one, found, NAMES[0], False) for one in found.naive_curve.values() if one.cer < TOP]
    rows += [row(one, found, NAMES[1], False) for one in found.delta_curve.values() if one.cer < TOP]
    picked = [row(found.naive, found, NAMES[0], True), row(found.delta, found, NAMES[1], True)]
    values = altair.InlineData(values=rows)
    x = altair.X(
        "saved:Q", title="times fewer weight fetches", scale=altair.Scale(type="log", nice=False, padding=16)
    )
    title = "character error rate, %"
    scale = altair.Scale(zero=False, padding=12)
    colour = altair.Color(
        "kind:N",
        title=None,
        scale=altair.Scale(domain=list(NAMES), range=list(COLOURS[1:3])),
        legend=altair.Legend(orient="bottom", columns=1, labelLimit=400, symbolSize=80),
    )
    shape = altair.Shape(
        "kind:N", title=None, scale=altair.Scale(domain=list(NAMES), range=list(SHAPES[1:3]))
    )
    y, low = altair.Y("cer:Q", title=title, scale=scale), altair.Y("low:Q", title=title, scale=scale)
    base, large = altair.Chart(values), altair.Chart(altair.InlineData(values=picked))
    level = altair.Chart(altair.InlineData(values=[{"cer": 100 * found.dense.cer}]))
    layers = [
        level.mark_rule(strokeDash=[4, 4], color=MUTED).encode(y=y),
        base.mark_line(strokeWidth=1.5, opacity=0.7).encode(x=x, y=y, color=colour, order="saved:Q"),
        base.mark_rule(strokeWidth=1.5, opacity=0.5).encode(x=x, y=low, y2="high:Q", color=colour),
        base.mark_point(filled=True, size=35).encode(x=x, y=y, color=colour, shape=shape),
        large.mark_point(filled=True, size=150).encode(x=x, y=y, color=colour, shape=shape),
    ]
    return drawn(altair.layer(*layers).properties(width=WIDTH, height=HEIGHT))
