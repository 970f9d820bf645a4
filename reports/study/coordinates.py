"""Parallel coordinates of the front: a line for each point over its parameters, then its objectives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from deltasim.exploration.space.parameters import number_of
from deltasim.reports.page.parts import Spec
from deltasim.reports.page.theme import CONFIG, FITTED, LINE
from deltasim.reports.study.words import as_text, figure, short

if TYPE_CHECKING:
    from deltasim.exploration.study import Study

MOST_LINES = 500
HEIGHT, ROOM = 230, 0.05


class Coordinates(NamedTuple):
    """The axes by name; of each an entry for every point: its height from 0 to 1, its value in words."""

    labels: list[str]
    heights: list[list[float]]
    shown: list[list[str]]

    def rows(self, front: int) -> dict[str, Any]:
        """The same with an entry for each point; ``front`` is the place of the first among the marks."""
        at = np.round((np.array(self.heights).T + ROOM) / (1 + 2 * ROOM), 4).tolist()
        shown = [list(row) for row in zip(*self.shown, strict=True)]
        return {"chart": "coordinates", "first": front, "labels": self.labels, "at": at, "shown": shown}


def coordinates(study: Study, objectives: Sequence[str]) -> Coordinates:
    """The first 500 points of the front."""
    places = study.front_places.tolist()[:MOST_LINES]
    points = [study.points[int(study.done[place])] for place in places]
    found = Coordinates([], [], [])
    for name in dict.fromkeys(name for point in points for name in point.parameters):
        given = [point.parameters.get(name) for point in points]
        found.labels.append(short(name))
        found.heights.append(heights(given))
        found.shown.append([as_text(value) for value in given])
    for name in objectives:
        values = study.figures[name][places]
        low, high = float(values.min()), float(values.max())
        found.labels.append(name.replace("_", " "))
        found.heights.append(((values - low) / ((high - low) or 1)).tolist())
        found.shown.append([figure(name, float(value)) for value in values])
    return found


def heights(given: Sequence[Any]) -> list[float]:
    """Where values lie on their axis: their place among the distinct ones, rising where they are numbers.

    >>> heights(["16 KiB", "4 KiB", "8 KiB"]), heights(["torus:4x4", "mesh:4x4"])
    ([1.0, 0.0, 0.5], [0.0, 1.0])
    """
    distinct = list({as_text(value): value for value in given}.values())
    numbers = [number_of(value) for value in distinct]
    if all(isinstance(number, int | float) for number in numbers):
        distinct.sort(key=lambda value: float(number_of(value) or 0))
    place = {as_text(value): number for number, value in enumerate(distinct)}
    last = max(1, len(distinct) - 1)
    return [place[as_text(value)] / last for value in given]


def coordinates_chart(labels: Sequence[str]) -> Spec:
    """The axes, named; where little room is left, the names are turned."""
    narrow = f"width < {120 * len(labels)}"
    turned: Spec = {
        "labelAngle": {"expr": f"{narrow} ? -40 : 0"},
        "labelAlign": {"expr": f"{narrow} ? 'right' : 'center'"},
        "labelBaseline": {"expr": f"{narrow} ? 'middle' : 'top'"},
    }
    along: Spec = {"field": "along", "type": "nominal", "sort": None, "title": None}
    along["axis"] = turned | {"grid": True, "gridColor": LINE, "labelLimit": 110, "labelOverlap": False}
    along["scale"] = {"type": "point", "padding": 0.5}
    return {
        "data": {"values": [{"along": label} for label in labels]},
        "mark": {"type": "point", "opacity": 0, "tooltip": None},
        "encoding": {"x": along},
        "width": "container",
        "height": HEIGHT,
        "autosize": FITTED,
        "config": CONFIG,
    }
