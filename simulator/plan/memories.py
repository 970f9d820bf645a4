"""The memories of a chip as a plan has them: an instance for each core or port, and its units."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import Chip
from deltasim.simulator.chip.memories import (
    Buffer,
    Cache,
    Dram,
    Memory,
    Registers,
    Shared,
    StandardDram,
    StateMemory,
)
from deltasim.simulator.components.service_times import rounds
from deltasim.simulator.dram.in_order import DramTiming
from deltasim.simulator.dram.mapping import address_bits
from deltasim.simulator.plan.plan import (
    BUFFER,
    CACHE,
    CONTROLLER,
    DRAM,
    REGISTERS,
    SCRATCHPAD,
    STATE,
    Controlled,
    MemoryInstances,
    Stages,
    Unit,
)
from deltasim.simulator.schema.quantities import size_text

ABSENT = -1


@dataclass
class MemoryInstance:
    """One memory of one core or port; what a kind has no use for stays at its default."""

    unit: int
    component: str
    kind: int
    period_ps: int
    width_bytes: int
    latency_ps: int = 0
    next_level: int = ABSENT
    line_bytes: int = 1
    sets: int = 1
    ways: int = 1
    banks: int = 1
    interleave: int = 1
    slots: int = 0
    timing: DramTiming | None = None
    controlled: Controlled | None = None


def compile_memories(chip: Chip, units: list[Unit]) -> MemoryInstances:
    """An instance for each core or port of each memory, in the order of the chip's memories."""
    places = [(m, place) for m in chip.memories for place in range(len(ports(m)) or chip.cores.count)]
    names = [memory.name for memory, _ in places]
    first = {memory.name: names.index(memory.name) for memory in chip.memories}
    rows = [instance(chip, memory, place, first, units) for memory, place in places]
    arrays = {field.name: [getattr(row, field.name) for row in rows] for field in fields(MemoryInstance)}
    return MemoryInstances(
        component=tuple(arrays.pop("component")),
        timing=tuple(arrays.pop("timing")),
        controlled=tuple(arrays.pop("controlled")),
        **{name: np.array(values, np.int64) for name, values in arrays.items()},
    )


def ports(memory: Memory) -> tuple[int, ...]:
    """The nodes a shared memory sits at; none for a memory that every core has."""
    return memory.ports if isinstance(memory, Shared) else ()


def instance(
    chip: Chip, memory: Memory, place: int, first: dict[str, int], units: list[Unit]
) -> MemoryInstance:
    """The memory of core ``place``, or at port ``place``; its units are added."""
    period, unit = chip.memory_period_ps(memory), len(units)
    if isinstance(memory, Dram):
        units.append(Unit(f"{memory.name}{place}", "dram", memory.ports[place]))
        timing = dram_timing(memory)
        return MemoryInstance(unit, memory.name, DRAM, period, timing.burst_bytes, timing=timing)
    if isinstance(memory, StandardDram):
        units.append(Unit(f"{memory.name}{place}", "dram", memory.ports[place]))
        of = controlled(memory)
        requests = of.timing.queue * of.timing.channels
        return MemoryInstance(
            unit, memory.name, CONTROLLER, period, memory.access_bytes, slots=requests, controlled=of
        )
    width = memory.width_bits // 8
    if isinstance(memory, Buffer):
        units.append(Unit(f"{memory.name}{place}", "buffer", memory.ports[place]))
        return MemoryInstance(
            unit,
            memory.name,
            BUFFER,
            period,
            width,
            memory.latency_cycles * period,
            banks=memory.banks,
            interleave=memory.interleave_bytes // width,
            slots=memory.places,
        )
    name = f"core{place}.{memory.name}"
    if isinstance(memory, Registers):
        units.append(Unit(name, "registers", place))
        return MemoryInstance(unit, memory.name, REGISTERS, period, width)
    if isinstance(memory, StateMemory):
        units.append(Unit(name, "state", place))
        return MemoryInstance(unit, memory.name, STATE, period, width)
    if isinstance(memory, Cache):
        units += [Unit(f"{name}.tags", "cache", place), Unit(f"{name}.data", "cache", place)]
        return MemoryInstance(
            unit,
            memory.name,
            CACHE,
            period,
            width,
            memory.latency_cycles * period,
            next_level=first[memory.behind] + chip.topology.nearest(place, ports(chip.memory(memory.behind))),
            line_bytes=memory.line_bytes,
            sets=memory.sets,
            ways=memory.ways,
        )
    units += [Unit(bank, "scratchpad", place) for bank in numbered(name, chip.cores.mac.arrays)]
    return MemoryInstance(unit, memory.name, SCRATCHPAD, period, width, memory.latency_cycles * period)


def numbered(name: str, count: int) -> list[str]:
    """One name for each of several units; a unit that is alone needs no number."""
    return [name] if count == 1 else [f"{name}{number}" for number in range(count)]


def dram_timing(memory: Dram) -> DramTiming:
    """A description's cycles as picoseconds."""
    timing = memory.timing
    clock = timing.period_ps
    return DramTiming(
        clock_ps=clock,
        read_ps=timing.CL * clock,
        activate_ps=timing.RCD * clock,
        precharge_ps=timing.RP * clock,
        open_ps=timing.RAS * clock,
        read_to_precharge_ps=timing.RTP * clock,
        refresh_ps=timing.RFC * clock,
        interval_ps=timing.REFI * clock,
        burst_ps=timing.burst_cycles * clock,
        burst_bytes=timing.burst_bytes,
        row_bytes=timing.row_bytes,
        banks=timing.banks,
        rows=max(1, memory.size_bytes // (timing.banks * timing.row_bytes)),
        rotate=int(timing.order == "row-bank-column"),
    )


def controlled(memory: StandardDram) -> Controlled:
    """A standard with the controller's choices, as the command-level rule reads it."""
    timing = memory.standard.timing(
        queue=memory.queue,
        closed_page=memory.page == "closed",
        power_down_after=memory.power_down_after,
        refresh=memory.refresh,
    )
    return Controlled(timing, address_bits(memory.standard, memory.mapping))


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
