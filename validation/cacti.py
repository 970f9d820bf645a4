"""Run CACTI 7 as ``simulator/sram/cacti_sram.csv`` was made with it, and for memories that are not in it.

CACTI is public (github.com/HewlettPackard/cacti, version 7.0.3DD) and builds with g++ by its own ``make``.

    python -m deltasim.validation.cacti FOLDER table > simulator/sram/cacti_sram.csv      # an hour
    python -m deltasim.validation.cacti FOLDER held-out > validation/cacti_held_out.csv   # five minutes
    python -m deltasim.validation.cacti FOLDER banked > validation/cacti_banked.csv

FOLDER holds the built ``cacti``. Its own ``cache.cfg`` is the configuration, but for ``CHANGED`` below.
"""

from __future__ import annotations

import csv
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

NODES = (22, 28, 32, 40, 45, 65, 90)
WORDS = (8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 1024)
POWERS = tuple(2**power for power in range(6, 28))  # sizes at every node and width
QUARTERS = tuple(2**power * quarters // 4 for power in range(6, 25) for quarters in (5, 6, 7))  # at some
BETWEEN_WORDS = (24, 48, 96, 192, 384)  # widths at which only powers of two are run
COARSE = {40: (8, 16, 512, 1024), 65: (8, 16, 512, 1024), 90: (8, 16, 512, 1024)}  # and nodes with widths
COLUMNS = (
    "tech_nm",
    "size_bytes",
    "word_bits",
    "read_pJ",
    "write_pJ",
    "subthreshold_mW",
    "gate_mW",
    "area_mm2",
    "access_ns",
    "cycle_ns",
)
HELD_OUT_NODES = (22, 25, 28, 32, 36, 45, 50, 55, 65, 75)
HELD_OUT_WORDS = (32, 64, 256, 48, 96, 160)

CHANGED = {  # the start of a line of cache.cfg -> what it says here
    "-associativity": "1",
    "-Data array cell type -": '"itrs-lstp"',
    "-Data array peripheral type -": '"itrs-lstp"',
    "-Tag array cell type -": '"itrs-lstp"',
    "-Tag array peripheral type -": '"itrs-lstp"',
    "-operating temperature (K)": "300",
    "-cache type": '"ram"',
    "-Add ECC -": '"false"',
}

PATTERNS = {
    "access_ns": r"Access time \(ns\): (\S+)",
    "cycle_ns": r"Cycle time \(ns\):\s+(\S+)",
    "read": r"Total dynamic read energy per access \(nJ\): (\S+)",
    "write": r"Total dynamic write energy per access \(nJ\): (\S+)",
    "subthreshold_mW": r"Total leakage power of a bank \(mW\): (\S+)",
    "gate_mW": r"Total gate leakage power of a bank \(mW\): (\S+)",
    "height": r"Cache height x width \(mm\): (\S+) x",
    "width": r"Cache height x width \(mm\): \S+ x (\S+)",
}


class Point(NamedTuple):
    """A memory: nanometres, bytes, bits of a word, and banks, with the wires between them."""

    node_nm: float
    size_bytes: int
    word_bits: int
    banks: int = 1


def configuration(given: str, point: Point) -> str:
    """CACTI's own configuration with the lines changed that make a plain memory of this size.

    >>> print(configuration('-size (bytes) 7\\n//-size (bytes) 8\\n-Add ECC - "true"', Point(45, 2048, 64)))
    -size (bytes) 2048
    -Add ECC - "false"
    """
    changed = CHANGED | {
        "-size (bytes)": str(point.size_bytes),
        "-block size (bytes)": str(point.word_bits // 8),
        "-output/input bus width": str(point.word_bits),
        "-technology (u)": repr(point.node_nm / 1000),
        "-UCA bank count": str(point.banks),
    }
    lines = []
    for line in given.splitlines():
        if not line.strip() or line.startswith(("//", "#")):
            continue
        start = next((start for start in changed if line.startswith(start)), None)
        lines.append(f"{start} {changed[start]}" if start else line)
    return "\n".join(lines)


def parsed(output: str) -> dict[str, float] | None:
    """The figures in what CACTI prints, by column; None where it found no array."""
    found = {name: re.search(pattern, output) for name, pattern in PATTERNS.items()}
    if not all(found.values()):
        return None
    figures = {name: float(match[1]) for name, match in found.items() if match}
    figures["area_mm2"] = figures.pop("height") * figures.pop("width")
    return figures | {"read_pJ": figures.pop("read") * 1e3, "write_pJ": figures.pop("write") * 1e3}


def run(folder: Path, point: Point) -> dict[str, float] | None:
    """One run of CACTI."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "bank.cfg"
        file.write_text(configuration((folder / "cache.cfg").read_text(), point))
        done = subprocess.run(
            [folder.resolve() / "cacti", "-infile", file],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
    return parsed(done.stdout)


def tabled() -> Iterator[Point]:
    """The banks of the table, as far as they hold 32 words; of fewer CACTI builds none."""
    for node in NODES:
        for word in WORDS:
            coarse = word in BETWEEN_WORDS or word in COARSE.get(node, ())
            for size in sorted(POWERS if coarse else POWERS + QUARTERS):
                if size * 8 >= 32 * word:
                    yield Point(node, size, word)


def held_out() -> Iterator[Point]:
    """Banks of any size from 1 KiB to 8 MiB, drawn by a seed: 20 for each node and width."""
    draw = np.random.default_rng(15)
    for node in HELD_OUT_NODES:
        for word in HELD_OUT_WORDS:
            for power in draw.uniform(10, 23, size=20):
                size = round(2**power / 32) * 32 // (word // 8) * (word // 8)
                if size * 8 >= 32 * word:
                    yield Point(node, size, word)


def banked() -> Iterator[Point]:
    """Memories of several banks, one access at a time, as CACTI joins them."""
    for node in (22, 45, 65):
        for size, banks in ((2**17, 8), (2**20, 8), (2**22, 16)):
            yield Point(node, size, 64, banks)


def rows(folder: Path, points: Iterable[Point]) -> Iterator[list[str]]:
    """Lines of the table, six digits as CACTI prints them."""
    for point in points:
        figures = run(folder, point)
        if figures is not None:
            yield [*map(str, point[:3]), *(f"{figures[name]:.6g}" for name in COLUMNS[3:]), str(point.banks)]


def main(folder: str, which: str) -> None:
    points = {"table": tabled, "held-out": held_out, "banked": banked}[which]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    width = len(COLUMNS) + (which == "banked")
    writer.writerow([*COLUMNS, "banks"][:width])
    writer.writerows(row[:width] for row in rows(Path(folder), points()))


if __name__ == "__main__":
    main(*sys.argv[1:])
