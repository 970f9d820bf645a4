"""A race: a point's sequences one by one, until it is dominated with confidence or all are there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from deltasim.exploration.front import Flags, Reals
from deltasim.exploration.metrics import Measured, figures
from deltasim.exploration.pricing import PriceTable
from deltasim.exploration.racing.capital import Capital
from deltasim.exploration.racing.order import PART
from deltasim.runtime.arrays import Integers

Row = tuple[int, ...]


class Race(NamedTuple):
    """What a point is raced against, as a worker has to know it.

    ``names`` are the figures compared by sequence; ``costs`` what each rival costs, shape (rivals, figures,
    sequences); ``asked`` those in which the point has to be shown dearer, shape (rivals, figures).
    ``chance`` is that of dropping the point wrongly, ``seed`` draws the order; ``bounded``: what a sequence
    takes at least is used.
    """

    rivals: tuple[int, ...]
    names: tuple[str, ...]
    costs: Reals
    asked: Flags
    chance: float
    seed: int
    bounded: bool


class Raced(NamedTuple):
    """A point that is dominated with confidence, by the point of number ``by``.

    ``counts`` and ``elapsed_ps`` are those of the ``sequences`` that were simulated.
    """

    by: int
    sequences: int
    counts: Row
    elapsed_ps: int


def by_sequence(
    each: Sequence[Sequence[int]], latencies_ps: Sequence[int], table: PriceTable, names: Sequence[str]
) -> Reals:
    """Figures of every sequence by itself. Shape (figures, sequences)."""
    count = len(latencies_ps)
    unknown = np.full(count, np.nan)
    measured = Measured(
        counts=np.array(each, np.float64),
        elapsed_ps=np.array(latencies_ps, np.float64),
        sequences=np.ones(count),
        area_mm2=unknown,
        score=unknown,
        off_chip_bytes=unknown,
        chosen=np.zeros(count, np.int64),
        tables=[table],
        instead={},
    )
    return np.stack(list(figures(measured, names).values()))


def until_dominated(
    race: Race, order: Integers, least: Reals, table: PriceTable, running: Iterable[tuple[Row, int]]
) -> Raced | None:
    """Take counts and picoseconds of sequences, ``order`` by ``order``, until the point is dominated.

    ``least``: what a sequence costs at least, shape (figures, sequences). None if all were taken.
    """
    capital = Capital(race.costs[..., order], least[:, order], race.asked)
    rows: list[Row] = []
    times: list[int] = []
    for row, elapsed_ps in running:
        rows.append(row)
        times.append(elapsed_ps)
        if PART <= len(rows) < len(order):
            new = slice(capital.seen, None)
            capital.enter(by_sequence(rows[new], times[new], table, race.names))
            if capital.reached(race.chance):
                return Raced(race.rivals[capital.strongest()], len(rows), summed(rows), sum(times))
    return None


def summed(rows: Sequence[Row]) -> Row:
    """The counts of several sequences together."""
    return tuple(sum(column) for column in zip(*rows, strict=True))
