"""How much of their bandwidth the shared memories give, over the time of one sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair
import numpy as np

from deltasim.reports.page.parts import Figure, Spec
from deltasim.reports.page.sections.activity import example
from deltasim.reports.page.theme import DELTA, DENSE, INK, MUTED, drawn_from, finished, series, si_axis
from deltasim.reports.quantities import percent, quantity
from deltasim.simulator.chip.peaks import peak_bandwidth
from deltasim.simulator.ledger.timeline import WIDTH

if TYPE_CHECKING:
    from deltasim.reports.measured import Measured
    from deltasim.simulator.ledger.ledger import Ledger

LINE_HEIGHT = 0.09  # of a text, in parts of the chart's height
MOST_BINS = 64  # drawn; of the bins that a timeline has


def figures(result: Measured) -> list[Figure]:
    """A picture of the delta run and one of the dense run; none where no shared memory was read."""
    chosen = example(result)
    moving = [
        name
        for place, name in enumerate(result.ledger.memories)
        if result.ledger.traffic[chosen, place, 1:].any()
    ]
    if not moving:
        return []
    every = "all ports together"
    return [
        Figure(
            f"bandwidth-{run}",
            f"Bandwidth over sequence {chosen}, {run} run (bytes per second, {every}; dashed: peak)",
            chart(result, ledger, chosen, moving, colour),
        )
        for run, ledger, colour in (("delta", result.ledger, DELTA), ("dense", result.dense_ledger, DENSE))
    ]


def rates(row: np.ndarray[tuple[int], np.dtype[np.int64]], elapsed_ps: int) -> tuple[int, list[float]]:
    """The width of a bin in picoseconds, and bytes per second in each up to the end of the run.

    >>> row = np.zeros(257, np.int64)
    >>> row[:4] = [10, 512, 0, 256]
    >>> rates(row, 3000)                                    # the last bin ends with the run
    (1024, [500000000000.0, 0.0, 268907563025.21008])
    """
    folded, width = row[1:], 1 << int(row[WIDTH])
    while -(-elapsed_ps // width) > MOST_BINS:
        folded, width = folded.reshape(-1, 2).sum(axis=1), 2 * width
    bins = max(1, -(-elapsed_ps // width))
    spans = [min(width, elapsed_ps - place * width) for place in range(bins)]
    flowed = [*folded.tolist(), *[0] * bins][:bins]  # nothing flows behind the last bin
    return width, [size / span * 1e12 for size, span in zip(flowed, spans, strict=True)]


def labels(peaks: list[dict[str, Any]], top: float) -> list[dict[str, Any]]:
    """A text above each peak, the highest first; of peaks too near for two lines, one text for all.

    >>> labels([{"rate": 9.0, "text": "a"}, {"rate": 10.0, "text": "b"}, {"rate": 5.0, "text": "c"}], 11.2)
    [{'rate': 10.0, 'text': 'b, a'}, {'rate': 5.0, 'text': 'c'}]
    """
    found: list[dict[str, Any]] = []
    for peak in sorted(peaks, key=lambda peak: -peak["rate"]):
        if found and found[-1]["rate"] - peak["rate"] < LINE_HEIGHT * top:
            found[-1]["text"] += f", {peak['text']}"
        else:
            found.append({"rate": peak["rate"], "text": peak["text"]})
    return found


def chart(result: Measured, ledger: Ledger, chosen: int, names: list[str], colour: str) -> Spec:
    """A stepped area for each memory under its peak."""
    elapsed = int(ledger.sequence_latency_ps[chosen])
    rows: list[dict[str, Any]] = []
    peaks, highest = [], []
    for name in names:
        peak = peak_bandwidth(result.chip, result.chip.memory(name))
        highest.append(peak)
        width, found = rates(ledger.traffic[chosen, ledger.memories.index(name)], elapsed)
        for place, rate in enumerate([*found, found[-1]]):
            at = min(place * width, elapsed) * 1e-12
            rows.append(
                {"memory": name, "time": at, "rate": rate}
                | {"shown": quantity(rate, "B/s"), "share": percent(rate / peak), "at": quantity(at, "s")}
            )
        peaks.append({"memory": name, "rate": peak, "text": f"{name} {quantity(peak, 'B/s')}"})
    ends = altair.Scale(domain=[0, elapsed * 1e-12], nice=False)
    x = altair.X("time:Q", title=None, axis=si_axis("s"), scale=ends)
    top = 1.12 * max(highest)  # room for the name of the peak
    heights = altair.Scale(domain=[0, top], nice=False)
    y = altair.Y("rate:Q", title=None, axis=si_axis("B/s"), stack=None, scale=heights)
    tooltips = [
        altair.Tooltip("memory:N"),
        altair.Tooltip("at:N", title="from"),
        altair.Tooltip("shown:N", title="bandwidth"),
        altair.Tooltip("share:N", title="of its peak"),
    ]
    colours = altair.Scale(domain=names, range=[colour]) if len(names) == 1 else series(names)
    legend = None if len(names) == 1 else altair.Legend()
    area = (
        drawn_from(rows)
        .mark_area(interpolate="step-after", opacity=0.75, line={"strokeWidth": 1})
        .encode(
            x=x,
            y=y,
            color=altair.Color("memory:N", scale=colours, title=None, legend=legend),
            tooltip=tooltips,
        )
    )
    rule = drawn_from(peaks).mark_rule(color=INK, strokeDash=[4, 3]).encode(y="rate:Q")
    label = (
        drawn_from(labels(peaks, top))
        .mark_text(align="left", dx=4, dy=-8, color=MUTED)
        .encode(x=altair.value(0), y="rate:Q", text="text:N")
    )
    return finished(area + rule + label, 200)
