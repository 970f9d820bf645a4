"""What memories cost where a description does not say: CACTI's figures, fitted, or a standard's currents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from deltasim.runtime.errors import InputError
from deltasim.simulator.chip.memories import (
    Buffer,
    Cache,
    Dram,
    Memory,
    OnChip,
    Registers,
    Scratchpad,
    StandardDram,
)
from deltasim.simulator.chip.parts import Price
from deltasim.simulator.schema.quantities import nanometres
from deltasim.simulator.sram.model import SramEstimate, sram

if TYPE_CHECKING:
    from deltasim.simulator.chip.description import Chip

TAG_BITS = 32  # a tag with its state, rounded up to the narrowest word of the table
WIDEST = 1024  # bits


def arrays(chip: Chip, memory: OnChip) -> tuple[SramEstimate, ...]:
    """The arrays of one instance: its data, and of a cache its tags. Errors: InputError from the table."""
    node = nanometres(chip.node)
    banks = memory.banks if isinstance(memory, Buffer) else 1
    if isinstance(memory, Scratchpad):
        banks = chip.cores.mac.arrays
    data = sram(memory.size_bytes, memory.width_bits, node, banks)
    if not isinstance(memory, Cache):
        return (data,)
    lines = memory.size_bytes // memory.line_bytes
    return (data, sram(lines * TAG_BITS // 8, min(WIDEST, memory.ways * TAG_BITS), node))


def derived_prices(chip: Chip) -> dict[str, Price]:
    """A price for every action of the on-chip memories, from CACTI, and of DRAM of a standard, from currents.

    A scratchpad and a buffer: an access is a read of one bank. Registers: a word is written and read through
    the port. A cache: a look-up reads the tags of a set, a fill writes data. Leakage is that of an instance.
    None where CACTI's table ends.
    """
    found: dict[str, Price] = {}
    for memory in chip.memories:
        if isinstance(memory, StandardDram):
            found |= standard_prices(memory)
        elif not isinstance(memory, Dram):
            found |= dict(prices_of(chip, memory))
    return found


def standard_prices(memory: StandardDram) -> dict[str, Price]:
    """Price every action of a DRAM by the currents of its standard; pins without a source count nothing."""
    from deltasim.simulator.dram.energy import WHY, prices

    power, of = memory.standard.power, prices(memory.standard)
    kind = "estimated" if power.status == "datasheet" else power.status  # a worst case, not a measurement

    def priced(unit: str, value: float, why: str) -> Price:
        text = {unit: f"{value!r} {'W' if unit == 'power' else 'J'}", "node": "not stated", "kind": kind}
        return Price.model_validate(text | {"source": f"{why}; {power.source}"})

    found = {
        "activate": priced("energy", of.activate_j, WHY["activate"]),
        "read": priced("energy", of.read_j, WHY["read"]),
        "refresh": priced("energy", of.refresh_j, WHY["refresh"]),
        "background_active": priced("power", of.active_w, "VDD IDD3N"),
        "background_precharged": priced("power", of.precharged_w, "VDD IDD2N"),
        "background_active_down": priced("power", of.active_down_w, "VDD IDD3P"),
        "background_precharged_down": priced("power", of.precharged_down_w, "VDD IDD2P"),
    }
    pins, why = power.interface, "energy of the data pins for a bit"
    found["io"] = (
        priced("energy", pins.read, why) if pins else priced("energy", 0.0, f"not counted: no {why}")
    )
    return {f"{memory.name}.{action}": price for action, price in found.items()}


def underivable(chip: Chip, memory: Memory) -> str:
    """Why the prices of a memory do not follow from what it is; nothing where they do.

    >>> from deltasim.simulator.chip import load_chip
    >>> chip = load_chip("mesh16")
    >>> underivable(chip, chip.memories[0])
    ''
    """
    if isinstance(memory, Dram):
        return "its timing"
    if isinstance(memory, StandardDram):
        return ""
    try:
        arrays(chip, memory)
    except InputError as error:
        return f"{error.place} {error.value}: {error.rule}"
    return ""


def prices_of(chip: Chip, memory: OnChip) -> Iterator[tuple[str, Price]]:
    """Those of one memory, by action."""
    try:
        data, *tags = arrays(chip, memory)
    except InputError:
        return
    size = f"{memory.size_bytes / 1024:g} KiB of {memory.width_bits} bit"

    def priced(figure: SramEstimate, unit: str, value: str, what: str) -> Price:
        kind = "estimated" if what else figure.kind
        source = f"{figure.why}, {what or size}"
        return Price.model_validate({unit: value, "node": chip.node, "kind": kind, "source": source})

    watts = data.leakage_w + sum(part.leakage_w for part in tags)
    yield f"{memory.name}.read", priced(data, "energy", f"{data.read_j!r} J", "")
    yield f"{memory.name}.leakage", priced(data, "power", f"{watts!r} W", "with its tags" if tags else "")
    if isinstance(memory, Registers):
        yield f"{memory.name}.write", priced(data, "energy", f"{data.write_j!r} J", "")
    if isinstance(memory, Cache):
        yield f"{memory.name}.fill", priced(data, "energy", f"{data.write_j!r} J", "")
        what = f"tags of a set of {memory.ways}"
        yield f"{memory.name}.lookup", priced(tags[0], "energy", f"{tags[0].read_j!r} J", what)
