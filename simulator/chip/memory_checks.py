"""What the memories of a chip may not be, alone and to each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

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
    Timeless,
)
from deltasim.simulator.schema.faults import Fault
from deltasim.simulator.schema.reading import faults_of_sound

if TYPE_CHECKING:
    from deltasim.simulator.chip.description import Chip


MOST_LINES = 1 << 24  # of the caches of all cores together

Rule = Callable[["Chip"], Iterator[Fault]]


def memory_rules() -> tuple[Rule, ...]:
    """All rules for the memories of a chip."""
    of_a_kind = (
        each(OnChip, width_faults),
        each(OnChip, latency_faults),
        each(Cache, way_faults),
        each(Cache, line_faults),
        each(Cache, behind_faults),
        each(Buffer, interleave_faults),
        each(Shared, port_faults),
        each(StandardDram, mapping_faults),
        each(StandardDram, controller_faults),
        each(Dram, row_faults),
        each(Dram, refresh_faults),
    )
    return (kind_faults, name_faults, total_line_faults, *of_a_kind)


def each(kind: Any, rule: Callable[[str, Any, Chip], Iterator[Fault]]) -> Rule:
    """A rule for every memory of a kind, given its path; one that is not sound keeps no other untold."""

    def rule_for_all(chip: Chip) -> Iterator[Fault]:
        for position, memory in enumerate(chip.memories):
            if isinstance(memory, kind):
                yield from faults_of_sound(rule(f"memories.{position}", memory, chip))

    return rule_for_all


def kind_faults(chip: Chip) -> Iterator[Fault]:
    """Weights have a memory to lie in, and columns one set of registers to pass through."""
    if not any(isinstance(memory, Scratchpad | Shared) for memory in chip.memories):
        kinds = f"[{', '.join(memory.kind for memory in chip.memories)}]"
        rule = "a chip has at least 1 memory that weights can lie in"
        yield Fault("memories", kinds, rule, "Add a scratchpad, a buffer or a DRAM.")
    if sum(isinstance(memory, Registers) for memory in chip.memories) > 1:
        yield Fault("memories", "registers", "a core has one set of registers", "Name it once.")


def name_faults(chip: Chip) -> Iterator[Fault]:
    """The name of a memory is a prefix of its actions."""
    names = Counter(memory.name for memory in chip.memories)
    for position, memory in enumerate(chip.memories):
        path = f"memories.{position}.name"
        if names[memory.name] > 1:
            yield Fault(path, memory.name, "names of memories differ", "Rename one.")
        if memory.name in ("core", "link", "router", "network", "joined") or "." in memory.name:
            rule = "the name would collide with that of another action"
            yield Fault(path, memory.name, rule, "Name it like scratchpad or dram.")


def total_line_faults(chip: Chip) -> Iterator[Fault]:
    """The lines of all caches can be kept track of."""
    caches = [memory for memory in chip.memories if isinstance(memory, Cache)]
    lines = chip.cores.count * sum(-(-cache.size_bytes // cache.line_bytes) for cache in caches)
    if lines > MOST_LINES:
        rule = f"the caches of all cores have {lines:,} lines together; {MOST_LINES:,} is the most"
        yield Fault("memories", "caches", rule, "Use longer lines or smaller caches.")


def width_faults(path: str, memory: OnChip, chip: Chip) -> Iterator[Fault]:
    """A memory is whole words of whole bytes."""
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


def latency_faults(path: str, memory: OnChip, chip: Chip) -> Iterator[Fault]:
    """A memory answers after it was asked."""
    if not isinstance(memory, Timeless) and memory.latency_cycles < 1:
        yield Fault(
            f"{path}.latency",
            f"{memory.latency_cycles} cycles",
            "a word comes at least 1 cycle after it was asked for",
            "Use 1 cycle or more.",
        )


def way_faults(path: str, memory: Cache, chip: Chip) -> Iterator[Fault]:
    """A cache is whole sets."""
    way = memory.line_bytes * memory.ways
    if memory.size_bytes % way:
        yield Fault(
            f"{path}.ways",
            str(memory.ways),
            f"{memory.size_bytes:,} B are whole sets of {memory.ways} lines of {memory.line_bytes} B",
            f"Use {-(-memory.size_bytes // way) * way:,} B, or ways that divide it.",
        )


def line_faults(path: str, memory: Cache, chip: Chip) -> Iterator[Fault]:
    """A line is whole accesses."""
    width = memory.width_bits // 8
    if width and memory.line_bytes % width:
        yield Fault(
            f"{path}.line",
            f"{memory.line_bytes} B",
            f"a line is whole accesses of {width} B",
            f"Use {-(-memory.line_bytes // width) * width} B.",
        )


def behind_faults(path: str, memory: Cache, chip: Chip) -> Iterator[Fault]:
    """Behind a cache is a memory that is read in lines."""
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


def interleave_faults(path: str, memory: Buffer, chip: Chip) -> Iterator[Fault]:
    """A buffer is equal banks of whole words."""
    width = memory.width_bits // 8
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


def port_faults(path: str, memory: Shared, chip: Chip) -> Iterator[Fault]:
    """Ports are nodes of the topology, each once."""
    ports = memory.ports
    if len(set(ports)) < len(ports):
        rule = "a node has at most 1 port of a memory"
        yield Fault(f"{path}.ports", str(list(ports)), rule, "Name it once.")
    try:
        nodes = chip.topology.nodes
    except InputError:  # told where the topology is described
        return
    for position, port in enumerate(ports):
        if port >= nodes:
            rule = f"nodes of the topology run from 0 to {nodes - 1}"
            yield Fault(f"{path}.ports.{position}", str(port), rule, "Name one of these.")


def mapping_faults(path: str, memory: StandardDram, chip: Chip) -> Iterator[Fault]:
    """The mapping names every bit of an address."""
    from deltasim.simulator.dram.mapping import address_bits

    try:
        address_bits(memory.standard, memory.mapping)
    except InputError as error:
        yield Fault(f"{path}.mapping", error.value, error.rule, error.remedy)


def controller_faults(path: str, memory: StandardDram, chip: Chip) -> Iterator[Fault]:
    """What the controller does, the standard states the delays of."""
    for field in ("power_down_after", "refresh"):
        try:
            memory.standard.timing(**{field: getattr(memory, field)})
        except InputError as error:
            yield Fault(f"{path}.{field}", error.value, error.rule, error.remedy)


def row_faults(path: str, memory: Dram, chip: Chip) -> Iterator[Fault]:
    """A channel is whole rows of whole bursts."""
    timing = memory.timing
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


def refresh_faults(path: str, memory: Dram, chip: Chip) -> Iterator[Fault]:
    """A row is open long enough, and a refresh leaves time to work."""
    timing = memory.timing
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
