"""How far the SRAM model is off: ``python -m deltasim.validation.sram`` prints docs/validation/sram.md.

``cacti_held_out.csv`` and ``cacti_banked.csv`` are CACTI 7's figures for memories that are not in the table,
made by ``python -m deltasim.validation.cacti``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from deltasim.runtime.errors import InputError
from deltasim.simulator.sram.model import sram
from deltasim.simulator.sram.table import Floats, cacti_grid

NAMES = ("read energy", "write energy", "leakage", "area", "access time", "cycle time")
BOUNDS = (8, 8, 15, 15, 15, 15)  # per cent: what 90 % of the points are to be within
WORST = 20
Mask = npt.NDArray[np.bool_]


class HeldOut(NamedTuple):
    """CACTI's figures of memories: ``points`` (n, 3) nm, bytes, bits; ``figures`` (6, n) in SI units, mm2."""

    points: Floats
    figures: Floats
    banks: npt.NDArray[np.int64]


@cache
def held_out(name: str = "cacti_held_out.csv") -> HeldOut:
    """Read one of the files of CACTI's figures.

    >>> held_out().points.shape
    (1200, 3)
    """
    rows = list(csv.DictReader(files("deltasim.validation").joinpath(name).read_text().splitlines()))

    def column(key: str, unit: float = 1.0) -> Floats:
        return np.array([float(row[key]) for row in rows]) * unit

    leakage = (column("subthreshold_mW") + column("gate_mW")) * 1e-3
    figures = [column("read_pJ", 1e-12), column("write_pJ", 1e-12), leakage, column("area_mm2")]
    figures += [column("access_ns", 1e-9), column("cycle_ns", 1e-9)]
    points = np.array([column(key) for key in ("tech_nm", "size_bytes", "word_bits")]).T
    return HeldOut(points, np.array(figures), np.array([int(row.get("banks") or 1) for row in rows]))


def figures_of(node: float, size: float, word: float) -> list[float]:
    """What the model says of one bank, in the order of ``NAMES``."""
    bank = sram(int(size), int(word), node)
    return [bank.read_j, bank.write_j, bank.leakage_w, bank.area_mm2, bank.access_s, bank.cycle_s]


@cache
def errors() -> Floats:
    """Relative errors of the model at the held-out memories. Shape (6, n)."""
    known = held_out()
    ours = np.array([figures_of(*point) for point in known.points]).T
    return np.asarray(ours / known.figures - 1)


def kinds() -> Iterator[tuple[str, Mask]]:
    """The held-out memories by what of them is tabled."""
    grid, points = cacti_grid(), held_out().points
    node, word = np.isin(points[:, 0], grid.nodes), np.isin(points[:, 2], grid.words)
    yield "any size; node and width in the table", node & word
    yield "any size; node between two of the table", ~node & word
    yield "any size; width between two of the table", node & ~word
    yield "any size; node and width between", ~node & ~word
    yield "all", np.ones(len(points), bool)


def neighbours() -> Floats:
    """Errors at powers of two of 1 KiB to 8 MiB were they not tabled, each from half and twice its size."""
    grid, found = cacti_grid(), []
    for node in (22, 32, 45, 65):
        for word in (32, 64, 256):
            for power in range(10, 24):
                ends = [grid.figures(node, 2.0 ** (power + step), word) for step in (-1, 1)]
                known = grid.figures(node, 2.0**power, word)
                if all(np.isfinite(end).all() for end in ends):
                    guess = np.sqrt(ends[0] * ends[1])
                    for figures in (guess, known):  # sub-threshold and gate leakage are one
                        figures[2] += figures[3]
                    found.append(np.delete(guess / known - 1, 3))
    return np.array(found).T


def spread(values: Floats) -> str:
    """Median, 90 % and largest, in per cent."""
    sizes = 100 * np.abs(values)
    return f"{np.median(sizes):.1f} / {np.quantile(sizes, 0.9):.1f} / {sizes.max():.0f}"


def met(values: Floats, bound: int) -> str:
    """The share within a bound, and how many are beyond the worst that is allowed."""
    sizes = 100 * np.abs(values)
    return f"{100 * np.mean(sizes <= bound):.0f} %, {int(np.sum(sizes > WORST))}"


REFUSED = (
    (64 * 1024, 64, 14, 1),
    (64 * 1024, 64, 130, 1),
    (64 * 1024, 4, 45, 1),
    (64 * 1024, 2048, 45, 1),
    (1024, 512, 45, 1),
    (32, 8, 45, 1),
    (256 * 2**20, 64, 45, 1),
)


