"""The published convolutional recurrent network (CRNN), layer by layer, and what its parameters add up to.

Source: Choi, Fazekas, Sandler and Cho, "Convolutional recurrent neural networks for music classification",
2016, arXiv 1609.04243; shapes from the authors' code `music_tagger_crnn.py` and the weights they released.
"""

from __future__ import annotations

from typing import NamedTuple

BANDS, FRAMES = 96, 1366  # of a clip of 29.12 s at 12 kHz, hop 256
PADDED = 1440  # frames: 37 of silence on either side
TAGS, UNITS = 50, 32
CONVOLUTIONS = ((64, (2, 2)), (128, (3, 3)), (128, (4, 4)), (128, (4, 4)))
"""Planes and pooling windows (bands, frames); every kernel is 3 x 3, on the same size."""


class Layer(NamedTuple):
    """A row: what the layer is, what it gives (bands, frames, planes), what is trained, what is stored."""

    name: str
    shape: tuple[int, ...]
    trained: int
    stored: int


def layers(first_norm: int = PADDED) -> tuple[Layer, ...]:
    """Every layer with parameters; ``first_norm`` is how many entries the first batch norm has.

    A batch norm trains a gain and an offset for each entry, and stores its running mean and variance beside
    them. The released first one is named after frequency and has an entry for each of the 1440 frames: only
    so the sum is the published 396,786. One for each band gives 394,098, and can be computed frame by frame,
    which one for each frame cannot: it needs to know where in the clip a frame lies. A GRU of this code has
    one bias for each gate.

    >>> sum(layer.trained for layer in layers()), sum(layer.stored for layer in layers())
    (396786, 400562)
    >>> sum(layer.trained for layer in layers(BANDS)), sum(layer.stored for layer in layers(BANDS))
    (394098, 395186)
    >>> [layer.trained for layer in layers() if layer.name.startswith("convolution")]
    [640, 73856, 147584, 147584]
    """
    bands, frames, planes = BANDS, PADDED, 1
    found = [norm("batch norm of the input", (bands, frames, planes), first_norm)]
    for number, (many, (high, wide)) in enumerate(CONVOLUTIONS, 1):
        count = (9 * planes + 1) * many
        found.append(Layer(f"convolution {number}, 3 x 3", (bands, frames, many), count, count))
        found.append(norm(f"batch norm {number}, ELU", (bands, frames, many), many))
        bands, frames, planes = bands // high, frames // wide, many
        found.append(Layer(f"largest of {high} x {wide}", (bands, frames, planes), 0, 0))
    inputs = bands * planes
    for number, shape in ((1, (frames, UNITS)), (2, (UNITS,))):
        count = 3 * UNITS * (inputs + UNITS + 1)
        found.append(Layer(f"GRU {number}", shape, count, count))
        inputs = UNITS
    count = (UNITS + 1) * TAGS
    return (*found, Layer("dense, sigmoid", (TAGS,), count, count))


def norm(name: str, shape: tuple[int, ...], entries: int) -> Layer:
    """A batch norm: gain, offset, and mean and variance that are stored."""
    return Layer(name, shape, 2 * entries, 4 * entries)
