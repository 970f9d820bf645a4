"""Evaluations until a task is solved, over seeds: means, intervals, and the chart of their curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from deltasim.runtime.arrays import Numbers

WIDTH, HEIGHT = 520, 220
INK, MUTED, LINE = "#1f2430", "#5b6470", "#d9dde3"
COLOURS = ("#5b6470", "#2f6db3", "#c05a1c", "#1b7f79", "#8a4fa3")  # told apart with any colour vision
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [4, 1])
NAMES = {
    "plain": "plain",
    "sm-r": "SM-R",
    "sm-g-sum": "SM-G-SUM",
    "sm-g-abs": "SM-G-ABS",
    "sm-g-so": "SM-G-SO",
}


class Curve(NamedTuple):
    """One mutation over its seeds: what solving took, where an unsolved seed counts as its whole budget."""

    mutation: str
    magnitude: float
    budget: int
    evaluations: Numbers  # (seeds,)
    solved: Numbers  # (seeds,) bool
    fitness: Numbers  # (seeds,) the best
    processor_s: float

    @property
    def mean(self) -> float:
        """Evaluations used of the budget, the mean over seeds."""
        return float(self.evaluations.mean())

    @property
    def interval(self) -> tuple[float, float]:
        """90 % of the mean, seeds drawn again."""
        return interval(self.evaluations)


def interval(values: Numbers) -> tuple[float, float]:
    """90 % of a mean, its values drawn again 10,000 times.

    >>> interval(np.array([2.0, 2.0]))
    (2.0, 2.0)
    """
    rng = np.random.default_rng(0)
    drawn = rng.choice(values, (10_000, len(values))).mean(axis=1)
    low, high = np.percentile(drawn, [5, 95])
    return float(low), float(high)


def fewer(one: Curve, other: Curve) -> tuple[float, float]:
    """90 % of how many evaluations fewer one mutation used than another on the same seeds, in the mean."""
    return interval(other.evaluations - one.evaluations)


def curves(runs: Sequence[Mapping[str, Any]]) -> list[Curve]:
    """The runs of a task by mutation, on the seeds that all of them have.

    >>> run = {"mutation": "plain", "magnitude": 0.1, "seed": 0, "budget": 9, "solved_at": None,
    ...        "best_fitness": -1.0, "processor_s": 2.0}
    >>> curves([run, {**run, "seed": 1, "solved_at": 5}])[0].mean
    7.0
    """
    seeds = {name: {run["seed"] for run in runs if run["mutation"] == name} for name in NAMES}
    held = {name: own for name, own in seeds.items() if own}
    shared = sorted(set.intersection(*held.values())) if held else []
    found = []
    for name in held:
        by_seed = {run["seed"]: run for run in runs if run["mutation"] == name}
        own = [by_seed[seed] for seed in shared]
        used = [run["budget"] if run["solved_at"] is None else run["solved_at"] for run in own]
        found.append(
            Curve(
                name,
                own[0]["magnitude"],
                own[0]["budget"],
                np.array(used, float),
                np.array([run["solved_at"] is not None for run in own]),
                np.array([run["best_fitness"] for run in own]),
                sum(run["processor_s"] for run in own),
            )
        )
    return found


def table(found: Sequence[Curve], fitness: str) -> list[str]:
    """How many seeds each solved, after how many evaluations, and processor seconds of a seed."""
    rows = [
        f"| mutation | magnitude | solved, of {len(found[0].solved)} seeds "
        f"| evaluations, of {found[0].budget:,} (90 %) "
        f"| best {fitness}, median | processor time a seed |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for one in found:
        low, high = one.interval
        rows.append(
            f"| {NAMES[one.mutation]} | {one.magnitude:g} | {int(one.solved.sum())} "
            f"| {one.mean:,.0f} ({low:,.0f}–{high:,.0f}) | {np.median(one.fitness):.3g} "
            f"| {one.processor_s / len(one.solved):.1f} s |"
        )
    return rows


def chart(titled: Mapping[str, Sequence[Curve]]) -> str:
    """SVG: the share of seeds that solved each task over evaluations, one line a mutation."""
    import altair
    import vl_convert

    panels = []
    for title, found in titled.items():
        rows = [
            {"evaluations": at, "solved": share, "mutation": NAMES[one.mutation]}
            for one in found
            for at, share in steps(one)
        ]
        names = [NAMES[one.mutation] for one in found]
        panels.append(
            altair.Chart(altair.InlineData(values=rows), title=title)
            .mark_line(interpolate="step-after", strokeWidth=2)
            .encode(
                x=altair.X("evaluations:Q", title="evaluations", axis=altair.Axis(format="~s")),
                y=altair.Y(
                    "solved:Q",
                    title="seeds solved",
                    scale=altair.Scale(domain=[0, 1]),
                    axis=altair.Axis(format="%"),
                ),
                color=altair.Color(
                    "mutation:N", title=None, scale=altair.Scale(domain=names, range=list(COLOURS))
                ),
                strokeDash=altair.StrokeDash(
                    "mutation:N", title=None, scale=altair.Scale(domain=names, range=list(DASHES))
                ),
            )
            .properties(width=WIDTH, height=HEIGHT)
        )
    spec = (
        altair.vconcat(*panels)
        .configure(background="white")
        .configure_axis(gridColor=LINE, labelColor=MUTED, titleColor=INK, titleFontWeight="normal")
        .configure_title(color=INK, anchor="start", fontWeight="normal")
        .configure_legend(symbolSize=1200, symbolStrokeWidth=2)
    )
    svg: str = vl_convert.vegalite_to_svg(spec.to_json())
    return svg


def steps(one: Curve) -> list[tuple[float, float]]:
    """The share of seeds solved by each number of evaluations, from 0 to the budget."""
    at = np.sort(one.evaluations[one.solved])
    count = len(one.solved)
    climbed = [(float(value), (place + 1) / count) for place, value in enumerate(at)]
    return [(0.0, 0.0), *climbed, (float(one.budget), len(at) / count)]
