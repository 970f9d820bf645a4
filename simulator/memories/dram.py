"""DRAM known by its own figures: its description, and the rule of a channel that serves in order.

A channel serves whole columns, one after another: banks, open rows, refresh, one data bus. The rule is a pure
step on a small array of integers: each engine owns the state, and neither the rule.
Source of the constraints: JEDEC-style bank timing as in Ramulator 2; see ``docs/semantics.md``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from pydantic import Field

from deltasim.runtime.compiling import inlined, kernel
from deltasim.simulator.memories.checks import at_nodes
from deltasim.simulator.memories.instance import DRAM, Instance
from deltasim.simulator.memories.record import Check, Counted, MemoryRecord, Surroundings
from deltasim.simulator.schema.faults import Fault
from deltasim.simulator.schema.part import Part
from deltasim.simulator.schema.quantities import (
    Bytes,
    CycleCount,
    Frequency,
    Port,
    counted,
    period_ps,
    size_text,
)
from deltasim.simulator.schema.rendered import counted as number_of
from deltasim.simulator.schema.rendered import cycles

State = npt.NDArray[np.int64]

DRAM_ACTIONS: tuple[Counted, ...] = (
    ("{}.activate", "activations", True),  # with the precharge that ends it
    ("{}.read", "bursts", True),
    ("{}.io", "bits", True),
    ("{}.refresh", "refreshes", True),  # of all banks of a rank, or of a part
    ("{}.background_active", "ps", True),  # a row is open
    ("{}.background_precharged", "ps", True),
    ("{}.words", "words", False),
    ("{}.row_hit", "bursts", False),
    ("{}.row_miss", "bursts", False),
    ("{}.row_conflict", "bursts", False),
    ("{}.bytes", "bytes", False),
)
NO_MODEL = "the currents of a DRAM belong to its parts and its clock, and no standard is named for them"


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


class Dram(MemoryRecord):
    """DRAM shared by all cores, known by its own figures: a channel of ``size`` at each node in ``ports``.

    It serves what it is asked for in order, a run of bytes after another (`fetch`). The weights of a core lie
    in the channel of its nearest port (of ports equally near, the lowest).
    """

    kind: Literal["dram"]
    scope: Literal["shared"] = "shared"
    ports: Annotated[tuple[Port, ...], Field(min_length=1)]
    size_bytes: Bytes = Field(alias="size")
    timing: Timing

    unit_kind: ClassVar[str] = "dram"
    label: ClassVar[str] = "a DRAM channel"
    several: ClassVar[str] = "DRAM channels"
    actions = DRAM_ACTIONS
    found: ClassVar[tuple[str, str] | None] = ("row_hit", "read")
    at_rest: ClassVar[str] = ""  # by its rows and refreshes
    no_model: ClassVar[str] = NO_MODEL
    shared: ClassVar[bool] = True
    off_chip: ClassVar[bool] = True

    @property
    def access_bytes(self) -> int:
        """Bytes one burst moves; placed blocks start at a multiple of it."""
        return self.timing.burst_bytes

    @property
    def drawn_at_rest(self) -> tuple[str, int]:
        return "background_precharged", 1

    def period_ps(self, core_ps: int) -> int:
        return self.timing.period_ps

    def checks(self) -> tuple[Check, ...]:
        return at_nodes(self), self.whole_rows, self.refreshed

    def whole_rows(self, path: str, chip: Surroundings) -> Iterator[Fault]:
        """A channel is whole rows of whole bursts."""
        timing = self.timing
        if timing.row_bytes % timing.burst_bytes:
            yield Fault(
                f"{path}.timing.row",
                f"{timing.row_bytes:,} B",
                f"a row is a multiple of the burst, {timing.burst_bytes} B",
                "Correct row or burst.",
            )
        if self.size_bytes % (timing.row_bytes * timing.banks):
            yield Fault(
                f"{path}.size",
                f"{self.size_bytes:,} B",
                f"a channel is whole rows in all {timing.banks} banks, {timing.row_bytes * timing.banks:,} B",
                "Correct size, row or banks.",
            )

    def refreshed(self, path: str, chip: Surroundings) -> Iterator[Fault]:
        """A row is open long enough, and a refresh leaves time to work."""
        timing = self.timing
        if timing.RAS < timing.RCD:
            yield Fault(
                f"{path}.timing.RAS",
                str(timing.RAS),
                f"a row stays open at least RCD, {timing.RCD} cycles",
                "Correct RAS or RCD.",
            )
        busy = timing.RFC + timing.RP + timing.RAS
        if busy >= timing.REFI:
            yield Fault(
                f"{path}.timing.REFI",
                str(timing.REFI),
                f"a refresh interval leaves time to work: more than RFC + RP + RAS = {busy} cycles",
                "Correct REFI or RFC.",
            )

    def conditions(self, action: str, chip: Surroundings) -> dict[str, Any]:
        """Of its size only what all its rows cost."""
        timing = self.timing
        geometry = {"row": timing.row_bytes, "burst": timing.burst_bytes, "clock": timing.clock_hz}
        whole = action == "refresh" or action.startswith("background")
        return {**({"size": self.size_bytes} if whole else {}), **geometry}

    def rows(self) -> Mapping[str, object]:
        timing = self.timing
        return {
            "kind": f"DRAM, {number_of(len(self.ports), 'channel')}, shared",
            "ports": ", ".join(f"node {port}" for port in self.ports),
            "size": f"{size_text(self.size_bytes)} a channel",
            "clock": f"{timing.period_ps:,} ps a cycle",
            "CL RCD RP RAS RTP": f"{timing.CL}-{timing.RCD}-{timing.RP}-{timing.RAS}-{timing.RTP} cycles",
            "refresh": f"{timing.RFC:,} cycles every {timing.REFI:,}",
            "banks": timing.banks,
            "row": size_text(timing.row_bytes),
            "burst": f"{size_text(timing.burst_bytes)} in {cycles(timing.burst_cycles)}",
            "order": timing.order,
        }

    def bytes_per_ps(self, chip: Surroundings) -> float:
        return self.access_bytes / (self.timing.burst_cycles * self.timing.period_ps)

    def wider(self) -> Mapping[str, object]:
        return {"timing.burst": f"{2 * self.timing.burst_bytes} B"}

    def instance(self, core_ps: int) -> Instance:
        timing = dram_timing(self)
        return Instance(DRAM, self.timing.period_ps, timing.burst_bytes, timing=timing)


class DramTiming(NamedTuple):
    """Timing of one channel: times in picoseconds, sizes in bytes.

    ``rotate`` is 1 when consecutive row-sized pieces of the address space rotate over the banks
    (row-bank-column), 0 when a bank is filled before the next (bank-row-column).
    """

    clock_ps: int
    read_ps: int  # CL: from the read command to the first data
    activate_ps: int  # RCD: from activate to read
    precharge_ps: int  # RP
    open_ps: int  # RAS: a row stays open at least this long
    read_to_precharge_ps: int  # RTP
    refresh_ps: int  # RFC
    interval_ps: int  # REFI
    burst_ps: int
    burst_bytes: int
    row_bytes: int
    banks: int
    rows: int
    rotate: int

    def longest_ps(self, size: int) -> int:
        """No fetch of so many bytes takes longer: it opens a row for each, and is refreshed as it may be."""
        row = self.precharge_ps + self.open_ps + self.activate_ps
        row += self.read_ps + self.read_to_precharge_ps
        work = (2 + size // self.row_bytes) * (row + self.refresh_ps)
        work += (2 + size // self.burst_bytes) * self.burst_ps
        refreshing = self.refresh_ps + self.precharge_ps + self.open_ps
        return work * (2 + self.interval_ps // max(1, self.interval_ps - refreshing))


def dram_timing(memory: Dram) -> DramTiming:
    """A description's cycles as picoseconds."""
    timing = memory.timing
    clock = timing.period_ps
    return DramTiming(
        clock_ps=clock,
        read_ps=timing.CL * clock,
        activate_ps=timing.RCD * clock,
        precharge_ps=timing.RP * clock,
        open_ps=timing.RAS * clock,
        read_to_precharge_ps=timing.RTP * clock,
        refresh_ps=timing.RFC * clock,
        interval_ps=timing.REFI * clock,
        burst_ps=timing.burst_cycles * clock,
        burst_bytes=timing.burst_bytes,
        row_bytes=timing.row_bytes,
        banks=timing.banks,
        rows=max(1, memory.size_bytes // (timing.banks * timing.row_bytes)),
        rotate=int(timing.order == "row-bank-column"),
    )


class Service(NamedTuple):
    """What came of one column: when its data flow, and what was done for it."""

    first_ps: int  # first data on the bus
    last_ps: int  # last data off the bus
    free_ps: int  # the channel takes the next column from here
    bursts: int
    hits: int
    misses: int
    conflicts: int
    activates: int


# Layout of a channel's state: five scalars, then three values per bank.
BUS_FREE, NEXT_REFRESH, REFRESHES, ACTIVE_SINCE, ACTIVE_PS, BANKS = 0, 1, 2, 3, 4, 5
OPEN_ROW, READY, ACTIVATED, LAST_READ, PER_BANK = 0, 1, 2, 3, 4
CLOSED = -1


def channel_at_rest(timing: DramTiming) -> State:
    """State of a channel at time 0: all rows closed, the first refresh one interval away.

    >>> import deltasim.simulator.memories.dram as dram
    >>> timing = dram.DramTiming(
    ...     1250, 13750, 13750, 13750, 35000, 7500, 260000, 7800000, 5000, 64, 8192, 8, 65536, 1)
    >>> dram.fetch(dram.channel_at_rest(timing), timing, 0, 0, 64)[:2]       # RCD + CL, then one burst
    (27500, 32500)
    """
    state = np.zeros(BANKS + PER_BANK * timing.banks, np.int64)
    state[NEXT_REFRESH] = timing.interval_ps
    state[ACTIVE_SINCE] = CLOSED
    for bank in range(timing.banks):
        at = BANKS + PER_BANK * bank
        state[at + OPEN_ROW] = CLOSED
        state[at + ACTIVATED] = state[at + LAST_READ] = -(1 << 60)
    return state


@kernel
def rests(state: State) -> bool:
    """Whether, when the next refresh is due, all rows are closed and nothing is under way."""
    idle_from = max(state[BUS_FREE], state[BANKS + READY])
    return bool(state[ACTIVE_SINCE] == CLOSED and idle_from <= state[NEXT_REFRESH])


@kernel
def refresh_until(state: State, timing: DramTiming, now_ps: int) -> int:
    """Carry out every refresh due by ``now_ps``; return when the channel may be used again.

    A refresh waits for the data under way, for the refresh before it and for the rows' minimum open time; it
    closes all rows and takes RFC. With all rows closed and nothing under way, each starts when it is due: all
    but the last of those are carried out at once.
    """
    usable = now_ps
    while state[NEXT_REFRESH] <= usable:
        if rests(state):
            several = (usable - state[NEXT_REFRESH]) // timing.interval_ps
            state[REFRESHES] += several
            state[NEXT_REFRESH] += several * timing.interval_ps
        start = max(state[NEXT_REFRESH], state[BUS_FREE], state[BANKS + READY])
        closing = state[ACTIVE_SINCE] != CLOSED
        for bank in range(timing.banks):
            at = BANKS + PER_BANK * bank
            if state[at + OPEN_ROW] != CLOSED:
                start = max(
                    start,
                    state[at + ACTIVATED] + timing.open_ps,
                    state[at + LAST_READ] + timing.read_to_precharge_ps,
                )
        if closing:
            state[ACTIVE_PS] += start - state[ACTIVE_SINCE]
            state[ACTIVE_SINCE] = CLOSED
            start += timing.precharge_ps
        for bank in range(timing.banks):
            at = BANKS + PER_BANK * bank
            state[at + OPEN_ROW] = CLOSED
            state[at + READY] = start + timing.refresh_ps
        state[REFRESHES] += 1
        state[NEXT_REFRESH] += timing.interval_ps
        usable = max(usable, start + timing.refresh_ps)
    return usable


@kernel
def fetch(state: State, timing: DramTiming, now_ps: int, address: int, size: int) -> Service:
    """Fetch ``size`` bytes from ``address``: whole bursts, part by part as rows end. Changes ``state``."""
    return fetched(state, timing, now_ps, address, size)


@inlined
def fetched(state: State, timing: DramTiming, now_ps: int, address: int, size: int) -> Service:
    """As `fetch`, compiled into its caller: a call would hand on the whole timing."""
    at_burst = address // timing.burst_bytes
    bursts = (address + size + timing.burst_bytes - 1) // timing.burst_bytes - at_burst
    left, per_row = bursts, timing.row_bytes // timing.burst_bytes
    piece = at_burst // per_row
    part = min(left, (piece + 1) * per_row - at_burst)
    inner = timing.banks if timing.rotate else timing.rows  # what a step from row to row runs through first
    outer, within = piece // inner, piece % inner
    hits = misses = conflicts = activates = 0
    command, first, last = now_ps, -1, 0
    while left > 0:
        bank, row = (within, outer) if timing.rotate else (outer, within)
        if state[NEXT_REFRESH] <= command:
            command = refresh_until(state, timing, command)
        at = BANKS + PER_BANK * bank
        read = command
        if state[at + OPEN_ROW] == row:
            hits += part
        else:
            activate = max(command, state[at + READY])
            if state[at + OPEN_ROW] == CLOSED:
                misses += 1
            else:
                conflicts += 1
                precharge = max(
                    command,
                    state[at + ACTIVATED] + timing.open_ps,
                    state[at + LAST_READ] + timing.read_to_precharge_ps,
                )
                activate = precharge + timing.precharge_ps
            hits += part - 1
            activates += 1
            if state[ACTIVE_SINCE] == CLOSED:
                state[ACTIVE_SINCE] = activate
            state[at + OPEN_ROW] = row
            state[at + ACTIVATED] = activate
            read = activate + timing.activate_ps
        data = max(read + timing.read_ps, state[BUS_FREE])
        last = data + part * timing.burst_ps
        state[BUS_FREE] = last
        state[at + LAST_READ] = last - timing.burst_ps - timing.read_ps
        if first < 0:
            first = data
        left -= part
        part, within = min(left, per_row), within + 1
        if within == inner:
            outer, within = outer + 1, 0
    return Service(first, last, max(now_ps + 1, first), bursts, hits, misses, conflicts, activates)


@kernel
def rest(state: State, timing: DramTiming, elapsed_ps: int) -> tuple[int, int, int]:
    """Finalise at ``elapsed_ps``: (refreshes, ps with a row open, ps with all rows closed)."""
    while state[NEXT_REFRESH] <= elapsed_ps:
        since, before = state[ACTIVE_SINCE], state[ACTIVE_PS]
        refresh_until(state, timing, elapsed_ps if rests(state) else state[NEXT_REFRESH])
        if since != CLOSED:  # the refresh may have had to wait beyond the end
            state[ACTIVE_PS] -= max(0, since + state[ACTIVE_PS] - before - elapsed_ps)
    active = state[ACTIVE_PS]
    if state[ACTIVE_SINCE] != CLOSED and state[ACTIVE_SINCE] < elapsed_ps:
        active += elapsed_ps - state[ACTIVE_SINCE]
    return state[REFRESHES], active, elapsed_ps - active
