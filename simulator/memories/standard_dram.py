"""DRAM of a known standard: its description. Its rule is a room of its own (``simulator.dram``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import BeforeValidator, Field

from deltasim.runtime.errors import InputError
from deltasim.simulator.dram.loading import read_standard
from deltasim.simulator.dram.mapping import AddressBits, address_bits
from deltasim.simulator.dram.standard import Standard
from deltasim.simulator.dram.timing import Timing
from deltasim.simulator.memories.checks import at_nodes
from deltasim.simulator.memories.dram import DRAM_ACTIONS, NO_MODEL
from deltasim.simulator.memories.instance import CONTROLLER, Instance
from deltasim.simulator.memories.record import Check, MemoryRecord, Surroundings
from deltasim.simulator.schema.faults import Fault
from deltasim.simulator.schema.quantities import Cycles, Port, Text, counted, size_text
from deltasim.simulator.schema.rendered import counted as number_of
from deltasim.simulator.schema.rendered import cycles, scaled


class StandardDram(MemoryRecord):
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

    kind: Literal["dram"]
    scope: Literal["shared"] = "shared"
    ports: Annotated[tuple[Port, ...], Field(min_length=1)]
    standard: Annotated[Standard, BeforeValidator(read_standard)]
    mapping: Text = "RoBaRaCoCh"
    page: Literal["open", "closed"] = "open"
    queue: Annotated[int, counted(1024)] = 32
    power_down_after: Cycles | None = None
    refresh: Literal["all-bank", "per-bank", "same-bank"] = "all-bank"

    unit_kind: ClassVar[str] = "dram"
    label: ClassVar[str] = "a DRAM channel"
    several: ClassVar[str] = "DRAM channels"
    actions = (
        *DRAM_ACTIONS,
        ("{}.background_active_down", "ps", True),  # its ranks powered down
        ("{}.background_precharged_down", "ps", True),
    )
    found: ClassVar[tuple[str, str] | None] = ("row_hit", "read")
    at_rest: ClassVar[str] = ""  # by the states of its ranks
    no_model: ClassVar[str] = NO_MODEL
    shared: ClassVar[bool] = True
    off_chip: ClassVar[bool] = True

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
    def drawn_at_rest(self) -> tuple[str, int]:
        """All ranks, powered down where they ever are."""
        down = self.standard.idle_ticks(self.power_down_after)
        return ("background_precharged_down" if down else "background_precharged"), self.ranks

    def period_ps(self, core_ps: int) -> int:
        """Of the command clock."""
        return round(self.standard.timing_.tCK * 1e12)

    def checks(self) -> tuple[Check, ...]:
        return at_nodes(self), self.mapped, self.delays_stated

    def mapped(self, path: str, chip: Surroundings) -> Iterator[Fault]:
        """The mapping names every bit of an address."""
        try:
            address_bits(self.standard, self.mapping)
        except InputError as error:
            yield Fault(f"{path}.mapping", error.value, error.rule, error.remedy)

    def delays_stated(self, path: str, chip: Surroundings) -> Iterator[Fault]:
        """What the controller does, the standard states the delays of."""
        for field in ("power_down_after", "refresh"):
            try:
                self.standard.timing(**{field: getattr(self, field)})
            except InputError as error:
                yield Fault(f"{path}.{field}", error.value, error.rule, error.remedy)

    def conditions(self, action: str, chip: Surroundings) -> dict[str, Any]:
        known: dict[str, Any] = {"standard": self.standard.name, "clock": 1 / self.standard.timing_.tCK}
        return known | ({"refresh": self.refresh} if action == "refresh" else {})

    def rows(self) -> Mapping[str, object]:
        of = self.standard
        idle = of.idle_ticks(self.power_down_after)
        return {
            "kind": f"DRAM, {of.name}, {number_of(len(self.ports), 'controller')}, shared",
            "ports": ", ".join(f"node {port}" for port in self.ports),
            "size": f"{size_text(self.size_bytes)} behind each",
            "peak": f"{scaled(of.peak_bandwidth, 'B/s')} each",
            "burst": size_text(self.access_bytes),
            "mapping": self.mapping,
            "page": self.page,
            "queue": f"{number_of(self.queue, 'transaction')} of each channel",
            "refresh": self.refresh,
            "powers down": f"after {cycles(idle)}" if idle else "never",
            "source": of.source,
        }

    def bytes_per_ps(self, chip: Surroundings) -> float:
        return self.standard.peak_bandwidth * 1e-12

    def instance(self, core_ps: int) -> Instance:
        of = controlled(self)
        requests = of.timing.queue * of.timing.channels
        return Instance(CONTROLLER, self.period_ps(core_ps), self.access_bytes, slots=requests, controlled=of)


class Controlled(NamedTuple):
    """A DRAM of a standard behind its controller: what the command-level rule reads of it."""

    timing: Timing
    bits: AddressBits


def controlled(memory: StandardDram) -> Controlled:
    """A standard with the controller's choices, as the command-level rule reads it."""
    timing = memory.standard.timing(
        queue=memory.queue,
        closed_page=memory.page == "closed",
        power_down_after=memory.power_down_after,
        refresh=memory.refresh,
    )
    return Controlled(timing, address_bits(memory.standard, memory.mapping))
