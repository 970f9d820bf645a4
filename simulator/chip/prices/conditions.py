"""What the price of an action depends on, on a chip: size, width, banks, bits, clock, node and the like.

A price holds as long as these are what they were when it was given. The table is ``depends_on``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from quantiphy import Quantity

from deltasim.runtime.errors import InputError
from deltasim.simulator.circuits.arithmetic import Number
from deltasim.simulator.schema.quantities import (
    QuantityError,
    plain_node,
    read_bits,
    read_frequency,
    read_size,
    size_text,
)

if TYPE_CHECKING:
    from deltasim.simulator.chip.description import Chip

Value = int | float | str
Conditions = Mapping[str, Value]
ANY = "any"


def read_count(text: object) -> int:
    """A whole number, at least 1."""
    if isinstance(text, bool) or not str(text).isascii() or not str(text).isdigit() or len(str(text)) > 18:
        raise QuantityError("expected a whole number", "Write a number without a unit.")
    return int(str(text))


def read_number(text: object) -> str:
    """A number format in its one spelling."""
    try:
        return str(Number.read(str(text)))
    except InputError as error:
        raise QuantityError(error.rule, error.remedy) from None


# name -> how it is read, and what follows its value where it is written
FORMS: dict[str, tuple[Callable[[object], Value], str]] = {
    "size": (read_size, " B"),
    "line": (read_size, " B"),
    "row": (read_size, " B"),
    "burst": (read_size, " B"),
    "width": (read_bits, " bit"),
    "message": (read_bits, " bit"),
    "weight": (read_number, ""),
    "activation": (read_number, ""),
    "accumulator": (read_number, ""),
    "clock": (read_frequency, " Hz"),
    "node": (plain_node, ""),
    "standard": (str, ""),
    "refresh": (str, ""),
    **{name: (read_count, "") for name in ("banks", "ways", "lanes", "updates", "elements", "buffer")},
    **{name: (read_count, "") for name in ("routers", "ports", "lines", "cycles", "edges")},
}


@lru_cache(4096)
def read(name: str, text: object) -> Value:
    """A condition from what a description has. Errors: QuantityError."""
    return FORMS[name][0](text)


def written(name: str, value: Value) -> str:
    """A condition as a description has it.

    >>> written("size", 65536), written("node", "22 nm"), written("banks", 2)
    ('65536 B', '22 nm', '2')
    """
    return ANY if value == ANY else f"{value}{FORMS[name][1]}"


def shown(name: str, value: Value) -> str:
    """A condition as a sentence has it.

    >>> shown("size", 65536), shown("clock", 1.25e8), shown("width", 64), shown("banks", 2)
    ('64 KiB', '125 MHz', '64 bit', '2')
    """
    if name == "clock" and value != ANY:
        return str(Quantity(value, "Hz").render(prec=3))
    if FORMS[name][1] == " B" and isinstance(value, int):
        return size_text(value)
    return written(name, value)


def depends_on(chip: Chip, action: str) -> dict[str, Value]:
    """What the price of an action depends on, by name.

    >>> from deltasim.simulator.chip import load_chip
    >>> depends_on(load_chip("mesh16"), "scratchpad.read")
    {'size': 524288, 'width': 64, 'node': '22 nm', 'banks': 1, 'clock': 500000000.0}
    """
    part, _, name = action.partition(".")
    memory = next((memory for memory in chip.memories if memory.name == part), None)
    if memory is not None:
        return memory.conditions(name, chip)
    network, cores = chip.network, chip.cores
    if action == "joined.flit" and network.joined is not None:
        return {"width": network.joined.link.width_bits, "clock": network.joined.link.clock_hz}
    if part == "core":
        found: dict[str, Value] = {"node": plain_node(chip.node), "clock": cores.clock_hz}
        return of_core(chip, action) | found
    found = {"width": network.link_width_bits, "node": plain_node(chip.node), "clock": network.clock_hz}
    if network.buffer_flits and network.virtual_channels and not action.startswith("link"):
        found["buffer"] = network.buffer_flits * network.virtual_channels
    if not action.startswith("link"):
        found["ports"] = switch_ports(chip)
    return found | ({"routers": routers(chip)} if action == "network.leakage" else {})


def of_core(chip: Chip, action: str) -> dict[str, Value]:
    """What prices of a core depend on beside node and clock; none of arithmetic where none is stated."""
    cores = chip.cores
    if action in ("core.send", "core.receive"):
        return {"message": chip.network.message_bits}
    if cores.arithmetic is None or action.startswith(("core.state", "core.emit", "core.access")):
        return {}
    numbers: dict[str, Value] = {
        "weight": cores.arithmetic.weight,
        "activation": cores.arithmetic.activation,
        "accumulator": cores.arithmetic.accumulator,
    }
    if action in ("core.update", "core.scan"):
        return {"activation": numbers["activation"]}
    if action == "core.mac":
        return numbers
    return numbers | {
        "lanes": cores.mac.lanes * cores.mac.arrays,
        "updates": cores.update.lanes,
        "elements": cores.scan.elements_per_cycle,
    }


def switch_ports(chip: Chip) -> int:
    """Ports of the largest router, the one to its core included."""
    if chip.topology.is_bus:
        return 0
    return 1 + max(Counter(link.start for link in chip.topology.links).values(), default=0)


def routers(chip: Chip) -> int:
    """How many routers the network has."""
    topology = chip.topology
    if topology.is_bus:
        return 0
    return topology.nodes if topology.routers else topology.nodes - topology.cores


def inherited(chip: Chip, action: str, measured_power: bool) -> dict[str, Value]:
    """What a price holds for that does not name it itself.

    The clock is among it only for a power at rest that was measured, with the clock running, and for a memory
    off the chip, whose currents belong to its clock: elsewhere a count costs the same at any clock.
    """
    found = depends_on(chip, action)
    part = action.split(".")[0]
    off_chip = any(memory.name == part and memory.off_chip for memory in chip.memories)
    return found if off_chip or measured_power else {n: v for n, v in found.items() if n != "clock"}


def own_values(holds_for: Mapping[str, Any] | None) -> dict[str, Value]:
    """What a price names itself. Errors: QuantityError for a value that cannot be read."""
    return {
        name: ANY if text == ANY else read(name, text)
        for name, text in (holds_for or {}).items()
        if name in FORMS
    }
