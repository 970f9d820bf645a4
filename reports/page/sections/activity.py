"""What happens over time: messages and latency of every step of one sequence, and the mean of all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair
import numpy as np
import numpy.typing as npt

from deltasim.reports.page.parts import Figure, Section, Spec
from deltasim.reports.page.theme import DELTA, DENSE, INK, MUTED, drawn_from, finished, series, si_axis
from deltasim.reports.quantities import count, percent, quantity

if TYPE_CHECKING:
    from deltasim.reports.measured import Measured

LONGEST = 1500  # steps drawn of a long sequence
SHOWN = 7  # projections with a colour of their own; the quieter ones are put together


def section(result: Measured) -> Section:
    """Messages per step and latency per step."""
    chosen = example(result)
    runs = "1" if result.sequences == 1 else f"all {count(result.sequences)}"
    part = drawn_steps(result, chosen)
    length = int(result.trace.sequence_bounds[chosen + 1]) - part.start
    cut = f" (its first {count(LONGEST)} steps)" if length > LONGEST else ""
    elements = sum(projection.connection.source_size for projection in result.network.projections)
    sentence = (
        f"Sequence {chosen}, typical in its number of messages{cut}, and the mean of {runs}. "
        f"A dense run sends all {count(elements)} elements of a frame; "
        f"here {sent(result.occupancy)} are sent."
    )
    return Section(
        "activity",
        "Activity over time",
        sentence,
        (
            Figure(
                "messages",
                "Messages sent at each step (count; line: mean of all sequences)",
                messages_chart(result, chosen),
                wide=True,
            ),
            Figure(
                "step-latency", "Latency of each step (seconds)", latency_chart(result, chosen), wide=True
            ),
        ),
    )


def sent(shares: dict[str, float]) -> str:
    """Which shares are sent; a network without recurrence has none of a hidden state.

    >>> sent({"input": 0.125, "hidden": 0.25}), sent({"input": 0.125})
    ('12.5 % of the inputs and 25.0 % of the hidden state', '12.5 % of the inputs')
    """
    hidden = f" and {percent(shares['hidden'])} of the hidden state" if "hidden" in shares else ""
    return f"{percent(shares['input'])} of the inputs{hidden}"


def per_step(result: Measured) -> npt.NDArray[np.int64]:
    """Messages of each step and projection: int64 (steps, projections)."""
    messages, projections = result.trace.messages, len(result.network.projections)
    cell = messages["step"].astype(np.int64) * projections + messages["projection"]
    return (
        np.bincount(cell, minlength=result.trace.steps * projections)
        .reshape(-1, projections)
        .astype(np.int64)
    )


def example(result: Measured) -> int:
    """The sequence whose number of messages is the median; of several, the first."""
    bounds = np.asarray(result.trace.step_bounds)[np.asarray(result.trace.sequence_bounds)]
    sent = np.diff(bounds)
    return int(np.argsort(sent, kind="stable")[(len(sent) - 1) // 2])


def drawn_steps(result: Measured, chosen: int) -> slice:
    """The steps of a sequence that are drawn: all, or the first ones of a long one."""
    first, last = (int(bound) for bound in result.trace.sequence_bounds[chosen : chosen + 2])
    return slice(first, min(last, first + LONGEST))


def mean_over_sequences(
    values: npt.NDArray[np.int64], bounds: npt.NDArray[np.int64]
) -> npt.NDArray[np.float64]:
    """Mean at each place of a sequence, over the sequences that are that long.

    >>> mean_over_sequences(np.array([1, 2, 3, 4, 6]), np.array([0, 2, 5]))
    array([2., 3., 6.])
    """
    lengths = np.diff(bounds)
    place = np.arange(bounds[-1]) - np.repeat(bounds[:-1], lengths)
    mean: npt.NDArray[np.float64] = np.bincount(place, weights=values) / np.bincount(place)
    return mean


def messages_chart(result: Measured, chosen: int) -> Spec:
    """Messages of the example by projection, stacked; the mean over all sequences as a line."""
    bounds = np.asarray(result.trace.sequence_bounds)
    sent = per_step(result)
    mine = sent[drawn_steps(result, chosen)]
    names = [projection.name for projection in result.network.projections]
    order = np.argsort(-mine.sum(axis=0), kind="stable")
    shown, rest = order[:SHOWN], order[SHOWN:]
    columns = {names[index]: mine[:, index] for index in shown}
    if len(rest):
        columns[f"{len(rest)} others"] = mine[:, rest].sum(axis=1)
    mean = mean_over_sequences(sent.sum(axis=1), bounds)[: len(mine)]
    areas = [
        {"step": step, "projection": name, "place": place, "messages": int(values[min(step, len(mine) - 1)])}
        for place, (name, values) in enumerate(columns.items())
        for step in range(len(mine) + 1)
    ]
    means = [{"step": step, "mean": float(value)} for step, value in enumerate([*mean, mean[-1]])]
    hover: list[dict[str, Any]] = [
        {"step": step, "all": int(mine[step].sum()), "mean": f"{mean[step]:.1f}"}
        | {f"p{place}": int(values[step]) for place, values in enumerate(columns.values())}
        for step in range(len(mine))
    ]
    x = step_axis(len(mine))
    area = (
        drawn_from(areas)
        .mark_area(interpolate="step-after")
        .encode(
            x=x,
            y=altair.Y("messages:Q", stack="zero", title=None),
            color=altair.Color("projection:N", scale=series(list(columns)), title=None),
            order="place:Q",
        )
    )
    line = (
        drawn_from(means)
        .mark_line(color=INK, strokeWidth=1.5, interpolate="step-after")
        .encode(x=x, y="mean:Q")
    )
    tooltips = [altair.Tooltip("step:Q"), altair.Tooltip("all:Q", title="messages")]
    tooltips += [altair.Tooltip(f"p{place}:Q", title=name) for place, name in enumerate(columns)]
    tooltips.append(altair.Tooltip("mean:N", title="mean of all sequences"))
    return finished(area + line + hover_rule(hover, x, tooltips), 240)


def latency_chart(result: Measured, chosen: int) -> Spec:
    """Latency of each step of the example, delta and dense."""
    here = drawn_steps(result, chosen)
    delta, dense = result.ledger.step_latency_ps[here], result.dense_ledger.step_latency_ps[here]
    rows = [
        {"step": step, "run": run, "seconds": float(value) * 1e-12}
        for run, values in (("delta", delta), ("dense", dense))
        for step, value in enumerate([*values, values[-1]])
    ]
    hover = [
        {"step": step, "delta": quantity(float(a) * 1e-12, "s"), "dense": quantity(float(b) * 1e-12, "s")}
        for step, (a, b) in enumerate(zip(delta, dense, strict=True))
    ]
    x = step_axis(len(delta))
    lines = (
        drawn_from(rows)
        .mark_line(interpolate="step-after", strokeWidth=2)
        .encode(
            x=x,
            y=altair.Y("seconds:Q", title=None, axis=si_axis("s")),
            color=altair.Color(
                "run:N",
                scale=altair.Scale(domain=["delta", "dense"], range=[DELTA, DENSE]),
                title=None,
                legend=altair.Legend(symbolType="stroke", symbolStrokeWidth=2),
            ),
        )
    )
    tooltips = [altair.Tooltip("step:Q"), altair.Tooltip("delta:N"), altair.Tooltip("dense:N")]
    return finished(lines + hover_rule(hover, x, tooltips), 160)


def step_axis(steps: int) -> altair.X:
    """Steps from left to right; each lasts until the next, so the last one gets its width too."""
    return altair.X("step:Q", title="step", scale=altair.Scale(domain=[0, steps], nice=False))


def hover_rule(rows: list[dict[str, Any]], x: altair.X, tooltips: list[altair.Tooltip]) -> altair.Chart:
    """A rule that follows the pointer and tells all values of the step nearest to it."""
    near = altair.selection_point(
        name="near", on="pointerover", nearest=True, clear="pointerout", encodings=["x"]
    )
    rule: altair.Chart = (
        drawn_from(rows)
        .mark_rule(color=MUTED, strokeWidth=1)
        .encode(
            x=x,
            opacity=altair.condition(near, altair.value(0.8), altair.value(0), empty=False),
            tooltip=tooltips,
        )
        .add_params(near)
    )
    return rule
