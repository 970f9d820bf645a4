"""What each parameter is worth: what its values change, all else being equal, in the points of a study."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from deltasim.exploration.metrics import METRICS
from deltasim.exploration.space.parameters import number_of

if TYPE_CHECKING:
    from deltasim.exploration.study import Study

NEGLIGIBLE, NEAR = 0.01, 0.1
"""Of a figure, a change that is nothing; of its range, what is as good as the end of it."""


MOST_VALUES = 64
"""Of a parameter: among more, hardly any two points differ in it alone."""


class Worth(NamedTuple):
    """What a parameter does to a figure, from value to value, the others as they are.

    ``levels`` are the figure at each of ``values``, with the median change of all pairs of points that
    differ in this parameter alone, from the median at the first value on; ``pairs`` how many there were.
    ``fits`` is the first value with which, and with all later ones, all weights lie on the chip.
    """

    parameter: str
    metric: str
    values: tuple[Any, ...]
    ordered: bool
    levels: tuple[float, ...]
    pairs: int
    fits: Any | None


@lru_cache(1)
def worths(study: Study) -> list[Worth]:
    """For each parameter and figure what it is worth, where it changes by 1 % or more."""
    points = [study.points[place] for place in study.done.tolist()]
    names = list(dict.fromkeys(name for point in points for name in point.parameters))
    given = {name: [point.parameters.get(name) for point in points] for name in names}
    keys = {name: keys_of(values) for name, values in given.items()}
    found = []
    for name in names:
        if not 2 <= len(set(keys[name])) <= MOST_VALUES:
            continue
        values, ordered = values_of(given[name])
        place = {as_key(value): number for number, value in enumerate(values)}
        groups: dict[tuple[str, ...], dict[int, int]] = {}
        others = [keys[other] for other in names if other != name]
        for row, (key, *rest) in enumerate(zip(keys[name], *others, strict=True)):
            groups.setdefault(tuple(rest), {})[place[key]] = row
        off_chip = np.array([point.off_chip_bytes for point in points])
        for metric in study.shown:
            column = study.figures[metric]
            if np.isnan(column).any():
                continue
            levels, pairs = levels_of(column, groups, len(values))
            if pairs and max(levels) - min(levels) > NEGLIGIBLE * max(abs(level) for level in levels):
                fits = first_fit(off_chip, groups, values) if ordered else None
                found.append(Worth(name, metric, values, ordered, tuple(levels), pairs, fits))
    return found


def as_key(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def keys_of(given: Sequence[Any]) -> list[str]:
    """The key of each value; of texts and whole numbers, equal ones are written once."""
    known: dict[tuple[type, Any], str] = {}
    found = []
    for value in given:
        if type(value) in (str, int):
            name = (type(value), value)
            if name not in known:
                known[name] = as_key(value)
            found.append(known[name])
        else:
            found.append(as_key(value))
    return found


def values_of(given: Sequence[Any]) -> tuple[tuple[Any, ...], bool]:
    """The distinct values, rising where they are numbers, and whether they are.

    >>> values_of(["8 KiB", "4 KiB", "8 KiB"]), values_of(["trained", 0.1])
    ((('4 KiB', '8 KiB'), True), (('trained', 0.1), False))
    """
    distinct = list(dict(zip(keys_of(given), given, strict=True)).values())
    if all(isinstance(number_of(value), int | float) for value in distinct):
        return tuple(sorted(distinct, key=lambda value: float(number_of(value) or 0))), True
    return tuple(distinct), False


def levels_of(
    column: Any, groups: dict[tuple[str, ...], dict[int, int]], count: int
) -> tuple[list[float], int]:
    """The figure at each value, by the median change from one to the next that a group has."""
    first = [column[rows[min(rows)]] for rows in groups.values() if min(rows) == 0]
    levels = [float(np.median(first))] if first else [float("nan")]
    pairs = 0
    for place in range(1, count):
        changes = [
            column[rows[place]] / column[rows[place - 1]]
            for rows in groups.values()
            if place in rows and place - 1 in rows and column[rows[place - 1]]
        ]
        pairs += len(changes)
        levels.append(levels[-1] * float(np.median(changes)) if changes else levels[-1])
    return levels, pairs if first else 0


def first_fit(
    off_chip: Any, groups: dict[tuple[str, ...], dict[int, int]], values: Sequence[Any]
) -> Any | None:
    """The first value from which on nothing lies off the chip, where something did before."""
    most = [
        max((int(off_chip[rows[place]]) for rows in groups.values() if place in rows), default=0)
        for place in range(len(values))
    ]
    fitting = [place for place in range(len(values)) if not any(most[place:])]
    return values[fitting[0]] if fitting and fitting[0] > 0 else None


def best(worth: Worth) -> tuple[int, int]:
    """The place of the least value from which on nothing is gained any more, and of the worst."""
    costs = [-level if METRICS[worth.metric].more else level for level in worth.levels]
    least, most = min(costs), max(costs)
    place = next(number for number, cost in enumerate(costs) if cost <= least + NEGLIGIBLE * (most - least))
    return place, 0 if costs[0] >= most - NEAR * (most - least) else costs.index(most)
