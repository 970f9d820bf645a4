"""Run Ramulator 2.1 as ``validation/ramulator.csv`` was made with it, and ours on the same traces.

Ramulator is public (github.com/CMU-SAFARI/ramulator2, commit c5b1c3a4) and builds with cmake. Beside it,

    g++ -O2 -std=c++20 -I src -I ext -Wl,-rpath,. .../validation/ramulator.cpp libramulator.so -o driver

makes the program that feeds it; then

    python -m deltasim.validation.ramulator FOLDER > validation/ramulator.csv      # two minutes

with its FOLDER. ``validation/dram.py`` puts the table beside ours.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from deltasim.simulator.dram.loading import load_standard
from deltasim.simulator.dram.run_trace import MemoryResult, run_trace
from deltasim.simulator.dram.trace_reader import Records


class Peer(NamedTuple):
    """A memory in Ramulator: class, presets, controller, refreshes, and what is changed in the presets."""

    kind: str
    organisation: str
    timing: str
    controller: str = "GenericDDR"
    refreshes: dict[str, str] = {"all-bank": "AllBank"}  # noqa: RUF012 (never written)
    changed: dict[str, int] = {}  # noqa: RUF012


PARTS = {"all-bank": "AllBank", "per-bank": "PerBank"}
PEERS = {
    "DDR3-1600": Peer("DDR3", "DDR3_4Gb_x8", "DDR3_1600K"),
    "DDR4-2400": Peer("DDR4", "DDR4_8Gb_x8", "DDR4_2400U"),
    "DDR5-4800": Peer("DDR5", "DDR5_16Gb_x8", "DDR5_4800BN"),
    "LPDDR5-6400": Peer("LPDDR5", "LPDDR5_8Gb_x16", "LPDDR5_6400", "LPDDR5", PARTS),
    "LPDDR5X-8533": Peer(  # its rule with the delays of our file: it has no preset for LPDDR5X
        "LPDDR5",
        "LPDDR5_16Gb_x16",
        "LPDDR5_6400",
        "LPDDR5",
        PARTS,
        {"rate": 8533, "nCL": 23, "nCWL": 12, "nRCD": 20, "nRP": 20, "nRPab": 23, "nRAS": 45, "nRC": 65}
        | {"nWR": 37, "nRTP": 8, "nWTRS": 7, "nWTRL": 13, "nRRDS": 4, "nRRDL": 4, "nFAW": 16, "tCK_ps": 938}
        | {"nRFC": 299, "nRFCpb": 150, "nREFI": 4165, "nREFIpb": 521, "nPBR2PBR": 96, "nPBR2ACT": 8},
    ),
    "HBM2-2000": Peer("HBM2", "HBM2_2Gb", "HBM2_2000Mbps", "HBM12"),
    "HBM3-6400": Peer(
        "HBM3",
        "HBM3_4Gb",
        "HBM3_6400Mbps",
        "HBM34",
        {"all-bank": "AllBank", "per-bank": "HBM34PerBankRefresh"},
    ),
}
MAPPINGS = ("RoBaRaCoCh", "MOP4CLXOR")
WINDOWS = (0, 8)
COLUMNS = ("memory", "refresh", "mapping", "trace", "window", "cycles", "latency", "latency_p99", "row_hits")
RANGE = 64 << 20  # bytes that traces reach over
COUNT = 10_000


class Case(NamedTuple):
    """One run of both."""

    memory: str
    refresh: str
    mapping: str
    trace: str
    window: int


class Figures(NamedTuple):
    """Ticks to the end, mean and 99th percentile of the reads' latency in ticks, and row hits."""

    cycles: int
    latency: float
    latency_p99: float
    row_hits: int


