"""The CACTI table: figures of one bank over a grid of nodes, sizes and word widths, and what lies between."""

from __future__ import annotations

import csv
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Bank:
    """One bank with one read-write port, low-standby-power cells. An access moves one word.

    Energies in joules, leakage in watts, area in square millimetres, times in seconds.
    """

    read_j: float
    write_j: float
    leakage_w: float
    area_mm2: float
    access_s: float
    cycle_s: float


COLUMNS = {
    "read_j": ("read_pJ", 1e-12),
    "write_j": ("write_pJ", 1e-12),
    "leakage_w": ("leak_mW", 1e-3),
    "area_mm2": ("area_mm2", 1.0),
    "access_s": ("access_ns", 1e-9),
    "cycle_s": ("cycle_ns", 1e-9),
}
FIGURES = tuple(field.name for field in fields(Bank))


@dataclass(frozen=True, eq=False)
class Grid:
    """Figures (6, nodes, sizes, words) at the crossings of three rising axes: nm, bytes and bits."""

    nodes: Floats
    sizes: Floats
    words: Floats
    values: Floats

    def at(self, node_nm: float, size_bytes: float, word_bits: float) -> Bank:
        """The figures at any point: straight lines between the 8 crossings around, on logarithmic axes.

        Beyond an axis' end the last two crossings' line goes on. Rule, for each axis, with x between x0
        and x1: log f = (1 - s) log f0 + s log f1, where s = (log x - log x0) / (log x1 - log x0).

        >>> grid = cacti_grid()
        >>> round(grid.at(65, 16 * 1024, 64).read_j * 1e12, 1)     # between 11.1 pJ at 8 KiB, 30.1 at 32 KiB
        18.3
        """
        figures = np.log(self.values)
        for axis, place in ((self.words, word_bits), (self.sizes, size_bytes), (self.nodes, node_nm)):
            low = int(np.clip(np.searchsorted(axis, place, side="right") - 1, 0, axis.size - 2))
            share = np.log(place / axis[low]) / np.log(axis[low + 1] / axis[low])
            figures = (1 - share) * figures[..., low] + share * figures[..., low + 1]
        return Bank(*(float(figure) for figure in np.exp(figures)))

    def without(self, axis: str, index: int) -> Grid:
        """The grid with one place of an axis left out: ``axis`` is ``nodes``, ``sizes`` or ``words``."""
        position = ("nodes", "sizes", "words").index(axis)
        axes = {name: getattr(self, name) for name in ("nodes", "sizes", "words")}
        axes[axis] = np.delete(axes[axis], index)
        return Grid(**axes, values=np.delete(self.values, index, axis=1 + position))


@cache
def cacti_grid() -> Grid:
    """The table ``cacti_sram.csv``: 65, 45 and 22 nm, 2 KiB to 8 MiB, words of 32, 64 and 256 bits.

    >>> cacti_grid().values.shape
    (6, 3, 7, 3)
    """
    text = files("deltasim.simulator.sram").joinpath("cacti_sram.csv").read_text()
    rows = list(csv.DictReader(text.splitlines()))
    keys = [(float(row["tech_nm"]), float(row["size_bytes"]), float(row["word_bits"])) for row in rows]
    nodes, sizes, words = (np.unique([key[axis] for key in keys]) for axis in range(3))
    values = np.full((len(FIGURES), nodes.size, sizes.size, words.size), np.nan)
    for (node, size, word), row in zip(keys, rows, strict=True):
        place = np.searchsorted(nodes, node), np.searchsorted(sizes, size), np.searchsorted(words, word)
        for figure, name in enumerate(FIGURES):
            column, unit = COLUMNS[name]
            values[(figure, *place)] = float(row[column]) * unit
    return Grid(nodes, sizes, words, values)
