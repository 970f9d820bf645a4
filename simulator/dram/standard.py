"""A DRAM standard as data: organisation, timing and currents of one memory, read from a YAML description.

Delays are whole numbers of ticks (periods of tCK) or times with their unit, rounded up to ticks. The box
holds DDR3-1600, DDR4-2400, LPDDR4-3200, LPDDR5-6400 and HBM2-2000 (``simulator/dram/standards/*.yaml``); any
other is one more YAML file.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

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
    """Command timing under the names of the JEDEC standards."""

    tCK: Period
    tBL: Delay  # the data of one transaction
    tCL: Delay
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
    tRRD_S: Delay
    tRRD_L: Delay
    tFAW: Delay
    tWTR_S: Delay
    tWTR_L: Delay
    tRTW: Delay | None = None  # tCL + tDQSCK + tBL + 2 - tCWL
    tCS: Delay = 2  # between two ranks on one data bus
    tRFC: Delay
    tREFI: Delay
    tCKE: Delay
    tXP: Delay
    tWCKPST: Delay | None = None  # a write clock that stops so long after the data; None: there is none

    def ticks(self, name: str) -> int:
        """One delay in ticks of tCK, rounded up."""
        value = getattr(self, name)
        return value if isinstance(value, int) else math.ceil(value / self.tCK - 1e-3)


class CommandBus(Part):
    """How many ticks a command holds the command bus, and whether row and column commands have one each."""

    activate: Slots = 1
    activate_apart: Annotated[int, counted(1024, least=0)] = 0  # an activate is two commands of one tick, at most so many ticks apart
    column: Slots = 1
    precharge: Slots = 1
    split: bool = False


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
    IDD5: Current


class Interface(Part):
    """Energy of the data pins for each bit."""

    read: Energy
    write: Energy


class Power(Part):
    """What the devices of one rank (or pseudo channel) draw."""

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
    power: Power

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

    def timing(self, *, queue: int = 32, closed_page: bool = False, power_down_after: int = 1024) -> Timing:
        """Every delay between two commands in ticks, with the controller's choices.

        ``queue`` requests of a channel wait for a row; ``closed_page`` closes a row once no waiting request
        hits it; a rank powers down after ``power_down_after`` idle ticks (0: never).
        """
        t, made_of, bus = self.timing_, self.organisation, self.command_bus
        of: Callable[[str], int] = t.ticks
        read_latency = of("tCL") + of("tDQSCK") + of("tBL")
        write_latency = of("tCWL") + of("tBL")
        turn = max(0, read_latency + 2 - of("tCWL")) if t.tRTW is None else of("tRTW")
        gap = of("tCS")
        return Timing(
            tick_ps=round(t.tCK * 1e12),
            burst=of("tBL"),
            read_latency=read_latency,
            write_latency=write_latency,
            activate_to_read=of("tRCD"),
            activate_to_write=of("tRCD" if t.tRCD_WR is None else "tRCD_WR"),
            activate_to_precharge=of("tRAS"),
            activate_to_activate=of("tRC"),
            activate_to_activate_any=of("tRRD_S"),
            activate_to_activate_group=of("tRRD_L"),
            four_activates=of("tFAW"),
            precharge_to_activate=of("tRP"),
            precharge_all_to_activate=of("tRP" if t.tRPab is None else "tRPab"),
            precharge_to_precharge=of("tPPD"),
            read_to_precharge=of("tRTP"),
            write_to_precharge=write_latency + of("tWR"),
            read_to_read=of("tCCD_S"),
            read_to_read_group=of("tCCD_L"),
            read_to_write=turn,
            write_to_write=of("tCCD_S"),
            write_to_write_group=of("tCCD_L"),
            write_to_read=write_latency + of("tWTR_S"),
            write_to_read_group=write_latency + of("tWTR_L"),
            read_to_read_rank=of("tBL") + gap,
            read_to_write_rank=max(0, read_latency + gap - of("tCWL")),
            write_to_read_rank=max(0, write_latency + gap - of("tCL") - of("tDQSCK")),
            write_to_write_rank=of("tBL") + gap,
            refresh=of("tRFC"),
            refresh_interval=of("tREFI"),
            power_down_after=power_down_after,
            power_down_least=of("tCKE"),
            power_down_exit=of("tXP"),
            strobe_hold=0 if t.tWCKPST is None else read_latency + of("tWCKPST"),
            activate_slots=bus.activate,
            activate_apart=bus.activate_apart,
            column_slots=bus.column,
            precharge_slots=bus.precharge,
            split_bus=int(bus.split),
            closed_page=int(closed_page),
            queue=queue,
            channels=made_of.channels,
            ranks=made_of.ranks * made_of.pseudo_channels,
            ranks_on_bus=made_of.ranks,
            groups=made_of.bank_groups,
            banks=made_of.banks,
        )
