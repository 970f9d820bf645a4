"""The recorded drive of a radio-controlled car: 9801 grey frames at 20 Hz, two sessions, one for the test.

Source: github.com/criscola/donkeycar, MIT licence, packed as ``driving.npz``. Its test part, the other
session on the same track, is in the box (`session`), at the size the networks receive.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.npz import Wanted
from deltasim.workloads.data_folder import in_data_folder
from deltasim.workloads.digits.corpus import digest_of
from deltasim.workloads.driving.drive import COLUMNS, ROWS, Drive, averaged
from deltasim.workloads.packed import read_packed_arrays

FILE = "driving.npz"
SESSION = Path(__file__).parent / "session.npz"
PERIOD_S = 0.05
ABOUT = "a radio-controlled car on a track (criscola/donkeycar, MIT)"
WANTED = {
    "frames": Wanted("u", 3),
    "steering": Wanted("f", 1),
    "segment": Wanted("iu", 1),
    "is_test": Wanted("b", 1),
    "user_deleted": Wanted("b", 1),
}
REMEDY = f"Copy {FILE} again."


@dataclass(frozen=True, eq=False)
class Recording:
    """The packed file: ``frames`` (T, 64, 128) uint8, and for each frame its steering, segment and part."""

    frames: NDArray[np.uint8]
    steering: NDArray[np.float32]
    segment: NDArray[np.uint8]
    is_test: NDArray[np.bool_]
    user_deleted: NDArray[np.bool_]


def find() -> Path | None:
    """Path of the data in the folder that DELTASIM_DATA names, or None."""
    return in_data_folder(FILE)


def read_file(path: Path) -> Recording:
    """Read and check the packed recording; InputError for a damaged or foreign file."""
    found = Recording(
        **read_packed_arrays(
            path, WANTED, needed="the recorded drive is needed", held="the recorded drive", remedy=REMEDY
        )
    )
    count = len(found.frames)
    if {len(array) for array in vars(found).values()} != {count} or count < 2:
        rule = "frames, steering, segments and parts do not belong together"
        raise InputError(path, f"{count} frames", rule, REMEDY)
    if found.frames.dtype != np.uint8 or found.frames.shape[1:] != (2 * ROWS, 2 * COLUMNS):
        rule = f"a frame has {2 * ROWS} x {2 * COLUMNS} grey levels of a byte"
        value = f"{found.frames.dtype} of {found.frames.shape[1]} x {found.frames.shape[2]}"
        raise InputError(path, value, rule, REMEDY)
    if not (np.abs(found.steering) <= 1).all():
        raise InputError(path, "steering", "steering lies between -1 and 1", REMEDY)
    return found


def read(path: Path, part: str) -> Drive:
    """One part of a packed file: "train" or "test", a whole session each."""
    found = read_file(path)
    chosen = np.flatnonzero(found.is_test == (part == "test"))
    if not len(chosen):
        raise InputError(
            path, f"no frame of the {part} part", "there is a part to train on and one to test", REMEDY
        )
    segment = found.segment[chosen]
    starts = np.flatnonzero((np.diff(chosen) != 1) | (np.diff(segment.astype(np.int64)) != 0)) + 1
    bounds = np.concatenate([[0], starts, [len(chosen)]]).astype(np.int64)
    return drive_of(
        averaged(found.frames[chosen]), found.steering[chosen], bounds, found.user_deleted[chosen]
    )


def drive_of(
    frames: NDArray[np.uint8],
    steering: NDArray[np.float32],
    bounds: NDArray[np.int64],
    marked: NDArray[np.bool_],
) -> Drive:
    """A drive of this source, with the digest of its content."""
    steering = steering.astype(np.float32)
    return Drive(ABOUT, frames, steering, bounds, marked, PERIOD_S, digest_of(frames, steering, bounds))


def read_session() -> Drive:
    """The test session that is in the box.

    >>> drive = read_session()
    >>> drive.frames.shape, drive.bounds.tolist()
    ((2447, 32, 64), [0, 2447])
    """
    with np.load(SESSION, allow_pickle=False) as stored:
        frames = np.cumsum(stored["differences"], axis=2, dtype=np.uint8)
        return drive_of(frames, stored["steering"], stored["bounds"], stored["marked"])


def pack(source: Path, target: Path) -> None:
    """Write the test part as it is in the box: differences along a row pack to half."""
    drive = read(source, "test")
    differences = np.diff(drive.frames, axis=2, prepend=np.uint8(0))
    np.savez_compressed(
        target, differences=differences, steering=drive.steering, bounds=drive.bounds, marked=drive.marked
    )


if __name__ == "__main__":
    import sys

    pack(Path(sys.argv[1]), SESSION)
