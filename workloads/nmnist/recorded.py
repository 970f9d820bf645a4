"""Recorded N-MNIST: handwritten digits on a screen before an event camera that moves three times.

Source: Orchard et al., Converting static image datasets to spiking neuromorphic datasets using saccades,
Frontiers in Neuroscience 9, 2015; CC BY-SA 4.0. Read as the packed ``nmnist_small.npz``, or as the folders of
``.bin`` files that the authors give out.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import Unreadable, is_folder, read_bytes
from deltasim.runtime.readers.npz import Wanted
from deltasim.workloads.data_folder import in_data_folder
from deltasim.workloads.events import Events
from deltasim.workloads.nmnist.recordings import Recordings, recordings
from deltasim.workloads.packed import read_packed_arrays

FILE = "nmnist_small.npz"
FOLDERS = {"train": "Train", "test": "Test"}
ABOUT = "N-MNIST (Orchard et al. 2015, CC BY-SA 4.0)"
WANTED = {name: Wanted("iu", 1) for name in ("x", "y", "p", "t_us", "offsets", "labels")}
WANTED["is_test"] = Wanted("b", 1)
REMEDY = f"Copy {FILE} again."
EVENT_BYTES = 5


def find() -> Path | None:
    """Path of the packed file in the folder that DELTASIM_DATA names, or None."""
    return in_data_folder(FILE)


def read_packed(path: Path, part: str) -> Recordings:
    """One part, "train" or "test", of the packed file. Errors: InputError."""
    held = read_packed_arrays(
        path, WANTED, needed="the recorded events are needed", held="recorded events", remedy=REMEDY
    )
    offsets, labels = held["offsets"].astype(np.int64), held["labels"].astype(np.int64)
    total = len(held["x"])
    sound = len(offsets) == len(labels) + 1 == len(held["is_test"]) + 1 and len(labels) > 0
    if not sound or offsets[0] != 0 or offsets[-1] != total or (np.diff(offsets) < 1).any():
        rule = "offsets cut the events into recordings, with a label and a part each"
        raise InputError(path, f"{total:,} events", rule, REMEDY)
    if labels.max() > 9 or len({len(held[name]) for name in ("x", "y", "p", "t_us")}) > 1:
        raise InputError(path, "labels", "events have four numbers, and digits are 0 to 9", REMEDY)
    chosen = np.flatnonzero(held["is_test"] == (part == "test"))
    if not len(chosen):
        raise InputError(path, f"no recording of the {part} part", "there are both parts", REMEDY)
    cuts = [slice(offsets[place], offsets[place + 1]) for place in chosen.tolist()]
    events = tuple(Events(held["x"][c], held["y"][c], held["p"][c], held["t_us"][c]) for c in cuts)
    return recordings(f"{ABOUT}, {part} part", events, labels[chosen])


def has_folders(folder: Path) -> bool:
    """Whether a folder holds N-MNIST as its authors give it out."""
    return is_folder(folder / FOLDERS["test"])


def read_folder(folder: Path, part: str) -> Recordings:
    """One part of the folders ``Train`` and ``Test``, with a folder of ``.bin`` files for each digit."""
    place, events, labels = folder / FOLDERS[part], [], []
    for digit in range(10):
        for file in sorted((place / str(digit)).glob("*.bin")):
            events.append(read_bin(file))
            labels.append(digit)
    if not events:
        rule = "a part is a folder for each digit, with .bin files"
        raise InputError(place, "no recording", rule, "Unpack it again.")
    return recordings(f"{ABOUT}, {part} part of {folder.name}", tuple(events), np.array(labels, np.int64))


def read_bin(file: Path) -> Events:
    """The events of a file: 5 bytes each, x, y, then polarity in the top bit and 23 bits of microseconds.

    Errors: InputError.
    """
    try:
        content = read_bytes(file)
    except Unreadable as error:
        raise InputError(file, "damaged", f"it cannot be read ({error.reason})", "Copy it again.") from None
    if not content or len(content) % EVENT_BYTES:
        rule = f"events take {EVENT_BYTES} bytes each"
        raise InputError(file, f"{len(content)} bytes", rule, "Copy it again.")
    raw = np.frombuffer(content, np.uint8).reshape(-1, EVENT_BYTES).astype(np.int64)
    return Events(raw[:, 0], raw[:, 1], raw[:, 2] >> 7, times_of(raw))


def times_of(raw: NDArray[np.int64]) -> NDArray[np.int64]:
    """Microseconds.

    >>> times_of(np.array([[0, 0, 0x81, 2, 3]])).tolist()
    [66051]
    """
    microseconds: NDArray[np.int64] = ((raw[:, 2] & 0x7F) << 16) | (raw[:, 3] << 8) | raw[:, 4]
    return microseconds
