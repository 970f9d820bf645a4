"""Run a trace of reads and writes through one memory, and tell bandwidth, latency, row hits and energy."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from deltasim.runtime.errors import InputError
from deltasim.simulator.dram.energy import Energy, energy_of
from deltasim.simulator.dram.mapping import address_bits
from deltasim.simulator.dram.scheduling import drive as of
from deltasim.simulator.dram.scheduling.packing import pack, parts
from deltasim.simulator.dram.scheduling.rank_states import StateTicks, state_ticks
from deltasim.simulator.dram.scheduling.state import Integers
from deltasim.simulator.dram.standard import Standard
from deltasim.simulator.dram.trace_reader import Addressed, Records, read_records

MOST_IN_FLIGHT = 1 << 20


@dataclass(frozen=True)
class MemoryResult:
    """What a memory did with a trace. A transaction is a burst; latency is from arrival to end of data."""

    bandwidth_gb_s: float  # bytes asked for, in 1e9 bytes a second
    utilisation: float  # share of the time the data buses were busy
    latency_mean_ns: float  # over transactions and shared reads
    latency_p99_ns: float
    row_hits: int
    row_misses: int  # the bank had no row open
    row_conflicts: int  # it had another row open
    energy: Energy | None  # None: `no_energy` says why
    no_energy: str
    transactions: int  # bursts read and written
    shared_reads: int  # reads besides that found their burst asked for already, and took its data
    elapsed_s: float  # from the first arrival to the end of the last data
    wall_s: float  # what the simulation itself took
    counts: dict[str, int]  # commands
    state_s: dict[str, float]  # seconds of all ranks together in each state

    def to_json(self) -> dict[str, Any]:
        """The figures under the names ``deltasim memory --json`` prints."""
        return {
            "bandwidth_gb_s": self.bandwidth_gb_s,
            "utilisation": self.utilisation,
            "latency_mean_ns": self.latency_mean_ns,
            "latency_p99_ns": self.latency_p99_ns,
            "row_hits": self.row_hits,
            "row_misses": self.row_misses,
            "row_conflicts": self.row_conflicts,
            "energy": self.energy._asdict() if self.energy else None,
            **({} if self.energy else {"no_energy": self.no_energy}),
            "transactions": self.transactions,
            "shared_reads": self.shared_reads,
            "elapsed_s": self.elapsed_s,
            "wall_s": self.wall_s,
        }


def run_trace(
    standard: Standard,
    trace: str | Path | Iterable[Records],
    *,
    window: int = 0,
    mapping: str = "RoBaRaCoCh",
    queue: int = 32,
    closed_page: bool = False,
    power_down_after: int | None = None,
    refresh: str = "all-bank",
) -> MemoryResult:
    """Stream a trace file (`deltasim.simulator.dram.trace_reader`), or blocks of records, through a memory.

    ``window`` transactions are in flight at once (0: as many as the queues take). ``mapping`` is a name or an
    order of fields (`deltasim.simulator.dram.mapping`). The rest are the choices of the controller
    (`deltasim.simulator.dram.standard.Standard.timing`).

    Errors: InputError for a line that does not parse, an address beyond the memory, a mapping that does not
    cover the address, an option out of range or one that the standard states no delays for.

    >>> from deltasim.simulator.dram.loading import load_standard
    >>> stream = Records(np.zeros(1, np.uint8), np.array([0]), np.array([1 << 20]))
    >>> result = run_trace(load_standard("DDR3-1600"), [stream])
    >>> result.transactions, round(result.utilisation, 2), result.row_conflicts
    (16384, 0.97, 53)
    """
    for name, value, least, most in (
        ("--window", window, 0, MOST_IN_FLIGHT),
        ("--queue", queue, 1, 1 << 16),
        ("--power-down-after", power_down_after or 0, 0, 1 << 40),
    ):
        if not least <= value <= most:
            raise InputError(name, value, f"it is {least} to {most}", "Choose a number between.")
    timing = standard.timing(
        queue=queue, closed_page=closed_page, power_down_after=power_down_after, refresh=refresh
    )
    bits = address_bits(standard, mapping)
    flat, drive = pack(timing, bits, runs=0), of.new_drive(window, queue)
    memory = parts(flat)
    none = np.empty(0, np.int64)
    of.advance(
        flat, drive, np.empty(0, np.uint8), none, none, none, window, 1
    )  # so that compiling is not part of wall_s

    started = time.perf_counter()
    asked, latency = 0, none
    addressed = Addressed(standard.capacity_bytes, standard.organisation.burst, timing.tick_ps)
    for block in read_records(trace, addressed) if isinstance(trace, str | Path) else trace:
        asked += int(block.size.sum())
        latency = advance(flat, drive, block, window, 0, latency)
    end = Records(np.empty(0, np.uint8), none, none, none)
    latency = advance(flat, drive, end, window, 1, latency)
    wall_s = time.perf_counter() - started

    register = drive.register
    elapsed, tick_s = int(register[of.LAST]), timing.tick_ps * 1e-12
    count = dict(zip(COUNTS, (int(number) for number in memory.counts.sum(axis=0)), strict=True))
    transactions, completed = count["read"] + count["write"], int(register[of.TRANSACTIONS])
    busy = transactions * timing.burst / (timing.channels * timing.ranks // timing.ranks_on_bus)
    return MemoryResult(
        bandwidth_gb_s=asked / (elapsed * tick_s) / 1e9 if elapsed else 0.0,
        utilisation=busy / elapsed if elapsed else 0.0,
        latency_mean_ns=int(register[of.LATENCY_SUM]) / completed * tick_s * 1e9 if completed else 0.0,
        latency_p99_ns=percentile(latency, 99) * tick_s * 1e9,
        row_hits=count["row_hit"],
        row_misses=count["row_miss"],
        row_conflicts=count["row_conflict"],
        energy=energy_of(memory, timing, standard, elapsed, refresh) if not standard.no_energy() else None,
        no_energy=standard.no_energy(),
        transactions=transactions,
        shared_reads=count["shared_read"],
        elapsed_s=elapsed * tick_s,
        wall_s=wall_s,
        counts=count,
        state_s=dict(
            zip(
                StateTicks._fields,
                (ticks * tick_s for ticks in state_ticks(memory, timing, elapsed)),
                strict=True,
            )
        ),
    )


COUNTS = (
    "activate",
    "precharge",
    "read",
    "write",
    "refresh",
    "row_hit",
    "row_miss",
    "row_conflict",
    "shared_read",
)


def advance(
    flat: Integers, drive: of.Drive, block: Records, window: int, last: int, latency: Integers
) -> Integers:
    """Run a block; give how many transactions so far had each latency in ticks.

    The drive counts those below `of.BINS` itself; the rest are added to ``latency`` here, and all at the end.
    """
    start = np.zeros(len(block.size), np.int64) if block.start is None else block.start
    drive.register[of.RECORD] = 0
    done = False
    while not done:
        done = of.advance(flat, drive, *block[:3], start, window, last)
        noted = drive.longer[: drive.register[of.LONGER]]
        longest = int(noted.max(initial=of.BINS - 1))
        if longest >= len(latency):
            latency = np.concatenate([latency, np.zeros(2 * longest - len(latency), np.int64)])
        np.add.at(latency, noted, 1)
        drive.register[of.LONGER] = 0
    if last:
        latency[: of.BINS] = drive.latency
    return latency


def percentile(latency: Integers, per_cent: int) -> int:
    """The least latency in ticks that ``per_cent`` of the transactions do not exceed; 0 of none.

    >>> percentile(np.array([0, 0, 99, 0, 1]), 99)
    2
    """
    seen = np.cumsum(latency)
    return int(np.searchsorted(seen, -(-per_cent * int(seen[-1]) // 100))) if seen[-1] else 0
