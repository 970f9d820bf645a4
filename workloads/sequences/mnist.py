"""Handwritten digits row by row: 28 frames of 28 pixels (MNIST, CC BY-SA 3.0; not in the box)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.arrays import Floats
from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.npz import Wanted
from deltasim.workloads.data_folder import VARIABLE, in_data_folder
from deltasim.workloads.packed import read_packed_arrays

FILE = "mnist.npz"
ABOUT = "MNIST by rows (LeCun et al., CC BY-SA 3.0)"
SIDE = 28
WANTED = {"x_train": Wanted("u", 3), "y_train": Wanted("iu", 1)} | {
    "x_test": Wanted("u", 3),
    "y_test": Wanted("iu", 1),
}


def find() -> Path:
    """The packed file in the folder that DELTASIM_DATA names. Errors: InputError where there is none."""
    path = in_data_folder(FILE)
    if path is None:
        remedy = f"Name its folder in {VARIABLE}, or use --data synthetic."
        raise InputError("--data", "mnist", f"{FILE} was not found", remedy)
    return path


def read(part: str) -> tuple[Floats, NDArray[np.int64]]:
    """Images of one part, "train" or "test", as frames (n, 28, 28) from 0 to 1, and their digits.

    Errors: InputError for a file that is missing, damaged, or another's.
    """
    path, remedy = find(), f"Copy {FILE} again."
    held = read_packed_arrays(path, WANTED, needed="the images are needed", held="the images", remedy=remedy)
    images, labels = held[f"x_{part}"], held[f"y_{part}"].astype(np.int64)
    if images.shape[1:] != (SIDE, SIDE) or len(images) != len(labels) or not len(labels) or labels.max() > 9:
        rule = f"images have {SIDE} x {SIDE} pixels and a digit each"
        raise InputError(path, f"shape {images.shape}", rule, remedy)
    return images.astype(np.float32) / np.float32(255), labels


def last_right(outputs: list[NDArray[np.float32]], targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """For each image whether the largest output of its last row is its digit, and 1.

    >>> last_right([np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)], np.array([1])).tolist()
    [[1.0, 1.0]]
    """
    said = np.array([frames[-1].argmax() for frames in outputs])
    return np.column_stack([said == targets, np.ones(len(said))]).astype(np.float64)
