"""Score and savings against the threshold, when a sweep of thresholds was run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import altair

from deltasim.reports.page.parts import Figure, Grid, Link, Section, Spec
from deltasim.reports.page.theme import DELTA, DENSE, MUTED, drawn_from, finished, series
from deltasim.reports.quantities import percent, quantity, ratio, score

if TYPE_CHECKING:
    from deltasim.reports.measured import Measured

NEAR = 0.005  # half a point of accuracy
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
    figures: list[Figure] = []
    numbers = [result for result in results if not isinstance(result.theta, str)]
    if len(numbers) > 1 and scored(results):
        title = f"{name.capitalize()} against threshold θ"
        figures.append(Figure("theta-score", title, score_chart(numbers, here)))
    if len(numbers) > 1 and reached(numbers):
        title = "Savings against threshold θ (dense over delta)"
        figures.append(Figure("theta-savings", title, savings_chart(numbers)))
    title = f"{'Score and savings' if scored(results) else 'Savings'} against the threshold"
    return Section("thresholds", title, sentence, tuple(figures), (grid(results),), links)


def scored(results: Sequence[Measured]) -> bool:
    """Whether the runs have a score: a benchmark without labels has none."""
    return results[0].score.value is not None


def reached(results: Sequence[Measured]) -> list[float]:
    """All savings of all runs that are drawn."""
    return [times for result in results for key in SAVINGS if (times := result.reduction[key])]


def knee(results: Sequence[Measured]) -> str:
    """What the sweep teaches, in one sentence: how much an accuracy near the dense network's saves."""
    saving = [result for result in results if result.reduction["energy"]]
    if not saving:
        return "No run of the sweep can be compared with a dense one."
    name, dense = results[0].score.name, results[0].score.dense
    near = [
        result
        for result in saving
        if dense is not None and (value := result.score.value) is not None and value >= dense - NEAR
    ]
    if "accuracy" in name and near:
        best = max(near, key=lambda result: result.reduction["energy"] or 0.0)
        return (
            f"Within half a point of the dense network's {score(name, dense)}, "
            f"θ = {theta_text(best)} saves most: "
            f"{ratio(best.reduction['weight_fetches'])} fewer weight fetches and "
            f"{ratio(best.reduction['energy'])} less energy at {score(name, best.score.value)}."
        )
    best = max(saving, key=lambda result: result.reduction["energy"] or 0.0)
    words = f"θ = {theta_text(best)} saves most, {ratio(best.reduction['energy'])} less energy than dense"
    if not scored(results):
        return f"{words}."
    return f"{words}, with {name} {score(name, best.score.value)} against {score(name, dense)} dense."


def theta_text(result: Measured) -> str:
    """The threshold as the table writes it."""
    return result.theta if isinstance(result.theta, str) else f"{result.theta:g}"


def grid(results: Sequence[Measured]) -> Grid:
    """One row for each threshold."""
    name = results[0].score.name
    scores = (name, "dense") if scored(results) else ()
    columns = (
        "θ", *scores, "occupancy, input", "hidden", "fetches saved", "energy / inference", "saved",
        "latency / inference", "saved",
    )  # fmt: skip
    rows = tuple(
        (
            theta_text(result),
            *(score(name, value) for value in (result.score.value, result.score.dense)[: len(scores)]),
            percent(result.occupancy["input"]),
            percent(result.occupancy.get("hidden")),
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


def ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten, from the last that is not above ``low`` to the first above ``high``.

    >>> ticks(2.2, 2.4), ticks(0.7, 20)
    ([2.0, 5.0], [0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0])
    """
    powers = range(math.floor(math.log10(low)), math.floor(math.log10(high)) + 2)
    found = [float(f"{step}e{power}") for power in powers for step in (1, 2, 5)]
    first = max(place for place, tick in enumerate(found) if tick <= low)
    last = next(place for place, tick in enumerate(found) if tick > high)
    return found[first : last + 1]


def savings_chart(results: Sequence[Measured]) -> Spec:
    """Savings over theta, one line for each measure, on a logarithmic scale."""
    rows = [
        {"theta": result.theta, "measure": label, "times": result.reduction[key]}
        | {"shown": ratio(result.reduction[key])}
        for result in results
        for key, label in SAVINGS.items()
        if result.reduction[key]
    ]
    marks = ticks(min(reached(results)), max(reached(results)))
    labels = [label for label in SAVINGS.values() if any(row["measure"] == label for row in rows)]
    chart = (
        drawn_from(rows)
        .mark_line(strokeWidth=2, point=altair.OverlayMarkDef(size=50, opacity=1, filled=True))
        .encode(
            x=altair.X("theta:Q", title="θ"),
            y=altair.Y(
                "times:Q",
                title=None,
                scale=altair.Scale(type="log", domain=[marks[0], marks[-1]]),
                axis=altair.Axis(values=marks, labelExpr="format(datum.value, '~g') + ' ×'"),
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
