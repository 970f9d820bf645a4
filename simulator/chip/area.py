"""What a chip takes before it does anything: silicon area of its parts, and power at rest."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from deltasim.runtime.errors import InputError
from deltasim.simulator.chip.peaks import instances
from deltasim.simulator.chip.prices.conditions import depends_on
from deltasim.simulator.chip.prices.of_cores import logic_mm2
from deltasim.simulator.chip.prices.of_memories import arrays
from deltasim.simulator.chip.prices.of_network import router_of
from deltasim.simulator.circuits.wires import link
from deltasim.simulator.schema.quantities import nanometres

if TYPE_CHECKING:
    from deltasim.simulator.chip import Chip

NOT_MODELLED = "Control, clock trees, pads, DRAM controllers and their pins are not modelled."


class IdlePower(NamedTuple):
    """One kind of part, all ``instances`` together: square millimetres and watts at rest.

    ``area_mm2`` is None where it is not known; ``why`` says where the area is from or why it is missing.
    """

    part: str
    instances: int
    area_mm2: float | None
    static_w: float
    why: str


def idle_power(chip: Chip) -> tuple[IdlePower, ...]:
    """Cores, memories and network of a chip, in this order; what is not in any is ``NOT_MODELLED``.

    Area at the chip's node: of a core its multipliers, adders, neuron updates, comparators and their
    registers; of every on-chip memory by CACTI; of the network routers and the repeaters of links. Power:
    what the chip's prices say a part draws when nothing moves; DRAM with all rows closed (and powered down,
    where a controller does that), refresh left out.

    >>> from deltasim.simulator.chip import load_chip
    >>> [(line.part, line.instances) for line in idle_power(load_chip("mesh64-hbm"))]
    [('core', 64), ('scratchpad', 64), ('hbm', 8), ('state', 64), ('network', 1)]
    """
    lines = [line(chip, "core", chip.cores.count, watts(chip, "core.leakage"))]
    for memory in chip.memories:
        action, drawing = memory.drawn_at_rest
        rest = watts(chip, f"{memory.name}.{action}") * drawing
        lines.append(line(chip, memory.name, instances(chip, memory), rest))
    return (*lines, line(chip, "network", 1, watts(chip, "network.leakage")))


def line(chip: Chip, part: str, number: int, rest_w: float) -> IdlePower:
    """One part, so many times, each with its area and its power at rest."""
    try:
        area, why = part_area(chip, part)
    except InputError as error:
        return IdlePower(
            part, number, None, rest_w * number, f"not known: {error.rule} ({error.place}: {error.value})"
        )
    return IdlePower(part, number, None if area is None else area * number, rest_w * number, why)


def part_area(chip: Chip, part: str) -> tuple[float | None, str]:
    """Square millimetres of one instance, and how they are known. Errors: InputError where they are not."""
    if part == "core":
        area = logic_mm2(depends_on(chip, "core.leakage"))
        return area, f"arithmetic and its registers, {chip.node}"
    if part == "network":
        return network_area(chip)
    if chip.memory(part).off_chip:
        return None, "off the chip"
    found = arrays(depends_on(chip, f"{part}.leakage"))
    return math.fsum(array.area_mm2 for array in found), f"{found[0].why}, {chip.node}"


def network_area(chip: Chip) -> tuple[float, str]:
    """Routers with their buffers, and the repeaters of all links."""
    network, topology = chip.network, chip.topology
    if network.pitch_m is None:
        rule = "links are as long as tiles are apart"
        raise InputError("network.pitch", "not stated", rule, "State it.")
    wires = link(network.link_width_bits, network.pitch_m, nanometres(chip.node)).area_mm2 * len(
        topology.links
    )
    if topology.is_bus:
        return wires, f"repeaters of the bus, {chip.node}"
    conditions = depends_on(chip, "network.leakage")
    routers = conditions["routers"]
    assert isinstance(routers, int)
    area = routers * router_of(conditions).area_mm2
    return area + wires, f"{routers} routers and the repeaters of {len(topology.links)} links, {chip.node}"


def watts(chip: Chip, action: str) -> float:
    """The price of a static action; 0 for one that the chip does not know."""
    price = chip.priced.get(action)
    return price.value if price else 0.0


def known_mm2(lines: tuple[IdlePower, ...]) -> float | None:
    """The area of all parts whose area is known; None where none is."""
    known = [line.area_mm2 for line in lines if line.area_mm2 is not None]
    return math.fsum(known) if known else None


def unknown_parts(lines: tuple[IdlePower, ...]) -> tuple[str, ...]:
    """Parts on the chip whose area is not known."""
    return tuple(line.part for line in lines if line.area_mm2 is None and line.why != "off the chip")
