"""The figures of a study: what an objective or a constraint may ask for, and how each follows from counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from deltasim.exploration.pricing import PriceTable, energies
from deltasim.runtime.errors import InputError, nearest

Reals = npt.NDArray[np.float64]


class Measured(NamedTuple):
    """Many points of one form, a row each: counts over all their sequences, and what is known beside them.

    Times are picoseconds; ``score`` and ``area_mm2`` are NaN where nobody knows them.
    """

    counts: Reals
    elapsed_ps: Reals
    sequences: Reals
    area_mm2: Reals
    score: Reals
    off_chip_bytes: Reals
    chosen: npt.NDArray[np.int64]
    tables: Sequence[PriceTable]
    instead: Mapping[str, float]

    @property
    def energy_j(self) -> Reals:
        """Joules an inference."""
        return energies(self.counts, self.chosen, self.tables, self.instead) / self.sequences

    @property
    def latency_s(self) -> Reals:
        """Seconds an inference, their mean."""
        return self.elapsed_ps / self.sequences * 1e-12

    @property
    def dram_bytes(self) -> Reals:
        """Bytes that DRAMs moved for an inference."""
        names = self.tables[0].form.names
        drams = [name.removesuffix(".row_hit") for name in names if name.endswith(".row_hit")]
        columns = [names.index(f"{dram}.bytes") for dram in drams]
        moved: Reals = self.counts[:, columns].sum(axis=1) / self.sequences
        return moved


class Metric(NamedTuple):
    """A figure: its key in JSON, its unit, what it is, whether more is better.

    ``grows``: with less of every count and less time it is no more, so that of a bound it is a bound.
    ``raced_by``: figures whose means over the sequences are all that it follows from, and it rises with each;
    none where it is known before a simulation, and None where it may fall with one.
    """

    key: str
    unit: str
    about: str
    more: bool
    grows: bool
    raced_by: tuple[str, ...] | None
    of: Callable[[Measured], Reals]


METRICS = {
    "energy": Metric("energy_j", "J", "energy an inference", False, True, ("energy",), lambda m: m.energy_j),
    "latency": Metric(
        "latency_s", "s", "latency an inference", False, True, ("latency",), lambda m: m.latency_s
    ),
    "area": Metric("area_mm2", "mm2", "silicon area", False, True, (), lambda m: m.area_mm2),
    "score": Metric("score", "", "score", True, True, (), lambda m: m.score),
    "power": Metric("power_w", "W", "mean power", False, False, None, lambda m: m.energy_j / m.latency_s),
    "energy_latency": Metric(
        "energy_latency_js",
        "J s",
        "energy times latency",
        False,
        True,
        ("energy", "latency"),
        lambda m: m.energy_j * m.latency_s,
    ),
    "dram_bytes": Metric(
        "dram_bytes", "B", "DRAM bytes an inference", False, True, ("dram_bytes",), lambda m: m.dram_bytes
    ),
    "off_chip": Metric("off_chip_bytes", "B", "weights in DRAM", False, True, (), lambda m: m.off_chip_bytes),
}

FITS = "fits"
"""In a constraint: all weights lie on the chip."""

ALWAYS = ("energy", "latency", "area", "score")
"""Figures that every answer shows."""


def require_metrics(names: Sequence[str]) -> None:
    """Raise InputError for an objective there is not, or given twice.

    >>> require_metrics(["energi"])
    Traceback (most recent call last):
    deltasim.runtime.errors.InputError: objectives: energi: there is no such figure. Did you mean energy? ...
    """
    for position, name in enumerate(names):
        if name not in METRICS:
            raise InputError("objectives", name, "there is no such figure", nearest(name, METRICS))
        if name in names[:position]:
            raise InputError("objectives", name, "each objective is given once", "Leave one out.")


def figures(measured: Measured, names: Sequence[str]) -> dict[str, Reals]:
    """The figures asked for, by name, a value for each point."""
    return {name: METRICS[name].of(measured) for name in names}


def costs(found: Mapping[str, Reals], objectives: Sequence[str]) -> Reals:
    """The objectives of each point as costs, less being better. Shape (points, objectives)."""
    return np.stack([-found[name] if METRICS[name].more else found[name] for name in objectives], axis=1)
