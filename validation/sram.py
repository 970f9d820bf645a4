"""How far the SRAM model is off: ``python -m deltasim.validation.sram`` prints docs/validation/sram.md.

Each point of the CACTI table is left out in turn and interpolated from the others.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from deltasim.simulator.sram.model import sram
from deltasim.simulator.sram.table import FIGURES, Floats, cacti_grid

NAMES = {
    "read_j": "read energy",
    "write_j": "write energy",
    "leakage_w": "leakage",
    "area_mm2": "area",
    "access_s": "access time",
    "cycle_s": "cycle time",
}


def left_out(axis: str, inner: bool) -> Floats:
    """Relative errors, (6, points), of predicting each place of an axis from the others on it.

    ``inner`` takes the places that lie between others; otherwise the ends, which are extrapolated.

    >>> left_out("words", inner=True).shape           # 64 bits from 32 and 256: 3 nodes x 7 sizes
    (6, 21)
    """
    grid = cacti_grid()
    length = getattr(grid, axis).size
    places = range(1, length - 1) if inner else (0, length - 1)
    errors = [error for place in places for error in _errors_at(axis, place)]
    return np.array(errors).T


def _errors_at(axis: str, place: int) -> Iterator[list[float]]:
    grid = cacti_grid()
    less = grid.without(axis, place)
    position = ("nodes", "sizes", "words").index(axis)
    for index in np.ndindex(*grid.values.shape[1:]):
        if index[position] == place:
            node, size, word = index
            guess = less.at(float(grid.nodes[node]), float(grid.sizes[size]), float(grid.words[word]))
            known = grid.values[(slice(None), *index)]
            yield [getattr(guess, name) / value - 1 for name, value in zip(FIGURES, known, strict=True)]


def page() -> str:
    """The whole page, in Markdown."""
    lines = [
        "# On-chip memories beside CACTI 7",
        "",
        "Made by `python -m deltasim.validation.sram > docs/validation/sram.md`. Misses are left in.",
        "",
        "`deltasim.simulator.sram.model.sram(size_bytes, word_bits, node_nm, banks)` draws straight lines on",
        "logarithmic axes between the points of `simulator/sram/cacti_sram.csv`; there it is the table.",
        "Between them it errs. To see how much, each point is left out in turn and predicted from its",
        "neighbours. Those are then a factor of 16 in size apart and not 4, so what is used is closer.",
        "",
        "Median and largest error in percent:",
        "",
        "| left out | points | " + " | ".join(NAMES.values()) + " |",
        "|---|--:|" + "--:|" * len(NAMES),
    ]
    cases = [
        ("sizes", True, "a size between two others"),
        ("words", True, "64-bit words, from 32 and 256"),
        ("nodes", True, "45 nm, from 22 and 65 (marked estimated)"),
        ("sizes", False, "2 KiB or 8 MiB, beyond the others (marked estimated)"),
    ]
    for axis, inner, text in cases:
        errors = 100 * np.abs(left_out(axis, inner))
        figures = [f"{np.median(row):.0f} / {row.max():.0f}" for row in errors]
        lines.append(f"| {text} | {errors.shape[1]} | " + " | ".join(figures) + " |")
    one, eight = sram(128 * 1024, 64, 65), sram(128 * 1024, 64, 65, banks=8)
    lines += [
        "",
        "Leakage does not fall with the node in the table (22 nm leaks more than 45 nm), so the leakage of a",
        "node between two tabled ones is a guess. Nodes outside 22 to 65 nm are refused; a chip description",
        "gives its own prices there.",
        "",
        "Banks: an access touches one bank. A 128 KiB memory at 65 nm with 64-bit words reads for "
        f"{one.read_j * 1e12:.1f} pJ",
        f"in one bank and {eight.read_j * 1e12:.1f} pJ in eight (about 59 and 18 pJ are known from CACTI). "
        "Wires between banks are left out.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")
