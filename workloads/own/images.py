"""Pictures: a folder of images, each a sequence of its rows, or all of them frames of one sequence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from deltasim.runtime.arrays import Floats
from deltasim.runtime.errors import InputError

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".pgm")
WHITE = np.float32(255)


def read_image(path: Path) -> Floats:
    """One image in grey, (rows, columns) float32 from 0 (black) to 1 (white).

    Errors: InputError where Pillow is missing; OSError for what is no image.
    """
    try:
        from PIL import Image
    except ImportError:
        rule = "images are read by the package Pillow, which is not installed"
        raise InputError(path, "no reader", rule, "Install deltasim[import].") from None
    with Image.open(path) as picture:
        return np.asarray(picture.convert("L"), np.float32) / WHITE


def as_sequences(
    images: Sequence[Floats], names: Sequence[str], width: int
) -> tuple[list[Floats], list[str]]:
    """Images for a network that takes ``width`` values: each one's rows, or each image one frame.

    Rule: where an image has ``width`` columns, its rows are a sequence; where it has ``width`` pixels, all
    images in order are the frames of one sequence.

    >>> tall = np.zeros((4, 2), np.float32)
    >>> [frames.shape for frames in as_sequences([tall, tall], ["a", "b"], 2)[0]]
    [(4, 2), (4, 2)]
    >>> [frames.shape for frames in as_sequences([tall, tall, tall], ["a", "b", "c"], 8)[0]]
    [(3, 8)]
    """
    rows, columns = images[0].shape
    for image, name in zip(images, names, strict=True):
        if image.shape != (rows, columns):
            rule = f"all images are as large as the first, {rows} x {columns} pixels"
            raise InputError(
                name, f"{image.shape[0]} x {image.shape[1]} pixels", rule, "Scale them to one size."
            )
    if columns == width:
        return list(images), list(names)
    if rows * columns == width:
        return [np.stack([image.reshape(-1) for image in images])], [f"{names[0]} to {names[-1]}"]
    rule = f"the network takes {width} values a frame: a row of that many pixels, or an image of that many"
    raise InputError(names[0], f"{rows} x {columns} pixels", rule, "Scale the images.")
