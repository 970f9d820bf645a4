"""Drives in Udacity's two formats: a CSV that names JPEG files, with the steering angle beside each.

`interpolated.csv` of the self-driving car challenge (real roads; columns ``timestamp`` in ns, ``filename``,
``angle`` in radians, ``frame_id`` naming the camera) and ``driving_log.csv`` of the simulator (columns
``center`` and ``steering``, or these as the first and fourth column where there is no header). Of the three
cameras the one in the middle is read. Frames are turned grey and scaled to 32 x 64 pixels. The last fifth is
the test part.
"""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import Missing, Unreadable, is_file, read_text
from deltasim.workloads.digits.corpus import digest_of
from deltasim.workloads.driving.drive import COLUMNS, ROWS, Drive

LOGS = ("interpolated.csv", "driving_log.csv")
SIMULATOR = ("center", "left", "right", "steering", "throttle", "brake", "speed")
TEST_SHARE = 5  # one frame in so many, the last ones
GAP = 3  # a frame is missing where the next comes later than so many usual periods
PERIOD_S = 0.05  # where no times are given: both record at 20 Hz at most
MOST_ANGLE = 30.0  # radians: a steering wheel turns about 9 to either side
REMEDY = "Check the file, or leave the line out."


class Line(NamedTuple):
    """A line of the log: its number, the picture, the steering, the time in s (NaN where none is given)."""

    number: int
    picture: str
    steering: float
    time_s: float


def log_in(folder: Path) -> Path | None:
    """The log of a folder, or None."""
    return next((folder / name for name in LOGS if is_file(folder / name)), None)


def read_log(path: Path) -> list[Line]:
    """The lines of the middle camera, in the order of the file; InputError with the line of a damaged one."""
    try:
        text = read_text(path)
    except Missing:
        raise InputError(
            path, "no such file", "a drive has its log", f"Name a folder with {LOGS[0]}."
        ) from None
    except Unreadable as error:
        raise InputError(path, "unreadable", f"a log is text ({error.reason})", "Copy it again.") from None
    rows = list(csv.reader(io.StringIO(text), skipinitialspace=True))
    names, first = columns_of(path, rows)
    picture = names.index("filename" if "filename" in names else "center")
    angle = names.index("angle" if "filename" in names else "steering")
    found = []
    for number, row in enumerate(rows[first:], first + 1):
        if not row:
            continue
        place = f"{path}:{number}"
        if len(row) < len(names):
            raise InputError(place, f"{len(row)} fields", f"a line of this log has {len(names)}", REMEDY)
        fields = dict(zip(names, row, strict=False))
        if "center" not in fields.get("frame_id", "center"):
            continue
        steering = number_in(place, row[angle])
        if not abs(steering) <= MOST_ANGLE:
            raise InputError(
                place, row[angle], f"a steering angle lies within {MOST_ANGLE:g} radians", REMEDY
            )
        time_s = number_in(place, fields["timestamp"]) * 1e-9 if "timestamp" in fields else math.nan
        found.append(Line(number, row[picture], steering, time_s))
    if len(found) < 2 * TEST_SHARE:
        rule = f"a drive has at least {2 * TEST_SHARE} frames of the middle camera"
        raise InputError(path, f"{len(found)} frames", rule, "Name another log.")
    return found


def columns_of(path: Path, rows: list[list[str]]) -> tuple[list[str], int]:
    """Names of the columns, and the first line that holds values."""
    names = [name.strip() for name in rows[0]] if rows else []
    for needed in (("filename", "angle"), ("center", "steering")):
        if set(needed) <= set(names):
            return names, 1
    if len(names) == len(SIMULATOR) and names[0].lower().endswith((".jpg", ".jpeg", ".png")):
        return list(SIMULATOR), 0
    rule = "a log has the columns filename and angle, or center and steering"
    raise InputError(path, ", ".join(names)[:80] or "nothing", rule, "Name a log of the Udacity format.")


def number_in(place: str, text: str) -> float:
    """A finite number in a field, or InputError."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(place, text[:40], "steering and time are numbers", REMEDY)
    return value


def picture_path(folder: Path, written: str) -> Path | None:
    """Where a picture lies: under the folder as written, or by its name in it or its folder IMG or center.

    The simulator writes the paths of the machine it ran on; only their last part counts.
    """
    parts = written.replace("\\", "/").split("/")
    inside = [] if written.startswith("/") or ".." in parts or ":" in parts[0] else [folder.joinpath(*parts)]
    places = [*inside, *(folder / place / parts[-1] for place in ("IMG", "center", "."))]
    return next((place for place in places if is_file(place)), None)


def read_picture(place: str, path: Path) -> NDArray[np.uint8]:
    """One picture, grey, (32, 64) uint8. Errors: InputError for what is no picture, or without Pillow."""
    try:
        from PIL import Image
    except ImportError:
        rule = "pictures are read by the package Pillow, which is not installed"
        raise InputError(place, "no reader", rule, "Install deltasim[import].") from None
    try:
        with Image.open(path) as picture:
            small = picture.convert("L").resize((COLUMNS, ROWS), Image.Resampling.BOX)
            return np.asarray(small, np.uint8)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        rule = f"it is no picture that can be read ({type(error).__name__})"
        raise InputError(place, path.name, rule, "Copy it again, or leave the line out.") from None


def part_of(lines: list[Line], part: str) -> list[Line]:
    """The lines of the part to train on, or of the last fifth, which is the test.

    >>> lines = [Line(number, "a.jpg", 0.0, 0.0) for number in range(10)]
    >>> [line.number for line in part_of(lines, "test")]
    [8, 9]
    """
    cut = len(lines) - len(lines) // TEST_SHARE
    return lines[cut:] if part == "test" else lines[:cut]


def read(folder: Path, part: str) -> Drive:
    """One part of a folder's drive: "train" or "test"."""
    path = log_in(folder) or folder / LOGS[0]
    lines = part_of(read_log(path), part)
    frames = np.empty((len(lines), ROWS, COLUMNS), np.uint8)
    for frame, line in zip(frames, lines, strict=True):
        place = f"{path}:{line.number}"
        picture = picture_path(folder, line.picture)
        if picture is None:
            raise InputError(place, line.picture[-80:], "this picture is not there", REMEDY)
        frame[:] = read_picture(place, picture)
    steering = np.array([line.steering for line in lines], np.float32)
    period_s, bounds = segments(np.array([line.time_s for line in lines]))
    return Drive(
        f"a drive in Udacity's format ({path.name})",
        frames,
        steering,
        bounds,
        np.zeros(len(lines), bool),
        period_s,
        digest_of(frames, steering, bounds),
    )


def segments(times_s: NDArray[np.float64]) -> tuple[float, NDArray[np.int64]]:
    """The usual period, and the bounds of segments without a gap; one segment where there are no times.

    >>> segments(np.array([0.0, 0.05, 0.1, 0.9, 0.95]))[1].tolist()
    [0, 3, 5]
    """
    if np.isnan(times_s).any() or len(times_s) < 2:
        return PERIOD_S, np.array([0, len(times_s)])
    steps = np.diff(times_s)
    usual = float(np.median(steps))
    breaks = np.flatnonzero((steps > GAP * usual) | (steps < 0)) + 1
    bounds = np.concatenate([[0], breaks, [len(times_s)]]).astype(np.int64)
    return (usual if usual > 0 else PERIOD_S), bounds
