"""Which events a benchmark or a training runs on: recorded ones, a folder of them, or drawn ones."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from deltasim.runtime.errors import InputError, nearest
from deltasim.runtime.readers.files import is_file, is_folder
from deltasim.workloads.data_folder import VARIABLE
from deltasim.workloads.nmnist import recorded, synthetic
from deltasim.workloads.nmnist.recordings import Recordings

RECORDED, SYNTHETIC = "recorded", "synthetic"


class Source(NamedTuple):
    """Events to read: whose networks suit them, where they lie (None: drawn), why not those hoped for."""

    name: str
    path: Path | None
    fallback: str | None = None

    def read(self, part: str) -> Recordings:
        """One part: "train" or "test"."""
        if self.path is None:
            return synthetic.read(part)
        if is_file(self.path):
            return recorded.read_packed(self.path, part)
        return recorded.read_folder(self.path, part)


def source(data: str | Path | None = None) -> Source:
    """Find events: ``"recorded"``, ``"synthetic"``, a folder; None: recorded ones, else drawn ones.

    ``"recorded"`` is nmnist_small.npz in the folder that DELTASIM_DATA names. A folder holds that file, or
    ``Train`` and ``Test`` with ``.bin`` files, as N-MNIST is given out.

    >>> source("synthetic").name
    'synthetic'
    """
    if data is None or data == RECORDED:
        path = recorded.find()
        if path is not None:
            return Source(RECORDED, path)
        if data is not None:
            remedy = f"Name its folder in {VARIABLE}, or use --data {SYNTHETIC}."
            raise InputError("--data", data, f"{recorded.FILE} was not found", remedy)
        return Source(
            SYNTHETIC,
            None,
            f"recorded N-MNIST was not found, so these digits are drawn: {VARIABLE} may name its folder",
        )
    if data == SYNTHETIC:
        return Source(SYNTHETIC, None)
    folder = Path(data)
    if not is_folder(folder):
        choices = nearest(str(data), [RECORDED, SYNTHETIC])
        rule = "it is neither a data set nor a readable folder"
        raise InputError("--data", data, rule, f"{choices} Or name a folder.")
    if is_file(folder / recorded.FILE):
        return Source(RECORDED, folder / recorded.FILE)
    if not recorded.has_folders(folder):
        rule = f"no {recorded.FILE}, and no folder Test, is in it"
        raise InputError("--data", data, rule, "Name the folder of N-MNIST.")
    return Source(RECORDED, folder)
