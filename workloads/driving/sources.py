"""Which drive a benchmark or a training runs on: the session in the box, the packed file, or a folder."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from deltasim.runtime.errors import InputError, nearest
from deltasim.runtime.readers.files import is_file, is_folder
from deltasim.workloads.data_folder import VARIABLE
from deltasim.workloads.driving import recorded, udacity
from deltasim.workloads.driving.drive import Drive

SESSION = "session"


class Source(NamedTuple):
    """A drive to read: its name, and where it lies (None: the test session in the box)."""

    name: str
    path: Path | None

    def read(self, part: str) -> Drive:
        """The part to train on, or the one to test: "train" or "test"."""
        if self.path is None:
            if part != "test":
                remedy = f"Name the folder of {recorded.FILE}, in --data or {VARIABLE}."
                raise InputError("--data", self.name, "the box holds the test session alone", remedy)
            return recorded.read_session()
        if self.name == "udacity":
            return udacity.read(self.path, part)
        return recorded.read(self.path, part)

    @property
    def trains(self) -> bool:
        """Whether there is a part to train on."""
        return self.path is not None


def source(data: str | Path | None = None) -> Source:
    """Find a drive: ``"session"``, ``"driving"``, a folder; None: the packed file, else the session.

    ``"driving"`` is driving.npz in the folder that DELTASIM_DATA names. A folder holds driving.npz, or the
    CSV and JPEG files of Udacity's format. The session is the test part of driving.npz.

    >>> source("session").name
    'session'
    """
    if data is None or data == "driving":
        path = recorded.find()
        if path is None and data is not None:
            remedy = f"Name its folder in {VARIABLE}, or use --data {SESSION}."
            raise InputError("--data", data, f"{recorded.FILE} was not found", remedy)
        return Source(SESSION, None) if path is None else Source("driving", path)
    if data == SESSION:
        return Source(SESSION, None)
    folder = Path(data)
    if not is_folder(folder):
        choices = nearest(str(data), [SESSION, "driving"])
        rule = "it is neither a data set nor a readable folder"
        raise InputError("--data", data, rule, f"{choices} Or name a folder.")
    if is_file(folder / recorded.FILE):
        return Source("driving", folder / recorded.FILE)
    if udacity.log_in(folder) is None:
        rule = f"no {recorded.FILE}, and no log in Udacity's format, is in it"
        raise InputError("--data", data, rule, f"Name a folder with {' or '.join(udacity.LOGS)}.")
    return Source("udacity", folder)
