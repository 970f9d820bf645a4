"""Events of a camera in a user's files: (x, y, polarity, time) as columns or arrays, as frames of spikes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import isqrt
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from deltasim.runtime.arrays import Floats, Numbers
from deltasim.runtime.errors import InputError
from deltasim.workloads.events import Events, binned
from deltasim.workloads.own.arrays import LABELS, Arrays, bounds, label_names

if TYPE_CHECKING:
    import polars

NAMES = (("x",), ("y",), ("p", "polarity"), ("t_us", "t", "time"))
"""What each of the four is called; times are microseconds."""

REMEDY = "Name them x, y, p and t; times are microseconds."


def called(known: Sequence[str], place: object) -> list[str]:
    """The names of the four among those that are known.

    >>> called(["label", "x", "y", "polarity", "time"], "a.csv")
    ['x', 'y', 'polarity', 'time']
    """
    found = [next((name for name in names if name in known), "") for names in NAMES]
    if "" in found:
        missing = NAMES[found.index("")][0]
        raise InputError(place, f"no {missing}", "events are x, y, polarity and time", REMEDY)
    return found


def from_archive(content: Mapping[str, Numbers], place: Path, width: int | None, bin_us: float) -> Arrays:
    """The events of an npz file; ``offsets`` cut them into sequences, ``shape`` is that of the picture.

    >>> four = {name: np.array([0, 1]) for name in ("x", "y", "p", "t")}
    >>> from_archive(four, Path("a.npz"), 8, 1.0).tables[0].shape
    (2, 8)
    """
    names = called([*content], place)
    arrays = [content[name] for name in names]
    if len({array.shape for array in arrays}) > 1 or arrays[0].ndim != 1:
        raise InputError(place, "events", "x, y, p and t are lists of one length", "Give one of each.")
    rows = np.stack([array.astype(np.float64) for array in arrays], axis=1)
    shape = None
    if "shape" in content:
        given = content["shape"].ravel()
        if given.size != 2 or given.dtype.kind not in "iu" or given.min() < 1 or given.max() > 1 << 16:
            rule = "the shape of the picture is rows and columns"
            raise InputError(f"{place}: shape", given.tolist()[:4], rule, "Give two whole numbers.")
        shape = int(given[0]), int(given[1])
    cuts = [0, len(rows)] if "offsets" not in content else bounds(content["offsets"], len(rows), place)
    tables = [frames_of(rows[a:b], str(place), width, shape, bin_us) for a, b in pairwise(cuts)]
    labels = label_names(content[LABELS], place) if LABELS in content else None
    return Arrays(tables, labels, [f"sequence {number}" for number in range(len(tables))])


def ordered(table: polars.DataFrame, kept: Sequence[str], place: str) -> polars.DataFrame:
    """A table with its four columns in order, behind those that say sequence and label."""
    return table.select([*kept, *called(table.columns, place)])


def frames_of(
    rows: Numbers, place: str, width: int | None, shape: tuple[int, int] | None, bin_us: float
) -> Floats:
    """Frames of one sequence of events (events, 4). Without a shape the picture is as square as the width."""
    values = np.asarray(rows, np.float64)
    if (
        not np.isfinite(values).all()
        or (values != np.rint(values)).any()
        or np.abs(values).max(initial=0) > 2**52
    ):
        raise InputError(place, "events", "x, y, p and t are whole numbers", "Mend the file.")
    whole = values.astype(np.int64)
    if shape is None:
        side = isqrt((width or 0) // 2)
        if width is None or 2 * side * side != width:
            value = f"{width} values a frame"
            raise InputError(
                place, value, "the picture is no square", "Give its shape (rows, columns) in an npz."
            )
        shape = side, side
    whole[:, 2] = whole[:, 2] > 0  # some files have -1 for darker
    return binned(Events(whole[:, 0], whole[:, 1], whole[:, 2], whole[:, 3], shape), bin_us)