def refused() -> Iterator[str]:
    """What the model says to memories that it does not know."""
    for size, word, node, banks in REFUSED:
        try:
            sram(size, word, node, banks)
        except InputError as error:
            yield f"- `sram({size}, {word}, {node})`: {error}"


def banked() -> Iterator[str]:
    """Rows of a table: CACTI's banked memories beside ours."""
    known = held_out("cacti_banked.csv")
    for (node, size, word), figures, banks in zip(known.points, known.figures.T, known.banks, strict=True):
        ours = sram(int(size), int(word), node, int(banks))
        one = sram(int(size), int(word), node)
        yield (
            f"| {size / 1024:,.0f} KiB in {banks}, {node:g} nm | {one.read_j * 1e12:.1f} | "
            f"{figures[0] * 1e12:.1f} | {ours.read_j * 1e12:.1f} | {figures[3]:.2f} | {ours.area_mm2:.2f} |"
        )


def page() -> str:
    """The whole page, in Markdown."""
    grid, found = cacti_grid(), errors()
    heads = " | ".join(NAMES)
    lines = [
        "# On-chip memories beside CACTI 7",
        "",
        "Made by `python -m deltasim.validation.sram > docs/validation/sram.md`. Misses are left in.",
        "",
        f"`simulator/sram/cacti_sram.csv` holds {int(grid.runs.sum()):,} runs of CACTI 7.0.3DD, made by",
        "`python -m deltasim.validation.cacti FOLDER table`: its own `cache.cfg`, as a RAM with one",
        "read-write port, without ECC, low-standby-power cells and periphery, 300 K, optimised for energy x",
        f"delay^2. Nodes {', '.join(f'{node:g}' for node in grid.nodes)} nm; words of",
        f"{', '.join(f'{word:g}' for word in grid.words)} bits; every power of two of",
        "64 B to 128 MiB, and for most nodes and widths 1.25, 1.5 and 1.75 times each up to 32 MiB. There",
        "the model is CACTI, so at every power of two of 1 KiB to 8 MiB, 32, 64 and 256 bits, 22, 32, 45 and",
        "65 nm the difference is 0 by construction. Elsewhere `simulator.sram.model.sram` draws straight",
        "lines on logarithmic axes; between two nodes leakage follows CACTI's rule for its transistors:",
        "currents and supply in proportion.",
        "",
        "## Memories that are not in the table",
        "",
        f"{len(held_out().points):,} memories of 1 KiB to 8 MiB drawn by a seed, at 10 nodes and 6 widths",
        "(`validation/cacti_held_out.csv`). Median / 90 % / largest error in per cent:",
        "",
        f"| | memories | {heads} |",
        "|---|--:|" + "--:|" * len(NAMES),
    ]
    for text, chosen in kinds():
        cells = " | ".join(spread(row[chosen]) for row in found)
        lines.append(f"| {text} | {int(chosen.sum()):,} | {cells} |")
    goals = " | ".join(f"{name} ({bound} %)" for name, bound in zip(NAMES[:4], BOUNDS, strict=False))
    lines += [
        "",
        f"Share of them within a bound, and how many are more than {WORST} % off:",
        "",
        f"| | {goals} |",
        "|---|" + "--:|" * 4,
    ]
    for text, chosen in kinds():
        cells = " | ".join(met(row[chosen], bound) for row, bound in zip(found[:4], BOUNDS, strict=False))
        lines.append(f"| {text} | {cells} |")
    cells = " | ".join(spread(row) for row in neighbours())
    lines += [
        "",
        "CACTI's figures are not smooth: from one size to the next it may choose another organisation.",
        "Powers of two, each guessed from half and twice its size as if it were not tabled:",
        "",
        f"| | {heads} |",
        "|---|" + "--:|" * len(NAMES),
        f"| left out | {cells} |",
        "",
        "## What is refused",
        "",
        *refused(),
        "",
        "## Banks",
        "",
        "An access touches one bank, and wires between banks are left out: banks lie where they are used, as",
        "those of a scratchpad beside its multiply array. CACTI joins the banks of one memory by wires as",
        "long as those inside a single bank, and then banks save little; a shared buffer of many banks is",
        "nearer to that. Reads of 64 bits in pJ, area in mm2:",
        "",
        "| | one bank | CACTI, banks and wires | ours | area, CACTI | area, ours |",
        "|---|--:|--:|--:|--:|--:|",
        *banked(),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")
