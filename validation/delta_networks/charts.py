"""The charts of docs/delta-networks.md: score against saving and energy, and the cost model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from deltasim.validation.delta_networks.cost_model import Row, paper_dense
from deltasim.validation.delta_networks.measured import mean
from deltasim.validation.delta_networks.methods import NAMES, Compared, Method, Point, score_interval
from deltasim.validation.delta_networks.steering import DENSE, Steered
from deltasim.validation.driving import PUBLISHED

WIDTH, HEIGHT = 560, 320
INK, MUTED, LINE = "#1f2430", "#5b6470", "#d9dde3"
COLOURS = (  # told apart with any colour vision, and by their shapes
    "#5b6470", "#2f6db3", "#c05a1c", "#1b7f79", "#8a4fa3", "#b08a00", "#000000", "#d1495b", "#6aa84f",
    "#76b7e5", "#7a4b21", "#c27ba0", "#134f5c",
)  # fmt: skip
SHAPES = (
    "circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "circle", "square", "diamond",
    "triangle-left", "triangle-right", "cross", "triangle-up",
)  # fmt: skip
ENERGY_ON = "edgedrnn"


def fewer_joules(point: Point, dense: float) -> float:
    """A dense step's joules over those of a step of a method."""
    return dense / mean([cost[ENERGY_ON].joules for cost in point.costs])


def method_rows(methods: Mapping[str, Method], dense: float) -> list[dict[str, Any]]:
    """A row for each method and factor, with the interval of its score."""
    rows: list[dict[str, Any]] = []
    for name, method in methods.items():
        for place, point in enumerate(method.points):
            low, high = score_interval(point.tested)
            rows.append(
                {
                    "method": NAMES[name],
                    "saved": point.saved,
                    "energy": fewer_joules(point, dense),
                    "score": 100 * point.score,
                    "low": 100 * low,
                    "high": 100 * high,
                    "chosen": "chosen" if place == method.place else "others",
                }
            )
    return rows


def method_chart(found: Compared) -> str:
    """SVG: score over weight fetches saved and over energy saved, every method, thresholds along its line."""
    dense_score = 100 * mean([line.score for line in found.whole.tested])
    rows = method_rows(found.methods, found.whole.costs[ENERGY_ON].joules)
    low = min(row["low"] for row in rows if row["chosen"] == "chosen")
    floor = max(0.0, min(low, dense_score) - 4)
    shown = [{**row, "low": max(row["low"], floor)} for row in rows if row["score"] >= floor]
    names = [NAMES[name] for name in found.methods]
    return trade(shown, names, "accuracy, % of the test part", (floor, 100.0), dense_score)


def steering_chart(found: Steered) -> str:
    """SVG: RMSE over fetches of the recurrent part saved and over energy saved; intervals are the seeds."""
    dense = mean([line.costs[ENERGY_ON].joules for line in found.lines[DENSE]])
    kinds = {name: f"dense of {PUBLISHED} units, θ when it runs" for name in found.lines if "θ" in name}
    sizes = sorted(int(name.removeprefix("delta-")) for name in found.lines if name.startswith("delta-"))
    kinds |= {f"delta-{size}": f"trained delta network of {size} units" for size in sizes}
    rows: list[dict[str, Any]] = []
    for name, kind in kinds.items():
        if name.startswith("alone"):
            continue
        errors = [line.steering.rmse for line in found.lines[name]]
        joules = mean([line.costs[ENERGY_ON].joules for line in found.lines[name]])
        rows.append(
            {
                "method": kind,
                "saved": found.saved(name),
                "energy": dense / joules,
                "score": mean(errors),
                "low": min(errors),
                "high": max(errors),
                "chosen": "chosen",
            }
        )
    level = mean([line.steering.rmse for line in found.lines[DENSE]])
    top = max(row["high"] for row in rows) * 1.02
    names = list(dict.fromkeys(row["method"] for row in rows))
    return trade(rows, names, "RMSE of the test session", (0.95 * level, top), level)


