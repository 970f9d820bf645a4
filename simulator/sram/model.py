"""What an on-chip memory costs, by size, word width, node and banks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from deltasim.runtime.errors import InputError
from deltasim.simulator.sram.table import cacti_grid

LEAST_WORDS = 32  # in a bank: CACTI builds no array of fewer
MOST_BANKS = 4096
REMEDY = "Give the price in the description."


@dataclass(frozen=True)
class SramEstimate:
    """A memory as its prices need it. An access reads or writes one word in one bank.

    Energies in joules per access, leakage in watts and area in square millimetres of the whole memory, times
    in seconds. ``kind`` is "simulated" where CACTI was run for just this bank, "estimated" where the figures
    lie between such banks; ``why`` says which.
    """

    read_j: float
    write_j: float
    leakage_w: float
    area_mm2: float
    access_s: float
    cycle_s: float
    kind: Literal["simulated", "estimated"]
    why: str


@lru_cache(4096)
def sram(size_bytes: int, word_bits: int, node_nm: float, banks: int = 1) -> SramEstimate:
    """Estimate a memory of ``banks`` equal banks from the CACTI 7 table.

    Rule: one bank of ``size_bytes / banks`` is looked up (``Grid.figures`` says what lies between tabled
    banks); an access costs one bank's, leakage and area are all banks' together. Wires between banks are not
    in it. docs/validation/sram.md states how far this is off. Errors: InputError for what CACTI was not run
    for: a node outside 22 to 90 nm, a word outside 8 to 1,024 bits, a bank outside 64 B to 32 MiB or of fewer
    than 32 words.

    >>> one, eight = sram(128 * 1024, 64, 65), sram(128 * 1024, 64, 65, banks=8)
    >>> f"{one.read_j * 1e12:.1f} pJ, {one.kind}", f"{eight.read_j * 1e12:.1f} pJ, {eight.kind}"
    ('59.3 pJ, simulated', '21.0 pJ, estimated')
    """
    grid = cacti_grid()
    if not 1 <= banks <= MOST_BANKS:
        raise InputError("banks", banks, f"a memory has 1 to {MOST_BANKS:,} banks", "Give for example 4.")
    nodes, words = grid.nodes, grid.words
    if not nodes[0] <= node_nm <= nodes[-1]:
        rule = f"CACTI 7 knows memories of {nodes[0]:g} to {nodes[-1]:g} nm"
        raise InputError("node", f"{node_nm:g} nm", rule, REMEDY)
    if not words[0] <= word_bits <= words[-1]:
        rule = f"the CACTI table has words of {words[0]:g} to {words[-1]:,.0f} bits"
        raise InputError("width", f"{word_bits} bit", rule, REMEDY)
    bank_bytes = size_bytes / banks
    size = f"{size_bytes:,} B" + (f" in {banks} banks" if banks > 1 else "")
    if not grid.sizes[0] <= bank_bytes <= grid.sizes[-1]:
        rule = f"the CACTI table has banks of {grid.sizes[0]:g} B to {grid.sizes[-1] / 2**20:g} MiB"
        raise InputError("size", size, rule, REMEDY)
    bank = grid.at(node_nm, bank_bytes, word_bits)
    if not math.isfinite(bank.read_j):
        widest = f"{word_bits} bit" if word_bits in words else f"the width above {word_bits} bit in its table"
        rule = f"CACTI 7 builds no bank of fewer than {LEAST_WORDS} words of {widest}"
        raise InputError("size", size, rule, REMEDY)
    axes = {"nodes": (nodes, node_nm), "sizes": (grid.sizes, bank_bytes), "widths": (words, word_bits)}
    inexact = [name for name, (axis, place) in axes.items() if place not in axis]
    if not inexact and not grid.was_run(node_nm, bank_bytes, word_bits):
        inexact = ["sizes"]
    reasons = [f"interpolated between {' and '.join(inexact)}"] if inexact else []
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
