"""Score and savings against the threshold, when a sweep of thresholds was run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import altair

from deltasim.reports.page.parts import Figure, Grid, Link, Section, Spec
from deltasim.reports.page.theme import DELTA, DENSE, MUTED, drawn_from, finished, series
from deltasim.reports.quantities import percent, quantity, ratio, score

if TYPE_CHECKING:
    from deltasim.reports.measured import Measured

NEAR = 0.005  # half a point of accuracy
TICKS = tuple(step * 10**power for power in range(-2, 6) for step in (1, 2, 5))
SAVINGS = {
    "weight_fetches": "weight fetches",
    "dram_bytes": "DRAM bytes",
    "energy": "energy",
    "latency": "latency",
}


def section(
    results: Sequence[Measured], here: Measured | None = None, links: tuple[Link, ...] = ()
) -> Section:
    """The sweep: score and savings over theta, all in one table; ``here`` is the run whose page it is."""
    name = results[0].score.name
    sentence = f"{knee(results)} Where savings flatten, what is left does not depend on messages."
    figures: tuple[Figure, ...] = ()
    numbers = [result for result in results if not isinstance(result.theta, str)]
    if len(numbers) > 1:
        figures = (
            Figure("theta-score", f"{name.capitalize()} against threshold θ", score_chart(numbers, here)),
            Figure("theta-savings", "Savings against threshold θ (dense over delta)", savings_chart(numbers)),
        )
    return Section(
        "thresholds", "Score and savings against the threshold", sentence, figures, (grid(results),), links
    )


def knee(results: Sequence[Measured]) -> str:
    """What the sweep teaches, in one sentence: how much an accuracy near the dense network's saves."""
    saving = [result for result in results if result.reduction["energy"]]
    if not saving:
        return "No run of the sweep can be compared with a dense one."
    name, dense = results[0].score.name, results[0].score.dense
    near = [result for result in saving if dense is not None and result.score.value >= dense - NEAR]
    if "accuracy" in name and near:
        best = max(near, key=lambda result: result.reduction["energy"] or 0.0)
        return (
            f"Within half a point of the dense network's {score(name, dense)}, "
            f"θ = {theta_text(best)} saves most: "
            f"{ratio(best.reduction['weight_fetches'])} fewer weight fetches and "
            f"{ratio(best.reduction['energy'])} less energy at {score(name, best.score.value)}."
        )
    best = max(saving, key=lambda result: result.reduction["energy"] or 0.0)
    return (
        f"θ = {theta_text(best)} saves most, {ratio(best.reduction['energy'])} of the energy, with {name} "
        f"{score(name, best.score.value)} against {score(name, dense)} dense."
    )


def theta_text(result: Measured) -> str:
    """The threshold as the table writes it."""
    return result.theta if isinstance(result.theta, str) else f"{result.theta:g}"


def grid(results: Sequence[Measured]) -> Grid:
    """One row for each threshold."""
    name = results[0].score.name
    columns = (
        "θ", name, "dense", "occupancy, input", "hidden", "fetches saved", "energy / inference", "saved",
        "latency / inference", "saved",
    )  # fmt: skip
    rows = tuple(
        (
            theta_text(result),
            score(name, result.score.value),
            score(name, result.score.dense),
            percent(result.occupancy["input"]),
            percent(result.occupancy["hidden"]),
            ratio(result.reduction["weight_fetches"]),
            quantity(result.energy.total_j / result.sequences, "J"),
            ratio(result.reduction["energy"]),
            quantity(result.latency.inference_mean_s, "s"),
            ratio(result.reduction["latency"]),
        )
        for result in results
    )
    return Grid("Runs of the sweep", columns, rows)


def score_chart(results: Sequence[Measured], here: Measured | None) -> Spec:
    """Score over theta; the dense network's as a dashed line, the page's own run as a filled point."""
    name = results[0].score.name
    rows = [
        {"theta": result.theta, "score": result.score.value, "shown": score(name, result.score.value)}
        | {"saved": ratio(result.reduction["weight_fetches"]), "here": result is here}
        for result in results
    ]
    axis = altair.Axis(format=".1%") if score(name, 1.0).endswith("%") else altair.Axis()
    y = altair.Y("score:Q", title=None, axis=axis, scale=altair.Scale(zero=False))
    drawn = drawn_from(rows).encode(
        x=altair.X("theta:Q", title="θ"),
        y=y,
        tooltip=[
            altair.Tooltip("theta:Q", title="θ"),
            altair.Tooltip("shown:N", title=name),
            altair.Tooltip("saved:N", title="fewer weight fetches"),
        ],
    )
    line = drawn.mark_line(color=DELTA, strokeWidth=2)
    point = drawn.mark_circle(size=80, opacity=1, stroke=DELTA, strokeWidth=2).encode(
        color=altair.condition(altair.datum.here, altair.value(DELTA), altair.value("var(--paper)"))
    )
    layers = [line, point]
    dense = results[0].score.dense
    if dense is not None:
        level: list[dict[str, Any]] = [{"score": dense, "label": f"dense {score(name, dense)}"}]
        rule = drawn_from(level).encode(y=y)
        layers.append(rule.mark_rule(color=DENSE, strokeDash=[5, 3], strokeWidth=1.5))
        layers.append(
            rule.mark_text(align="right", dy=-7, color=MUTED).encode(text="label:N", x=altair.value("width"))
        )
    return finished(altair.layer(*layers), 260)


def savings_chart(results: Sequence[Measured]) -> Spec:
    """Savings over theta, one line for each measure, on a logarithmic scale."""
    rows = [
        {"theta": result.theta, "measure": label, "times": result.reduction[key]}
        | {"shown": ratio(result.reduction[key])}
        for result in results
        for key, label in SAVINGS.items()
        if result.reduction[key]
    ]
    reached = [times for result in results for key in SAVINGS if (times := result.reduction[key])]
    ticks = [tick for tick in TICKS if reached and min(reached) / 2 <= tick <= max(reached) * 2]
    labels = [label for label in SAVINGS.values() if any(row["measure"] == label for row in rows)]
    chart = (
        drawn_from(rows)
        .mark_line(strokeWidth=2, point=altair.OverlayMarkDef(size=50, opacity=1, filled=True))
        .encode(
            x=altair.X("theta:Q", title="θ"),
            y=altair.Y(
                "times:Q",
                title=None,
                scale=altair.Scale(type="log", domain=[ticks[0], ticks[-1]]),
                axis=altair.Axis(values=ticks, labelExpr="format(datum.value, '~g') + ' ×'"),
            ),
            color=altair.Color("measure:N", scale=series(labels), title=None),
            tooltip=[
                altair.Tooltip("theta:Q", title="θ"),
                altair.Tooltip("measure:N"),
                altair.Tooltip("shown:N", title="saved"),
            ],
        )
    )
    return finished(chart, 260)
