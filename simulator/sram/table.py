"""The CACTI table: figures of one bank over a grid of nodes, sizes and word widths, and what lies between."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Bank:
    """One bank with one read-write port, low-standby-power cells, at 300 K. An access moves one word.

    Energies in joules, leakage (sub-threshold and gate) in watts, area in square millimetres, times in
    seconds.
    """

    read_j: float
    write_j: float
    leakage_w: float
    area_mm2: float
    access_s: float
    cycle_s: float


FIGURES = {  # the table's columns, each with its unit
    "read_pJ": 1e-12,
    "write_pJ": 1e-12,
    "subthreshold_mW": 1e-3,
    "gate_mW": 1e-3,
    "area_mm2": 1.0,
    "access_ns": 1e-9,
    "cycle_ns": 1e-9,
}
SUBTHRESHOLD, GATE = 2, 3

# CACTI 7's low-standby-power transistors (tech_params, "lstp") at 300 K: supply in volts, and the currents in
# amperes through a micrometre of a closed channel and of a gate.
SUPPLY_V = {22: 0.8, 32: 1.0, 45: 1.1, 65: 1.2, 90: 1.3}
SUBTHRESHOLD_A = {22: 2.43e-11, 32: 2.06e-11, 45: 1.01e-11, 65: 9.12e-12, 90: 2.81e-12}
GATE_A = {22: 4.51e-10, 32: 3.73e-11, 45: 9.47e-12, 65: 1.09e-10, 90: 3.87e-11}


def between(known: dict[int, float], node_nm: float) -> float:
    """CACTI's rule for a transistor between two of its nodes: a straight line.

    >>> round(between(SUPPLY_V, 28), 9)
    0.92
    """
    return float(np.interp(node_nm, list(known), list(known.values())))


def drive(node_nm: float) -> Floats:
    """What the figures of a node are proportional to where that is known: supply times current for leakage.

    >>> [float(value) for value in drive(45)[:2]]
    [1.0, 1.0]
    """
    found = np.ones(len(FIGURES))
    supply = between(SUPPLY_V, node_nm)
    found[SUBTHRESHOLD] = supply * between(SUBTHRESHOLD_A, node_nm)
    found[GATE] = supply * between(GATE_A, node_nm)
    return found


@dataclass(frozen=True, eq=False)
class Grid:
    """Figures (7, nodes, sizes, words) at the crossings of three rising axes: nm, bytes and bits.

    A crossing that CACTI builds no array for holds NaN. ``runs`` (nodes, sizes, words) says for which
    crossings CACTI was run; the others lie on the line between the sizes around them.
    """

    nodes: Floats
    sizes: Floats
    words: Floats
    values: Floats
    runs: npt.NDArray[np.bool_]

    def figures(self, node_nm: float, size_bytes: float, word_bits: float) -> Floats:
        """The seven figures at a point, NaN where a crossing around it is not tabled.

        Rule, for each axis in turn, with x between x0 and x1: log f = (1 - s) log f0 + s log f1, where
        s = (log x - log x0) / (log x1 - log x0). Leakage is divided by ``drive`` first and multiplied by
        that of the node after, so that between two nodes it follows CACTI's currents.
        """
        found = self.values
        for axis, place in ((self.words, word_bits), (self.sizes, size_bytes)):
            low, share = _position(axis, place)
            found = _blend(found[..., low], found[..., low + 1], share) if share else found[..., low]
        low, share = _position(self.nodes, node_nm)
        if not share:
            return np.asarray(found[:, low])
        first, second = (found[:, place] / drive(float(self.nodes[place])) for place in (low, low + 1))
        return _blend(first, second, share) * drive(node_nm)

    def at(self, node_nm: float, size_bytes: float, word_bits: float) -> Bank:
        """The bank at any point within the axes.

        >>> grid = cacti_grid()
        >>> round(grid.at(65, 8 * 1024, 64).read_j * 1e12, 4)     # as CACTI says
        11.1253
        """
        read, write, subthreshold, gate, area, access, cycle = map(
            float, self.figures(node_nm, size_bytes, word_bits)
        )
        return Bank(read, write, subthreshold + gate, area, access, cycle)

    def was_run(self, node_nm: float, size_bytes: float, word_bits: float) -> bool:
        """Whether CACTI was run for just this bank."""
        axes = ((self.nodes, node_nm), (self.sizes, size_bytes), (self.words, word_bits))
        if not all(place in axis for axis, place in axes):
            return False
        return bool(self.runs[tuple(int(np.searchsorted(axis, place)) for axis, place in axes)])

    def without(self, axis: str, index: int) -> Grid:
        """The grid with one place of an axis left out: ``axis`` is ``nodes``, ``sizes`` or ``words``."""
        position = ("nodes", "sizes", "words").index(axis)
        axes = {name: getattr(self, name) for name in ("nodes", "sizes", "words")}
        axes[axis] = np.delete(axes[axis], index)
        values = np.delete(self.values, index, axis=1 + position)
        return Grid(**axes, values=values, runs=np.delete(self.runs, index, axis=position))


def _position(axis: Floats, place: float) -> tuple[int, float]:
    """The last tabled place not above ``place``, and how far on the way to the next it lies, 0 to 1."""
    low = int(np.clip(np.searchsorted(axis, place, side="right") - 1, 0, axis.size - 1))
    if low == axis.size - 1 or axis[low] == place:
        return low, 0.0
    return low, float(np.log(place / axis[low]) / np.log(axis[low + 1] / axis[low]))


def _blend(low: Floats, high: Floats, share: float) -> Floats:
    return np.asarray(np.exp((1 - share) * np.log(low) + share * np.log(high)))


@cache
def cacti_grid() -> Grid:
    """The table ``cacti_sram.csv``, made by ``python -m deltasim.validation.cacti``.

    22 to 90 nm; 64 B to 128 MiB, up to 32 MiB four sizes an octave (1, 1.25, 1.5 and 1.75 times a power of
    two); words of 8 to 1,024 bits, powers of two and what lies halfway. Not every size was run for every
    node and width: powers of two were.

    >>> [float(node) for node in cacti_grid().nodes]
    [22.0, 28.0, 32.0, 40.0, 45.0, 65.0, 90.0]
    """
    text = files("deltasim.simulator.sram").joinpath("cacti_sram.csv").read_text()
    rows = list(csv.reader(text.splitlines()))
    columns = [rows[0].index(name) for name in FIGURES]
    table = np.array(rows[1:], dtype=np.float64)
    nodes, sizes, words = axes = [np.unique(table[:, column]) for column in range(3)]
    places = [np.searchsorted(axis, table[:, column]) for column, axis in enumerate(axes)]
    values = np.full((len(FIGURES), *(axis.size for axis in axes)), np.nan)
    values[:, places[0], places[1], places[2]] = (
        table[:, columns].T * np.array(list(FIGURES.values()))[:, None]
    )
    runs = ~np.isnan(values[0])
    return Grid(nodes, sizes, words, filled(values, sizes), runs)


def filled(values: Floats, sizes: Floats) -> Floats:
    """Crossings between two tabled sizes of the same node and width, on the logarithmic line between them."""
    found = values.copy()
    for node, word in np.ndindex(values.shape[1], values.shape[3]):
        known = np.flatnonzero(~np.isnan(values[0, :, :, word][node]))
        if known.size == 0:
            continue
        inside = slice(known[0], known[-1] + 1)
        for figure in range(values.shape[0]):
            row = np.log(values[figure, node, known, word])
            line = np.interp(np.log(sizes[inside]), np.log(sizes[known]), row)
            found[figure, node, inside, word] = np.exp(line)
        found[:, node, known, word] = values[:, node, known, word]
    return found
