"""What a chip takes before it does anything: silicon area of its memories, and power at rest."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from deltasim.runtime.errors import InputError
from deltasim.simulator.chip.peaks import instances

if TYPE_CHECKING:
    from deltasim.simulator.chip import Chip
    from deltasim.simulator.chip.memories import Dram, OnChip, StandardDram


class IdlePower(NamedTuple):
    """One kind of part, all ``instances`` together: square millimetres and watts at rest.

    ``area_mm2`` is None where nobody knows it; ``why`` says where the area is from or why it is missing.
    """

    part: str
    instances: int
    area_mm2: float | None
    static_w: float
    why: str


def idle_power(chip: Chip) -> tuple[IdlePower, ...]:
    """Cores, memories and network of a chip, in this order.

    Area: every on-chip memory by the CACTI fit of ``simulator.sram`` at the chip's node; logic and wires are
    not in it. Power: what the chip's prices say a part draws when nothing moves; DRAM with all rows closed
    (and powered down, where a controller does that), refresh left out.

    >>> from deltasim.simulator.chip import load_chip
    >>> [(line.part, line.instances) for line in idle_power(load_chip("mesh64-hbm"))]
    [('core', 64), ('scratchpad', 64), ('hbm', 8), ('network', 1)]
    """
    cores = chip.cores.count
    lines = [IdlePower("core", cores, None, watts(chip, "core.leakage") * cores, "logic: not modelled")]
    for memory in chip.memories:
        number = instances(chip, memory)
        if memory.kind == "dram":
            lines.append(
                IdlePower(memory.name, number, None, dram_watts(chip, memory) * number, "off the chip")
            )
            continue
        area, why = memory_area(chip, memory)
        power = watts(chip, f"{memory.name}.leakage") * number
        lines.append(IdlePower(memory.name, number, None if area is None else area * number, power, why))
    lines.append(IdlePower("network", 1, None, watts(chip, "network.leakage"), "logic: not modelled"))
    return tuple(lines)


def dram_watts(chip: Chip, memory: Dram | StandardDram) -> float:
    """What the DRAM at one port draws with nothing to do: all its ranks, powered down where they ever are."""
    from deltasim.simulator.chip.memories import StandardDram

    if isinstance(memory, StandardDram):
        state = "background_precharged_down" if memory.power_down_after else "background_precharged"
        return watts(chip, f"{memory.name}.{state}") * memory.ranks
    return watts(chip, f"{memory.name}.background_precharged")


def watts(chip: Chip, action: str) -> float:
    """The price of a static action; 0 for one that the chip does not know."""
    price = chip.priced.get(action)
    return price.value if price else 0.0


def memory_area(chip: Chip, memory: OnChip) -> tuple[float | None, str]:
    """Square millimetres of one instance, and where that is from; None where the fit does not reach."""
    from deltasim.simulator.chip.silicon import arrays

    if chip.node == "not stated":
        return None, f"node: {chip.node}"
    try:
        found = arrays(chip, memory)
    except InputError as error:
        return None, f"{error.value}: {error.rule}"
    return math.fsum(part.area_mm2 for part in found), f"{found[0].why}, {chip.node}"


def memory_mm2(lines: tuple[IdlePower, ...]) -> float | None:
    """The area of all on-chip memories together; None where none is known."""
    known = [line.area_mm2 for line in lines if line.area_mm2 is not None]
    return math.fsum(known) if known else None
