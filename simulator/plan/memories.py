"""The memories of a chip as a plan has them: an instance for each core or port, and its units."""

from __future__ import annotations

import numpy as np

from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import Chip
from deltasim.simulator.components.service_times import rounds
from deltasim.simulator.memories.instance import NUMBERS, OVER_NETWORK
from deltasim.simulator.memories.kinds import COUNTED, Memory
from deltasim.simulator.memories.registers import Registers
from deltasim.simulator.plan.plan import MemoryInstances, Stages, Unit
from deltasim.simulator.plan.records import MEMORY, NONE, records
from deltasim.simulator.schema.quantities import size_text


def compile_memories(chip: Chip, actions: tuple[str, ...], units: list[Unit]) -> MemoryInstances:
    """An instance for each core or port of each memory, in the order of the chip; its units are added."""
    places = [(m, place) for m in chip.memories for place in range(len(ports(m)) or chip.cores.count)]
    names = [memory.name for memory, _ in places]
    instances = {memory.name: memory.instance(chip.cores.period_ps) for memory in chip.memories}
    unit, next_level = [], []
    for memory, place in places:
        unit.append(len(units))
        units += units_of(chip, memory, place)
        behind = memory.fetches_from
        next_level.append(
            NONE
            if behind is None
            else names.index(behind) + chip.topology.nearest(place, ports(chip.memory(behind)))
        )
    rows = [instances[name] for name in names]
    shared = np.isin([row.kind for row in rows], OVER_NETWORK)
    column = {name: number for number, name in enumerate(actions)}
    table = records(
        MEMORY,
        unit=unit,
        shared=np.where(shared, np.cumsum(shared) - 1, NONE),
        next_level=next_level,
        **{field: [getattr(row, field) for row in rows] for field in NUMBERS},
        **{name: [column.get(f"{owner}.{name}", NONE) for owner in names] for name in COUNTED},
    )
    timing, controlled = (tuple(getattr(row, field) for row in rows) for field in ("timing", "controlled"))
    return MemoryInstances(tuple(names), table, timing, controlled)


def ports(memory: Memory) -> tuple[int, ...]:
    """The nodes a shared memory sits at; none for a memory that every core has."""
    return memory.ports if memory.shared else ()


def units_of(chip: Chip, memory: Memory, place: int) -> list[Unit]:
    """The units of the memory of core ``place``, or at port ``place``."""
    node = memory.ports[place] if memory.shared else place
    name = f"{memory.name}{place}" if memory.shared else f"core{place}.{memory.name}"
    ends = memory.units(chip.cores.mac.arrays)
    return [Unit(f"{name}{end}", memory.unit_kind, node) for end in ends]


def check_registers(chip: Chip, stages: Stages, longest: int) -> None:
    """A core's registers hold all that may be on its way to the multipliers, or InputError.

    ``longest``: bytes of the longest part of a column.
    """
    bursts = min(stages.bursts_at_once, int(rounds(longest, stages.burst_bytes)))
    burst, slots = min(longest, stages.burst_bytes), stages.fetch_slots * stages.arrays
    need = slots * bursts * burst
    for position, memory in enumerate(chip.memories):
        if isinstance(memory, Registers) and memory.size_bytes < need:
            raise InputError(
                chip.place(f"memories.{position}.size"),
                size_text(memory.size_bytes),
                f"registers hold what is on its way to a core: {slots * bursts} bursts of {size_text(burst)}",
                f"Use {size_text(need)}, fewer outstanding fetches or a smaller burst.",
            )
