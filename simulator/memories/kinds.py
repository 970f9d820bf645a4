"""The table of kinds of memory."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Tag

from deltasim.simulator.memories.buffer import Buffer
from deltasim.simulator.memories.cache import Cache
from deltasim.simulator.memories.dram import Dram, DramTiming
from deltasim.simulator.memories.record import MemoryRecord
from deltasim.simulator.memories.registers import Registers
from deltasim.simulator.memories.scratchpad import Scratchpad
from deltasim.simulator.memories.serial import Serial, SerialTiming
from deltasim.simulator.memories.standard_dram import StandardDram
from deltasim.simulator.memories.state import StateMemory

KINDS: dict[str, type[MemoryRecord]] = {
    "scratchpad": Scratchpad,
    "cache": Cache,
    "buffer": Buffer,
    "dram": Dram,
    "standarddram": StandardDram,
    "serial": Serial,
    "registers": Registers,
    "state": StateMemory,
}
"""By the tag that `described_as` gives a description, nearest to the cores first."""


def described_as(memory: Any) -> str | None:
    """Which record a memory of a description is; None where it does not say."""
    kind = memory.get("kind") if isinstance(memory, dict) else getattr(memory, "kind", None)
    if kind == "dram":
        of_a_standard = "standard" in memory if isinstance(memory, dict) else hasattr(memory, "standard")
        return "standarddram" if of_a_standard else "dram"
    return None if kind is None else str(kind)


Memory = Annotated[
    Annotated[Scratchpad, Tag("scratchpad")]
    | Annotated[Dram, Tag("dram")]
    | Annotated[StandardDram, Tag("standarddram")]
    | Annotated[Cache, Tag("cache")]
    | Annotated[Buffer, Tag("buffer")]
    | Annotated[Registers, Tag("registers")]
    | Annotated[StateMemory, Tag("state")]
    | Annotated[Serial, Tag("serial")],
    Discriminator(described_as),
]

TIMINGS = (DramTiming, SerialTiming)
"""Own figures of kinds that have some: what engines read of them beside the numbers all kinds have."""

COUNTED = tuple(dict.fromkeys(name.removeprefix("{}.") for k in KINDS.values() for name, _, _ in k.actions))
"""Everything that is counted of any memory."""

LABELS = {kind.unit_kind: kind.label for kind in KINDS.values() if not kind.timeless}
"""What the units of memories are, in a sentence."""

OF_CORES = tuple(dict.fromkeys(k.unit_kind for k in KINDS.values() if not (k.shared or k.timeless)))
SHARED = tuple(dict.fromkeys(kind.unit_kind for kind in KINDS.values() if kind.shared))
OFF_CHIP = tuple(dict.fromkeys(kind.unit_kind for kind in KINDS.values() if kind.off_chip))
"""Kinds of units of memories that cores have of their own, that they share, and that are off the chip."""
