"""Which recording a benchmark runs on: the one in the box, or a folder in OpenDPD's layout."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from deltasim.runtime.errors import InputError, nearest
from deltasim.runtime.readers.files import is_file, is_folder
from deltasim.workloads.predistortion import opendpd
from deltasim.workloads.predistortion.capture import Band, Capture, Complex

BOXED = "apa-200mhz"
RECORDED = Path(__file__).parent / "recorded.npz"
BAND = Band(983.04e6, 200e6, 5, 19662)  # of the recording in the box
HOW = "Run `pip download opendpd==2.4.2 --no-deps`, unpack it, and name datasets/APA_200MHz."


class Source(NamedTuple):
    """A recording to read: its name, and its folder (None: the test part in the box)."""

    name: str
    path: Path | None

    def read(self, part: str) -> Capture:
        """One of the parts "train", "val" and "test"."""
        if self.path is not None:
            return opendpd.read(self.path, part)
        if part != "test":
            raise InputError("--data", self.name, "the box holds the test part alone", HOW)
        return boxed()


def boxed() -> Capture:
    """The test part in the box.

    >>> capture = boxed()
    >>> len(capture.sent), round(capture.gain, 9)
    (19662, 1.0)
    """
    with np.load(RECORDED, allow_pickle=False) as stored:
        sent, received = (complex_of(stored[side]) for side in ("sent", "received"))
        return Capture("the amplifier APA_200MHz of OpenDPD", sent, received, BAND, float(stored["gain"]))


def complex_of(pairs: np.ndarray) -> Complex:
    """In-phase and quadrature part, (2, T) float32, as complex samples."""
    found: Complex = pairs[0].astype(np.float64) + 1j * pairs[1].astype(np.float64)
    return found


def pack(folder: Path, target: Path) -> None:
    """Write the test part as it is in the box."""
    capture = opendpd.read(folder, "test")
    if capture.band != BAND:
        raise InputError(folder, str(capture.band), f"what is in the box lies in {BAND}", HOW)
    sent, received = (
        np.stack([samples.real, samples.imag]).astype(np.float32)
        for samples in (capture.sent, capture.received)
    )
    np.savez_compressed(target, gain=np.float64(capture.gain), sent=sent, received=received)


def source(data: str | Path | None = None) -> Source:
    """Find a recording: ``"apa-200mhz"`` or None for the one in the box, or a folder.

    >>> source().name
    'apa-200mhz'
    """
    if data is None or str(data) == BOXED:
        return Source(BOXED, None)
    folder = Path(data)
    if not is_folder(folder):
        rule = "it is neither a data set nor a readable folder"
        choices = nearest(str(data), [BOXED])
        raise InputError("--data", data, rule, f"{choices} {HOW}".strip())
    if not is_file(folder / opendpd.SPEC):
        raise InputError("--data", data, f"no {opendpd.SPEC} is in it", HOW)
    return Source(folder.name, folder)


if __name__ == "__main__":
    import sys

    pack(Path(sys.argv[1]), RECORDED)
