"""The points of a study as marks: which are drawn one by one, which as density, and what is said of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from deltasim.reports.study.scales import Reals, Scale
from deltasim.reports.study.words import as_text, figure, short

if TYPE_CHECKING:
    from deltasim.exploration.study import Study

MOST_MARKS = 3000
BINS = 48
LEVELS = 8
DIGITS = 4  # of a place from 0 to 1: a twentieth of a pixel


def chosen(study: Study) -> tuple[list[int], list[int]]:
    """Places in ``study.done`` that are drawn as marks (some of the others, then the front), and the others.

    Without too many points all are marks, and no others are left.
    """
    front = study.front_places.tolist()
    others = np.setdiff1d(np.arange(len(study.done)), study.front_places).tolist()
    if len(front) + len(others) <= MOST_MARKS:
        return [*others, *front], []
    kept = np.random.default_rng(0).permutation(len(others))[: max(0, MOST_MARKS - len(front))]
    drawn = [others[place] for place in sorted(kept.tolist())]
    return [*drawn, *front], others


def told(study: Study, marks: Sequence[int], pages: Mapping[int, str]) -> dict[str, Any]:
    """What is said of every mark, and the pages of those that have one, by the mark's place."""
    points = [study.points[int(study.done[place])] for place in marks]
    rows = zip(*(study.figures[name][list(marks)].tolist() for name in study.shown), strict=True)
    return {
        "which": [f"point {point.number}" for point in points],
        "set": [
            ", ".join(f"{short(name)} {as_text(value)}" for name, value in point.parameters.items())
            for point in points
        ],
        "cost": [
            ", ".join(figure(*one) for one in zip(study.shown, row, strict=True) if np.isfinite(one[1]))
            for row in rows
        ],
        "pages": {row: pages[point.number] for row, point in enumerate(points) if point.number in pages},
    }  # fmt: skip


def places_of(scale: Scale, values: Reals | list[float]) -> list[float]:
    """How far along its axis each value lies, from 0 to 1."""
    rounded: list[float] = np.round(scale.shares(values), DIGITS).tolist()
    return rounded


def intervals(study: Study, name: str, scale: Scale) -> list[list[float] | None]:
    """Of each point of the front where its interval begins and ends; None where it was seen once."""
    ends = study.intervals[name]
    known = np.isfinite(ends[:, 0])
    shares = np.round(scale.shares(np.where(np.isfinite(ends), ends, scale.low)), DIGITS)
    return [row if there else None for row, there in zip(shares.tolist(), known.tolist(), strict=True)]


def density(
    study: Study, scales: Mapping[str, Scale], x: str, y: str, rest: Sequence[int]
) -> list[dict[str, Any]]:
    """How many points lie where: squares (column, row) of a panel, together where they are equally dark.

    A panel has 48 by 48; the darkest holds most points, and opacity grows with the root of their number.
    """
    if not rest:
        return []
    column, row = (
        np.minimum((scales[name].shares(study.figures[name][list(rest)]) * BINS).astype(np.int64), BINS - 1)
        for name in (x, y)
    )
    cells, count = np.unique(column * BINS + row, return_counts=True)
    level = np.ceil(np.sqrt(count / count.max()) * LEVELS).astype(np.int64)
    return [
        {
            "opacity": round(0.1 + 0.6 * number / LEVELS, 3),
            "squares": [[cell // BINS, cell % BINS] for cell in cells[level == number].tolist()],
            "side": 1 / BINS,
        }
        for number in np.unique(level).tolist()
    ]
