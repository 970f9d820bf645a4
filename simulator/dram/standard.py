"""A DRAM standard as data: organisation, timing and currents of one memory, read from a YAML description.

Delays are whole numbers of ticks (periods of tCK) or times with their unit, rounded up to ticks. The box
holds those of ``simulator/dram/standards/*.yaml``; any other is one more YAML file (``docs/standards.md``).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from deltasim.runtime.arrays import Integers
from deltasim.runtime.errors import InputError, nearest
from deltasim.simulator.dram.constraints import CONSTRAINTS, OF_PARTS, table
from deltasim.simulator.dram.standard_checks import contradictions
from deltasim.simulator.dram.timing import Timing
from deltasim.simulator.schema.faults import Faults
from deltasim.simulator.schema.part import Part
from deltasim.simulator.schema.quantities import (
    Bytes,
    Energy,
    Name,
    QuantityError,
    Text,
    counted,
    quantity,
    reads_as,
)

Current = Annotated[float, *quantity(("A",), "a current", "48 mA", zero=True, most="1 kA")]
Voltage = Annotated[float, *quantity(("V",), "a voltage", "1.2 V", least="1 mV", most="1 kV")]
Period = Annotated[float, *quantity(("s",), "a clock period", "833 ps", least="1 ps", most="1 us")]
read_time = reads_as(("s",), "a delay", "7.5 ns", whole=False, zero=True, most="1 s")
Slots = Annotated[int, counted(1024)]
Banks = Annotated[int, counted(4096)]

MOST_CONSTRAINTS = 100
MOST_DELAY = 1 << 30  # ticks, as they are written; what they come to is bounded further


def read_delay(value: object) -> int | float:
    """Read a delay: a whole number is ticks and stays one, a time with its unit becomes seconds (a float).

    >>> read_delay(17), read_delay("7.5 ns")
    (17, 7.5e-09)
    """
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 0:
            raise QuantityError("a delay is at least 0", "Write ticks like 17, or a time like 7.5 ns.")
        if value > MOST_DELAY:
            raise QuantityError(f"a delay is at most {MOST_DELAY:,} ticks", "Check its unit.")
        return value
    return read_time(value)


def written_delay(value: int | float | None) -> int | str | None:
    """A delay as a description has it: ticks stay a number, a time gets its unit."""
    return f"{value!r} s" if isinstance(value, float) else value


Delay = Annotated[Any, BeforeValidator(read_delay), PlainSerializer(written_delay)]


class Organisation(Part):
    """What the memory is made of, from its channels down to one transaction."""

    channels: Banks = 1
    pseudo_channels: Banks = 1  # of a channel: own data bus, shared command bus
    ranks: Banks = 1  # of a (pseudo) channel: one data bus
    bank_groups: Banks = 1  # of a rank
    banks: Banks  # of a bank group
    rows: Annotated[int, counted(1 << 40)]  # of a bank
    row: Bytes  # of one bank over all devices of the rank
    burst: Bytes  # one transaction


class Delays(Part):
    """Command timing under the names of JEDEC's standards, from command to command unless said otherwise."""

    tCK: Period  # of the command clock: a tick
    tBL: Delay  # the data of one transaction
    tCL: Delay  # read to its data, from the tick that `CommandBus.latency_from` names
    tCWL: Delay
    tDQSCK: Delay = 0  # strobe delay after tCL
    tRCD: Delay
    tRCD_WR: Delay | None = None  # as tRCD
    tRP: Delay
    tRPab: Delay | None = None  # as tRP
    tRAS: Delay
    tRC: Delay
    tRTP: Delay
    tWR: Delay
    tPPD: Delay = 0
    tCCD_S: Delay
    tCCD_L: Delay
    tCCD_S_WR: Delay | None = None  # of writes; as tCCD_S
    tCCD_L_WR: Delay | None = None  # as tCCD_L
    tRRD_S: Delay
    tRRD_L: Delay
    tFAW: Delay
    tWTR_S: Delay
    tWTR_L: Delay
    tRTW: Delay | None = None  # tCL + tDQSCK + tBL + 2 - tCWL
    tCS: Delay = 2  # between two ranks on one data bus
    tRFC: Delay  # all banks of a rank refreshed at once
    tREFI: Delay
    tRFCpb: Delay | None = None  # one bank refreshed; None: it cannot be
    tREFIpb: Delay | None = None
    tRFCsb: Delay | None = None  # the same bank of every bank group refreshed; None: it cannot be
    tREFIsb: Delay | None = None
    tREF_REF: Delay = 0  # between refreshes of two parts of a rank: tpbR2pbR, tRREFD, tRFCsb
    tREF_ACT: Delay = 0  # from the refresh of a part of a rank to an activate of another: tpbR2act, tREFSBRD
    tCKE: Delay | None = None  # both None: ranks do not power down
    tXP: Delay | None = None
    tWCKPST: Delay | None = None  # a write clock that stops so long after the data; None: there is none

    def ticks(self, name: str) -> int:
        """One delay in ticks of tCK, rounded up."""
        return self.in_ticks(getattr(self, name))

    def in_ticks(self, value: int | float) -> int:
        """A delay as it is stated in ticks of tCK, rounded up."""
        return value if isinstance(value, int) else math.ceil(value / self.tCK - 1e-3)

    def delay(self, name: str, suffix: str = "") -> int:
        """A delay of a constraint in ticks, also where it follows from others.

        Of a refresh it is that of ``suffix``; a rank that is refreshed in parts closes banks one by one.
        """
        if name == "tRTW" and self.tRTW is None:  # the data bus turns round
            of = self.ticks
            return max(0, of("tCL") + of("tDQSCK") + of("tBL") + 2 - of("tCWL"))
        if name == "tRFC":
            name += suffix
        if getattr(self, name) is None or (name == "tRPab" and suffix):
            name = ALIKE[name]
        return self.ticks(name)


