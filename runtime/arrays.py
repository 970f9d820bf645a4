"""Names for the arrays that pass between the folders."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]
"""Real values: inputs, outputs, float32 weights."""

Numbers: TypeAlias = NDArray[Any]
"""Values in a network's own arithmetic: float32, or raw integers in fixed point."""

Integers: TypeAlias = NDArray[np.int64]
"""Counts, bounds and indices."""

Flags: TypeAlias = NDArray[np.bool_]
"""Yes or no for each of many."""

LINE = 64
"""Bytes of a cache line, and of the widest vector register."""


def aligned(array: Numbers) -> Numbers:
    """An array with this content that starts where a cache line does: itself, or a copy.

    From any other place, each load of a vector register touches two lines.

    >>> aligned(np.arange(5)[1:]).ctypes.data % LINE, aligned(np.arange(5)[1:]).tolist()
    (0, [1, 2, 3, 4])
    """
    if array.ctypes.data % LINE == 0:
        return array
    room = np.empty(array.nbytes + LINE, np.uint8)
    first = -room.ctypes.data % LINE
    copy: Numbers = room[first : first + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy
