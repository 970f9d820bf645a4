"""Where the energy goes: by part of the chip and by layer, the dense run beside it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import altair

from deltasim.reports.page.parts import Figure, Grid, Section, Spec
from deltasim.reports.page.theme import (
    DELTA,
    DENSE,
    INK,
    drawn_from,
    finished,
    part_colours,
    si_axis,
    with_room,
)
from deltasim.reports.quantities import percent, quantity, ratio, score
from deltasim.reports.saved.record import runs
from deltasim.reports.summary import part_label

if TYPE_CHECKING:
    from deltasim.reports.measured import Measured

FAR_APART = 200  # of the dearest part the cheapest is a pixel of a bar


def section(result: Measured) -> Section:
    """Energy of one inference, by part and by layer."""
    parts = part_order(result)
    top = max(result.energy.by_part.items(), key=lambda item: item[1])
    share = percent(top[1] / result.energy.total_j if result.energy.total_j else 0.0, 0)
    per_step = quantity(result.energy.total_j / result.steps, "J")
    sentence = (
        f"One step costs {per_step}. The largest part is {part_label(top[0])} with {share}; "
        f"in all, the dense network needs {ratio(result.reduction['energy'])} as much on the same chip. "
        "Shared is what no layer alone causes, such as leakage."
    )
    return Section(
        "energy",
        "Energy",
        sentence,
        (
            Figure("energy", "Energy of one inference by part of the chip (joules)", by_part(result, parts)),
            Figure("energy-layers", "Energy of one inference by layer (joules)", by_layer(result, parts)),
        ),
        (sure_grid(result, parts), figures_grid(result)),
    )


def sure_grid(result: Measured, parts: list[str]) -> Grid:
    """What 90 % of the draws of all prices lie between: the whole, each part, each layer."""
    held, runs_ = result.sure, result.sequences
    layers = {layer: sum(split.values()) for layer, split in result.energy.by_layer.items()}
    named = [
        ("all", result.energy.total_j, held.inference),
        *((part_label(part), result.energy.by_part[part], held.parts[part]) for part in parts),
        *((f"layer {layer}", joules, held.layers[layer]) for layer, joules in layers.items() if joules),
    ]
    rows = tuple(
        (name, quantity(joules / runs_, "J"), quantity(found[0], "J"), quantity(found[1], "J"))
        for name, joules, found in named
    )
    heading = "How sure: energy of one inference, and what 90 % of 10,000 draws of the prices lie between"
    return Grid(heading, ("", "energy", "from", "to"), rows, left=("",))


FIGURES: tuple[tuple[str, str, Callable[[float | None], str]], ...] = (
    ("energy.inference_j", "energy per inference", lambda value: quantity(value, "J")),
    ("latency.inference_mean_s", "latency per inference", lambda value: quantity(value, "s")),
    ("latency.inference_p99_s", "  99th percentile", lambda value: quantity(value, "s")),
    ("latency.step_p99_s", "latency of a step, 99th percentile", lambda value: quantity(value, "s")),
    ("power.mean_w", "mean power at the period", lambda value: quantity(value, "W")),
    ("reduction.energy", "energy saved", ratio),
    ("reduction.latency", "latency saved", ratio),
)


def figures_grid(result: Measured) -> Grid:
    """What 90 % of the draws of prices and sequences lie between, figure by figure."""
    values = {
        "energy.inference_j": result.energy.total_j / result.sequences,
        "latency.inference_mean_s": result.latency.inference_mean_s,
        "latency.inference_p99_s": result.latency.inference_p99_s,
        "latency.step_p99_s": result.latency.step_p99_s,
        "power.mean_w": None if result.power is None else result.power.mean_w,
        "reduction.energy": result.reduction["energy"],
        "reduction.latency": result.reduction["latency"],
        "score.value": result.score.value,
    }
    name = result.score.name
    listed = (*FIGURES, ("score.value", name, lambda value: score(name, value)))
    rows = tuple(
        (label, shown(values[key]), *map(shown, result.intervals[key]))
        for key, label, shown in listed
        if key in result.intervals
    )
    heading = "How sure: the same with the sequences drawn again as well, 2,000 times with replacement"
    return Grid(heading, ("", "all sequences", "from", "to"), rows, left=("",))


def part_order(result: Measured) -> list[str]:
    """Parts that cost anything in either run, the dearest of the delta run first."""
    delta, dense = result.energy.by_part, result.dense_energy.by_part
    return sorted((part for part in delta if delta[part] or dense[part]), key=lambda part: -delta[part])


def by_part(result: Measured, parts: list[str]) -> Spec:
    """Two bars for each part, delta and dense, with values and shares; dots where parts lie far apart."""
    rows: list[dict[str, Any]] = []
    for run, _, energy in runs(result):
        for part in parts:
            joules = energy.by_part[part] / result.sequences
            rows.append(
                {
                    "part": part_label(part),
                    "run": run,
                    "joules": joules,
                    "shown": quantity(joules, "J"),
                    "share": percent(energy.by_part[part] / energy.total_j if energy.total_j else 0.0),
                }
            )
    labels = [part_label(part) for part in parts]
    longest = max(len(f"{row['shown']}, {row['share']}") for row in rows)
    x, least = joules_axis([float(row["joules"]) for row in rows], longest)
    drawn = drawn_from(rows).encode(
        y=altair.Y("part:N", sort=labels, title=None, axis=altair.Axis(ticks=False, domain=False)),
        yOffset=altair.YOffset("run:N", sort=["delta", "dense"]),
        x=x,
        tooltip=[
            altair.Tooltip("part:N"),
            altair.Tooltip("run:N"),
            altair.Tooltip("shown:N", title="energy"),
            altair.Tooltip("share:N", title="of all"),
        ],
    )
    colour = altair.Color(
        "run:N", scale=altair.Scale(domain=["delta", "dense"], range=[DELTA, DENSE]), title=None
    )
    if least is None:
        marks = drawn.mark_bar(cornerRadiusEnd=2).encode(color=colour)
    else:  # a bar says nothing where there is no zero
        drawn = drawn.transform_filter(altair.datum.joules > 0)
        marks = drawn.mark_circle(size=80, opacity=1).encode(color=colour)
    words = drawn.transform_calculate(words="datum.shown + ', ' + datum.share")
    words = words.mark_text(align="left", dx=9, fontSize=11).encode(text="words:N")
    return finished(marks + words, max(140, 52 * len(parts)))


def joules_axis(values: list[float], letters: int) -> tuple[altair.X, float | None]:
    """An axis with room for a text behind each mark; logarithmic where parts lie too far apart to be seen.

    Gives the least of a logarithmic axis, too: a decade that none of them is below.
    """
    some = [value for value in values if value > 0]
    high = max(some, default=1.0)
    if not some or high / min(some) < FAR_APART:
        scale = altair.Scale(domainMin=0, domainMax=altair.ExprRef(**with_room(high, letters)), nice=False)
        return altair.X("joules:Q", axis=si_axis("J"), scale=scale), None
    first, last = math.floor(math.log10(min(some))), math.floor(math.log10(high))
    axis = si_axis("J")
    axis.values = [float(f"1e{power}") for power in range(first, last + 1)]
    low = axis.values[0]
    ends = altair.ExprRef(**with_room(high, letters, low))
    scale = altair.Scale(type="log", domainMin=low, domainMax=ends, nice=False)
    return altair.X("joules:Q", axis=axis, scale=scale), low


def by_layer(result: Measured, parts: list[str]) -> Spec:
    """Stacked bars for each layer that costs anything, with their sums; the dense run's are pale."""
    rows: list[dict[str, Any]] = []
    costing = [
        layer
        for layer in result.ledger.layers
        if any(any(energy.by_layer[layer].values()) for _, _, energy in runs(result))
    ]
    for run, _, energy in runs(result):
        for layer in costing:
            whole = sum(energy.by_layer[layer].values())
            for place, part in enumerate(parts):
                joules = energy.by_layer[layer][part] / result.sequences
                rows.append(
                    {
                        "layer": layer,
                        "run": run,
                        "part": part_label(part),
                        "place": place,
                        "joules": joules,
                        "shown": quantity(joules, "J"),
                        "whole": quantity(whole / result.sequences, "J"),
                    }
                )
    y = altair.Y("layer:N", sort=None, title=None, axis=altair.Axis(ticks=False, domain=False))
    under = altair.YOffset("run:N", sort=["delta", "dense"])
    wholes = {(row["layer"], row["run"]): str(row["whole"]) for row in rows}
    ends: list[dict[str, Any]] = [
        {"layer": layer, "run": run, "shown": shown}
        | {"joules": sum(row["joules"] for row in rows if (row["layer"], row["run"]) == (layer, run))}
        for (layer, run), shown in wholes.items()
    ]
    longest = max(map(len, wholes.values()), default=0)
    high = max((end["joules"] for end in ends), default=0.0) or 1.0
    scale = altair.Scale(domainMin=0, domainMax=altair.ExprRef(**with_room(high, longest)), nice=False)
    runs_of = altair.Opacity(
        "run:N",
        sort=["delta", "dense"],
        scale=altair.Scale(domain=["delta", "dense"], range=[1, 0.45]),
        title=None,
        legend=altair.Legend(symbolFillColor=INK, symbolStrokeWidth=0),
    )
    bars = (
        drawn_from(rows)
        .mark_bar()
        .encode(
            y=y,
            yOffset=under,
            x=altair.X("joules:Q", stack="zero", axis=si_axis("J"), scale=scale),
            color=altair.Color("part:N", scale=part_colours(parts), title=None),
            order="place:Q",
            opacity=runs_of,
            tooltip=[
                altair.Tooltip("layer:N"),
                altair.Tooltip("run:N"),
                altair.Tooltip("part:N"),
                altair.Tooltip("shown:N", title="energy"),
                altair.Tooltip("whole:N", title="all of the layer"),
            ],
        )
    )
    words = (
        drawn_from(ends)
        .mark_text(align="left", dx=6, fontSize=11)
        .encode(y=y, yOffset=under, x=altair.X("joules:Q", scale=scale), text="shown:N")
    )
    return finished(bars + words, max(140, 52 * len(costing)))
