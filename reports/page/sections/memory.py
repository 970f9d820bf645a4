"""Where weights came from: traffic, hit rates and energy of every level, and the chip's roofline."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from deltasim.reports.levels import Level, flows, levels
from deltasim.reports.page.parts import Figure, Grid, Section
from deltasim.reports.page.sections import bandwidth, roofline
from deltasim.reports.page.sections.flow import flow_chart
from deltasim.reports.quantities import ABSENT, percent, quantity

if TYPE_CHECKING:
    from deltasim.reports.measured import Measured

HEADINGS = (
    "level", "served", "dense", "found there", "bandwidth", "of its peak", "energy", "dense energy",
)  # fmt: skip


def section(result: Measured) -> Section | None:
    """Memory by level; None for a run that fetched no weight."""
    moved = flows(result.chip, result.ledger)
    if not moved:
        return None
    found = levels(result.chip, result.ledger, result.energy)
    to_layers = Counter[str]()
    for flow in moved:
        if flow.target in result.ledger.layers:  # what went into a cache is counted when it comes out
            to_layers[flow.source] += flow.bytes
    (most, given), everything = to_layers.most_common(1)[0], to_layers.total()
    sentence = (
        f"Most weights come from {most}: {percent(given / everything, 0)} of "
        f"{quantity(everything / result.sequences, 'B')} in one inference. "
        "Counted as the dense work it stands for, a delta run may lie above the roof: "
        "what is not sent is neither fetched nor multiplied."
    )
    pictures = [
        Figure(
            "flow", "Weight bytes of one inference, from memory to layer", flow_chart(moved, result.sequences)
        )
    ]
    if drawn := roofline.figure(result):
        pictures.append(drawn)
    pictures += bandwidth.figures(result)
    return Section("memory", "Memory", sentence, tuple(pictures), (grid(result, found),))


def grid(result: Measured, found: tuple[Level, ...]) -> Grid:
    """One row a level: per inference, and against the peak."""
    dense = levels(result.chip, result.dense_ledger, result.dense_energy)
    seconds, runs = result.ledger.elapsed_ps * 1e-12, result.sequences
    rows = []
    for level, other in zip(found, dense, strict=True):
        rate = level.served_bytes / seconds if seconds else 0.0
        rows.append(
            (
                level.name,
                quantity(level.served_bytes / runs, "B"),
                quantity(other.served_bytes / runs, "B"),
                ABSENT if level.found is None else percent(level.found),
                quantity(rate, "B/s"),
                percent(rate / level.peak),
                quantity(level.joules / runs, "J"),
                quantity(other.joules / runs, "J"),
            )
        )
    return Grid("Levels, nearest first", HEADINGS, tuple(rows), left=("level",))
