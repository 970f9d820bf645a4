"""What an on-chip memory costs, by size, word width, node and banks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from deltasim.runtime.errors import InputError
from deltasim.simulator.sram.table import cacti_grid

SMALLEST_BANK, LARGEST_BANK = 512, 32 * 2**20  # bytes: four times beyond the table on either side
NARROWEST, WIDEST = 8, 1024  # bits: as far beyond it
MOST_BANKS = 4096


@dataclass(frozen=True)
class SramEstimate:
    """A memory as its prices need it. An access reads or writes one word in one bank.

    Energies in joules per access, leakage in watts and area in square millimetres of the whole memory, times
    in seconds. ``kind`` is "simulated" where the figures lie within the CACTI table at one of its nodes,
    "estimated" elsewhere; ``why`` says what made it so.
    """

    read_j: float
    write_j: float
    leakage_w: float
    area_mm2: float
    access_s: float
    cycle_s: float
    kind: Literal["simulated", "estimated"]
    why: str


def sram(size_bytes: int, word_bits: int, node_nm: float, banks: int = 1) -> SramEstimate:
    """Estimate a memory of ``banks`` equal banks from the CACTI 7 table, log-log between its points.

    Rule: one bank of ``size_bytes / banks`` is looked up; an access costs one bank's, leakage and area are
    all banks' together. Wires between banks are not in it. docs/validation/sram.md states how far this is
    off. Errors: InputError for a node outside 22 to 65 nm, a bank outside 512 B to 32 MiB, a word outside 8
    to 1024 bits.

    >>> one, eight = sram(128 * 1024, 64, 65), sram(128 * 1024, 64, 65, banks=8)
    >>> f"{one.read_j * 1e12:.1f} pJ, {one.kind}", f"{eight.read_j * 1e12:.1f} pJ, {eight.kind}"
    ('59.3 pJ, simulated', '18.3 pJ, estimated')
    """
    grid = cacti_grid()
    if not 1 <= banks <= MOST_BANKS:
        raise InputError("banks", banks, f"a memory has 1 to {MOST_BANKS:,} banks", "Give for example 4.")
    if not grid.nodes[0] <= node_nm <= grid.nodes[-1]:
        raise InputError(
            "node",
            f"{node_nm:g} nm",
            f"the SRAM table holds {grid.nodes[0]:g} to {grid.nodes[-1]:g} nm",
            "Give the memory's prices in the description.",
        )
    if not NARROWEST <= word_bits <= WIDEST:
        raise InputError(
            "width",
            f"{word_bits} bit",
            f"a word has {NARROWEST} to {WIDEST:,} bits",
            "Give for example 64 bit.",
        )
    bank_bytes = size_bytes / banks
    if not SMALLEST_BANK <= bank_bytes <= LARGEST_BANK or bank_bytes * 8 < word_bits:
        raise InputError(
            "size",
            f"{size_bytes:,} B in {banks} bank{'s' * (banks > 1)}",
            f"a bank has {SMALLEST_BANK} B to {LARGEST_BANK // 2**20} MiB",
            "Change the size or the banks, or give the memory's prices in the description.",
        )
    bank = grid.at(node_nm, bank_bytes, word_bits)
    reasons = []
    if node_nm not in grid.nodes:
        reasons.append("interpolated between nodes")
    if not (grid.sizes[0] <= bank_bytes <= grid.sizes[-1] and grid.words[0] <= word_bits <= grid.words[-1]):
        reasons.append("extrapolated")
    if banks > 1:
        reasons.append("wires between banks left out")
    return SramEstimate(
        read_j=bank.read_j,
        write_j=bank.write_j,
        leakage_w=bank.leakage_w * banks,
        area_mm2=bank.area_mm2 * banks,
        access_s=bank.access_s,
        cycle_s=bank.cycle_s,
        kind="estimated" if reasons else "simulated",
        why=", ".join(["CACTI 7", *reasons]),
    )
