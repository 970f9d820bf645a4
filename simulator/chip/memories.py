"""The memories of a chip, as plain validated records: on the chip, and DRAM beside it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from deltasim.simulator.components.banked_buffer import MOST_BANKS
from deltasim.simulator.dram.loading import read_standard
from deltasim.simulator.dram.standard import Standard
from deltasim.simulator.schema.part import Part
from deltasim.simulator.schema.quantities import (
    Bits,
    Bytes,
    CycleCount,
    Cycles,
    Frequency,
    Name,
    Text,
    counted,
    period_ps,
)

Port = Annotated[int, counted((1 << 16) - 1, least=0)]


class Scratchpad(Part):
    """A private memory of every core: an access moves ``width`` bits and answers after ``latency`` cycles."""

    name: Name
    kind: Literal["scratchpad"]
    scope: Literal["core"] = "core"
    size_bytes: Bytes = Field(alias="size")
    width_bits: Bits = Field(alias="width")
    latency_cycles: Cycles = Field(alias="latency")
    clock_hz: Frequency | None = Field(default=None, alias="clock")  # that of the cores where none is given

    @property
    def access_bytes(self) -> int:
        """Bytes one access moves; placed blocks start at a multiple of it."""
        return self.width_bits // 8


class Timing(Part):
    """DRAM timing in cycles of its command clock, and its geometry, of one channel.

    ``order`` says where the bank bits sit in an address: with ``row-bank-column`` consecutive rows' worth of
    bytes rotate over the banks, with ``bank-row-column`` a bank is filled before the next.
    """

    clock_hz: Frequency = Field(alias="clock")
    CL: CycleCount
    RCD: CycleCount
    RP: CycleCount
    RAS: CycleCount
    RTP: CycleCount
    RFC: CycleCount
    REFI: CycleCount
    burst_cycles: CycleCount
    banks: Annotated[int, counted(4096)]
    row_bytes: Bytes = Field(alias="row")
    burst_bytes: Bytes = Field(alias="burst")
    order: Literal["row-bank-column", "bank-row-column"]

    @property
    def period_ps(self) -> int:
        return period_ps(self.clock_hz)


class Dram(Part):
    """DRAM shared by all cores, known by its own figures: a channel of ``size`` at each node in ``ports``.

    It serves what it is asked for in order, a run of bytes after another (``simulator.dram.in_order``). The
    weights of a core lie in the channel of its nearest port (of ports equally near, the lowest).
    """

    name: Name
    kind: Literal["dram"]
    scope: Literal["shared"] = "shared"
    ports: Annotated[tuple[Port, ...], Field(min_length=1)]
    size_bytes: Bytes = Field(alias="size")
    timing: Timing

    @property
    def access_bytes(self) -> int:
        """Bytes one burst moves; placed blocks start at a multiple of it."""
        return self.timing.burst_bytes


class StandardDram(Part):
    """DRAM of a known standard shared by all cores: a controller with a memory at each node in ``ports``.

    The controller picks commands from a ``queue`` of transactions for every channel, for the oldest of those
    that can begin first (``simulator.dram``), and powers a rank down after ``power_down_after`` idle cycles
    (0: never; not given: 1024, and never where the standard states no tCKE and tXP). With a ``page`` that is
    open a row stays so; closed, it is closed once no waiting transaction hits it. ``refresh`` is of all banks
    of a rank at once, bank by bank, or of the same bank of every bank group. ``standard`` is a name in the
    box, a YAML file, or the fields of one; ``mapping`` a name or an order of address fields.

    >>> from deltasim.simulator.chip import load_chip
    >>> hbm = load_chip("mesh64-hbm").memory("hbm")
    >>> hbm.standard.name, hbm.size_bytes // 2**20, hbm.access_bytes, hbm.queue
    ('HBM2-2000', 512, 32, 32)
    """

    name: Name
    kind: Literal["dram"]
    scope: Literal["shared"] = "shared"
    ports: Annotated[tuple[Port, ...], Field(min_length=1)]
    standard: Annotated[Standard, BeforeValidator(read_standard)]
    mapping: Text = "RoBaRaCoCh"
    page: Literal["open", "closed"] = "open"
    queue: Annotated[int, counted(1024)] = 32
    power_down_after: Cycles | None = None
    refresh: Literal["all-bank", "per-bank", "same-bank"] = "all-bank"

    @property
    def size_bytes(self) -> int:
        """Bytes behind one port."""
        return self.standard.capacity_bytes

    @property
    def access_bytes(self) -> int:
        """Bytes one burst moves; placed blocks start at a multiple of it."""
        return self.standard.organisation.burst

    @property
    def ranks(self) -> int:
        """Ranks behind one port, pseudo channels counted as such: each draws power by its own state."""
        made_of = self.standard.organisation
        return made_of.channels * made_of.pseudo_channels * made_of.ranks

    @property
    def period_ps(self) -> int:
        """Of the command clock."""
        return round(self.standard.timing_.tCK * 1e12)


class Cache(Part):
    """A private set-associative cache of every core in front of the memory named ``behind``.

    Least recently used lines go first; it is write-back and write-allocate. Tags are looked up one line a
    cycle; the data answer an access of ``width`` after ``latency``.
    """

    name: Name
    kind: Literal["cache"]
    scope: Literal["core"] = "core"
    behind: Name
    size_bytes: Bytes = Field(alias="size")
    line_bytes: Bytes = Field(alias="line")
    ways: Annotated[int, counted(1024)]
    width_bits: Bits = Field(alias="width")
    latency_cycles: Cycles = Field(alias="latency")
    clock_hz: Frequency | None = Field(default=None, alias="clock")

    @property
    def access_bytes(self) -> int:
        """Bytes it fetches at least: a line."""
        return self.line_bytes

    @property
    def sets(self) -> int:
        return self.size_bytes // (self.line_bytes * self.ways)


class Buffer(Part):
    """A banked on-chip memory shared by all cores: one of ``size`` at each topology node in ``ports``.

    The weights of a core lie in the one of its nearest port. It serves ``places`` streams at once; a stream
    makes an access of ``width`` each cycle, ``interleave`` bytes in a bank before it goes on to the next.
    """

    name: Name
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

    @property
    def access_bytes(self) -> int:
        return self.width_bits // 8


class Registers(Part):
    """The column buffers of every core between memories and multipliers: each fetched word passes through.

    They take no time. They hold all bursts that may be on their way to the core at once; ``width`` is that of
    the port that a word is read and written through.
    """

    name: Name
    kind: Literal["registers"]
    scope: Literal["core"] = "core"
    size_bytes: Bytes = Field(alias="size")
    width_bits: Bits = Field(alias="width")

    @property
    def access_bytes(self) -> int:
        return self.width_bits // 8


class StateMemory(Part):
    """What the neurons of a core remember: last sent values, accumulators and states, apart from its weights.

    The stages read and write it within their own time. ``width`` is what an access moves.
    """

    name: Name
    kind: Literal["state"]
    scope: Literal["core"] = "core"
    size_bytes: Bytes = Field(alias="size")
    width_bits: Bits = Field(alias="width")

    @property
    def access_bytes(self) -> int:
        return self.width_bits // 8


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
    | Annotated[StateMemory, Tag("state")],
    Discriminator(described_as),
]
Shared = Dram | StandardDram | Buffer
OnChip = Scratchpad | Cache | Buffer | Registers | StateMemory
Timeless = Registers | StateMemory  # what they take is within the stages that use them
