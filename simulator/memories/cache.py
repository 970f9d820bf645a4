"""A set-associative cache: its description, and which lines it holds.

Least recently used lines are replaced first, and written back when dirty. A line's entry is
``2 * line + dirty``. The entries of a set stand in order of use, the latest first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field

from deltasim.runtime.compiling import kernel
from deltasim.runtime.errors import nearest
from deltasim.simulator.memories.checks import answers_later, whole_words
from deltasim.simulator.memories.instance import CACHE, Instance
from deltasim.simulator.memories.record import Check, MemoryRecord, Surroundings
from deltasim.simulator.schema.faults import Fault
from deltasim.simulator.schema.quantities import (
    Bits,
    Bytes,
    Cycles,
    Frequency,
    Name,
    counted,
    period_ps,
    plain_node,
    size_text,
)
from deltasim.simulator.schema.rendered import counted as number_of
from deltasim.simulator.schema.rendered import cycles

Entries = npt.NDArray[np.int64]

EMPTY = -1  # the entry of no line


class Cache(MemoryRecord):
    """A private set-associative cache of every core in front of the memory named ``behind``.

    Least recently used lines go first; it is write-back and write-allocate. Tags are looked up one line a
    cycle; the data answer an access of ``width`` after ``latency``.
    """

    kind: Literal["cache"]
    scope: Literal["core"] = "core"
    behind: Name
    size_bytes: Bytes = Field(alias="size")
    line_bytes: Bytes = Field(alias="line")
    ways: Annotated[int, counted(1024)]
    width_bits: Bits = Field(alias="width")
    latency_cycles: Cycles = Field(alias="latency")
    clock_hz: Frequency | None = Field(default=None, alias="clock")

    unit_kind: ClassVar[str] = "cache"
    label: ClassVar[str] = "a cache"
    actions = (
        ("{}.lookup", "lines", True),  # the tags of a set
        ("{}.read", "accesses", True),
        ("{}.fill", "accesses", True),  # writes of a line that was fetched
        ("{}.words", "words", False),
        ("{}.hit", "lines", False),
        ("{}.miss", "lines", False),
        ("{}.eviction", "lines", False),
        ("{}.write_back", "lines", False),
        ("{}.fetched", "bytes", False),  # from the memory behind
        ("{}.leakage", "ps", True),
    )
    found: ClassVar[tuple[str, str] | None] = ("hit", "lookup")
    holds_weights: ClassVar[bool] = False  # they lie in the memory behind

    @property
    def access_bytes(self) -> int:
        """Bytes it fetches at least: a line."""
        return self.line_bytes

    @property
    def read_bytes(self) -> int:
        return self.width_bits // 8

    @property
    def sets(self) -> int:
        return self.size_bytes // (self.line_bytes * self.ways)

    @property
    def fetches_from(self) -> str:
        return self.behind

    def period_ps(self, core_ps: int) -> int:
        return period_ps(self.clock_hz) if self.clock_hz else core_ps

    def checks(self) -> tuple[Check, ...]:
        return whole_words(self), answers_later(self), self.whole_sets, self.whole_lines, self.memory_behind

    def whole_sets(self, path: str, chip: Surroundings) -> Iterator[Fault]:
        """A cache is whole sets."""
        way = self.line_bytes * self.ways
        if self.size_bytes % way:
            yield Fault(
                f"{path}.ways",
                str(self.ways),
                f"{self.size_bytes:,} B are whole sets of {self.ways} lines of {self.line_bytes} B",
                f"Use {-(-self.size_bytes // way) * way:,} B, or ways that divide it.",
            )

    def whole_lines(self, path: str, chip: Surroundings) -> Iterator[Fault]:
        """A line is whole accesses."""
        width = self.width_bits // 8
        if width and self.line_bytes % width:
            yield Fault(
                f"{path}.line",
                f"{self.line_bytes} B",
                f"a line is whole accesses of {width} B",
                f"Use {-(-self.line_bytes // width) * width} B.",
            )

    def memory_behind(self, path: str, chip: Surroundings) -> Iterator[Fault]:
        """Behind a cache is a memory that is read in lines."""
        behind = next((other for other in chip.memories if other.name == self.behind), None)
        if behind is None or not behind.shared:
            there = [other.name for other in chip.memories if other.shared]
            remedy = nearest(self.behind, there) if there else "Add a DRAM, a serial memory or a buffer."
            rule = "behind a cache is a DRAM, a serial memory or a shared buffer"
            yield Fault(f"{path}.behind", self.behind, rule, remedy)
        elif behind.access_bytes and self.line_bytes % behind.access_bytes:
            yield Fault(
                f"{path}.line",
                f"{self.line_bytes} B",
                f"a line is whole accesses of {behind.name}, {behind.access_bytes} B each",
                f"Use {-(-self.line_bytes // behind.access_bytes) * behind.access_bytes} B.",
            )
        elif behind.size_bytes % self.line_bytes:
            yield Fault(
                f"{path}.line",
                f"{self.line_bytes} B",
                f"the memory behind, {behind.size_bytes:,} B, is whole lines",
                "Use a power of two.",
            )

    def conditions(self, action: str, chip: Surroundings) -> dict[str, Any]:
        return {
            "size": self.size_bytes,
            "width": self.width_bits,
            "node": plain_node(chip.node),
            "line": self.line_bytes,
            "ways": self.ways,
            "clock": self.clock_hz or chip.cores.clock_hz,
        }

    def rows(self) -> Mapping[str, object]:
        return {
            "kind": "cache, one in each core",
            "behind it": self.behind,
            "size": size_text(self.size_bytes),
            "width": f"{self.width_bits} bit",
            "line": size_text(self.line_bytes),
            "ways": f"{self.ways} in each of {number_of(self.sets, 'set')}",
            "latency": cycles(self.latency_cycles),
        }

    def bytes_per_ps(self, chip: Surroundings) -> float:
        return self.width_bits / 8 / self.period_ps(chip.cores.period_ps)

    def wider(self) -> Mapping[str, object]:
        return {"width": f"{2 * self.width_bits} bit"}

    def units(self, arrays: int) -> tuple[str, ...]:
        return ".tags", ".data"

    def instance(self, core_ps: int) -> Instance:
        period = self.period_ps(core_ps)
        return Instance(
            CACHE,
            period,
            self.width_bits // 8,
            self.latency_cycles * period,
            line_bytes=self.line_bytes,
            sets=self.sets,
            ways=self.ways,
        )


class LineUse(NamedTuple):
    """What came of one look-up: whether the line was there, and what had to go for it."""

    hit: bool
    evicted: bool
    written_back: bool


class Lookup(NamedTuple):
    """Lines looked up together: some that hit, then a row of missing ones, up to ``next_line``."""

    hits: int
    first_missing: int
    missing: int
    evictions: int
    write_backs: int
    next_line: int


def empty_cache(sets: int, ways: int) -> Entries:
    """The entries of a cache that holds nothing. Shape (sets * ways,)."""
    return np.full(sets * ways, EMPTY, np.int64)


@kernel
def lines_of(address: int, size: int, line_bytes: int) -> tuple[int, int]:
    """The lines that ``size`` bytes from ``address`` lie in: (first, behind the last).

    >>> first, end = lines_of(100, 60, 64)
    >>> int(first), int(end)
    (1, 3)
    """
    return address // line_bytes, (address + size - 1) // line_bytes + 1


@kernel
def holds(entries: Entries, start: int, sets: int, ways: int, line: int) -> bool:
    """Whether a line is there; the cache's entries begin at ``start``. Changes nothing."""
    first = start + line % sets * ways
    place = first
    while place < first + ways and entries[place] >> 1 != line:
        place += 1
    return place < first + ways


