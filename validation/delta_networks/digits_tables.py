"""The part of docs/delta-networks.md that is about the digits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from deltasim.reports.quantities import percent, quantity
from deltasim.validation.delta_networks.claims import between
from deltasim.validation.delta_networks.measured import CHIPS, mean
from deltasim.validation.delta_networks.methods import (
    BEST,
    NAMES,
    Compared,
    Dense,
    Point,
    score_interval,
    smallest_equal,
)
from deltasim.validation.delta_networks.tables import changed_table, sent_table, table

METHOD_CHART = "delta-networks-methods.svg"


def spread(values: Sequence[float], form: str) -> str:
    """Mean over the seeds, with the least and the largest.

    >>> spread([1.0, 2.0], "{:.1f} ×")
    '1.5 × (1.0–2.0)'
    """
    bare = form.replace(" ×", "")
    return f"{form.format(mean(values))} ({bare.format(min(values))}–{bare.format(max(values))})"


def method_table(found: Compared) -> list[str]:
    """Every method at its chosen thresholds."""
    head = ["aids", "held out", "test", "90 %", "seeds", "less than dense, points (90 %)", "fewer fetches"]
    head += ["inputs", "states", *(f"less energy, {chip}" for chip in CHIPS)]
    rows = [[f"dense network of {found.whole.units} units", *dense_cells(found.whole)]]
    for name, method in found.methods.items():
        rows.append([NAMES[name], *method_cells(found, name, method.chosen)])
    return table(head, rows)


def dense_cells(one: Dense) -> list[str]:
    """The dense network's row, behind its name."""
    low, high = score_interval(one.tested)
    scores = [line.score for line in one.tested]
    return [
        f"{100 * one.chosen_on:.2f} %",
        f"{100 * mean(scores):.2f} %",
        f"{100 * low:.1f}–{100 * high:.1f}",
        f"{100 * min(scores):.1f}–{100 * max(scores):.1f}",
        "–",
        "1 ×",
        "100 %",
        "100 %",
        *("1 ×" for _ in CHIPS),
    ]


def method_cells(found: Compared, name: str, point: Point) -> list[str]:
    """A method's row, behind its name."""
    low, high = score_interval(point.tested)
    scores = [line.score for line in point.tested]
    held = mean([line.score for line in point.chosen_on])
    value, bounds = found.difference(name)
    return [
        f"{100 * held:.2f} %",
        f"{100 * mean(scores):.2f} %",
        f"{100 * low:.1f}–{100 * high:.1f}",
        f"{100 * min(scores):.1f}–{100 * max(scores):.1f}",
        between(value, bounds).replace(" points", ""),
        spread([line.saved for line in point.tested], "{:.1f} ×"),
        percent(mean([each["input"] for each in point.occupancy])),
        percent(mean([each["hidden"] for each in point.occupancy])),
        *(
            less(found.whole.costs[chip].joules, [cost[chip].joules for cost in point.costs])
            for chip in CHIPS
        ),
    ]


def less(dense: float, joules: Sequence[float]) -> str:
    """How many times less energy than dense; a dash where the chip takes no such network.

    >>> less(4.0, [1.0, 3.0]), less(4.0, [float("nan")])
    ('2.00 ×', '–')
    """
    return "–" if np.isnan(joules).any() else f"{dense / mean(joules):.2f} ×"


def baseline_table(found: Compared) -> list[str]:
    """The dense network of the same shape, dense ones by size, and the delta network, on each chip."""
    best = found.methods[BEST].chosen
    held = mean([line.score for line in best.chosen_on])
    equal = smallest_equal(found.dense, held)
    head = ["network", "held out", "test", "words a step"]
    for chip in CHIPS:
        head += [f"{chip}: energy a step", "time a step"]
    rows = []
    for one in found.dense:
        name = f"dense, {one.units} units"
        rows.append(
            [
                f"**{name}**" if equal is not None and one.name == equal.name else name,
                f"{100 * one.chosen_on:.2f} %",
                f"{100 * mean([line.score for line in one.tested]):.2f} %",
                f"{one.words:,.0f}",
                *(
                    cell
                    for chip in CHIPS
                    for cell in (
                        quantity(one.costs[chip].joules, "J"),
                        quantity(one.costs[chip].seconds, "s"),
                    )
                ),
            ]
        )
    rows.append(
        [
            f"delta, {found.whole.units} units",
            f"{100 * held:.2f} %",
            f"{100 * best.score:.2f} %",
            f"{mean([line.words for line in best.tested]):,.0f}",
            *(
                cell
                for chip in CHIPS
                for cell in (
                    quantity(mean([cost[chip].joules for cost in best.costs]), "J"),
                    quantity(mean([cost[chip].seconds for cost in best.costs]), "s"),
                )
            ),
        ]
    )
    return table(head, rows)


def equal_words(found: Compared) -> list[str]:
    """What the smallest dense network as good makes of the delta network."""
    best = found.methods[BEST].chosen
    equal = smallest_equal(found.dense, mean([line.score for line in best.chosen_on]))
    if equal is None:
        return ["No dense network of these sizes is as good on what was held out as the delta network."]
    ratios = [
        f"{equal.words / mean([line.words for line in best.tested]):.2f} times the delta's weight fetches"
    ]
    for chip in CHIPS:
        own = mean([cost[chip].joules for cost in best.costs])
        slower = mean([cost[chip].seconds for cost in best.costs])
        ratios.append(
            f"{equal.costs[chip].joules / own:.2f} times its energy and "
            f"{equal.costs[chip].seconds / slower:.2f} times its time on `{chip}`"
        )
    return [
        f"The smallest dense network that is as good on what was held out (bold) has {equal.units} units: "
        f"{', '.join(ratios)}. Above 1 the delta network is the cheaper one."
    ]


def digits_sections(found: Compared) -> list[str]:
    """What the digits show."""
    return [
        "## Digits: every aid alone, and together",
        "",
        METHOD_WORDS.format(seeds=found.seeds, units=found.whole.units)
        + (DASH_WORDS if "largest" in found.methods else ""),
        "",
        f"![Accuracy over weight fetches and energy saved, every method]({METHOD_CHART})",
        "",
        *method_table(found),
        "",
        "### Beside the smallest dense network as good",
        "",
        *baseline_table(found),
        "",
        *equal_words(found),
        "",
        "### Where the digits' deltas come from",
        "",
        *sent_table(found.sent),
        "",
        f"Of `{NAMES[BEST]}` on the test part, the mean over the seeds.",
        "",
        "### What a threshold of each layer costs",
        "",
        *changed_table(found.changed, "points", 100),
        "",
        CHANGED_WORDS,
    ]


METHOD_WORDS = (
    "The Free Spoken Digit Dataset, a GRU of {units} units, {seeds} seeds. All networks of a seed start from "
    "the same dense weights, trained for 20 epochs, and are trained on for 40 (where 140 are named: for 40 "
    "and 100). Networks trained without thresholds are "
    "given those of the recipe when they run. Of every method's thresholds a common factor was chosen on "
    "recordings held out of the training part: the one that saves most within 0.5 points of the dense "
    "network. The score of the test part is that of the chosen factor; other factors are drawn small. "
    "Intervals are 90 %, recordings drawn again, seeds pooled."
)
DASH_WORDS = (
    " A dash: the five largest changes are chosen among all states, which `mesh16` has on 16 cores; five a "
    "step on average are shared by 16."
)

CHANGED_WORDS = (
    "One threshold alone, times a factor, on what was held out: the change of the score, and weight fetches "
    "saved over those saved before."
)
