"""Sound clips with what is heard in them, and how they become blocks of frames for a network."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.arrays import Floats, Integers
from deltasim.workloads.digits.corpus import digest_of

BANDS = 32  # a frame's: mean of two of 64 mel bands, 40 to 8000 Hz
PERIOD_S = 0.032  # of a frame: two of 16 ms
BLOCK = 4  # frames that come at a step
FULL = np.float32(255)  # the highest level: 40 dB, 0 being -60 dB
PARTS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class Clips:
    """Clips of one length, in the order of their source.

    ``levels`` (n, frames, 32) uint8: log-mel power of a frame, ``(dB + 60) 2.55``, 0 to 255; ``tags`` (n,
    tags) bool; ``group`` (n,): clips of a group are never in two parts; ``part`` (n,) an index into `PARTS`.
    ``about`` says which data this is.

    >>> two = Clips("two clips", np.zeros((2, 8, 32), np.uint8), np.eye(2, dtype=bool), ("flute", "bell"),
    ...             np.array([0, 1]), np.array([0, 2]))
    >>> two.chosen("test").tags.tolist()
    [[False, True]]
    """

    about: str
    levels: NDArray[np.uint8]
    tags: NDArray[np.bool_]
    tag_names: tuple[str, ...]
    group: Integers
    part: Integers

    @property
    def digest(self) -> str:
        """A sha256 over the content."""
        return digest_of(self.levels, self.tags, ",".join(self.tag_names), self.group, self.part)

    def chosen(self, part: str) -> Clips:
        """The clips of one part."""
        return self.at(np.flatnonzero(self.part == PARTS.index(part)))

    def at(self, places: Integers) -> Clips:
        """The clips at some places."""
        return replace(
            self,
            levels=self.levels[places],
            tags=self.tags[places],
            group=self.group[places],
            part=self.part[places],
        )


def averaged(levels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Clips (n, T, 64) at half the frames and half the bands: the mean of every 2 x 2 levels, half to even.

    A frame without a second one is left out.

    >>> averaged(np.tile(np.array([[0, 1], [2, 3]], np.uint8), (1, 1, 32)))[0].tolist()[0][:2]
    [2, 2]
    """
    frames = levels.shape[1] // 2
    cut = levels[:, : 2 * frames].reshape(len(levels), frames, 2, BANDS, 2).sum((2, 4), dtype=np.uint16)
    means: NDArray[np.uint8] = np.rint(cut / 4).astype(np.uint8)
    return means


def validation_of(group: Integers, test: NDArray[np.bool_]) -> Integers:
    """Which part each clip belongs to: a fifth of the groups that are not tested choose, by a fixed draw.

    >>> part = validation_of(np.arange(10), np.arange(10) >= 5)
    >>> np.bincount(part).tolist()
    [4, 1, 5]
    """
    learned = np.unique(group[~test])
    drawn = np.random.default_rng(0).permutation(learned)[: len(learned) // 5]
    part = np.where(np.isin(group, drawn), PARTS.index("validation"), PARTS.index("train"))
    return np.where(test, PARTS.index("test"), part).astype(np.int64)


def blocks(levels: NDArray[np.uint8], gain: Floats, offset: Floats) -> tuple[Floats, ...]:
    """Clips as a network receives them, (T / 4, 128) float32 each: a batch norm of each band, then blocks.

    ``value = level / 255 gain[band] + offset[band]``; of a block band by band. A block that is not whole is
    left out.

    >>> ramp = np.arange(8, dtype=np.uint8)[None, :, None].repeat(32, 2)
    >>> found = blocks(ramp, np.full(32, 255, np.float32), np.zeros(32, np.float32))[0]
    >>> found.shape, found[1, :5].tolist()
    ((2, 128), [4.0, 5.0, 6.0, 7.0, 4.0])
    """
    steps = levels.shape[1] // BLOCK
    values = levels[:, : steps * BLOCK].astype(np.float32) / FULL * gain + offset
    cut = values.reshape(len(levels), steps, BLOCK, BANDS).transpose(0, 1, 3, 2)
    return tuple(np.ascontiguousarray(clip.reshape(steps, -1), np.float32) for clip in cut)