ALIKE = {"tRCD_WR": "tRCD", "tRPab": "tRP", "tCCD_S_WR": "tCCD_S", "tCCD_L_WR": "tCCD_L"}
"""Delays that are as others where they are not stated."""


class Own(Part):
    """A delay between two commands that `Delays` has no name for: a row more of `constraints`.

    It holds from the last tick of ``before`` to the last of the next ``after``, in the same bank, bank group
    or rank, or on the other ranks of a data bus.
    """

    level: Literal["bank", "group", "rank", "bus"]
    before: Literal["activate", "read", "write", "precharge", "refresh"]
    after: Literal["activate", "read", "write", "precharge", "refresh"]
    delay: Delay


class CommandBus(Part):
    """How many ticks a command holds the command bus, and whether row and column commands have one each.

    Delays run from the last tick of a command to the last of the next. ``latency_from`` says whether tCL runs
    from the first tick of a read or from its last.
    """

    activate: Slots = 1
    activate_apart: Annotated[int, counted(1024, least=0)] = 0  # two commands, at most so far apart
    column: Slots = 1
    precharge: Slots = 1  # also of a refresh
    split: bool = False
    half_clock: bool = False  # a tick is half a period of the clock: only precharges begin at odd ones
    latency_from: Literal["first", "last"] = "first"


class Rail(Part):
    """The currents of one device from one supply."""

    voltage: Voltage
    IDD0: Current
    IDD2N: Current
    IDD2P: Current
    IDD3N: Current
    IDD3P: Current
    IDD4R: Current
    IDD4W: Current
    IDD5: Current  # during tRFC, all banks refreshed at once


class Interface(Part):
    """Energy of the data pins for each bit."""

    read: Energy
    write: Energy


class Power(Part):
    """What the devices of one rank (or pseudo channel) draw when their clock has the period ``tCK``."""

    tCK: Period | None = None  # None: not said, and no energy follows
    devices: Annotated[float, Field(gt=0, le=4096)]
    rails: dict[str, Rail]
    interface: Interface | None = None  # None: no source, the energy of the pins is not counted
    status: Literal["datasheet", "simulated", "estimated"]
    source: Text


