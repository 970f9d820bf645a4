"""The parts of a chip, as plain validated records: cores and their stages, the network, placement, prices.

Names are those of the YAML form; a size, a clock or a width keeps its unit in the attribute's name
(``size`` in the file is ``size_bytes`` here). What a part may not hold on its own is refused here; what parts
may not be to each other is refused in ``deltasim.simulator.chip.checks``.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from deltasim.simulator.chip.prices.conditions import read_number
from deltasim.simulator.schema.part import Part
from deltasim.simulator.schema.quantities import (
    Bits,
    Bytes,
    CycleCount,
    CycleCountOrZero,
    Cycles,
    Frequency,
    Length,
    Text,
    counted,
    period_ps,
)

MOST_CORES = 16_384  # over all chips that are joined
Lanes = Annotated[int, counted(1 << 20)]
Core = Annotated[int, counted(MOST_CORES - 1, least=0)]
Neurons = Annotated[int, counted(1 << 40)]
Slots = Annotated[int, counted(1 << 16)]
Number = Annotated[str, BeforeValidator(read_number)]

Stage = Literal["scan", "send", "receive", "mac", "update"]


class Scan(Part):
    """The threshold scan of an encoder: ``ceil(pad(n) / elements_per_cycle)`` cycles for a partition of n.

    ``pad(n)`` rounds n up to a multiple of ``pad_to``. With ``cycles`` each of these takes so many of the
    core's clock, as where a processor scans. An encoder with a budget of messages goes over its elements
    ``select_passes`` times to find those it may send, and once more to send them.

    A scan that sends as it goes pauses: ``message_cycles`` for each message of a neuron of the chip
    (not for what comes from outside), and ``copy_cycles`` for each copy that leaves, which it does when both
    have passed.
    """

    elements_per_cycle: Lanes
    pad_to: Lanes = 1
    cycles: CycleCount | None = None  # 1 where none is given
    select_passes: Annotated[int, counted(64)] | None = None  # 1 where none is given
    message_cycles: CycleCountOrZero | None = None
    copy_cycles: CycleCountOrZero | None = None


class PerMessage(Part):
    """A stage that takes ``cycles`` for each message; 0 where the core has no such stage."""

    cycles: CycleCountOrZero


class Mac(Part):
    """The multiply-accumulate lanes: a column of w words takes ``ceil(w / lanes)`` cycles.

    With ``cycles`` each of these takes so many of the core's clock, as where a processor multiplies.

    ``arrays`` of ``lanes`` each work side by side. The columns of the source neuron at place k of its
    partition belong to array ``k mod arrays``, which has its own fetch slots and its own bank of every
    scratchpad, so the array that is sent the most columns sets the pace.
    """

    lanes: Lanes
    arrays: Annotated[int, counted(1024)] = 1
    cycles: CycleCount | None = None  # 1 where none is given


class Update(Part):
    """The neuron update of a partition of n: ``fixed + cycles * ceil(n / lanes)`` cycles.

    With ``access_cycles`` neurons at rest are told from those that move: it is ``fixed + access_cycles *
    ceil(n / lanes) + cycles * ceil(m / lanes)`` for m that do (`deltasim.networks.activity`).
    ``during: scan`` updates neurons one by one as they are scanned for the next step, so that those that
    have been updated send while the others are: the time passes in that scan.
    """

    lanes: Lanes
    cycles: CycleCountOrZero
    fixed: CycleCountOrZero = 0
    access_cycles: CycleCountOrZero | None = None
    during: Literal["scan"] | None = None


class Dma(Part):
    """How a core fetches a column: in bursts that end at every multiple of ``burst`` bytes.

    At most ``outstanding`` bursts of a column are on their way at once, from their address until their words
    are in the sums.
    """

    burst_bytes: Bytes = Field(alias="burst")
    outstanding: Slots


class Arithmetic(Part):
    """The numbers a core works on: weights and activations as they are multiplied, sums as they are added.

    Each is ``8 bit`` and the like, or ``float32``, ``float16``, ``bfloat16``. With them the models price a
    core's arithmetic and give its area.
    """

    weight: Number
    activation: Number
    accumulator: Number


class Cores(Part):
    """All cores of a chip; they are alike.

    ``outstanding_fetches`` columns may be on their way to a core, or to each of its multiply arrays, or being
    consumed there: with 1 a fetch waits for the sums before it, with 2 the next column comes while one is
    multiplied (double buffering), with more the core runs further ahead. A column is fetched whole unless
    ``dma`` cuts it.
    Each stage is a unit of its own, unless ``shared_units`` names stages that exclude each other.
    """

    count: Annotated[int, counted(MOST_CORES)]
    clock_hz: Frequency = Field(alias="clock")
    scan: Scan
    send: PerMessage
    receive: PerMessage
    mac: Mac
    update: Update
    outstanding_fetches: Slots
    dma: Dma | None = None
    arithmetic: Arithmetic | None = None
    shared_units: tuple[tuple[Stage, ...], ...] = Field(default=(), examples=["[[scan, mac]]"])

    @property
    def period_ps(self) -> int:
        return period_ps(self.clock_hz)


class JoinedLink(Part):
    """A link between chips: its own width and clock; the head takes ``hop_cycles`` of that clock."""

    width_bits: Bits = Field(alias="width")
    clock_hz: Frequency = Field(alias="clock")
    hop_cycles: CycleCount

    @property
    def period_ps(self) -> int:
        return period_ps(self.clock_hz)


class Joined(Part):
    """Several chips with the same network inside: ``topology`` says how they are joined, ``ring:4`` or the
    like. ``gateway`` is the node of each chip through which it is reached. Cores count over all chips.
    """

    topology: Text
    gateway: Core = 0
    link: JoinedLink


class Directions(Part):
    """Cycles of the network's clock that a head takes over a link of a mesh, by where it leads.

    East is along a row to the next column, south down a column to the next row.
    """

    east: CycleCount
    west: CycleCount
    north: CycleCount
    south: CycleCount


class Interconnect(Part):
    """The network on chip: ``bus``, ``mesh:4x4``, ``tree:4x3`` and the like, or ``graph`` and its ``edges``.

    ``edges`` are ``[a, b]`` or ``[a, b, width_factor]``, or the name of a file with ``a b [width_factor]`` a
    line. The first nodes are the cores, further ones switches.

    A link moves a flit of ``link_width`` bits each cycle; the head flit takes ``hop_cycles`` for every link,
    router included. ``message_bits`` and ``request_bits`` are the sizes of a delta message and of a read.
    With ``buffer`` every link ends in ``virtual_channels`` buffers of so many flits, and a packet waits
    until the next one has room for all of it; without, buffers have no limit.

    A message is sent once along a tree to all cores it is for, with ``delivery: unicast`` once to each of
    them. ``directions`` give the links of a mesh hop cycles by direction, in the place of ``hop_cycles``, and
    each direction a price of its own.

    ``pitch`` is the distance of neighbouring tiles. With it the network's energy is stated in parts: buffer
    writes and reads, crossings of a router's switch, and flits times micrometres of link. Without, a flit has
    one price for a router and one for a link.
    """

    topology: Text
    clock_hz: Frequency = Field(alias="clock")
    link_width_bits: Bits = Field(alias="link_width")
    hop_cycles: CycleCount
    message_bits: Annotated[int, counted(1 << 20)]
    request_bits: Annotated[int, counted(1 << 20)]
    buffer_flits: Annotated[int, counted(4096)] | None = Field(default=None, alias="buffer")
    virtual_channels: Annotated[int, counted(64)] | None = None
    pitch_m: Length | None = Field(default=None, alias="pitch")
    edges: Annotated[tuple[tuple[Any, ...], ...], Field(min_length=1)] | None = None
    joined: Joined | None = None
    delivery: Literal["multicast", "unicast"] | None = None  # multicast where none is given
    directions: Directions | None = None

    @property
    def is_bus(self) -> bool:
        """One link for all, without routers."""
        return self.topology.partition(":")[0] == "bus"

    @property
    def unicast(self) -> bool:
        return self.delivery == "unicast"

    @property
    def period_ps(self) -> int:
        return period_ps(self.clock_hz)


class Explicit(Part):
    """Placement by hand: population -> cores it is spread over; projection -> memory of its weights.

    ``neurons`` says how many of a population lie on each of its ``cores``, in their order; without, the
    neurons are spread evenly.
    """

    cores: dict[Text, Annotated[tuple[Core, ...], Field(min_length=1)]] = Field(default_factory=dict)
    neurons: dict[Text, Annotated[tuple[Neurons, ...], Field(min_length=1)]] | None = None
    memory: dict[Text, Text] = Field(default_factory=dict)


Policy = Literal["nearest", "streamed", "cached", "pinned"]


class Placement(Part):
    """Where neurons and weights go; what is not named here is balanced over cores and nearest memories.

    ``policy`` is for weights: ``nearest`` (the default) puts a block into the first memory that still holds
    it, ``streamed`` into a DRAM, ``cached`` into the memory behind the chip's first cache, to be fetched
    through it; ``pinned`` puts the columns that send counts show to be hottest into the first scratchpad or
    buffer, as far as it holds them, and the others into a DRAM. ``layers`` gives a population's or a
    projection's own; ``explicit`` goes before both.

    ``state`` names memories of a core, scratchpads or those of kind ``state``: what a population remembers
    (last sent values, accumulators, states) lies in the first that holds it on all its cores, before weights.
    """

    policy: Policy | None = None
    state: Annotated[tuple[Text, ...], Field(min_length=1)] | None = None
    layers: dict[Text, Policy] | None = None
    explicit: Explicit = Explicit()

    @property
    def pins(self) -> bool:
        """Whether some weights are placed by send counts."""
        return "pinned" in (self.policy, *(self.layers or {}).values())


class Synchronisation(Part):
    """When a step ends: ``barrier`` (all cores meet), ``layer`` (layers in series) or ``dataflow``.

    ``cost`` is paid at each barrier, in core cycles.
    """

    policy: Literal["barrier", "layer", "dataflow"]
    cost_cycles: Cycles = Field(alias="cost")
