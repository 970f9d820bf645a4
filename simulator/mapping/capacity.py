"""How much of a memory is taken, and the sentence for a network that does not fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from deltasim.runtime.errors import InputError
from deltasim.simulator.mapping.column_format import ColumnFormat
from deltasim.simulator.schema.quantities import size_text

if TYPE_CHECKING:
    from deltasim.simulator.chip import Chip

MOST_CORES = 4096  # beyond this, more cores are no advice


@dataclass(eq=False)
class Allocator:
    """One memory that can be filled upwards: a core's scratchpad, or a DRAM channel.

    >>> allocator = Allocator("dram", 0, 0, size_bytes=64, access_bytes=16)
    >>> allocator.allocate(20), allocator.allocate(8), allocator.fits(32)
    (0, 32, False)
    """

    memory: str
    position: int  # in chip.memories
    channel: int
    size_bytes: int
    access_bytes: int
    taken_bytes: int = 0
    reserved_bytes: int = 0  # of these, by what is no weight

    @property
    def next_address(self) -> int:
        """Blocks begin where an access begins."""
        return -(-self.taken_bytes // self.access_bytes) * self.access_bytes

    def fits(self, size: int) -> bool:
        return self.next_address + size <= self.size_bytes

    def allocate(self, size: int) -> int:
        address = self.next_address
        self.taken_bytes = address + size
        return address

    def reserve(self, size: int) -> None:
        """Take room for what is no weight, before any weights."""
        self.allocate(size)
        self.reserved_bytes = self.taken_bytes


class Need(NamedTuple):
    """What a core must store of one projection, for its partition of the target."""

    projection: int
    name: str
    target: str
    core: int
    column_format: ColumnFormat
    resized: Callable[
        [int], ColumnFormat
    ]  # cores the target is spread over -> what the fullest holds, at most
    bits: int  # of a weight
    bounds: tuple[
        int, ...
    ] = ()  # target neurons at which the partitions of all cores begin, and the last ends
    part: int = 0  # which of these partitions it is

    @property
    def bytes(self) -> int:
        """Whole bytes for each column."""
        return self.column_format.bytes(self.bits)


def allocators(chip: Chip) -> list[list[Allocator]]:
    """For each core the memories weights can lie in, nearest first; cores at a port share its allocator."""
    reach: list[list[Allocator]] = [[] for _ in range(chip.cores.count)]
    topology = chip.topology
    for position, memory in enumerate(chip.memories):
        size, access = memory.size_bytes, memory.access_bytes
        if not memory.holds_weights:
            continue
        if memory.shared:
            channels = [
                Allocator(memory.name, position, channel, size, access)
                for channel in range(len(memory.ports))
            ]
            for core, found in enumerate(reach):
                found.append(channels[topology.nearest(core, memory.ports)])
        else:
            for found in reach:
                found.append(Allocator(memory.name, position, 0, size, access))
    return reach


def does_not_fit(chip: Chip, needs: Sequence[Need], failed: Need, allocator: Allocator) -> InputError:
    """The sentence for a block that no memory of its core still holds; ``allocator`` is the last one tried.

    ``needs`` is all that has to lie in it in the end, what it already holds included.
    """
    bits = failed.bits
    alone = sum(
        need.column_format.total_words
        for need in needs
        if (need.target, need.core) == (failed.target, failed.core)
    )
    taken = f", of which {allocator.taken_bytes * 8 // bits:,} are taken" if allocator.taken_bytes else ""
    where = f" on core {failed.core}" if chip.cores.count > 1 else ""
    rule = (
        f"it holds {allocator.size_bytes * 8 // bits:,} weights of {bits} bits{taken}; "
        f"layer {failed.target} needs {alone:,}{where}"
    )
    return InputError(
        chip.place(f"memories.{allocator.position}.size"),
        size_text(allocator.size_bytes),
        rule,
        f"Use {listed(remedies(chip, needs, allocator))}.",
    )


def remedies(chip: Chip, needs: Sequence[Need], allocator: Allocator) -> list[str]:
    """Changes of which each alone makes everything fit: a larger memory, narrower weights, more cores."""

    widest = max(need.bits for need in needs)

    def total(most: int, cores: int | None = None) -> int:
        size = allocator.reserved_bytes
        for need in needs:
            column_format = need.column_format if cores is None else need.resized(cores)
            start = -(-size // allocator.access_bytes) * allocator.access_bytes
            size = start + column_format.bytes(min(most, need.bits))
        return size

    found = [size_text(-(-total(widest) // 1024) * 1024)]
    narrower = next(
        (width for width in (16, 8, 4, 2) if width < widest and total(width) <= allocator.size_bytes), None
    )
    if narrower:
        found.append(f"{narrower}-bit weights")
    if not chip.memories[allocator.position].shared and not chip.placement.explicit.cores:
        neurons = max((need.bounds[-1] for need in needs if need.bounds), default=MOST_CORES)
        enough = fewest(
            chip.cores.count + 1,
            min(MOST_CORES, neurons),  # of more, some would have no neuron
            lambda cores: total(widest, cores) <= allocator.size_bytes,
        )
        if enough:
            found.append(f"{enough} cores")
    return found


def fewest(least: int, most: int, fits: Callable[[int], bool]) -> int | None:
    """The fewest cores within ``least`` to ``most`` on which a network fits; it fits on more if on fewer.

    >>> fewest(5, 100, lambda cores: cores >= 42), fewest(5, 100, lambda cores: False)
    (42, None)
    """
    if least > most or not fits(most):
        return None
    while least < most:
        middle = (least + most) // 2
        least, most = (least, middle) if fits(middle) else (middle + 1, most)
    return most


def listed(choices: Sequence[str]) -> str:
    """``a``, ``a or b``, ``a, b or c``."""
    *most, last = choices
    return f"{', '.join(most)} or {last}" if most else last
