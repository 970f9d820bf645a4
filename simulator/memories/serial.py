"""Serial memory, QSPI or octal, flash or pseudo-static RAM: its description, and the rule of a fetch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import BeforeValidator, Field

from deltasim.runtime.compiling import kernel
from deltasim.simulator.memories.checks import at_nodes
from deltasim.simulator.memories.instance import SERIAL, Instance
from deltasim.simulator.memories.record import Check, MemoryRecord, Surroundings
from deltasim.simulator.schema.faults import Fault
from deltasim.simulator.schema.quantities import (
    Bytes,
    Cycles,
    Frequency,
    Port,
    QuantityError,
    period_ps,
    size_text,
)
from deltasim.simulator.schema.rendered import counted, cycles


def no_flag(value: object) -> object:
    """What may be a number: ``yes`` is none. Errors: QuantityError."""
    if isinstance(value, bool):
        raise QuantityError("expected 1, 2, 4 or 8", "Use one of these.")
    return value


class Serial(MemoryRecord):
    """A serial memory that cores share: a device of ``size`` behind a controller at each node in ``ports``.

    It serves one fetch after another, each in transactions. A transaction is ``command``, ``address`` and
    ``dummy`` cycles of its clock, as many as the lines they are sent on need (8 bits on 4 lines: 2 cycles),
    then the data on ``data_lines``, at both edges with ``double_data_rate``. It ends at every multiple of
    ``boundary``: a page, a wrap, or what fits into the longest time that the device may be selected; without
    one it goes on. Between transactions the device is not selected for ``gap`` cycles. It needs no refresh
    from outside. Weights are only read.

    A fetch of *b* bytes in *n* transactions takes
    ``n (command + address + dummy) + 8 b / (data_lines edges) + (n - 1) gap`` cycles.
    """

    kind: Literal["serial"]
    scope: Literal["shared"] = "shared"
    ports: Annotated[tuple[Port, ...], Field(min_length=1)]
    size_bytes: Bytes = Field(alias="size")
    clock_hz: Frequency = Field(alias="clock")
    data_lines: Annotated[Literal[1, 2, 4, 8], BeforeValidator(no_flag)]
    double_data_rate: bool = False
    command_cycles: Cycles = Field(alias="command")
    address_cycles: Cycles = Field(alias="address")
    dummy_cycles: Cycles = Field(alias="dummy")
    boundary_bytes: Bytes | None = Field(default=None, alias="boundary")
    gap_cycles: Cycles = Field(alias="gap")

    unit_kind: ClassVar[str] = "serial"
    label: ClassVar[str] = "a serial memory"
    several: ClassVar[str] = "serial memories"
    actions = (
        ("{}.transaction", "transactions", True),  # command, address and dummy cycles
        ("{}.bytes", "bytes", True),
        ("{}.standby", "ps", True),
        ("{}.words", "words", False),
    )
    requests: ClassVar[str] = "transaction"
    at_rest: ClassVar[str] = "standby"
    no_model: ClassVar[str] = "the currents of a serial memory belong to its part and its clock"
    shared: ClassVar[bool] = True
    off_chip: ClassVar[bool] = True

    @property
    def bits_a_cycle(self) -> int:
        return self.data_lines * (2 if self.double_data_rate else 1)

    @property
    def access_bytes(self) -> int:
        """Whole bytes of one or several cycles: 2 where eight lines move on both edges, else 1."""
        return max(1, self.bits_a_cycle // 8)

    @property
    def access_cycles(self) -> int:
        return self.access_bytes * 8 // self.bits_a_cycle

    @property
    def preamble_cycles(self) -> int:
        """Of a transaction before its first data."""
        return self.command_cycles + self.address_cycles + self.dummy_cycles

    def period_ps(self, core_ps: int) -> int:
        return period_ps(self.clock_hz)

    def checks(self) -> tuple[Check, ...]:
        return at_nodes(self), self.whole_accesses, self.addressed

    def whole_accesses(self, path: str, chip: Surroundings) -> Iterator[Fault]:
        """Size and boundary are whole accesses."""
        access = self.access_bytes
        for name, size in (("size", self.size_bytes), ("boundary", self.boundary_bytes)):
            if size is not None and size % access:
                rule = f"a {name} is whole accesses of {access} B"
                yield Fault(f"{path}.{name}", f"{size:,} B", rule, "Round it.")

    def addressed(self, path: str, chip: Surroundings) -> Iterator[Fault]:
        """Data come after the address."""
        if self.preamble_cycles < 1:
            rule = "command, address and dummy take at least 1 cycle together"
            yield Fault(f"{path}.address", "0 cycles", rule, "State those of the device's read command.")

    def conditions(self, action: str, chip: Surroundings) -> dict[str, Any]:
        if action == "standby":
            return {"size": self.size_bytes}
        lines = {"clock": self.clock_hz, "lines": self.data_lines}
        if action == "transaction":
            return lines | {"cycles": self.preamble_cycles}
        return lines | {"edges": 2 if self.double_data_rate else 1}

    def rows(self) -> Mapping[str, object]:
        edges = "both edges" if self.double_data_rate else "one edge"
        return {
            "kind": f"serial memory, {counted(len(self.ports), 'device')}, shared",
            "ports": ", ".join(f"node {port}" for port in self.ports),
            "size": f"{size_text(self.size_bytes)} each",
            "data": f"{counted(self.data_lines, 'line')}, {edges} of the clock",
            "before data": f"{self.command_cycles} + {self.address_cycles} + {cycles(self.dummy_cycles)}"
            " (command, address, dummy)",
            "boundary": size_text(self.boundary_bytes) if self.boundary_bytes else "none",
            "gap": f"{cycles(self.gap_cycles)} between transactions",
        }

    def bytes_per_ps(self, chip: Surroundings) -> float:
        return self.access_bytes / (self.access_cycles * self.period_ps(chip.cores.period_ps))

    def wider(self) -> Mapping[str, object]:
        return {"data_lines": 2 * self.data_lines} if self.data_lines < 8 else {}

    def instance(self, core_ps: int) -> Instance:
        period = self.period_ps(core_ps)
        timing = SerialTiming(
            access_ps=self.access_cycles * period,
            access_bytes=self.access_bytes,
            preamble_ps=self.preamble_cycles * period,
            gap_ps=self.gap_cycles * period,
            boundary_bytes=self.boundary_bytes or 0,
        )
        return Instance(SERIAL, period, self.access_bytes, timing=timing)


class SerialTiming(NamedTuple):
    """Times of a serial memory in picoseconds, sizes in bytes."""

    access_ps: int
    access_bytes: int
    preamble_ps: int  # of a transaction before its data
    gap_ps: int  # between transactions
    boundary_bytes: int  # where a transaction ends, 0 for none

    def longest_ps(self, size: int) -> int:
        """No fetch of so many bytes takes longer, with the gap behind it."""
        transactions = 2 + size // self.boundary_bytes if self.boundary_bytes else 1
        accesses = 2 + size // self.access_bytes
        return transactions * (self.preamble_ps + self.gap_ps) + accesses * self.access_ps


class Read(NamedTuple):
    """What came of one fetch: when its data flow, and what was done for it."""

    first_ps: int  # first data on the lines
    last_ps: int  # last data off the lines
    free_ps: int  # the device may be selected again from here
    transactions: int
    bytes: int


@kernel
def transactions_of(begin: int, end: int, boundary_bytes: int) -> int:
    """How many transactions bytes ``begin`` to ``end`` take; a boundary of 0 is none.

    >>> int(transactions_of(100, 300, 128)), int(transactions_of(100, 300, 0))
    (3, 1)
    """
    return (end - 1) // boundary_bytes - begin // boundary_bytes + 1 if boundary_bytes else 1


@kernel
def read(timing: SerialTiming, now_ps: int, address: int, size: int) -> Read:
    """Fetch ``size`` bytes from ``address``, in whole accesses, from ``now_ps`` on.

    Nothing is remembered from one fetch to the next, so this is all of the rule.

    >>> timing = SerialTiming(20_000, 1, 140_000, 10_000, 32)
    >>> found = read(timing, 0, 0, 64)                               # 2 x (14 cycles + 32 x 2), 1 between
    >>> [int(value) for value in found]
    [140000, 1570000, 1580000, 2, 64]
    """
    begin = address // timing.access_bytes * timing.access_bytes
    end = (address + size + timing.access_bytes - 1) // timing.access_bytes * timing.access_bytes
    number = transactions_of(begin, end, timing.boundary_bytes)
    data_ps = (end - begin) // timing.access_bytes * timing.access_ps
    last_ps = now_ps + number * timing.preamble_ps + data_ps + (number - 1) * timing.gap_ps
    return Read(now_ps + timing.preamble_ps, last_ps, last_ps + timing.gap_ps, number, end - begin)
