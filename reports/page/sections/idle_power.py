"""What the chip takes before it does anything: area of its parts and power at rest."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from deltasim.reports.page.parts import Grid, Section
from deltasim.reports.quantities import ABSENT, count, percent, quantity
from deltasim.simulator.chip.area import NOT_MODELLED, idle_power, known_mm2, unknown_parts

if TYPE_CHECKING:
    from deltasim.reports.measured import Measured

HEADINGS = ("part", "instances", "area", "power at rest", "area known from")


def section(result: Measured) -> Section:
    """Area and static power, a row for each kind of part."""
    lines = idle_power(result.chip)
    power = math.fsum(line.static_w for line in lines)
    area, unknown = known_mm2(lines), unknown_parts(lines)
    static = result.energy.by_part.get("static", 0.0)
    share = percent(static / result.energy.total_j if result.energy.total_j else 0.0)
    without = f", without {' and '.join(unknown)}, whose area is not known" if unknown else ""
    takes = (
        f"The chip takes {square(area)}{without}."
        if area is not None
        else "The area of the chip is not known from its description."
    )
    sentence = (
        f"{takes} At rest, with DRAM idle and not refreshed, it draws {quantity(power, 'W')}. "
        f"Leakage takes {share} of the energy of this run. {NOT_MODELLED}"
    )
    rows = tuple(
        (line.part, count(line.instances), square(line.area_mm2), quantity(line.static_w, "W"), line.why)
        for line in lines
    )
    grid = Grid("Parts", HEADINGS, rows, left=("part", "area known from"))
    return Section("standing", "Area and power at rest", sentence, grids=(grid,))


def square(area: float | None) -> str:
    """Write an area.

    >>> square(7.2337), square(0.1132), square(None)
    ('7.23 mm²', '0.113 mm²', '–')
    """
    return ABSENT if area is None else f"{area:.3g} mm²"