@kernel
def use_line(entries: Entries, start: int, sets: int, ways: int, line: int, write: bool) -> LineUse:
    """Look a line up and make it the latest of its set; a missing one replaces the least recently used.

    A write makes the line dirty (write-back), and brings it in where it is missing (write-allocate).

    >>> entries = empty_cache(sets=1, ways=2)
    >>> [use_line(entries, 0, 1, 2, line, False).hit for line in (5, 6, 5, 7, 6)]     # 7 puts 6 out
    [False, False, True, False, False]
    """
    first = start + line % sets * ways
    place, last = first, first + ways - 1
    while place < last and entries[place] >> 1 != line:
        place += 1
    found = entries[place]
    hit = found >> 1 == line
    for later in range(place, first, -1):
        entries[later] = entries[later - 1]
    dirty = (found & 1 if hit else 0) | (1 if write else 0)
    entries[first] = 2 * line + dirty
    evicted = found != EMPTY and not hit
    return LineUse(hit, evicted, evicted and found & 1 == 1)


@kernel
def look_up_lines(
    entries: Entries, start: int, sets: int, ways: int, line: int, end: int, write: bool
) -> Lookup:
    """Look lines up from ``line`` on, up to the end of the first row of missing ones, or to ``end``.

    >>> entries = empty_cache(sets=4, ways=1)
    >>> _ = use_line(entries, 0, 4, 1, 2, False)
    >>> first = look_up_lines(entries, 0, 4, 1, 0, 4, False)
    >>> (first.first_missing, first.missing, first.next_line)
    (0, 2, 2)
    >>> second = look_up_lines(entries, 0, 4, 1, 2, 4, False)
    >>> (second.hits, second.first_missing, second.missing, second.next_line)
    (1, 3, 1, 4)
    """
    hits = evictions = write_backs = 0
    while line < end and holds(entries, start, sets, ways, line):
        use_line(entries, start, sets, ways, line, write)
        hits += 1
        line += 1
    first = line
    while line < end and not holds(entries, start, sets, ways, line):
        use = use_line(entries, start, sets, ways, line, write)
        evictions += use.evicted
        write_backs += use.written_back
        line += 1
    return Lookup(hits, first, line - first, evictions, write_backs, line)
