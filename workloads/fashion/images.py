"""Pictures of 28 x 28 pixels as spikes: Fashion-MNIST and MNIST from a folder, and some garments in the box.

A pixel fires at every step with a probability in proportion to its brightness.
Sources: Fashion-MNIST, Xiao, Rasul and Vollgraf 2017, arXiv 1708.07747, MIT licence; MNIST, LeCun et al.,
Proceedings of the IEEE 86, 1998, CC BY-SA 3.0.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.arrays import Flags
from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.npz import Wanted, read_npz
from deltasim.workloads.digits.corpus import digest_of
from deltasim.workloads.fashion.examples import Examples
from deltasim.workloads.packed import read_packed_arrays

SIDE = 28
EMBEDDED = Path(__file__).parent / "garments.npz"
ABOUT = {
    "fashion": "Fashion-MNIST (Xiao et al. 2017, MIT)",
    "mnist": "MNIST (LeCun et al. 1998, CC BY-SA 3.0)",
}
FILES = {"fashion": "fashion_mnist.npz", "mnist": "mnist.npz"}
LEVELS = 1 << 16


class Coding(NamedTuple):
    """How a picture is drawn: ``steps`` long, the brightest pixel firing in a share ``peak`` of them."""

    steps: int = 100
    peak: float = 0.2


def drawn_image(pixels: NDArray[np.uint8], coding: Coding, rng: np.random.Generator) -> Flags:
    """Spikes (steps, pixels) of brightness 0 to 255; probabilities are in steps of 2^-16.

    >>> spikes = drawn_image(np.array([0, 255], np.uint8), Coding(1000), np.random.default_rng(0))
    >>> spikes.sum(axis=0).tolist()
    [0, 195]
    """
    level = (pixels.astype(np.int64) * round(coding.peak * (LEVELS - 1)) // 255).astype(np.uint16)
    size = coding.steps * len(pixels)
    drawn = np.frombuffer(rng.bytes(2 * size), "<u2").reshape(coding.steps, len(pixels))
    return drawn < level


def read_images(path: Path, part: str, kind: str, coding: Coding) -> Examples:
    """One part, "train" or "test", of a packed file with x_train, y_train, x_test, y_test. InputError."""
    remedy = f"Copy {path.name} again."
    wanted = {f"x_{part}": Wanted("u", 3), f"y_{part}": Wanted("iu", 1)}
    held = read_packed_arrays(path, wanted, needed="the pictures are needed", held="pictures", remedy=remedy)
    pixels, labels = held[f"x_{part}"], held[f"y_{part}"].astype(np.int64)
    if len(pixels) != len(labels) or not len(labels) or pixels.shape[1:] != (SIDE, SIDE):
        rule = f"it holds pictures of {SIDE} x {SIDE} pixels with a class each"
        raise InputError(path, f"shape {pixels.shape}", rule, remedy)
    if pixels.dtype != np.uint8 or labels.max() > 9 or labels.min() < 0:
        raise InputError(path, "other values", "pixels are 0 to 255, classes 0 to 9", remedy)
    about = f"{ABOUT[kind]}, {part} part"
    return examples_of(about, pixels, labels, np.arange(len(labels)), coding)


def read_embedded(part: str, coding: Coding) -> Examples:
    """The garments in the box: 200 of the test part of Fashion-MNIST, and 20 of the training part."""
    names = {f"{name}_{part}": kind for name, kind in
             (("x", Wanted("u", 3)), ("y", Wanted("iu", 1)), ("place", Wanted("iu", 1)))}  # fmt: skip
    held = read_npz(EMBEDDED, names)
    labels, places = (held[f"{name}_{part}"].astype(np.int64) for name in ("y", "place"))
    about = f"{ABOUT['fashion']}, {part} part in the box"
    return examples_of(about, held[f"x_{part}"], labels, places, coding)


def examples_of(
    about: str,
    pixels: NDArray[np.uint8],
    labels: NDArray[np.int64],
    places: NDArray[np.int64],
    coding: Coding,
) -> Examples:
    """Pictures as examples."""
    flat = np.ascontiguousarray(pixels.reshape(len(pixels), -1))
    digest = digest_of(flat, labels, places)
    draw = partial(draw_place, flat, coding)
    return Examples(about, digest, flat.shape[1], 10, labels, places, draw)


def draw_place(pixels: NDArray[np.uint8], coding: Coding, number: int, rng: np.random.Generator) -> Flags:
    """The spikes of one of many pictures."""
    return drawn_image(pixels[number], coding, rng)
