"""Chips of silicon beside what was published of them: every figure a row, misses and gaps included."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from deltasim.runtime.errors import InputError, nearest
from deltasim.simulator.chip import chip_names
from deltasim.validation.row import Row
from deltasim.validation.silicon import deltakws, deltarnn, edgedrnn, loihi, spartus

PUBLISHED: dict[str, Callable[[], Iterator[Row]]] = {
    "edgedrnn": edgedrnn.rows,
    "deltarnn": deltarnn.rows,
    "spartus": spartus.rows,
    "deltakws": deltakws.rows,
    "loihi": loihi.rows,
}

__all__ = ["PUBLISHED", "Row", "validate"]


def validate(chip: str | None = None) -> tuple[Row, ...]:
    """Simulate a chip, or every chip of silicon, at its published operating points.

    Errors: InputError for a chip that nothing is published of.

    >>> rows = validate("deltakws")
    >>> [row.verdict for row in rows if row.figure == "power"]
    ['kept']
    """
    if chip is None:
        return tuple(row for rows in PUBLISHED.values() for row in rows())
    if chip not in PUBLISHED:
        known = chip in chip_names()
        rule = "nothing is published of this chip" if known else "there is no such chip"
        raise InputError("chip", chip, rule, nearest(chip, PUBLISHED))
    return tuple(PUBLISHED[chip]())
