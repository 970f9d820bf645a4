"""The charts of docs/music-tags.md: how well tags are told, against parameters and against energy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deltasim.validation.delta_networks.charts import COLOURS, HEIGHT, SHAPES, WIDTH, drawn
from deltasim.validation.music_tags.measured import Family, mean_area
from deltasim.workloads.music_tags.structures import NAMES

ENERGY_ON = "earbud"
TITLES = {"dense": "dense", "naive": "θ when it runs", "trained": "trained with θ"}


def parameter_chart(found: Mapping[tuple[str, str], Family]) -> str:
    """SVG: mean ROC AUC over the number of parameters, dense networks, a bar from seed to seed."""
    rows = []
    for family in found.values():
        values = [line.areas.mean for line in family.lines["dense"]]
        rows.append(
            {
                "structure": family.name,
                "x": family.records[0]["parameters"],
                "score": mean_area(family.lines["dense"]),
                "low": min(values),
                "high": max(values),
                "kind": TITLES["dense"],
            }
        )
    return drawn(panel(rows, "parameters", [TITLES["dense"]]))


def energy_chart(found: Mapping[tuple[str, str], Family]) -> str:
    """SVG: mean ROC AUC over the energy of a clip: dense, with thresholds when it runs, trained with them."""
    rows = []
    for family in found.values():
        for kind, lines in family.lines.items():
            values = [line.areas.mean for line in lines]
            joules = [line.costs[ENERGY_ON].joules for line in lines]
            rows.append(
                {
                    "structure": family.name,
                    "x": 1e6 * sum(joules) / len(joules),
                    "score": mean_area(lines),
                    "low": min(values),
                    "high": max(values),
                    "kind": TITLES[kind],
                    "family": f"{family.name} {family.size}",
                }
            )
    return drawn(panel(rows, f"energy of a clip on {ENERGY_ON}, µJ", list(TITLES.values())))


def panel(rows: list[dict[str, Any]], title: str, kinds: list[str]) -> Any:
    """Points coloured by structure and shaped by kind."""
    import altair

    base = altair.Chart(altair.InlineData(values=rows))
    x = altair.X("x:Q", title=title, scale=altair.Scale(type="log", nice=False, padding=24))
    scale = altair.Scale(zero=False, padding=16)
    colour = altair.Color(
        "structure:N",
        title="structure",
        scale=altair.Scale(domain=list(NAMES), range=list(COLOURS[1 : len(NAMES) + 1])),
    )
    shape = altair.Shape(
        "kind:N", title="messages", scale=altair.Scale(domain=kinds, range=list(SHAPES[: len(kinds)]))
    )
    y = altair.Y("score:Q", title="mean ROC AUC of the tags", scale=scale)
    low = altair.Y("low:Q", title="mean ROC AUC of the tags", scale=scale)
    bars = base.mark_rule(strokeWidth=2, opacity=0.6).encode(x=x, y=low, y2="high:Q", color=colour)
    marks = base.mark_point(filled=True, size=120).encode(x=x, y=y, color=colour, shape=shape)
    layers = [bars, marks]
    if len(kinds) > 1:
        joined = base.mark_line(strokeWidth=1.5, opacity=0.6).encode(
            x=x, y=y, color=colour, detail="family:N", order=altair.Order("x:Q")
        )
        layers = [joined, *layers]
    return altair.layer(*layers).properties(width=WIDTH, height=HEIGHT)
