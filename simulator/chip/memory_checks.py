"""What the memories of a chip may not be, alone and to each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from deltasim.simulator.memories.cache import Cache
from deltasim.simulator.memories.registers import Registers
from deltasim.simulator.schema.faults import Fault
from deltasim.simulator.schema.reading import faults_of_sound

if TYPE_CHECKING:
    from deltasim.simulator.chip.description import Chip


MOST_LINES = 1 << 24  # of the caches of all cores together

Rule = Callable[["Chip"], Iterator[Fault]]


def memory_rules() -> tuple[Rule, ...]:
    """All rules for the memories of a chip."""
    return kind_faults, name_faults, total_line_faults, own_faults


def own_faults(chip: Chip) -> Iterator[Fault]:
    """What each memory checks itself; a check that cannot be made keeps no other untold."""
    for position, memory in enumerate(chip.memories):
        for check in memory.checks():
            yield from faults_of_sound(check(f"memories.{position}", chip))


def kind_faults(chip: Chip) -> Iterator[Fault]:
    """Weights have a memory to lie in, and columns one set of registers to pass through."""
    if not any(memory.holds_weights for memory in chip.memories):
        kinds = f"[{', '.join(memory.kind for memory in chip.memories)}]"
        rule = "a chip has at least 1 memory that weights can lie in"
        yield Fault("memories", kinds, rule, "Add a scratchpad, a buffer, a DRAM or a serial memory.")
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
