"""Poolings: the windows of each axis, and the layers that take the largest or the average of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from deltasim.networks.importers.lowering.layers import Feed
from deltasim.networks.importers.lowering.operators import Kernel, Operator, Synapses
from deltasim.networks.importers.lowering.signals import Frame, Signals
from deltasim.runtime.arrays import Integers


class Window(NamedTuple):
    """What one place of a pooled axis reads: indices that are there, and how many with the padding."""

    inside: Integers
    extent: int


def largest(signals: Signals, place: str, tags: Integers, windows: Sequence[Sequence[Window]]) -> Integers:
    """The largest value of every window: one list of windows for each pooled axis."""
    kept, lists, shape = members(signals, place, tags, windows)
    lists = np.unique(lists, axis=0) if len(lists) > 1 else lists
    if len(lists) == 1:
        return signals.restored(kept, lists[0], shape)
    formula = f"max({', '.join(f'x{number}' for number in range(len(lists)))})"
    found = signals.layers.elementwise(place, formula, tuple(lists))
    return signals.restored(kept, found, shape)


def root_of_squares(
    signals: Signals, place: str, tags: Integers, windows: Sequence[Sequence[Window]]
) -> Integers:
    """The root of the sum of squares of every window, all of one size.

    One formula takes the values themselves: a running sum of squares drifts, below 0 as well, and a root near
    0 makes much of it.
    """
    kept, lists, shape = members(signals, place, tags, windows)
    squares = " + ".join(f"x{number} ** 2" for number in range(len(lists)))
    return signals.restored(kept, signals.layers.elementwise(place, f"sqrt({squares})", tuple(lists)), shape)


def members(
    signals: Signals, place: str, tags: Integers, windows: Sequence[Sequence[Window]]
) -> tuple[Frame, Integers, tuple[int, int, int]]:
    """The elements of all windows, a row for each place in one, with the frame and shape of what comes."""
    kept, elements = signals.planes(place, tags)
    rows, columns = windows if len(windows) == 2 else ([Window(np.zeros(1, np.int64), 1)], windows[0])
    down, right = filled_up(rows), filled_up(columns)
    taken = elements[:, down[:, :, None, None], right[None, None]]  # C, H, kh, W, kw
    lists = taken.transpose(2, 4, 0, 1, 3).reshape(down.shape[1] * right.shape[1], -1)
    return kept, lists, (len(elements), len(rows), len(columns))


def average(
    signals: Signals,
    place: str,
    tags: Integers,
    windows: Sequence[Sequence[Window]],
    *,
    padded: bool = True,
    divisor: float | None = None,
) -> Integers:
    """The sum of every window over its size (``padded``: with its padding) or a ``divisor``."""
    kept, elements = signals.planes(place, tags)
    rows, columns = windows if len(windows) == 2 else ([Window(np.zeros(1, np.int64), 1)], windows[0])
    planes, high, wide = elements.shape
    shape = (planes, len(rows), len(columns))
    operator: Operator | None = tiled(elements.shape, rows, columns, divisor)
    if operator is None:
        targets, sources, weights = [], [], []
        for number, (row, column) in enumerate((row, column) for row in rows for column in columns):
            held = (row.inside[:, None] * wide + column.inside).ravel()
            size = row.extent * column.extent if padded else held.size
            targets.append(np.full(held.size, number))
            sources.append(held)
            weights.append(np.full(held.size, 1.0 / (divisor or size)))
        target, source, weight = (np.concatenate(part) for part in (targets, sources, weights))
        plane = np.arange(planes)[:, None]
        operator = Synapses(
            (plane * (shape[1] * shape[2]) + target).ravel(),
            (plane * (high * wide) + source).ravel(),
            np.tile(weight, planes),
            int(np.prod(shape)),
        )
    found = signals.layers.linear(place, (Feed(elements.ravel(), operator),), np.zeros(int(np.prod(shape))))
    return signals.restored(kept, found, shape)


def windows_of(
    size: int, tap: int, stride: int, padding: tuple[int, int] = (0, 0), dilation: int = 1, ceil: bool = False
) -> list[Window]:
    """The windows of a pooling along one axis, as PyTorch and ONNX lay them.

    With ``ceil`` a last window may begin within the input or its first padding and end beyond the second.

    >>> [window.inside.tolist() for window in windows_of(5, 2, 2, ceil=True)]
    [[0, 1], [2, 3], [4]]
    """
    before, after = padding
    reach = dilation * (tap - 1) + 1
    free = size + before + after - reach
    count = (-(-free // stride) if ceil else free // stride) + 1
    if ceil and (count - 1) * stride >= size + before:
        count -= 1
    found = []
    for number in range(count):
        places = number * stride - before + dilation * np.arange(tap)
        inside = places[(places >= 0) & (places < size)]
        found.append(Window(inside, int((places < size + after).sum())))
    return found


def adaptive(size: int, outputs: int) -> list[Window]:
    """The windows of PyTorch's adaptive pooling along one axis.

    >>> [window.inside.tolist() for window in adaptive(5, 2)]
    [[0, 1, 2], [2, 3, 4]]
    """
    bounds = [(number * size // outputs, -(-(number + 1) * size // outputs)) for number in range(outputs)]
    return [Window(np.arange(first, stop), stop - first) for first, stop in bounds]


def filled_up(windows: Sequence[Window]) -> Integers:
    """The indices of windows as a table, short ones filled up with their first: no largest value changes."""
    longest = max(window.inside.size for window in windows)
    rows = [np.append(w.inside, np.full(longest - w.inside.size, w.inside[0])) for w in windows]
    return np.array(rows, np.int64)


def tiled(
    shape: tuple[int, ...], rows: Sequence[Window], columns: Sequence[Window], divisor: float | None
) -> Kernel | None:
    """An average over tiles that cover all planes as one convolution over the planes one below another."""
    planes, high, wide = shape
    down, right = rows[0].inside.size, columns[0].inside.size
    for windows, tap, size in ((rows, down, high), (columns, right, wide)):
        if any(window.extent != tap for window in windows):
            return None
        if np.concatenate([window.inside for window in windows]).tolist() != list(range(size)):
            return None
    weight = 1.0 / (divisor or down * right)
    return Kernel(np.full((1, 1, down, right), weight), (1, planes * high, wide), (down, right))
