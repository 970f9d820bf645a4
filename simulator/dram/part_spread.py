"""How far DRAM parts lie from their datasheet: means and standard deviations that their maker published."""

from __future__ import annotations

import math
from functools import cache
from typing import NamedTuple

SIGMAS = 3  # all but 0.3 % of parts


class Currents(NamedTuple):
    """Milliampere of one device."""

    IDD0: float
    IDD2N: float
    IDD2P: float
    IDD3N: float
    IDD3P: float
    IDD4R: float
    IDD5: float


class MeasuredPart(NamedTuple):
    """A part by its datasheet, by its mean, and by what lies two standard deviations above the mean.

    ``cycle`` and ``row_open`` are tRC and tRAS in clocks.
    """

    name: str
    cycle: int
    row_open: int
    datasheet: Currents
    mean: Currents
    two_sigma: Currents


# The values of DRAMPower's memspecs of these names and those that end in _mu and _2s (tukl-msd/DRAMPower);
# its _3s lie as far above the _2s again as half of these lie above the mean.
PARTS = (
    MeasuredPart(
        "MICRON_1Gb_DDR3-1600_8bit_G", 38, 28,
        Currents(70.0, 45.0, 12.0, 45.0, 35.0, 140.0, 170.0),
        Currents(61.99, 36.68, 7.12, 36.78, 28.61, 119.16, 152.13),
        Currents(65.19, 40.0, 9.07, 40.07, 31.16, 127.49, 159.28),
    ),
    MeasuredPart(
        "MICRON_2Gb_DDR3-1600_16bit_D", 38, 28,
        Currents(110.0, 42.0, 12.0, 45.0, 45.0, 270.0, 215.0),
        Currents(98.06, 33.49, 6.62, 34.59, 34.59, 232.24, 193.62),
        Currents(102.83, 36.89, 8.77, 38.75, 38.75, 247.34, 202.17),
    ),
)  # fmt: skip


def weights(part: MeasuredPart) -> dict[str, Currents]:
    """By what each current counts in the price of an action (`deltasim.simulator.dram.energy.prices`)."""
    none = Currents(*[0.0] * len(Currents._fields))
    restored = part.cycle - part.row_open
    return {
        "activate": none._replace(IDD0=part.cycle, IDD3N=-part.row_open, IDD2N=-restored),
        "read": none._replace(IDD4R=1, IDD3N=-1),
        "refresh": none._replace(IDD5=1, IDD3N=-1),
        "background_active": none._replace(IDD3N=1),
        "background_precharged": none._replace(IDD2N=1),
        "background_active_down": none._replace(IDD3P=1),
        "background_precharged_down": none._replace(IDD2P=1),
    }


@cache
def shares() -> dict[str, tuple[float, float]]:
    """Between which shares of its datasheet's price an action costs what it does.

    Rule: from three standard deviations below the mean of the lowest part to the datasheet, which states
    maxima; a difference of maxima, as an activate is, may lie below what parts take: then to three standard
    deviations above the mean of the highest. Currents are taken as independent.

    >>> {action: (round(low, 2), round(high, 2)) for action, (low, high) in shares().items()}["activate"]
    (0.76, 1.26)
    """
    found: dict[str, tuple[float, float]] = {}
    for part in PARTS:
        sigma = [(high - mean) / 2 for high, mean in zip(part.two_sigma, part.mean, strict=True)]
        for action, weight in weights(part).items():
            stated = sum(w * current for w, current in zip(weight, part.datasheet, strict=True))
            mean = sum(w * current for w, current in zip(weight, part.mean, strict=True))
            reach = SIGMAS * math.hypot(*(w * one for w, one in zip(weight, sigma, strict=True)))
            low, high = found.get(action, (1.0, 1.0))
            found[action] = min(low, (mean - reach) / stated), max(high, (mean + reach) / stated)
    return found
