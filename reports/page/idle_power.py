"""What the chip takes before it does anything: area of its memories and power at rest."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from deltasim.reports.page.parts import Grid, Section
from deltasim.reports.quantities import ABSENT, count, percent, quantity
from deltasim.simulator.chip.area import idle_power, memory_mm2

if TYPE_CHECKING:
    from deltasim.reports.measured import Measured

HEADINGS = ("part", "instances", "area", "power at rest", "area known from")


def section(result: Measured) -> Section:
    """Area and static power, a row for each kind of part."""
    lines = idle_power(result.chip)
    power = math.fsum(line.static_w for line in lines)
    area = memory_mm2(lines)
    static = result.energy.by_part.get("static", 0.0)
    share = percent(static / result.energy.total_j if result.energy.total_j else 0.0)
    memories = (
        f"On-chip memories take {square(area)}; logic and wires are not in it."
        if area is not None
        else "The area of the chip is not known from its description."
    )
    sentence = (
        f"{memories} At rest, with DRAM idle, the chip draws {quantity(power, 'W')}. "
        f"Leakage takes {share} of the energy of this run."
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
