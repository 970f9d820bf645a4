"""Recordings as OpenDPD keeps them: spec.json, and for each part the samples sent and received as CSV.

A folder holds ``train_input.csv``, ``train_output.csv`` and the same for ``val`` and ``test`` (columns I and
Q), or, where spec.json says ``"dataset_format": "single_csv"``, one file with the columns I_in, Q_in, I_out
and Q_out, cut by ``split_ratios``. Source: the package opendpd 2.4.2 (Wu, Li and Gao, Apache-2.0), whose
folder ``datasets`` holds measured amplifiers.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from deltasim.runtime.errors import InputError, nearest
from deltasim.runtime.readers.files import Missing, Unreadable, read_text
from deltasim.runtime.readers.json_text import read_json
from deltasim.workloads.predistortion.capture import PARTS, Band, Capture, Complex

SPEC = "spec.json"
REMEDY = "Copy the folder again from the package opendpd."
MOST_BYTES = 1 << 28
FIELDS = {
    "input_signal_fs": "rate_hz",
    "bw_main_ch": "width_hz",
    "n_sub_ch": "channels",
    "nperseg": "segment",
}
"""What spec.json calls the fields of `Band`."""
FORMATS = ("split_csv", "single_csv")
RATIOS = {"train": 0.6, "val": 0.2, "test": 0.2}
SPLIT = ("I", "Q")
SINGLE = ("I_in", "Q_in", "I_out", "Q_out")


def read(folder: Path, part: str) -> Capture:
    """One part of a recording: one of `PARTS`.

    Errors: InputError with the file, the line where that is known, and what is wrong.
    """
    content = read_spec(folder / SPEC)
    band = band_of(folder / SPEC, content)
    sent, received = samples(folder, content, "train")
    gain = float(np.abs(received).max() / np.abs(sent).max())
    if part != "train":
        sent, received = samples(folder, content, part)
    if band.segment > len(sent):
        rule = f"a segment is no longer than a part, which has {len(sent):,} samples"
        raise InputError(f"{folder / SPEC}: nperseg", band.segment, rule, "Give a shorter one.")
    return Capture(f"the amplifier {folder.name} of OpenDPD", sent, received, band, gain)


def read_spec(path: Path) -> dict[str, Any]:
    """What the file says of a recording, as plain types."""
    try:
        content = read_json(path)
    except Missing:
        rule = "a recording in OpenDPD's layout is told by this file"
        raise InputError(path, "no such file", rule, "Name a folder of the package's datasets.") from None
    except Unreadable as error:
        rule = f"it is a table of names in JSON ({error.reason})"
        raise InputError(error.at(path), "damaged", rule, REMEDY) from None
    if not isinstance(content, dict):
        raise InputError(path, type(content).__name__, "it is a table of names", REMEDY)
    form = content.get("dataset_format", FORMATS[0])
    if form not in FORMATS:
        rule = f"a recording is kept as {' or '.join(FORMATS)}"
        raise InputError(f"{path}: dataset_format", str(form)[:40], rule, nearest(str(form), FORMATS))
    return content


def band_of(path: Path, content: dict[str, Any]) -> Band:
    """Rate, width, channels and segment; all of them are needed.

    >>> content = {"input_signal_fs": 8e8, "bw_main_ch": 2e8, "n_sub_ch": 10, "nperseg": 2560}
    >>> band_of(Path("spec.json"), content)
    Band(rate_hz=800000000.0, width_hz=200000000.0, channels=10, segment=2560)
    """
    found: dict[str, Any] = {}
    for name, field in FIELDS.items():
        if name not in content:
            raise InputError(path, name, "this field is missing", "Add it.")
        value, whole = content[name], field in ("channels", "segment")
        right = isinstance(value, int | float) and not isinstance(value, bool) and value > 0
        if not right or (whole and value != int(value)):
            rule = f"it is {'a whole number' if whole else 'a number'} above 0"
            raise InputError(f"{path}: {name}", str(value)[:40], rule, "Correct it.")
        found[field] = int(value) if whole else float(value)
    band = Band(**found)
    if band.width_hz * (1 + 2 / band.channels) > band.rate_hz:
        rule = f"the channels and one more on either side lie within the {band.rate_hz / 1e6:g} MHz sampled"
        raise InputError(f"{path}: bw_main_ch", f"{band.width_hz / 1e6:g} MHz", rule, "Correct it.")
    return band


def samples(folder: Path, content: dict[str, Any], part: str) -> tuple[Complex, Complex]:
    """What was sent and received in a part."""
    if content.get("dataset_format", FORMATS[0]) == "single_csv":
        return single(folder, content, part)
    paths = [folder / f"{part}_{side}.csv" for side in ("input", "output")]
    sent, received = (complex_of(path, columns(path, SPLIT)) for path in paths)
    if len(sent) != len(received):
        value = f"{len(received):,} samples"
        raise InputError(paths[1], value, f"{len(sent):,} were sent into the amplifier", REMEDY)
    return sent, received


def single(folder: Path, content: dict[str, Any], part: str) -> tuple[Complex, Complex]:
    """A part of a recording in one file."""
    name = str(content.get("csv_filename", "data.csv"))
    if Path(name).name != name or "\0" in name:
        raise InputError(
            f"{folder / SPEC}: csv_filename", name[:40], "it is a file of this folder", "Name one."
        )
    path = folder / name
    rows = columns(path, SINGLE)
    bounds = bounds_of(folder / SPEC, content.get("split_ratios", RATIOS), len(rows))
    own = rows[slice(*bounds[PARTS.index(part)])]
    return complex_of(path, own[:, :2]), complex_of(path, own[:, 2:])


def bounds_of(path: Path, ratios: Any, count: int) -> list[tuple[int, int]]:
    """First and last row, exclusive, of every part: the last takes what is left.

    >>> bounds_of(Path("spec.json"), RATIOS, 11)
    [(0, 6), (6, 8), (8, 11)]
    """
    place = f"{path}: split_ratios"
    given: list[Any] = [ratios.get(part) for part in PARTS] if isinstance(ratios, dict) else []
    if not given or not all(isinstance(value, int | float) and 0 < value < 1 for value in given):
        rule = "train, val and test have a share between 0 and 1 each"
        raise InputError(place, str(ratios)[:60], rule, "Write 0.6, 0.2 and 0.2.")
    if sum(given[:2]) >= 1:
        raise InputError(place, str(ratios)[:60], "train and val leave a rest for test", "Give smaller ones.")
    first = int(count * given[0])
    second = first + int(count * given[1])
    return [(0, first), (first, second), (second, count)]


def complex_of(path: Path, pairs: Any) -> Complex:
    """Rows of in-phase and quadrature parts as complex samples; a part is not empty, and not silent."""
    found: Complex = pairs[:, 0] + 1j * pairs[:, 1]
    if not np.any(found):
        value = "silence" if len(found) else "no samples"
        raise InputError(path, value, "every part has samples, and not all of them are 0", REMEDY)
    return found


def columns(path: Path, names: tuple[str, ...]) -> Any:
    """The values of these columns, (rows, columns) float64."""
    try:
        lines = read_text(path, MOST_BYTES).splitlines()
    except Missing:
        raise InputError(path, "no such file", "the recording has this part", REMEDY) from None
    except Unreadable as error:
        rule = f"it is a table of samples in CSV ({error.reason})"
        raise InputError(error.at(path), "damaged", rule, REMEDY) from None
    head = [name.strip() for name in lines[0].split(",")] if lines else []
    if any(name not in head for name in names):
        rule = f"its first line names the columns {', '.join(names)}"
        raise InputError(path, ",".join(head)[:60] or "nothing", rule, REMEDY)
    places = [head.index(name) for name in names]
    found = np.empty((len(lines) - 1, len(names)))
    for number, line in enumerate(lines[1:], 2):
        fields = line.split(",")
        if len(fields) != len(head):
            raise InputError(f"{path}:{number}", f"{len(fields)} fields", f"a line has {len(head)}", REMEDY)
        for column, place in enumerate(places):
            found[number - 2, column] = number_in(f"{path}:{number}", fields[place])
    return found


def number_in(place: str, text: str) -> float:
    """A finite number in a field."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(place, text[:40], "samples are finite numbers", REMEDY)
    return value
