"""What the memories of a chip may not be, alone and to each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from deltasim.runtime.errors import InputError, nearest
from deltasim.simulator.chip.memories import (
    Buffer,
    Cache,
    Dram,
    OnChip,
    Registers,
    Scratchpad,
    Shared,
    StandardDram,
)
from deltasim.simulator.components.banked_buffer import MOST_BANKS
from deltasim.simulator.schema.faults import Fault

if TYPE_CHECKING:
    from deltasim.simulator.chip.description import Chip


def memory_faults(chip: Chip, nodes: int | None) -> Iterator[Fault]:
    """All that is wrong with the memories; ``nodes`` is None where the topology is not sound."""
    if not any(isinstance(memory, Scratchpad | Shared) for memory in chip.memories):
        kinds = f"[{', '.join(memory.kind for memory in chip.memories)}]"
        rule = "a chip has at least 1 memory that weights can lie in"
        yield Fault("memories", kinds, rule, "Add a scratchpad, a buffer or a DRAM.")
    if sum(isinstance(memory, Registers) for memory in chip.memories) > 1:
        yield Fault("memories", "registers", "a core has one set of registers", "Name it once.")
    names = Counter(memory.name for memory in chip.memories)
    for position, memory in enumerate(chip.memories):
        path = f"memories.{position}"
        if names[memory.name] > 1:
            yield Fault(f"{path}.name", memory.name, "names of memories differ", "Rename one.")
        if memory.name in ("core", "link", "router", "network") or "." in memory.name:
            yield Fault(
                f"{path}.name",
                memory.name,
                "the name would collide with that of another action",
                "Name it like scratchpad or dram.",
            )
        if isinstance(memory, Dram):
            yield from dram_faults(path, memory, nodes)
        elif isinstance(memory, StandardDram):
            yield from port_faults(path, memory.ports, nodes)
            yield from mapping_faults(path, memory)
        else:
            yield from on_chip_faults(path, memory)
        if isinstance(memory, Buffer):
            yield from port_faults(path, memory.ports, nodes)
            yield from buffer_faults(path, memory)
        if isinstance(memory, Cache):
            yield from cache_faults(path, memory, chip)


def on_chip_faults(path: str, memory: OnChip) -> Iterator[Fault]:
    width = memory.width_bits // 8
    if memory.width_bits % 8:
        yield Fault(
            f"{path}.width",
            f"{memory.width_bits} bit",
            "a width is a whole number of bytes",
            "Use 8, 16, 32, 64 ... bit.",
        )
    elif memory.size_bytes % width:
        yield Fault(
            f"{path}.size",
            f"{memory.size_bytes:,} B",
            f"a size is a multiple of the width, {width} B",
            "Round it.",
        )
    if not isinstance(memory, Registers) and memory.latency_cycles < 1:
        yield Fault(
            f"{path}.latency",
            f"{memory.latency_cycles} cycles",
            "a word comes at least 1 cycle after it was asked for",
            "Use 1 cycle or more.",
        )


def cache_faults(path: str, memory: Cache, chip: Chip) -> Iterator[Fault]:
    width, way = memory.width_bits // 8, memory.line_bytes * memory.ways
    if memory.size_bytes % way:
        yield Fault(
            f"{path}.ways",
            str(memory.ways),
            f"{memory.size_bytes:,} B are whole sets of {memory.ways} lines of {memory.line_bytes} B",
            f"Use {-(-memory.size_bytes // way) * way:,} B, or ways that divide it.",
        )
    if width and memory.line_bytes % width:
        yield Fault(
            f"{path}.line",
            f"{memory.line_bytes} B",
            f"a line is whole accesses of {width} B",
            f"Use {-(-memory.line_bytes // width) * width} B.",
        )
    behind = next((other for other in chip.memories if other.name == memory.behind), None)
    if not isinstance(behind, Shared):
        there = [other.name for other in chip.memories if isinstance(other, Shared)]
        remedy = nearest(memory.behind, there) if there else "Add a DRAM or a buffer."
        yield Fault(f"{path}.behind", memory.behind, "behind a cache is a DRAM or a shared buffer", remedy)
    elif behind.access_bytes and memory.line_bytes % behind.access_bytes:
        yield Fault(
            f"{path}.line",
            f"{memory.line_bytes} B",
            f"a line is whole accesses of {behind.name}, {behind.access_bytes} B each",
            f"Use {-(-memory.line_bytes // behind.access_bytes) * behind.access_bytes} B.",
        )
    elif behind.size_bytes % memory.line_bytes:
        yield Fault(
            f"{path}.line",
            f"{memory.line_bytes} B",
            f"the memory behind, {behind.size_bytes:,} B, is whole lines",
            "Use a power of two.",
        )


def buffer_faults(path: str, memory: Buffer) -> Iterator[Fault]:
    width = memory.width_bits // 8
    if memory.banks > MOST_BANKS:
        rule = f"a buffer has at most {MOST_BANKS} banks"
        yield Fault(f"{path}.banks", str(memory.banks), rule, "Use fewer.")
    if width and memory.interleave_bytes % width:
        yield Fault(
            f"{path}.interleave",
            f"{memory.interleave_bytes} B",
            f"banks change between accesses of {width} B",
            f"Use {-(-memory.interleave_bytes // width) * width} B.",
        )
    elif memory.size_bytes % (memory.banks * memory.interleave_bytes):
        yield Fault(
            f"{path}.size",
            f"{memory.size_bytes:,} B",
            f"a buffer is {memory.banks} equal banks of whole interleaves, {memory.interleave_bytes} B each",
            f"Use a multiple of {memory.banks * memory.interleave_bytes:,} B.",
        )


def port_faults(path: str, ports: tuple[int, ...], nodes: int | None) -> Iterator[Fault]:
    for position, port in enumerate(ports):
        if nodes is not None and port >= nodes:
            yield Fault(
                f"{path}.ports.{position}",
                str(port),
                f"nodes of the topology run from 0 to {nodes - 1}",
                "Name one of these.",
            )
    if len(set(ports)) < len(ports):
        yield Fault(
            f"{path}.ports", str(list(ports)), "a node has at most 1 port of a memory", "Name it once."
        )


def mapping_faults(path: str, memory: StandardDram) -> Iterator[Fault]:
    from deltasim.simulator.dram.mapping import address_bits

    try:
        address_bits(memory.standard, memory.mapping)
    except InputError as error:
        yield Fault(f"{path}.mapping", error.value, error.rule, error.remedy)


def dram_faults(path: str, memory: Dram, nodes: int | None) -> Iterator[Fault]:
    timing = memory.timing
    yield from port_faults(path, memory.ports, nodes)
    if timing.row_bytes % timing.burst_bytes:
        yield Fault(
            f"{path}.timing.row",
            f"{timing.row_bytes:,} B",
            f"a row is a multiple of the burst, {timing.burst_bytes} B",
            "Correct row or burst.",
        )
    if memory.size_bytes % (timing.row_bytes * timing.banks):
        yield Fault(
            f"{path}.size",
            f"{memory.size_bytes:,} B",
            f"a channel is whole rows in all {timing.banks} banks, {timing.row_bytes * timing.banks:,} B",
            "Correct size, row or banks.",
        )
    if timing.RAS < timing.RCD:
        yield Fault(
            f"{path}.timing.RAS",
            str(timing.RAS),
            f"a row stays open at least RCD, {timing.RCD} cycles",
            "Correct RAS or RCD.",
        )
    busy = timing.RFC + timing.RP + timing.RAS
    if busy >= timing.REFI:
        yield Fault(
            f"{path}.timing.REFI",
            str(timing.REFI),
            f"a refresh interval leaves time to work: more than RFC + RP + RAS = {busy} cycles",
            "Correct REFI or RFC.",
        )
