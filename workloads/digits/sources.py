"""Which recordings a benchmark or a training runs on: by name, by folder, or the best there is."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from deltasim.runtime.errors import InputError, nearest
from deltasim.runtime.readers.files import is_file, is_folder
from deltasim.workloads.data_folder import VARIABLE
from deltasim.workloads.digits import fsdd, synthetic, tidigits
from deltasim.workloads.digits.corpus import Corpus
from deltasim.workloads.digits.strings import Strings, joined

STRING_SEED = 1  # of the connected strings that tests use

FALLBACK = (
    "The Free Spoken Digit Dataset was not found (DELTASIM_DATA, cache), so the embedded synthetic digits "
    "are used. `deltasim data fetch fsdd` fetches the real recordings."
)


class Source(NamedTuple):
    """A corpus to read: its name, where it lies (None: inside the project), what to say aloud."""

    name: str
    path: Path | None
    fallback: str | None = None

    @property
    def about(self) -> str:
        """Which data this is, in words for a report."""
        return {"fsdd": fsdd.ABOUT, "synthetic": synthetic.ABOUT, "tidigits": tidigits.ABOUT}[self.name]

    def read(self, part: str = "all") -> Corpus:
        """Single digits of one part, as features."""
        if self.path is None:
            return synthetic.read(part)
        return tidigits.read(self.path, part) if self.name == "tidigits" else fsdd.read(self.path, part)

    def read_strings(self, part: str = "test", seed: int = STRING_SEED) -> Strings:
        """Connected strings of one part: as they were spoken (TIDIGITS), or joined from single digits."""
        if self.name == "tidigits" and self.path is not None:
            return tidigits.read_strings(self.path, part)
        return joined(self.read(part), np.random.default_rng(seed))


def source(data: str | Path | None = None) -> Source:
    """Find recordings: ``"fsdd"``, ``"synthetic"``, a folder (FSDD's file or TIDIGITS), None for the best.

    None takes FSDD where it is found, else the embedded corpus with a ``fallback`` sentence.

    >>> source("synthetic").name
    'synthetic'
    """
    if data == "synthetic":
        return Source("synthetic", None)
    if data is None or data == "fsdd":
        path = fsdd.find()
        if path is not None:
            return Source("fsdd", path)
        if data is None:
            return Source("synthetic", None, FALLBACK)
        remedy = f"Run `deltasim data fetch fsdd`, or name its folder in {VARIABLE}."
        raise InputError("--data", "fsdd", f"{fsdd.FILE} was not found", remedy)
    folder = Path(data)
    if not is_folder(folder):
        choices = nearest(str(data), ["fsdd", "synthetic"])
        raise InputError(
            "--data", data, "it is neither a data set nor a readable folder", f"{choices} Or name a folder."
        )
    if is_file(folder / fsdd.FILE):
        return Source("fsdd", folder / fsdd.FILE)
    return Source("tidigits", folder)
