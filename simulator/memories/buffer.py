"""A banked memory that cores share: its description, and which bank is taken in which cycle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field

from deltasim.runtime.compiling import kernel
from deltasim.simulator.memories.checks import answers_later, at_nodes, whole_words
from deltasim.simulator.memories.instance import BUFFER, Instance
from deltasim.simulator.memories.record import Check, MemoryRecord, Surroundings
from deltasim.simulator.schema.faults import Fault
from deltasim.simulator.schema.quantities import (
    Bits,
    Bytes,
    Cycles,
    Frequency,
    Port,
    counted,
    period_ps,
    plain_node,
    size_text,
)
from deltasim.simulator.schema.rendered import counted as number_of
from deltasim.simulator.schema.rendered import cycles

Reserved = npt.NDArray[np.int64]

MOST_BANKS = 62  # a bit of an integer for each
NEVER = -1


class Buffer(MemoryRecord):
    """A banked on-chip memory shared by all cores: one of ``size`` at each topology node in ``ports``.

    The weights of a core lie in the one of its nearest port. It serves ``places`` streams at once; a stream
    makes an access of ``width`` each cycle, ``interleave`` bytes in a bank before it goes on to the next.
    """

    kind: Literal["buffer"]
    scope: Literal["shared"] = "shared"
    ports: Annotated[tuple[Port, ...], Field(min_length=1)]
    size_bytes: Bytes = Field(alias="size")
    banks: Annotated[int, counted(MOST_BANKS)]
    width_bits: Bits = Field(alias="width")
    interleave_bytes: Bytes = Field(alias="interleave")
    latency_cycles: Cycles = Field(alias="latency")
    places: Annotated[int, counted(1024)] = 1
    clock_hz: Frequency | None = Field(default=None, alias="clock")

    unit_kind: ClassVar[str] = "buffer"
    label: ClassVar[str] = "a shared buffer"
    actions = (
        ("{}.read", "accesses", True),
        ("{}.words", "words", False),
        ("{}.conflict", "accesses", False),  # that waited for their bank
        ("{}.bytes", "bytes", False),
        ("{}.leakage", "ps", True),
    )
    shared: ClassVar[bool] = True

    @property
    def access_bytes(self) -> int:
        return self.width_bits // 8

    def period_ps(self, core_ps: int) -> int:
        return period_ps(self.clock_hz) if self.clock_hz else core_ps

    def checks(self) -> tuple[Check, ...]:
        return whole_words(self), answers_later(self), self.interleaved, at_nodes(self)

    def interleaved(self, path: str, chip: Surroundings) -> Iterator[Fault]:
        """A buffer is equal banks of whole words."""
        width = self.width_bits // 8
        if width and self.interleave_bytes % width:
            yield Fault(
                f"{path}.interleave",
                f"{self.interleave_bytes} B",
                f"banks change between accesses of {width} B",
                f"Use {-(-self.interleave_bytes // width) * width} B.",
            )
        elif self.size_bytes % (self.banks * self.interleave_bytes):
            yield Fault(
                f"{path}.size",
                f"{self.size_bytes:,} B",
                f"a buffer is {self.banks} equal banks of whole interleaves, {self.interleave_bytes} B each",
                f"Use a multiple of {self.banks * self.interleave_bytes:,} B.",
            )

    def conditions(self, action: str, chip: Surroundings) -> dict[str, Any]:
        return {
            "size": self.size_bytes,
            "width": self.width_bits,
            "node": plain_node(chip.node),
            "banks": self.banks,
            "clock": self.clock_hz or chip.cores.clock_hz,
        }

    def rows(self) -> Mapping[str, object]:
        return {
            "kind": f"buffer, {number_of(len(self.ports), 'instance')}, shared",
            "ports": ", ".join(f"node {port}" for port in self.ports),
            "size": size_text(self.size_bytes),
            "width": f"{self.width_bits} bit",
            "banks": f"{self.banks}, {size_text(self.interleave_bytes)} in each in turn",
            "served at once": number_of(self.places, "stream"),
            "latency": cycles(self.latency_cycles),
        }

    def bytes_per_ps(self, chip: Surroundings) -> float:
        at_once = min(self.places, self.banks)
        return at_once * self.width_bits / 8 / self.period_ps(chip.cores.period_ps)

    def wider(self) -> Mapping[str, object]:
        return {"width": f"{2 * self.width_bits} bit", "interleave": f"{2 * self.interleave_bytes} B"}

    def instance(self, core_ps: int) -> Instance:
        period, width = self.period_ps(core_ps), self.access_bytes
        return Instance(
            BUFFER,
            period,
            width,
            self.latency_cycles * period,
            buffer_banks=self.banks,
            interleave=self.interleave_bytes // width,
            slots=self.places,
        )


class Stream(NamedTuple):
    """When a stream's accesses take place, in cycles of the memory, and how many had to wait for a bank."""

    first_cycle: int
    last_cycle: int
    conflicts: int


def nothing_reserved(window: int) -> Reserved:
    """The reservations of an idle memory: pairs (cycle, banks taken in it). Shape (2 * window,)."""
    return np.full(2 * window, NEVER, np.int64)


def window_of(slots: int, longest_bytes: int, width_bytes: int) -> int:
    """How many cycles ahead ``slots`` streams of at most so many bytes can reserve.

    An access takes a cycle of its own and waits at most for all accesses of the others.

    >>> window_of(slots=2, longest_bytes=64, width_bytes=8)
    22
    """
    return slots * (longest_bytes // width_bytes + 2) + 2


@kernel
def accesses_of(address: int, size: int, width_bytes: int) -> int:
    """How many words ``size`` bytes from ``address`` lie in.

    >>> int(accesses_of(6, 4, 8)), int(accesses_of(8, 8, 8))
    (2, 1)
    """
    return (address + size - 1) // width_bytes - address // width_bytes + 1


@kernel
def reserve(
    reserved: Reserved,
    start: int,
    window: int,
    banks: int,
    interleave: int,
    word: int,
    accesses: int,
    cycle: int,
) -> Stream:
    """Reserve a bank for every access of a stream, one after another, from ``cycle`` on.

    Word *w* lies in bank ⌊w / interleave⌋ mod banks. An access takes its bank for one cycle; where an
    earlier stream has it, the access waits, and all behind it: one conflict, however long it waits.
    ``reserved`` holds the memory's reservations from ``start`` on.

    >>> reserved = nothing_reserved(20)
    >>> tuple(map(int, reserve(reserved, 0, 20, 4, 1, 0, 4, 0)))       # banks 0 1 2 3 in cycles 0 to 3
    (0, 3, 0)
    >>> tuple(map(int, reserve(reserved, 0, 20, 4, 1, 3, 2, 3)))       # bank 3 is taken in cycle 3
    (4, 5, 1)
    """
    first = last = cycle
    conflicts = 0
    for access in range(accesses):
        bit = 1 << ((word + access) // interleave % banks)
        waited = False
        at = start + 2 * (cycle % window)
        while reserved[at] == cycle and reserved[at + 1] & bit:
            waited = True
            cycle += 1
            at = start + 2 * (cycle % window)
        if reserved[at] != cycle:
            reserved[at], reserved[at + 1] = cycle, 0
        reserved[at + 1] |= bit
        conflicts += waited
        if access == 0:
            first = cycle
        last = cycle
        cycle += 1
    return Stream(first, last, conflicts)
