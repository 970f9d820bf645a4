"""A recorded drive: what the camera saw at every step, and how the driver steered."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.arrays import Floats

ROWS, COLUMNS = 32, 64  # pixels of a frame
GREY = np.float32(1 / 128)  # grey levels 0 to 255 become -1 to 0.9921875, exact in 7 fraction bits
SEQUENCE = 306  # frames, about: 15 s at 20 Hz


@dataclass(frozen=True, eq=False)
class Drive:
    """Frames in the order they were taken, with the steering at that moment.

    ``frames`` (T, 32, 64) uint8 in grey, ``steering`` (T,) float32 (of the source: -1 to 1, or radians),
    ``bounds`` (segments + 1,) int64 from 0 to T: between two of them no frame is missing. ``marked`` (T,)
    is True where the driver called his own driving bad. ``period_s`` is the time from frame to frame,
    ``about`` says which drive this is, ``digest`` is a sha256 over frames, steering and bounds.

    >>> drive = Drive("a still picture", np.zeros((900, 32, 64), np.uint8), np.zeros(900, np.float32),
    ...               np.array([0, 300, 900]), np.zeros(900, bool), 0.05, "0")
    >>> drive.pieces()
    ((0, 300), (300, 600), (600, 900))
    """

    about: str
    frames: NDArray[np.uint8]
    steering: NDArray[np.float32]
    bounds: NDArray[np.int64]
    marked: NDArray[np.bool_]
    period_s: float
    digest: str

    def pieces(self, length: int = SEQUENCE) -> tuple[tuple[int, int], ...]:
        """Every segment cut evenly into sequences of about ``length`` frames: (first, end) of each."""
        found: list[tuple[int, int]] = []
        for first, end in pairwise(self.bounds.tolist()):
            count = max(1, round((end - first) / length))
            cuts = [first + (end - first) * place // count for place in range(count + 1)]
            found.extend(pairwise(cuts))
        return tuple(found)


def inputs(frames: NDArray[np.uint8]) -> Floats:
    """Frames (T, 32, 64) as a network receives them, (T, 2048) float32: ``level / 128 - 1``, row by row.

    >>> inputs(np.full((1, 32, 64), 192, np.uint8))[0, :2].tolist()
    [0.5, 0.5]
    """
    scaled: Floats = frames.reshape(len(frames), -1).astype(np.float32) * GREY - np.float32(1)
    return scaled


def padded(values: NDArray[np.float32], pieces: tuple[tuple[int, int], ...]) -> NDArray[np.float32]:
    """The values of each piece as a row, as long as the longest piece; NaN behind the shorter ones.

    >>> padded(np.arange(3, dtype=np.float32), ((0, 1), (1, 3))).tolist()
    [[0.0, nan], [1.0, 2.0]]
    """
    rows = np.full((len(pieces), max(end - first for first, end in pieces)), np.nan, np.float32)
    for row, (first, end) in zip(rows, pieces, strict=True):
        row[: end - first] = values[first:end]
    return rows


def averaged(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Frames (T, 64, 128) at half the size: the mean of every 2 x 2 pixels, half to even.

    >>> averaged(np.tile(np.array([[0, 1], [2, 3]], np.uint8), (1, 32, 64)))[0, 0, :2].tolist()
    [2, 2]
    """
    blocks = frames.reshape(len(frames), ROWS, 2, COLUMNS, 2).sum((2, 4), dtype=np.uint16)
    means: NDArray[np.uint8] = np.rint(blocks / 4).astype(np.uint8)
    return means
