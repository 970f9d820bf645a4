"""The chip's roofline: how many multiply-accumulates a second its memories and multipliers allow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import altair
import numpy as np

from deltasim.reports.levels import Level, levels
from deltasim.reports.page.parts import Figure, Spec
from deltasim.reports.page.theme import DELTA, DENSE, INK, SERIES, drawn_from, finished, si_axis
from deltasim.reports.quantities import quantity
from deltasim.simulator.chip.peaks import peak_rate

if TYPE_CHECKING:
    from deltasim.reports.measured import Measured


class Mark(NamedTuple):
    """A run in the picture: multiply-accumulates per byte fetched, and per second."""

    name: str
    intensity: float
    rate: float


def figure(result: Measured) -> Figure | None:
    """The picture, or None where no weight was fetched."""
    level = main_level(result)
    if level is None:
        return None
    title = (
        f"Roofline: multiply-accumulates per second over those per byte from {level.name} "
        f"(level: {quantity(peak_rate(result.chip), 'MAC/s')}; slope: {quantity(level.peak, 'B/s')})"
    )
    return Figure("roofline", title, chart(result, level))


def main_level(result: Measured) -> Level | None:
    """The memory that limits the rate: the one that would take longest for its bytes at its peak."""
    found = [level for level in levels(result.chip, result.ledger, result.energy) if level.served_bytes]
    return max(found, key=lambda level: level.served_bytes / level.peak, default=None)


def marks(result: Measured, level: Level) -> tuple[Mark, ...]:
    """Both runs as they ran, and the delta run counted as the dense work that it stands for."""
    dense = next(
        other
        for other in levels(result.chip, result.dense_ledger, result.dense_energy)
        if other.name == level.name
    )
    work, dense_work = result.ledger.total("core.mac"), result.dense_ledger.total("core.mac")
    seconds, dense_seconds = result.ledger.elapsed_ps * 1e-12, result.dense_ledger.elapsed_ps * 1e-12
    return (
        Mark("dense", dense_work / dense.served_bytes, dense_work / dense_seconds),
        Mark("delta", work / level.served_bytes, work / seconds),
        Mark("delta, as dense work", dense_work / level.served_bytes, dense_work / seconds),
    )


def decades(low: float, high: float) -> list[float]:
    """The powers of ten from ``low`` to ``high``.

    >>> decades(0.3, 20.0)
    [1.0, 10.0]
    """
    return [10.0**power for power in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)]


def chart(result: Measured, level: Level) -> Spec:
    """Roof and marks, both axes logarithmic."""
    peak, found = peak_rate(result.chip), marks(result, level)
    ridge = peak / level.peak
    low = min(ridge, *(mark.intensity for mark in found)) / 3
    high = max(ridge, *(mark.intensity for mark in found)) * 3
    roof = [
        {"intensity": float(at), "rate": min(peak, float(at) * level.peak)}
        for at in sorted([*np.geomspace(low, high, 40), ridge])
    ]
    bottom = min(roof[0]["rate"], *(mark.rate for mark in found)) / 2
    top = max(peak, *(mark.rate for mark in found)) * 3
    rates = si_axis("MAC/s")
    rates["values"] = decades(bottom, top)
    x = altair.X(
        "intensity:Q",
        title="multiply-accumulates per byte",
        scale=altair.Scale(type="log", domain=[low, high], nice=False),
        axis=altair.Axis(format="~g", values=decades(low, high)),
    )
    y = altair.Y(
        "rate:Q",
        title=None,
        scale=altair.Scale(type="log", domain=[bottom, top], nice=False),
        axis=rates,
    )
    line = drawn_from(roof).mark_line(color=INK, strokeWidth=2).encode(x=x, y=y)
    rows = [
        {
            "run": mark.name,
            "intensity": mark.intensity,
            "rate": mark.rate,
            "shown": quantity(mark.rate, "MAC/s"),
            "per": f"{mark.intensity:.3g}",
        }
        for mark in found
    ]
    names = [mark.name for mark in found]
    colours = altair.Scale(domain=names, range=[DENSE, DELTA, SERIES[1]])
    tooltips = [
        altair.Tooltip("run:N"),
        altair.Tooltip("shown:N", title="rate"),
        altair.Tooltip("per:N", title="MAC per byte"),
    ]
    points = (
        drawn_from(rows)
        .mark_point(filled=True, size=110, opacity=1)
        .encode(x=x, y=y, color=altair.Color("run:N", scale=colours, title=None), tooltip=tooltips)
    )
    return finished(line + points, 260)
