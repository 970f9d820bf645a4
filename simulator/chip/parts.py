"""The parts of a chip, as plain validated records: cores and their stages, memories, the network, prices.

Names are those of the YAML form; a size, a clock or a width keeps its unit in the attribute's name
(``size`` in the file is ``size_bytes`` here). What a part may not hold on its own is refused here; what parts
may not be to each other is refused in ``simulator.chip.checks``.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from simulator.description.part import Part
from simulator.description.quantities import (
    Bits,
    Bytes,
    Count,
    CountOrZero,
    Cycles,
    Energy,
    Frequency,
    Length,
    Node,
    Power,
    Text,
    period_ps,
)
from simulator.dram.named import read_standard
from simulator.dram.standard import Standard

Stage = Literal["scan", "send", "receive", "mac", "update"]


class Scan(Part):
    """The threshold scan of an encoder: ``ceil(pad(n) / elements_per_cycle)`` cycles for a slice of n.

    ``pad(n)`` rounds n up to a multiple of ``pad_to``.
    """

    elements_per_cycle: Count
    pad_to: Count = 1


class PerMessage(Part):
    """A stage that takes ``cycles`` for each message; 0 where the core has no such stage."""

    cycles: CountOrZero


class Mac(Part):
    """The multiply-accumulate lanes: a column of w words takes ``ceil(w / lanes)`` cycles.

    ``arrays`` of ``lanes`` each work side by side. The columns of the source neuron at place k of its slice
    belong to array ``k mod arrays``, which has its own fetch slots and its own bank of every scratchpad, so
    the array that is sent the most columns sets the pace.
    """

    lanes: Count
    arrays: Count = 1


class Update(Part):
    """The neuron update of a slice of n: ``fixed + cycles * ceil(n / lanes)`` cycles."""

    lanes: Count
    cycles: CountOrZero
    fixed: CountOrZero = 0


class Dma(Part):
    """How a core fetches a column: in pieces that end at every multiple of ``burst`` bytes.

    At most ``outstanding`` pieces of a column are on their way at once, from their address until their words
    are in the sums.
    """

    burst_bytes: Bytes = Field(alias="burst")
    outstanding: Count


class Cores(Part):
    """All cores of a chip; they are alike.

    ``outstanding_fetches`` columns may be on their way to a core, or to each of its multiply arrays, or being
    consumed there: with 1 a fetch waits for the sums before it, with 2 the next column comes while one is
    multiplied (double buffering), with more the core runs further ahead. A column is fetched whole unless
    ``dma`` cuts it.
    Each stage is a unit of its own, unless ``shared_units`` names stages that exclude each other.
    """

    count: Count
    clock_hz: Frequency = Field(alias="clock")
    scan: Scan
    send: PerMessage
    receive: PerMessage
    mac: Mac
    update: Update
    outstanding_fetches: Count
    dma: Dma | None = None
    shared_units: tuple[tuple[Stage, ...], ...] = ()

    @property
    def period_ps(self) -> int:
        return period_ps(self.clock_hz)


class Scratchpad(Part):
    """A private memory of every core: an access moves ``width`` bits and answers after ``latency`` cycles."""

    name: Text
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
    CL: Count
    RCD: Count
    RP: Count
    RAS: Count
    RTP: Count
    RFC: Count
    REFI: Count
    burst_cycles: Count
    banks: Count
    row_bytes: Bytes = Field(alias="row")
    burst_bytes: Bytes = Field(alias="burst")
    order: Literal["row-bank-column", "bank-row-column"]

    @property
    def period_ps(self) -> int:
        return period_ps(self.clock_hz)


class Dram(Part):
    """DRAM shared by all cores, known by its own figures: a channel of ``size`` at each node in ``ports``.

    It serves what it is asked for in order, a run of bytes after another (``simulator.rules.dram``). The
    weights of a core lie in the channel of its nearest port (of ports equally near, the lowest).
    """

    name: Text
    kind: Literal["dram"]
    scope: Literal["shared"] = "shared"
    ports: Annotated[tuple[CountOrZero, ...], Field(min_length=1)]
    size_bytes: Bytes = Field(alias="size")
    timing: Timing

    @property
    def access_bytes(self) -> int:
        """Bytes one burst moves; placed blocks start at a multiple of it."""
        return self.timing.burst_bytes


class StandardDram(Part):
    """DRAM of a known standard shared by all cores: a controller with a memory at each node in ``ports``.

    The controller picks commands from a ``queue`` of transactions for every channel, row hits first
    (``simulator.dram``), and powers a rank down after ``power_down_after`` idle cycles (0: never). With a
    ``page`` that is open a row stays so; closed, it is closed once no waiting transaction hits it.
    ``standard`` is a name in the box, a YAML file, or the fields of one; ``mapping`` a name or an order of
    address fields.

    >>> from simulator.chip import load_chip
    >>> hbm = load_chip("mesh64-hbm").memory("hbm")
    >>> hbm.standard.name, hbm.size_bytes // 2**20, hbm.access_bytes, hbm.queue
    ('HBM2-2000', 512, 32, 32)
    """

    name: Text
    kind: Literal["dram"]
    scope: Literal["shared"] = "shared"
    ports: Annotated[tuple[CountOrZero, ...], Field(min_length=1)]
    standard: Annotated[Standard, BeforeValidator(read_standard)]
    mapping: Text = "RoBaRaCoCh"
    page: Literal["open", "closed"] = "open"
    queue: Annotated[int, Field(strict=True, ge=1, le=1024)] = 32
    power_down_after: Cycles = 1024

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

    name: Text
    kind: Literal["cache"]
    scope: Literal["core"] = "core"
    behind: Text
    size_bytes: Bytes = Field(alias="size")
    line_bytes: Bytes = Field(alias="line")
    ways: Count
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

    name: Text
    kind: Literal["buffer"]
    scope: Literal["shared"] = "shared"
    ports: Annotated[tuple[CountOrZero, ...], Field(min_length=1)]
    size_bytes: Bytes = Field(alias="size")
    banks: Count
    width_bits: Bits = Field(alias="width")
    interleave_bytes: Bytes = Field(alias="interleave")
    latency_cycles: Cycles = Field(alias="latency")
    places: Count = 1
    clock_hz: Frequency | None = Field(default=None, alias="clock")

    @property
    def access_bytes(self) -> int:
        return self.width_bits // 8


class Registers(Part):
    """The column buffers of every core between memories and multipliers: each fetched word passes through.

    They take no time. They hold all pieces that may be on their way to the core at once; ``width`` is that of
    the port that a word is read and written through.
    """

    name: Text
    kind: Literal["registers"]
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
    | Annotated[Registers, Tag("registers")],
    Discriminator(described_as),
]
Shared = Dram | StandardDram | Buffer
OnChip = Scratchpad | Cache | Buffer | Registers


class JoinedLink(Part):
    """A link between chips: its own width and clock; the head takes ``hop_cycles`` of that clock."""

    width_bits: Bits = Field(alias="width")
    clock_hz: Frequency = Field(alias="clock")
    hop_cycles: Count

    @property
    def period_ps(self) -> int:
        return period_ps(self.clock_hz)


class Joined(Part):
    """Several chips with the same network inside: ``topology`` says how they are joined, ``ring:4`` or the
    like. ``gateway`` is the node of each chip through which it is reached. Cores count over all chips.
    """

    topology: Text
    gateway: CountOrZero = 0
    link: JoinedLink


class Interconnect(Part):
    """The network on chip: ``bus``, ``mesh:4x4``, ``tree:4x3`` and the like, or ``graph`` and its ``edges``.

    ``edges`` are ``[a, b]`` or ``[a, b, width_factor]``, or the name of a file with ``a b [width_factor]`` a
    line. The first nodes are the cores, further ones switches.

    A link moves a flit of ``link_width`` bits each cycle; the head flit takes ``hop_cycles`` for every link,
    router included. ``message_bits`` and ``request_bits`` are the sizes of a delta message and of a read.
    With ``buffer`` every link ends in ``virtual_channels`` buffers of so many flits, and a packet waits
    until the next one has room for all of it; without, buffers have no limit.

    ``pitch`` is the distance of neighbouring tiles. With it the network's energy is stated in parts: buffer
    writes and reads, crossings of a router's switch, and flits times micrometres of link. Without, a flit has
    one price for a router and one for a link.
    """

    topology: Text
    clock_hz: Frequency = Field(alias="clock")
    link_width_bits: Bits = Field(alias="link_width")
    hop_cycles: Count
    message_bits: Count
    request_bits: Count
    buffer_flits: Count | None = Field(default=None, alias="buffer")
    virtual_channels: Count | None = None
    pitch_m: Length | None = Field(default=None, alias="pitch")
    edges: Annotated[tuple[tuple[Any, ...], ...], Field(min_length=1)] | None = None
    joined: Joined | None = None

    @property
    def period_ps(self) -> int:
        return period_ps(self.clock_hz)


class Explicit(Part):
    """Placement by hand: population -> cores it is spread over; projection -> memory of its weights."""

    cores: dict[Text, Annotated[tuple[CountOrZero, ...], Field(min_length=1)]] = Field(default_factory=dict)
    memory: dict[Text, Text] = Field(default_factory=dict)


Policy = Literal["nearest", "streamed", "cached"]


class Placement(Part):
    """Where neurons and weights go; what is not named here is balanced over cores and nearest memories.

    ``policy`` is for weights: ``nearest`` (the default) puts a block into the first memory that still holds
    it, ``streamed`` into a DRAM, ``cached`` into the memory behind the chip's first cache, to be fetched
    through it. ``layers`` gives a population's or a projection's own; ``explicit`` goes before both.
    """

    policy: Policy | None = None
    layers: dict[Text, Policy] | None = None
    explicit: Explicit = Explicit()


class Synchronisation(Part):
    """When a step ends: ``barrier`` (all cores meet), ``layer`` (layers in series) or ``dataflow``.

    ``cost`` is paid at each meeting, in core cycles.
    """

    policy: Literal["barrier", "layer", "dataflow"]
    cost_cycles: Cycles = Field(alias="cost")


class Price(Part):
    """What one counted action costs, or what a static one draws, and where that is known from."""

    energy_j: Energy | None = Field(default=None, alias="energy")
    power_w: Power | None = Field(default=None, alias="power")
    node: Node
    kind: Literal["measured", "simulated", "estimated"]
    source: Text

    @property
    def value(self) -> float:
        """Joules per count, or watts for an action counted in picoseconds."""
        return self.power_w if self.power_w is not None else (self.energy_j or 0.0)
