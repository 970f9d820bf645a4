"""The charts of a study: axes that Vega draws, and over them its points, linked by one brush.

A study has 10,000 points and more, each on a panel for every pair of objectives. Vega would make an element
of every mark and work all of them out anew at each step of a brush; so it draws axes alone, and points are
handed to `page/linked.js`, which draws them on a canvas.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from deltasim.exploration.metrics import METRICS
from deltasim.reports.page.parts import Figure, Spec
from deltasim.reports.page.theme import CONFIG, FITTED
from deltasim.reports.study.coordinates import coordinates, coordinates_chart
from deltasim.reports.study.marks import chosen, density, intervals, places_of, told
from deltasim.reports.study.scales import Scale, axis, scale_of
from deltasim.reports.study.words import figure

if TYPE_CHECKING:
    from deltasim.exploration.study import Study

HEIGHT = 260


class DenseChip(NamedTuple):
    """The dense accelerator out of the parts of a point's chip: figures of an inference, and the area."""

    point: int
    energy: float
    latency: float
    area: float | None
    score: float | None

    def figures(self) -> dict[str, float]:
        """Those that are known, by the names of objectives."""
        known = {"energy": self.energy, "latency": self.latency, "area": self.area, "score": self.score}
        known["energy_latency"] = self.energy * self.latency
        known["power"] = self.energy / self.latency
        return {name: value for name, value in known.items() if value is not None}


def drawn_objectives(study: Study) -> list[str]:
    """Objectives that tell points apart; with none of them, the first."""
    columns = {name: study.figures[name] for name in study.objectives}
    apart = [name for name, column in columns.items() if np.isfinite(column).all() and np.ptp(column) > 0]
    return apart or [study.objectives[0]]


def pairs_of(objectives: list[str]) -> list[tuple[str, str]]:
    """Every pair of objectives, along and up; of one alone, itself.

    >>> pairs_of(["energy", "latency", "area"])
    [('energy', 'latency'), ('energy', 'area'), ('latency', 'area')]
    """
    return list(itertools.combinations(objectives, 2)) or [(objectives[0], objectives[0])]


def scales_of(study: Study, dense: DenseChip | None) -> dict[str, Scale]:
    """The scale of every objective that is drawn."""
    known = {} if dense is None else dense.figures()
    return {name: scale_of(study, name, known.get(name)) for name in drawn_objectives(study)}


def charts(study: Study, dense: DenseChip | None = None) -> tuple[Figure, ...]:
    """Axes for every pair of objectives, and those of the front's coordinates."""
    scales = scales_of(study, dense)
    panels = [
        Figure(f"pair{number}", heading(x, y), panel(x, y, scales))
        for number, (x, y) in enumerate(pairs_of(list(scales)))
    ]
    title = "The front, point by point: each axis from its least to its largest value"
    labels = coordinates(study, list(scales)).labels
    return (*panels, Figure("coordinates", title, coordinates_chart(labels), wide=True))


def heading(x: str, y: str) -> str:
    """What a panel shows.

    >>> heading("energy", "area")
    'Silicon area against energy an inference'
    """
    up, along = METRICS[y].about, METRICS[x].about
    return f"{up[:1].upper()}{up[1:]} against {along}"


def panel(x: str, y: str, scales: Mapping[str, Scale]) -> Spec:
    """The axes of a pair of objectives. Its one mark, which nobody sees, makes Vega draw them."""
    return {
        "data": {"values": [{}]},
        "mark": {"type": "point", "opacity": 0, "tooltip": None},
        "encoding": {
            along: {"datum": scales[name].low, "type": "quantitative", "scale": scales[name].spec()}
            | {"axis": axis(name) | ({"tickCount": 5} if along == "x" else {})}
            for along, name in (("x", x), ("y", y))
        },
        "width": "container",
        "height": HEIGHT,
        "autosize": FITTED,
        "config": CONFIG,
    }


def linked(
    study: Study, pages: Mapping[int, str] | None = None, dense: DenseChip | None = None
) -> dict[str, Any]:
    """What `page/linked.js` draws over the charts: places from 0 to 1 along each axis, and what is said.

    ``pages`` are the pages of points, which a click on a mark opens; ``dense`` is drawn where it is known.
    """
    scales = scales_of(study, dense)
    marks, rest = chosen(study)
    front = len(marks) - len(study.front_places)
    points = [study.points[int(study.done[place])] for place in marks]
    seen = {name: intervals(study, name, scale) for name, scale in scales.items() if name in study.intervals}
    return {
        "points": told(study, marks, pages or {}),
        "at": {name: places_of(scale, study.figures[name][marks]) for name, scale in scales.items()},
        "front": front,
        "knee": next((row for row, point in enumerate(points) if point.number == study.knee), None),
        "intervals": seen,
        "beside": None if dense is None else beside(dense, scales),
        "panels": [
            {"chart": f"pair{number}", "x": x, "y": y, "levels": density(study, scales, x, y, rest)}
            for number, (x, y) in enumerate(pairs_of(list(scales)))
        ],
        "coordinates": coordinates(study, list(scales)).rows(front),
    }  # fmt: skip


def beside(dense: DenseChip, scales: Mapping[str, Scale]) -> dict[str, Any]:
    """The dense chip of equal area, as a mark."""
    known = dense.figures()
    said = [figure(name, known[name]) for name in ("energy", "latency", "area", "score") if name in known]
    return {
        "at": {name: places_of(scale, [known[name]])[0] for name, scale in scales.items() if name in known},
        "which": f"dense, out of the parts of point {dense.point}",
        "cost": ", ".join(said),
    }
