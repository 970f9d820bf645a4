"""The charts of a study, linked: what is brushed in one is lit in all, and in the front's coordinates."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from deltasim.exploration.metrics import METRICS
from deltasim.exploration.space.parameters import number_of
from deltasim.reports.page.parts import Spec
from deltasim.reports.page.theme import CONFIG, DELTA, DENSE, LINE, MUTED
from deltasim.reports.study.words import as_text, figure, short

if TYPE_CHECKING:
    from deltasim.exploration.study import Study

MOST_MARKS = 3000
BINS = 48
WIDTH, HEIGHT = 410, 260
MOST_LINES = 500
BRUSH = "brush"


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


def pairs_chart(study: Study, pages: Mapping[int, str] | None = None, dense: DenseChip | None = None) -> Spec:
    """A panel for every pair of objectives, and the coordinates of the front below; one brush for all.

    ``pages`` are the pages of points, which a click on a mark opens; ``dense`` is drawn where it is known.
    """
    objectives = drawn_objectives(study)
    pairs = list(itertools.combinations(objectives, 2)) or [(objectives[0], objectives[0])]
    marks, rest = chosen(study)
    rows = [row_of(study, place, pages or {}) for place in marks]
    panels = [panel(study, f"pair{number}", x, y, rest, dense) for number, (x, y) in enumerate(pairs)]
    grid: Spec = {"concat": panels, "columns": 2, "spacing": 34}
    return {
        "datasets": {"points": rows, "front": coordinates(study, objectives)},
        "params": [
            {
                "name": BRUSH,
                "select": {"type": "interval", "resolve": "union"},
                "views": [f"pair{number}" for number in range(len(pairs))],
            }
        ],
        "vconcat": [grid, lines(study, objectives)],
        "spacing": 46,
        "config": CONFIG | {"view": {"stroke": None}},
    }


def drawn_objectives(study: Study) -> list[str]:
    """Objectives that tell points apart; with none of them, the first."""
    columns = {name: study.figures[name] for name in study.objectives}
    apart = [name for name, column in columns.items() if np.isfinite(column).all() and np.ptp(column) > 0]
    return apart or [study.objectives[0]]


def chosen(study: Study) -> tuple[list[int], list[int]]:
    """Places in ``study.done`` that are drawn as marks (the front, some of the others), and the others."""
    front = set(study.front_places.tolist())
    others = [place for place in range(len(study.done)) if place not in front]
    if len(front) + len(others) <= MOST_MARKS:
        return [*others, *front], []
    kept = np.random.default_rng(0).permutation(len(others))[: max(0, MOST_MARKS - len(front))]
    drawn = [others[place] for place in sorted(kept.tolist())]
    return [*drawn, *sorted(front)], others


def row_of(study: Study, place: int, pages: Mapping[int, str]) -> dict[str, Any]:
    """One mark: figures, what is said of it, its page, and its interval where it is on the front."""
    point = study.points[int(study.done[place])]
    front = np.flatnonzero(study.front_places == place)
    row: dict[str, Any] = {name: float(study.figures[name][place]) for name in study.objectives}
    row["point"] = f"point {point.number}"
    if point.number in pages:
        row["page"] = pages[point.number]
    row["on"] = bool(len(front))
    row["knee"] = point.number == study.knee
    row["set"] = ", ".join(f"{short(name)} {as_text(value)}" for name, value in point.parameters.items())
    row["cost"] = ", ".join(
        figure(name, float(study.figures[name][place])) for name in study.shown
        if np.isfinite(study.figures[name][place])
    )  # fmt: skip
    if len(front):
        for name, ends in study.intervals.items():
            low, high = ends[int(front[0])]
            if np.isfinite(low):
                row[f"{name}_low"], row[f"{name}_high"] = float(low), float(high)
    return row


def axis(name: str, wide: bool) -> Spec:
    """The axis of an objective: SI prefixes, a logarithm where values are far apart."""
    metric = METRICS[name]
    title = metric.about
    if name == "score":
        return {"title": title, "format": ".0%"}
    if name == "area":
        return {"title": f"{title}, mm²"}
    spaced = "replace(format(datum.value, '.3~s'), regexp('([^0-9.]?)$'), ' $1')"
    return {"title": title, "labelExpr": f"{spaced} + '{metric.unit}'"} | ({"tickCount": 5} if wide else {})


def scale(study: Study, name: str, dense: DenseChip | None = None) -> Spec:
    """All values with some room around them; logarithmic where the largest is ten times the smallest.

    What reaches beyond, such as the end of an interval, is drawn up to the edge.
    """
    values = study.figures[name]
    beside = dense.figures().get(name) if dense is not None else None
    ends = [float(values.min()), float(values.max()), *([] if beside is None else [beside])]
    low, high = min(ends), max(ends)
    if low > 0 and high >= 10 * low:
        room = (high / low) ** 0.05
        return {"type": "log", "domain": [low / room, high * room], "nice": False, "clamp": True}
    room = 0.06 * (high - low) or abs(high) * 0.1 or 1.0
    return {"domain": [low - room, high + room], "zero": False, "nice": False, "clamp": True}


def panel(study: Study, name: str, x: str, y: str, rest: Sequence[int], dense: DenseChip | None) -> Spec:
    """One pair of objectives: the rest as density, marks, the intervals of the front, the dense chip."""
    on_x: Spec = {"field": x, "type": "quantitative", "scale": scale(study, x, dense), "axis": axis(x, True)}
    on_y: Spec = {"field": y, "type": "quantitative", "scale": scale(study, y, dense), "axis": axis(y, False)}
    layers: list[Spec] = []
    if rest:
        layers.append(density(study, x, y, rest, on_x, on_y))
    for field, along, other, place in ((x, "x", on_y, "y"), (y, "y", on_x, "x")):
        if field in study.intervals:
            own = on_x if along == "x" else on_y
            layers.append(
                {
                    "data": {"name": "points"},
                    "transform": [{"filter": f"datum.on && isValid(datum.{field}_low)"}],
                    "mark": {"type": "rule", "color": DELTA, "opacity": 0.45},
                    "encoding": {
                        along: own | {"field": f"{field}_low"},
                        f"{along}2": {"field": f"{field}_high"},
                        place: other,
                    },
                }
            )
    layers.append(
        {
            "name": name,
            "data": {"name": "points"},
            "mark": {"type": "circle", "size": 34},
            "encoding": {
                "x": on_x,
                "y": on_y,
                "color": {"condition": {"test": "datum.on", "value": DELTA}, "value": DENSE},
                "size": {"condition": {"test": "datum.knee", "value": 150}, "value": 40},
                "opacity": {"condition": {"param": BRUSH, "value": 0.9}, "value": 0.12},
                "href": {"condition": {"test": "datum.page", "field": "page"}},
                "tooltip": [
                    {"field": "point", "title": "which"},
                    {"field": "set", "title": "set to"},
                    {"field": "cost", "title": "comes to"},
                ],
            },
        }
    )
    if dense is not None and {x, y} <= dense.figures().keys():
        layers.append(diamond(dense, on_x, on_y))
    return {"width": WIDTH, "height": HEIGHT, "layer": layers}


def diamond(dense: DenseChip, on_x: Spec, on_y: Spec) -> Spec:
    """The dense chip of equal area."""
    known = dense.figures()
    said = ", ".join(
        figure(name, known[name]) for name in ("energy", "latency", "area", "score") if name in known
    )
    row = known | {"what": f"dense, out of the parts of point {dense.point}", "cost": said}
    return {
        "data": {"values": [row]},
        "mark": {"type": "point", "shape": "diamond", "size": 170, "filled": True, "color": DENSE},
        "encoding": {
            "x": on_x,
            "y": on_y,
            "stroke": {"value": DELTA},
            "strokeWidth": {"value": 1.5},
            "tooltip": [{"field": "what", "title": "which"}, {"field": "cost", "title": "comes to"}],
        },
    }


def density(study: Study, x: str, y: str, rest: Sequence[int], on_x: Spec, on_y: Spec) -> Spec:
    """How many points lie where, as squares."""
    columns, bounds = [], []
    for name, own in ((x, on_x), (y, on_y)):
        values = study.figures[name][list(rest)]
        log = own["scale"].get("type") == "log"
        low, high = float(values.min()), float(values.max())
        edges = np.geomspace(low, high, BINS + 1) if log else np.linspace(low, high, BINS + 1)
        columns.append(np.clip(np.searchsorted(edges, values, side="right") - 1, 0, BINS - 1))
        bounds.append(edges)
    cells, count = np.unique(columns[0] * BINS + columns[1], return_counts=True)
    rows = [
        {
            "x1": float(bounds[0][cell // BINS]),
            "x2": float(bounds[0][cell // BINS + 1]),
            "y1": float(bounds[1][cell % BINS]),
            "y2": float(bounds[1][cell % BINS + 1]),
            "share": float(np.sqrt(number / count.max())),
        }
        for cell, number in zip(cells.tolist(), count.tolist(), strict=True)
    ]
    return {
        "data": {"values": rows},
        "mark": {"type": "rect", "color": DENSE, "tooltip": None},
        "encoding": {
            "x": on_x | {"field": "x1"},
            "x2": {"field": "x2"},
            "y": on_y | {"field": "y1"},
            "y2": {"field": "y2"},
            "opacity": {
                "field": "share",
                "type": "quantitative",
                "scale": {"domain": [0, 1], "range": [0.1, 0.7]},
                "legend": None,
            },
        },
    }


def coordinates(study: Study, objectives: Sequence[str]) -> list[dict[str, Any]]:
    """The front, a row for each point and coordinate: parameters, then objectives, each from 0 to 1."""
    places = study.front_places.tolist()[:MOST_LINES]
    points = [study.points[int(study.done[place])] for place in places]
    names = list(dict.fromkeys(name for point in points for name in point.parameters))
    rows: list[dict[str, Any]] = []
    columns: list[tuple[str, list[float], list[str]]] = []
    for name in names:
        given = [point.parameters.get(name) for point in points]
        columns.append((short(name), heights(given), [as_text(value) for value in given]))
    for name in objectives:
        values = study.figures[name][places]
        low, high = float(values.min()), float(values.max())
        shown = [figure(name, float(value)) for value in values]
        columns.append((name.replace("_", " "), ((values - low) / ((high - low) or 1)).tolist(), shown))
    for order, (label, height, shown) in enumerate(columns):
        for place, point, at, text in zip(places, points, height, shown, strict=True):
            row = {"point": f"point {point.number}", "along": label, "order": order, "at": at, "shown": text}
            row |= {name: float(study.figures[name][place]) for name in objectives}
            rows.append(row | {"knee": point.number == study.knee})
    return rows


def heights(given: Sequence[Any]) -> list[float]:
    """Where values lie on their axis: their place among the distinct ones, rising where they are numbers."""
    distinct = list({as_text(value): value for value in given}.values())
    numbers = [number_of(value) for value in distinct]
    if all(isinstance(number, int | float) for number in numbers):
        distinct.sort(key=lambda value: float(number_of(value) or 0))
    place = {as_text(value): number for number, value in enumerate(distinct)}
    last = max(1, len(distinct) - 1)
    return [place[as_text(value)] / last for value in given]


def lines(study: Study, objectives: Sequence[str]) -> Spec:
    """Parallel coordinates of the front: a line for each point, its knee thick."""
    along: Spec = {"field": "along", "type": "nominal", "sort": {"field": "order"}, "title": None}
    along["axis"] = {"labelAngle": 0, "grid": True, "gridColor": LINE, "labelLimit": 110}
    height: Spec = {"field": "at", "type": "quantitative", "axis": None, "scale": {"domain": [-0.05, 1.05]}}
    seen: Spec = {"condition": {"param": BRUSH, "value": 0.85}, "value": 0.06}
    return {
        "width": 2 * WIDTH + 90,
        "height": 230,
        "title": {
            "text": "The front, point by point: each axis from its least to its largest value",
            "anchor": "start", "color": MUTED, "fontWeight": "normal", "fontSize": 12,
        },
        "data": {"name": "front"},
        "layer": [
            {
                "mark": {"type": "line", "color": DELTA},
                "encoding": {
                    "x": along,
                    "y": height,
                    "detail": {"field": "point"},
                    "order": {"field": "order"},
                    "opacity": seen,
                    "strokeWidth": {"condition": {"test": "datum.knee", "value": 3}, "value": 1},
                },
            },
            {
                "mark": {"type": "circle", "size": 40, "color": DELTA},
                "encoding": {
                    "x": along,
                    "y": height,
                    "opacity": seen,
                    "tooltip": [
                        {"field": "point", "title": "which"},
                        {"field": "along", "title": "axis"},
                        {"field": "shown", "title": "value"},
                    ],
                },
            },
        ],
    }  # fmt: skip
