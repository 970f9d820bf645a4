"""Records from columns of values, and lists of different length in one array."""

from __future__ import annotations

import numpy as np

from deltasim.runtime.arrays import Integers
from deltasim.simulator.engines.compiled.records import Records


def bounds_of(owner: Integers, owners: int) -> Integers:
    """Where the rows of each owner begin, and the last one ends."""
    return np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=owners))]).astype(np.int64)


def records(dtype: np.dtype[np.void], **fields: object) -> Records:
    """An array of records from one sequence for each field; fields not named are 0."""
    array = np.zeros(len(next(iter(fields.values()))), dtype)  # type: ignore[arg-type]
    for name, values in fields.items():
        array[name] = values
    return array


class Lists:
    """One array of many lists; a record names one by the places where it begins and ends."""

    def __init__(self) -> None:
        self.parts: list[Integers] = []
        self.length = 0

    def add(self, rows: list[list[int]]) -> Integers:
        """Append rows; returns their bounds."""
        bounds = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
        return self.add_ragged(bounds, np.array([value for row in rows for value in row], np.int64))

    def add_ragged(self, bounds: Integers, values: Integers) -> Integers:
        """Append rows that are laid out already; returns their bounds here."""
        self.parts.append(values)
        self.length += len(values)
        return bounds + (self.length - len(values))

    def values(self) -> Integers:
        return np.concatenate(self.parts)
