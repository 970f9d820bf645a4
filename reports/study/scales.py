"""Where values lie along the axis of an objective, and how Vega-Lite is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from deltasim.exploration.metrics import METRICS
from deltasim.reports.page.parts import Spec

if TYPE_CHECKING:
    from deltasim.exploration.study import Study

Reals = npt.NDArray[np.float64]


class Scale(NamedTuple):
    """An axis from ``low`` to ``high``, logarithmic or not.

    >>> Scale(1.0, 100.0, True).shares([10.0, 1000.0]).tolist(), Scale(0.0, 4.0, False).shares([1.0]).tolist()
    ([0.5, 1.0], [0.25])
    """

    low: float
    high: float
    log: bool

    def shares(self, values: Reals | list[float]) -> Reals:
        """How far along the axis each value lies, from 0 to 1; what lies beyond is at its end."""
        at, ends = np.asarray(values, np.float64), np.array([self.low, self.high])
        if self.log:
            at, ends = np.log(np.maximum(at, self.low)), np.log(ends)
        shares: Reals = np.clip((at - ends[0]) / (ends[1] - ends[0]), 0.0, 1.0)
        return shares

    def spec(self) -> Spec:
        """The same scale in Vega-Lite."""
        ends: Spec = {"domain": [self.low, self.high], "nice": False, "clamp": True}
        return ends | ({"type": "log"} if self.log else {"zero": False})


def scale_of(study: Study, name: str, beside: float | None = None) -> Scale:
    """All values with some room around them; logarithmic where the largest is ten times the smallest.

    ``beside`` is one more value that is drawn. The end of an interval may lie beyond.
    """
    values = study.figures[name]
    ends = [float(values.min()), float(values.max()), *([] if beside is None else [beside])]
    low, high = min(ends), max(ends)
    if low > 0 and high >= 10 * low:
        room = (high / low) ** 0.05
        return Scale(low / room, high * room, True)
    room = 0.06 * (high - low) or abs(high) * 0.1 or 1.0
    return Scale(low - room, high + room, False)


def axis(name: str) -> Spec:
    """The axis of an objective: SI prefixes and the unit."""
    metric = METRICS[name]
    if name == "score":
        return {"title": metric.about, "format": ".0%"}
    if name == "area":
        return {"title": f"{metric.about}, mm²"}
    spaced = "replace(format(datum.value, '.3~s'), regexp('([^0-9.]?)$'), ' $1')"
    return {"title": metric.about, "labelExpr": f"{spaced} + '{metric.unit}'"}
