"""Energy of a DRAM from counts: joules for each command, watts for each state a rank can be in."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from deltasim.runtime.errors import InputError
from deltasim.simulator.dram.scheduling import fields as at
from deltasim.simulator.dram.scheduling.rank_states import state_ticks
from deltasim.simulator.dram.scheduling.state import Memory
from deltasim.simulator.dram.standard import Rail, Standard
from deltasim.simulator.dram.timing import Timing


class Prices(NamedTuple):
    """Joules for each command of a rank, and watts for each state it can be in."""

    activate_j: float  # activate and precharge together
    read_j: float
    write_j: float
    refresh_j: float
    io_read_j: float
    io_write_j: float
    active_w: float  # a row is open
    precharged_w: float
    active_down_w: float  # powered down
    precharged_down_w: float


def prices(standard: Standard, refresh: str = "all-bank") -> Prices:
    """Price the commands and states of one rank from its currents, over all supplies and devices.

    ACT+PRE = V (IDD0 tRC - IDD3N tRAS - IDD2N (tRC - tRAS)); RD = V (IDD4R - IDD3N) tBL, WR likewise;
    REF = V (IDD5 - IDD3N) tRFC; background V IDD3N with a row open, V IDD2N without, V IDD3P and V IDD2P
    powered down. Source: Micron TN-41-01, as in DRAMsim3 and DRAMPower. The refresh of a part of the banks
    is its share of REF: all parts together restore as many rows.

    Errors: InputError where no energy follows (`Standard.no_energy`).

    >>> from deltasim.simulator.dram.loading import load_standard
    >>> of = prices(load_standard("LPDDR4-3200"))
    >>> f"{of.activate_j * 1e9:.2f} nJ, {of.read_j / 256 * 1e12:.2f} + {of.io_read_j / 256 * 1e12:.2f} pJ/bit"
    '1.20 nJ, 5.26 + 3.21 pJ/bit'
    """
    power = standard.power
    if power is None or standard.no_energy():
        remedy = "Give the currents of this clock in power."
        raise InputError("energy", "unknown", standard.no_energy(), remedy)
    cycle, row_open, restored, burst = (standard.seconds(name) for name in ("tRC", "tRAS", "tRFC", "tBL"))
    rails, devices = tuple(power.rails.values()), power.devices
    parts = standard.refresh_parts(refresh)

    def total(of_rail: Callable[[Rail], float]) -> float:
        return devices * sum((rail.voltage * of_rail(rail) for rail in rails), 0.0)

    bits, pins = 8 * standard.organisation.burst, power.interface
    return Prices(
        activate_j=total(
            lambda rail: rail.IDD0 * cycle - rail.IDD3N * row_open - rail.IDD2N * (cycle - row_open)
        ),
        read_j=total(lambda rail: (rail.IDD4R - rail.IDD3N) * burst),
        write_j=total(lambda rail: (rail.IDD4W - rail.IDD3N) * burst),
        refresh_j=total(lambda rail: (rail.IDD5 - rail.IDD3N) * restored) / parts,
        io_read_j=bits * pins.read if pins else 0.0,
        io_write_j=bits * pins.write if pins else 0.0,
        active_w=total(lambda rail: rail.IDD3N),
        precharged_w=total(lambda rail: rail.IDD2N),
        active_down_w=total(lambda rail: rail.IDD3P),
        precharged_down_w=total(lambda rail: rail.IDD2P),
    )


WHY = {
    "activate": "VDD (IDD0 tRC - IDD3N tRAS - IDD2N (tRC - tRAS))",
    "read": "VDD (IDD4R - IDD3N) BL/2",
    "refresh": "VDD (IDD5 - IDD3N) tRFC",
}


class Energy(NamedTuple):
    """Joules of a run by cause. Background is standby and power-down together; io is the data pins."""

    activate_j: float
    read_j: float
    write_j: float
    refresh_j: float
    background_j: float
    io_j: float
    total_j: float


def energy_of(
    memory: Memory, timing: Timing, standard: Standard, elapsed: int, refresh: str = "all-bank"
) -> Energy:
    """Price what a memory did from tick 0 to ``elapsed``: counts times prices, states times powers."""
    price, count = prices(standard, refresh), memory.counts.sum(axis=0)
    ticks = state_ticks(memory, timing, elapsed)
    powers = (price.active_w, price.precharged_w, price.active_down_w, price.precharged_down_w)
    seconds = timing.tick_ps * 1e-12
    parts = (
        float(count[at.ACTIVATED]) * price.activate_j,
        float(count[at.READS]) * price.read_j,
        float(count[at.WRITES]) * price.write_j,
        float(count[at.REFRESHED]) * price.refresh_j,
        sum(spent * seconds * power for spent, power in zip(ticks, powers, strict=True)),
        float(count[at.READS]) * price.io_read_j + float(count[at.WRITES]) * price.io_write_j,
    )
    return Energy(*parts, total_j=sum(parts))