class Standard(Part):
    """One memory: what it is made of, how fast its commands follow each other, what they cost.

    >>> from deltasim.simulator.dram.loading import load_standard
    >>> standard = load_standard("DDR4-2400")
    >>> standard.capacity_bytes, round(standard.peak_bandwidth / 1e9, 1)
    (8589934592, 19.2)
    """

    name: Name
    source: Text
    organisation: Organisation
    timing_: Delays = Field(alias="timing")
    command_bus: CommandBus = CommandBus()
    constraints: Annotated[
        tuple[Own, ...], Field(max_length=MOST_CONSTRAINTS)
    ] = ()  # beside those of `timing`
    power: Power | None = None  # None: timing alone, no energy
    no_power: Text | None = None  # why not

    @model_validator(mode="after")
    def agrees(self) -> Standard:
        """Refuse what cannot be true at once."""
        faults = tuple(contradictions(self))
        if faults:
            raise Faults(faults)
        return self

    @property
    def capacity_bytes(self) -> int:
        """All bytes of all channels."""
        made_of = self.organisation
        banks = (
            made_of.channels * made_of.pseudo_channels * made_of.ranks * made_of.bank_groups * made_of.banks
        )
        return banks * made_of.rows * made_of.row

    @property
    def peak_bandwidth(self) -> float:
        """Bytes a second with every data bus always busy."""
        buses = self.organisation.channels * self.organisation.pseudo_channels
        return buses * self.organisation.burst / (self.timing_.ticks("tBL") * self.timing_.tCK)

    def seconds(self, name: str) -> float:
        """One delay of the timing in seconds, after rounding up to ticks."""
        return self.timing_.ticks(name) * self.timing_.tCK

    def idle_ticks(self, power_down_after: int | None) -> int:
        """After how many idle ticks a rank powers down; 0: never. None: 1024, never without tCKE and tXP.

        Errors: InputError for a number where tCKE and tXP are not stated.
        """
        known = self.timing_.tCKE is not None and self.timing_.tXP is not None
        if power_down_after is None:
            return 1024 if known else 0
        if power_down_after and not known:
            rule = f"{self.name} states no tCKE and tXP"
            raise InputError("power_down_after", power_down_after, rule, "Add them, or use 0: never.")
        return power_down_after

    def no_energy(self) -> str:
        """Why nothing can be said about energy; empty if its currents are known for its clock.

        >>> from deltasim.simulator.dram.loading import load_standard
        >>> load_standard("DDR4-2400").no_energy()
        ''
        """
        if self.power is None:
            return f"{self.name} states no currents" + (f": {self.no_power}" if self.no_power else "")
        if self.power.tCK is None:
            return f"power of {self.name} does not say in tCK for which clock its currents hold"
        stated, clock = round(self.power.tCK * 1e12), round(self.timing_.tCK * 1e12)
        if stated != clock:
            return f"the currents of {self.name} are those of a clock of {stated} ps; its clock is {clock} ps"
        return ""

    def timing(
        self,
        *,
        queue: int = 32,
        closed_page: bool = False,
        power_down_after: int | None = None,
        refresh: str = "all-bank",
    ) -> Timing:
        """Every delay between two commands in ticks, with the controller's choices.

        ``queue`` requests of a channel wait for a row; ``closed_page`` closes a row once no waiting request
        hits it; a rank powers down after ``power_down_after`` idle ticks (`idle_ticks`); ``refresh`` is one
        of `REFRESHES`.

        Errors: InputError for a power-down or a refresh that the standard states no delays for.
        """
        t, made_of, bus = self.timing_, self.organisation, self.command_bus
        of: Callable[[str], int] = t.ticks
        parts = self.refresh_parts(refresh)
        suffix = REFRESHES[refresh]
        if getattr(t, f"tRFC{suffix}") is None or getattr(t, f"tREFI{suffix}") is None:
            rule = f"{self.name} states no tRFC{suffix} and tREFI{suffix}"
            raise InputError("refresh", refresh, rule, "Add them, or use all-bank.")
        ranks = made_of.ranks * made_of.pseudo_channels
        # more than one tick of the bus: from first to first instead of last to last
        after_column = bus.column - 1
        read_latency = (
            of("tCL") + of("tDQSCK") + of("tBL") + (after_column if bus.latency_from == "last" else 0)
        )
        write_latency = of("tCWL") + of("tBL") + after_column
        return Timing(
            between=self.between(parts, suffix),
            tick_ps=round(t.tCK * 1e12),
            burst=of("tBL"),
            read_latency=read_latency,
            write_latency=write_latency,
            refresh_sets=parts,
            refresh_interval=of(f"tREFI{suffix}"),
            power_down_after=self.idle_ticks(power_down_after),
            power_down_least=0 if t.tCKE is None else of("tCKE"),
            power_down_exit=0 if t.tXP is None else of("tXP"),
            read_clock=0 if t.tWCKPST is None else read_latency + of("tWCKPST"),
            write_clock=0 if t.tWCKPST is None else write_latency + of("tWCKPST"),
            activate_slots=bus.activate,
            activate_apart=bus.activate_apart,
            column_slots=bus.column,
            precharge_slots=bus.precharge,
            split_bus=int(bus.split),
            falling=int(bus.half_clock),
            closed_page=int(closed_page),
            queue=queue,
            channels=made_of.channels,
            ranks=ranks,
            ranks_on_bus=made_of.ranks,
            groups=made_of.bank_groups,
            banks=made_of.banks,
        )

    def between(self, parts: int, suffix: str) -> Integers:
        """The least ticks from the first of a command to the first of another (`constraints.table`).

        A rank is refreshed in ``parts``, which take the delays of this suffix.
        """
        t, bus = self.timing_, self.command_bus
        slots = {"activate": bus.activate, "read": bus.column, "write": bus.column}
        found = []
        for level, before, after, delays in (*CONSTRAINTS, *(OF_PARTS if parts > 1 else ())):
            signed = ((-1, name[1:]) if name.startswith("-") else (1, name) for name in delays)
            found.append((level, before, after, sum(sign * t.delay(name, suffix) for sign, name in signed)))
        found += [(own.level, own.before, own.after, t.in_ticks(own.delay)) for own in self.constraints]

        def told(ticks: int, before: str, after: str) -> int:
            """From first tick to first tick of two commands."""
            return max(0, ticks + slots.get(before, bus.precharge) - slots.get(after, bus.precharge))

        return table((level, one, other, told(ticks, one, other)) for level, one, other, ticks in found)

    def refresh_parts(self, refresh: str) -> int:
        """In how many parts a rank is refreshed: at once, bank by bank, or one bank of every group at a time.

        Errors: InputError for another word.

        >>> from deltasim.simulator.dram.loading import load_standard
        >>> [load_standard("DDR4-2400").refresh_parts(refresh) for refresh in REFRESHES]
        [1, 16, 4]
        """
        if refresh not in REFRESHES:
            raise InputError("refresh", refresh, "there is no such refresh", nearest(refresh, REFRESHES))
        banks, groups = self.organisation.banks, self.organisation.bank_groups
        return {"all-bank": 1, "per-bank": banks * groups, "same-bank": banks}[refresh]


# what is refreshed at a time, and the suffix of its delays
REFRESHES = {"all-bank": "", "per-bank": "pb", "same-bank": "sb"}