def traces() -> dict[str, Records]:
    """Reads in order and at random, reads of columns, and reads with writes, by a seed."""
    draw = np.random.default_rng(7)
    places = draw.integers(0, RANGE // 64, COUNT) * 64
    sizes = np.full(COUNT, 64)
    columns = draw.integers(0, RANGE // 768, COUNT // 10) * 768
    reads = np.zeros(COUNT, np.uint8)
    return {
        "stream": Records(reads, np.arange(COUNT) * 64, sizes),
        "random": Records(reads, places, sizes),
        "columns": Records(reads[: columns.size], columns, np.full(columns.size, 768)),
        "writes": Records((draw.random(COUNT) < 0.3).astype(np.uint8), places, sizes),
    }


def cases() -> Iterator[Case]:
    """Every memory, refresh, mapping, trace and window that is compared."""
    for memory, peer in PEERS.items():
        for refresh in peer.refreshes:
            for mapping in MAPPINGS if refresh == "all-bank" else MAPPINGS[:1]:
                for trace in traces():
                    yield from (Case(memory, refresh, mapping, trace, window) for window in WINDOWS)


def ours(case: Case, of: dict[str, Records]) -> Figures:
    """What we say; the peer does not power down."""
    standard = load_standard(case.memory)
    result: MemoryResult = run_trace(
        standard,
        [of[case.trace]],
        window=case.window,
        mapping=case.mapping,
        refresh=case.refresh,
        power_down_after=0,
    )
    tick_ns = standard.timing_.tCK * 1e9
    return Figures(
        round(result.elapsed_s * 1e9 / tick_ns),
        result.latency_mean_ns / tick_ns,
        result.latency_p99_ns / tick_ns,
        result.row_hits,
    )


def measured(path: Path | None = None) -> dict[Case, Figures]:
    """What Ramulator said."""
    text = (path or Path(__file__).with_suffix(".csv")).read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return {
        Case(row["memory"], row["refresh"], row["mapping"], row["trace"], int(row["window"])): Figures(
            int(row["cycles"]), float(row["latency"]), float(row["latency_p99"]), int(row["row_hits"])
        )
        for row in rows
    }


class Differences(NamedTuple):
    """Ours over the peer's, less 1: bandwidth, mean and 99th percentile of the reads' latency."""

    bandwidth: float
    latency: float
    latency_p99: float


@cache
def compared() -> dict[Case, Differences]:
    """Every row of the table beside ours."""
    of = traces()
    found = {}
    for case, peer in measured().items():
        here = ours(case, of)
        found[case] = Differences(
            peer.cycles / here.cycles - 1,
            here.latency / peer.latency - 1,
            here.latency_p99 / peer.latency_p99 - 1,
        )
    return found


def configured(ramulator: Any, case: Case) -> dict[str, Any]:
    """The memory of a case as Ramulator's own Python package describes it: one channel, rows left open."""
    peer = PEERS[case.memory]
    make = getattr(ramulator.dram, peer.kind)
    dram = make(org_preset=peer.organisation, timing_preset=peer.timing, **peer.changed)
    controller = getattr(ramulator.controller, peer.controller)(
        dram=dram,
        scheduler=ramulator.scheduler.FRFCFSRowHit(),
        refresh_manager=getattr(ramulator.refresh_manager, peer.refreshes[case.refresh])(),
        row_policy=ramulator.row_policy.Open(),
        addr_mapper=getattr(ramulator.addr_mapper, case.mapping)(),
    )
    memory = ramulator.memory_system.GenericDRAM(
        clock_ratio=1,
        controllers=[controller],
        channel_mapper=ramulator.channel_mapper.CacheLineInterleave(),
    )
    front = ramulator.frontend.External(clock_ratio=1)
    return {"frontend": front.to_config(), "memory_system": memory.to_config()}


def main(folder: Path) -> None:
    """Print the table."""
    sys.path.insert(0, str(folder / "python"))
    import ramulator  # type: ignore[import-not-found]

    print("# Ramulator 2.1 (commit c5b1c3a478b68853a61a0b8f99510d0dde7e6fd0) on the traces of ramulator.py")
    print(",".join(COLUMNS))
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        for trace, records in traces().items():
            lines = zip(*(part.tolist() for part in records[:3]), strict=True)
            text = "".join(f"{'RW'[write]} {address} {size}\n" for write, address, size in lines)
            (work / trace).write_text(text, encoding="utf-8")
        for case in cases():
            config = work / "config.json"
            config.write_text(json.dumps(configured(ramulator, case)), encoding="utf-8")
            command = [str(folder / "driver"), str(config), str(work / case.trace), str(case.window)]
            told = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)
            print(",".join(map(str, case)), told.stdout.strip().splitlines()[-1], sep=",", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
