"""The convolutional recurrent network and the three convolutional ones it is compared with, in small.

Names of Choi et al. 2016: k1c2 has one-dimensional kernels that move over both axes, k2c1 two-dimensional
kernels that move along time alone, k2c2 two-dimensional kernels that move over both; CRNN is k2c2 with a
recurrent part. Widths are ours: the paper's could not be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from deltasim.runtime.errors import InputError, nearest
from deltasim.workloads.music_tags.clips import BANDS, BLOCK


@dataclass(frozen=True)
class Stage:
    """A convolution of ``planes`` kernels (bands, frames), a batch norm, the largest of a window, an ELU.

    ``padding`` bands are added above and below, and as many frames before as a kernel reaches back.
    """

    planes: int
    kernel: tuple[int, int]
    window: tuple[int, int]
    padding: int = 0


class Shape(NamedTuple):
    """What a stage gives at a step: planes, bands, frames."""

    planes: int
    bands: int
    frames: int


@dataclass(frozen=True)
class Structure:
    """Stages one behind the other, GRUs of ``units`` behind them, and a readout of the tags.

    The recurrent ones are read at the last step, the others at all steps, in the mean.
    """

    name: str
    stages: tuple[Stage, ...]
    units: tuple[int, ...] = ()

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """What enters the first stage at a step, and what every stage gives.

        >>> structure("crnn", "small").shapes[-1]
        Shape(planes=16, bands=1, frames=1)
        """
        found = [Shape(1, BANDS, BLOCK)]
        for stage in self.stages:
            bands = found[-1].bands + 2 * stage.padding - stage.kernel[0] + 1
            found.append(Shape(stage.planes, bands // stage.window[0], found[-1].frames // stage.window[1]))
        return tuple(found)

    @property
    def features(self) -> int:
        """Values that the readout or the first GRU reads at a step."""
        last = self.shapes[-1]
        return last.planes * last.bands * last.frames

    @property
    def reads(self) -> str:
        """Which steps answer: "last" or "mean"."""
        return "last" if self.units else "mean"

    def parameters(self, tags: int) -> int:
        """How many numbers are trained, batch norms among them; a GRU has PyTorch's two biases.

        >>> [structure(name, "small").parameters(24) for name in NAMES]
        [17116, 17074, 17380, 17065]
        """
        found, planes = 2 * BANDS, 1
        for stage in self.stages:
            found += stage.planes * (planes * stage.kernel[0] * stage.kernel[1] + 1) + 2 * stage.planes
            planes = stage.planes
        width = self.features
        for units in self.units:
            found += 3 * units * (width + units + 2)
            width = units
        return found + (width + 1) * tags


def over_both(planes: tuple[int, ...]) -> tuple[Stage, ...]:
    """Kernels of 3 x 3 that move over both axes, pooled until one band and a frame a step are left."""
    windows = ((2, 2), (2, 2), (4, 1), (2, 1))
    return tuple(
        Stage(count, (3, 3), window, padding=1) for count, window in zip(planes, windows, strict=True)
    )


def along_time(planes: int) -> tuple[Stage, ...]:
    """Kernels over all bands that move along time, then kernels along time."""
    windows = ((1, 2), (1, 2), (1, 1))
    return tuple(Stage(planes, (1 if level else BANDS, 3), window) for level, window in enumerate(windows))


def each_band(planes: int) -> tuple[Stage, ...]:
    """Kernels along time alone, the same for every band; bands are never pooled."""
    return tuple(Stage(planes, (1, 3), window) for window in ((1, 2), (1, 2), (1, 1)))


NAMES = ("crnn", "k1c2", "k2c1", "k2c2")
SIZES = ("small", "large")
STRUCTURES = {
    ("crnn", "small"): Structure("crnn", over_both((8, 12, 16, 16)), (32, 32)),
    ("k1c2", "small"): Structure("k1c2", each_band(19)),
    ("k2c1", "small"): Structure("k2c1", along_time(44)),
    ("k2c2", "small"): Structure("k2c2", over_both((13, 22, 29, 29))),
    ("crnn", "large"): Structure("crnn", over_both((16, 24, 32, 32)), (32, 32)),
    ("k1c2", "large"): Structure("k1c2", each_band(34)),
    ("k2c1", "large"): Structure("k2c1", along_time(65)),
    ("k2c2", "large"): Structure("k2c2", over_both((20, 31, 41, 41))),
}
"""Widths that bring all structures of a size within 3 % of the same number of parameters, with 24 tags."""


def structure(name: str, size: str) -> Structure:
    """A structure by its name and size. Errors: InputError with the nearest name."""
    if name not in NAMES:
        raise InputError("structure", name, "there is no such structure", nearest(name, NAMES))
    if size not in SIZES:
        raise InputError("size", size, "there is no such size", nearest(size, SIZES))
    return STRUCTURES[name, size]
