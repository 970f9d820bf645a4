"""Which clips a benchmark or a training runs on: those in the box, the packed file, or a folder."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from deltasim.runtime.errors import InputError, nearest
from deltasim.runtime.readers.files import is_file, is_folder
from deltasim.workloads.data_folder import VARIABLE
from deltasim.workloads.music_tags import magnatagatune, sounds
from deltasim.workloads.music_tags.clips import Clips

BOX, PACKED, TRACKS = "box", "sounds", "magnatagatune"


class Source(NamedTuple):
    """Clips to read: their name, and where they lie (None: the test part in the box)."""

    name: str
    path: Path | None

    def read(self, part: str) -> Clips:
        """One part: "train", "validation" or "test"."""
        if self.path is None:
            if part != "test":
                remedy = f"Name the folder of {sounds.FILE}, in --data or {VARIABLE}."
                raise InputError("--data", self.name, "the box holds the test part alone", remedy)
            return sounds.read_box()
        if self.name == TRACKS:
            return magnatagatune.read(self.path, part)
        return sounds.read(self.path).chosen(part)

    @property
    def trains(self) -> bool:
        """Whether there is a part to train on."""
        return self.path is not None


def source(data: str | Path | None = None) -> Source:
    """Find clips: ``"box"``, ``"sounds"``, a folder; None: the packed file, else those in the box.

    ``"sounds"`` is music_tags.npz in the folder that DELTASIM_DATA names. A folder holds music_tags.npz, or
    the table and the MP3 files of MagnaTagATune. The box is the test part of music_tags.npz.

    >>> source("box").name
    'box'
    """
    if data is None or data == PACKED:
        path = sounds.find()
        if path is None and data is not None:
            remedy = f"Name its folder in {VARIABLE}, or use --data {BOX}."
            raise InputError("--data", data, f"{sounds.FILE} was not found", remedy)
        return Source(BOX, None) if path is None else Source(PACKED, path)
    if data == BOX:
        return Source(BOX, None)
    folder = Path(data)
    if not is_folder(folder):
        choices = nearest(str(data), [BOX, PACKED])
        rule = "it is neither a data set nor a readable folder"
        raise InputError("--data", data, rule, f"{choices} Or name a folder.")
    if is_file(folder / sounds.FILE):
        return Source(PACKED, folder / sounds.FILE)
    if magnatagatune.table_in(folder) is None:
        rule = f"neither {sounds.FILE} nor {magnatagatune.TABLE} is in it"
        raise InputError("--data", data, rule, "Name the folder of one of them.")
    return Source(TRACKS, folder)
