"""The records of a plan: what both engines read of it, and kernels in place, as ``links[link].period``.

A field that names a range of places ends in ``_end`` where the range ends; what it refers to stands beside
the records, in a list of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from deltasim.runtime.arrays import Integers
from deltasim.simulator.memories.instance import NUMBERS
from deltasim.simulator.memories.kinds import COUNTED

Records = npt.NDArray[np.void]
Record = Any
"""One record, by reference: what a kernel writes into it stays."""

NONE = -1


def record(*fields: str) -> np.dtype[np.void]:
    """A record of int64 fields."""
    return np.dtype([(field, np.int64) for field in fields], align=True)


# What one source neuron of one projection sends into, and the part of it on each target core.
COLUMN = record("core", "position", "tree", "segments", "segments_end")
SEGMENT = record("core", "words", "bytes", "address", "memory", "updater")
# A tree's links are its entries from ``first`` on, nearest first. It is entered at its ``roots``; behind an
# entry follow others, and cores at which it drops the message: their places among the column's segments.
# ``local`` is the place of the source core's own segment.
TREE = record("first", "links", "local", "roots", "roots_end")
ENTRY = record("link", "link_queue", "following", "following_end", "drops", "drops_end")
# ``router`` and ``leave`` are 1 where a router stands at a link's start and at its end; ``action`` is what a
# flit over it counts as; ``length_um`` is 0 where the chip does not state its pitch.
LINK = record("period_ps", "hop_ps", "action", "router", "leave", "length_um")
# A memory of a core or port. ``shared`` is its number among those reached over the network, else NONE;
# ``next_level`` of a cache the memory that it fetches its lines from. A scratchpad has a bank, and so a unit,
# for each multiply array of its core: ``unit`` is that of array 0, the others follow it. A cache has two, its
# tags and behind them its data. What is counted of any memory has the number of its action.
MEMORY = record("unit", "shared", "next_level", *NUMBERS, *COUNTED)
# The way from a core to a memory, and back.
PATH = record("there", "there_end", "back", "back_end")
# An encoder is one (projection, partition of its source).
ENCODER = record(
    *("projection", "partition", "core", "unit", "size", "source", "target", "delay", "delta_encoded"),
    *("updater", "scanned_size"),  # of its source, where the chip computes that; in all passes over it
    *("low", "high", "duration", "selecting"),
    *("row", "stride"),  # of its first column in the list of sizes, and how far it is to the next one's
    *("made", "carries"),  # 1 where the chip computes its source, where the time of updates passes in it
)
# An updater is one (population, partition).
UPDATER = record(
    *("population", "partition", "core", "unit", "size", "duration", "reads", "writes"),
    *("carried", "last"),  # 1 where its time passes in a scan, and 1 where in the last step too
)


def fields_of(dtype: np.dtype[np.void]) -> tuple[str, ...]:
    """The names of the fields of a record."""
    return dtype.names or ()


def records(dtype: np.dtype[np.void], **fields: object) -> Records:
    """An array of records from one sequence for each field; fields not named are 0."""
    array = np.zeros(len(next(iter(fields.values()))), dtype)  # type: ignore[arg-type]
    for name, values in fields.items():
        array[name] = values
    return array


def widened(narrow: Records, dtype: np.dtype[np.void], **fields: object) -> Records:
    """The same records with further fields."""
    return records(dtype, **{name: narrow[name] for name in fields_of(narrow.dtype)}, **fields)


def altered(array: Records, change: Callable[[Integers], Any], *fields: str) -> Records:
    """A copy with some fields changed."""
    copy = array.copy()
    for field in fields:
        copy[field] = change(array[field])
    return copy


def rows_of(array: Records) -> list[dict[str, int]]:
    """The records as plain numbers, which Python reads faster.

    >>> rows_of(records(record("first", "end"), first=[0, 4], end=[4, 9]))
    [{'first': 0, 'end': 4}, {'first': 4, 'end': 9}]
    """
    return [dict(zip(fields_of(array.dtype), row, strict=True)) for row in array.tolist()]


def offsets_of(owner: Integers, owners: int) -> Integers:
    """Where the rows of each owner begin, and the last one ends."""
    return np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=owners))]).astype(np.int64)
