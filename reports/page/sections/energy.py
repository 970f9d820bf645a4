"""Where the energy goes: by part of the chip and by layer, the dense run beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import altair

from deltasim.reports.page.parts import Figure, Grid, Section, Spec
from deltasim.reports.page.theme import DELTA, DENSE, drawn_from, finished, part_colours, si_axis
from deltasim.reports.quantities import percent, quantity, ratio, score
from deltasim.reports.saved.record import runs
from deltasim.reports.summary import part_label

if TYPE_CHECKING:
    from deltasim.reports.measured import Measured


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
            Figure(
                "energy-parts", "Energy of one inference by part of the chip (joules)", by_part(result, parts)
            ),
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
    ("power.mean_w", "mean power at the period", lambda value: quantity(value, "W")),
    ("reduction.energy", "energy saved", ratio),
    ("reduction.latency", "latency saved", ratio),
)


def figures_grid(result: Measured) -> Grid:
    """What 90 % of the draws of prices and sequences lie between, figure by figure."""
    values = {
        "energy.inference_j": result.energy.total_j / result.sequences,
        "latency.inference_mean_s": result.latency.inference_mean_s,
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
    """Two bars for each part, delta and dense, with their values written out."""
    rows = []
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
    drawn = drawn_from(rows).encode(
        y=altair.Y("part:N", sort=labels, title=None, axis=altair.Axis(ticks=False, domain=False)),
        yOffset=altair.YOffset("run:N", sort=["delta", "dense"]),
        x=altair.X("joules:Q", axis=si_axis("J")),
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
    bars = drawn.mark_bar(cornerRadiusEnd=2).encode(color=colour)
    words = drawn.mark_text(align="left", dx=5, fontSize=11).encode(text="shown:N")
    return finished(bars + words, max(140, 52 * len(parts)))


def by_layer(result: Measured, parts: list[str]) -> Spec:
    """Stacked bars for each layer that costs anything; the dense run's are pale."""
    rows = []
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
    bars = (
        drawn_from(rows)
        .mark_bar()
        .encode(
            y=altair.Y("layer:N", sort=None, title=None, axis=altair.Axis(ticks=False, domain=False)),
            yOffset=altair.YOffset("run:N", sort=["delta", "dense"]),
            x=altair.X("joules:Q", stack="zero", axis=si_axis("J")),
            color=altair.Color("part:N", scale=part_colours(parts), title=None),
            order="place:Q",
            opacity=altair.Opacity(
                "run:O", sort=["delta", "dense"], scale=altair.Scale(range=[1, 0.45]), legend=None
            ),
            tooltip=[
                altair.Tooltip("layer:N"),
                altair.Tooltip("run:N"),
                altair.Tooltip("part:N"),
                altair.Tooltip("shown:N", title="energy"),
                altair.Tooltip("whole:N", title="all of the layer"),
            ],
        )
    )
    return finished(bars, max(140, 52 * len(costing)))