def trade(
    rows: Sequence[Mapping[str, Any]],
    names: Sequence[str],
    score: str,
    domain: tuple[float, float],
    dense: float,
) -> str:
    """SVG of two panels, score over fetches and over energy saved; a broken line is the dense network."""
    import altair

    colour = altair.Color(
        "method:N",
        title=None,
        scale=altair.Scale(domain=names, range=list(COLOURS[: len(names)])),
        legend=altair.Legend(orient="bottom", columns=2, labelLimit=300, symbolSize=80),
    )
    shape = altair.Shape(
        "method:N", title=None, scale=altair.Scale(domain=names, range=list(SHAPES[: len(names)]))
    )
    data = altair.InlineData(values=[dict(row) for row in rows])
    panels = []
    for field, title in (
        ("saved", "times fewer weight fetches"),
        ("energy", f"times less energy on {ENERGY_ON}"),
    ):
        x = altair.X(f"{field}:Q", title=title, scale=altair.Scale(type="log", nice=False, padding=12))
        scale = altair.Scale(domain=list(domain), nice=False, zero=False)
        y = altair.Y("score:Q", title=score, scale=scale)
        low = altair.Y("low:Q", title=score, scale=scale)
        base = altair.Chart(data)
        line = base.mark_line(strokeWidth=1.5, opacity=0.7, clip=True).encode(
            x=x, y=y, color=colour, order=f"{field}:Q"
        )
        marks = base.mark_point(filled=True, size=35).encode(x=x, y=y, color=colour, shape=shape)
        chosen = base.transform_filter("datum.chosen == 'chosen'")
        bars = chosen.mark_rule(strokeWidth=2, clip=True).encode(x=x, y=low, y2="high:Q", color=colour)
        large = chosen.mark_point(filled=True, size=130).encode(x=x, y=y, color=colour, shape=shape)
        level = altair.Chart(altair.InlineData(values=[{"y": dense}])).mark_rule(
            strokeDash=[4, 4], color=MUTED
        )
        panel = altair.layer(
            level.encode(y=altair.Y("y:Q", title=score, scale=scale)), line, bars, marks, large
        )
        panels.append(panel.properties(width=WIDTH, height=HEIGHT))
    return drawn(altair.vconcat(*panels))


def cost_chart(rows: Sequence[Row]) -> str:
    """SVG: speed-up over occupancy, by the paper's formulas (lines) and as counted (points)."""
    import altair

    values = []
    for row in rows:
        if row.occupancy == 0:
            continue
        for kind, of, ours in (
            ("computes", row.paper.computes, row.counted.cost.computes),
            ("memory words", row.paper.words, row.counted.cost.words),
        ):
            every = getattr(paper_dense(row.size), "computes" if kind == "computes" else "words")
            values.append(
                {
                    "occupancy": row.occupancy,
                    "paper": every / of,
                    "ours": every / ours,
                    "kind": kind,
                    "size": f"n = {row.size:,}",
                }
            )
    base = altair.Chart(altair.InlineData(values=values))
    sizes = sorted({value["size"] for value in values}, key=lambda name: len(name))
    colour = altair.Color(
        "size:N", title=None, sort=sizes, scale=altair.Scale(domain=sizes, range=list(COLOURS[1:4]))
    )
    x = altair.X("occupancy:Q", title="occupancy", scale=altair.Scale(type="log"))
    scale = altair.Scale(type="log", nice=False, domainMin=0.9)
    titled = altair.Y("paper:Q", title="times fewer", scale=scale)
    line = base.mark_line(strokeWidth=2).encode(x=x, y=titled, color=colour)
    dots = base.mark_point(filled=True, size=60).encode(x=x, y="ours:Q", color=colour)
    panel = altair.layer(line, dots).properties(width=WIDTH // 2 - 20, height=HEIGHT * 2 // 3)
    return drawn(panel.facet(column=altair.Column("kind:N", title=None)))


def drawn(chart: Any) -> str:
    """SVG of a chart on white."""
    import vl_convert

    spec = chart.configure(background="white", padding=12).configure_axis(
        gridColor=LINE, labelColor=MUTED, titleColor=INK, titleFontWeight="normal"
    )
    svg: str = vl_convert.vegalite_to_svg(spec.to_json())
    return svg
