"""What the on-chip memories of a chip cost where its description does not say: CACTI's figures, fitted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from networks.errors import InputError
from simulator.chip.parts import Buffer, Cache, OnChip, Price, Registers, Scratchpad
from simulator.chip.quantities import nanometres
from simulator.sram.model import SramEstimate, sram

if TYPE_CHECKING:
    from simulator.chip.description import Chip

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
    """A price for every action of the on-chip memories, from CACTI; none where its table ends.

    A scratchpad and a buffer: an access is a read of one bank. Registers: a word is written and read through
    the port. A cache: a look-up reads the tags of a set, a fill writes data. Leakage is that of an instance.
    """
    memories = [memory for memory in chip.memories if memory.kind != "dram"]
    return {name: price for memory in memories for name, price in prices_of(chip, memory)}


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
