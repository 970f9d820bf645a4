"""Run a trace of reads and writes through one memory, and tell bandwidth, latency, row hits and energy."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from deltasim.runtime.errors import InputError
from deltasim.simulator.dram import drive as of
from deltasim.simulator.dram import fields as at
from deltasim.simulator.dram.energy import Energy, energy_of
from deltasim.simulator.dram.mapping import address_bits
from deltasim.simulator.dram.packing import pack, parts
from deltasim.simulator.dram.rank_states import StateTicks, state_ticks
from deltasim.simulator.dram.standard import Standard
from deltasim.simulator.dram.trace_reader import Records, read_records

MOST_IN_FLIGHT = 1 << 20


@dataclass(frozen=True)
class MemoryResult:
    """What a memory did with a trace. A transaction is a burst; latency is from arrival to end of data."""

    bandwidth_gb_s: float  # bytes asked for, in 1e9 bytes a second
    utilisation: float  # share of the time the data buses were busy
    latency_mean_ns: float
    latency_p99_ns: float
    row_hits: int
    row_misses: int  # the bank had no row open
    row_conflicts: int  # it had another row open
    energy: Energy
    transactions: int
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
            "energy": self.energy._asdict(),
            "transactions": self.transactions,
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
    power_down_after: int = 1024,
) -> MemoryResult:
    """Stream a trace file (``R|W byte_address bytes`` a line), or blocks of records, through a memory.

    ``window`` transactions are in flight at once (0: as many as the queues take). ``mapping`` is a name or an
    order of fields (`deltasim.simulator.dram.mapping`). ``queue`` requests of a channel wait for a row.
    ``closed_page`` closes a row once no waiting request hits it. A rank powers down after
    ``power_down_after`` idle ticks (0: never).

    Errors: InputError for a line that does not parse, an address beyond the memory, a mapping that does not
    cover the address, an option out of range.

    >>> from deltasim.simulator.dram.loading import load_standard
    >>> stream = Records(np.zeros(1, np.uint8), np.array([0]), np.array([1 << 20]))
    >>> result = run_trace(load_standard("DDR3-1600"), [stream])
    >>> result.transactions, round(result.utilisation, 2), result.row_conflicts
    (16384, 0.97, 53)
    """
    for name, value, least, most in (
        ("--window", window, 0, MOST_IN_FLIGHT),
        ("--queue", queue, 1, 1 << 16),
        ("--power-down-after", power_down_after, 0, 1 << 40),
    ):
        if not least <= value <= most:
            raise InputError(name, value, f"it is {least} to {most}", "Choose a number between.")
    timing = standard.timing(queue=queue, closed_page=closed_page, power_down_after=power_down_after)
    bits = address_bits(standard, mapping)
    flat, drive = pack(timing, bits, runs=0), of.new_drive(window, queue)
    memory = parts(flat)
    nothing = Records(np.empty(0, np.uint8), np.empty(0, np.int64), np.empty(0, np.int64))
    none = np.empty(0, np.int64)
    of.advance(flat, drive, *nothing, none, window, 1)  # so that compiling is not part of wall_s

    started = time.perf_counter()
    asked = 0
    blocks = read_records(trace, standard.capacity_bytes) if isinstance(trace, str | Path) else trace
    for block in blocks:
        asked += int(block.size.sum())
        drive.register[of.RECORD] = 0
        of.advance(flat, drive, *block, np.zeros(len(block.size), np.int64), window, 0)
    drive.register[of.RECORD] = 0
    of.advance(flat, drive, *nothing, none, window, 1)
    wall_s = time.perf_counter() - started

    register = drive.register
    transactions, elapsed = int(register[of.TRANSACTIONS]), int(register[of.LAST])
    tick_s = timing.tick_ps * 1e-12
    count = memory.counts.sum(axis=0)
    busy = transactions * timing.burst / (timing.channels * timing.ranks // timing.ranks_on_bus)
    return MemoryResult(
        bandwidth_gb_s=asked / (elapsed * tick_s) / 1e9 if elapsed else 0.0,
        utilisation=busy / elapsed if elapsed else 0.0,
        latency_mean_ns=int(register[of.LATENCY_SUM]) / transactions * tick_s * 1e9 if transactions else 0.0,
        latency_p99_ns=percentile(drive, transactions, 0.99) * tick_s * 1e9,
        row_hits=int(count[at.ROW_HITS]),
        row_misses=int(count[at.ROW_MISSES]),
        row_conflicts=int(count[at.ROW_CONFLICTS]),
        energy=energy_of(memory, timing, standard, elapsed),
        transactions=transactions,
        elapsed_s=elapsed * tick_s,
        wall_s=wall_s,
        counts=dict(zip(COUNTS, (int(number) for number in count), strict=True)),
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


def percentile(drive: of.Drive, transactions: int, share: float) -> int:
    """The least latency in ticks that ``share`` of the transactions do not exceed; 0 of none."""
    if not transactions:
        return 0
    place = int(np.searchsorted(np.cumsum(drive.latency), np.ceil(share * transactions)))
    return place
