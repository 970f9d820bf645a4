"""Which examples a benchmark or a training runs on."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from deltasim.runtime.errors import InputError, nearest
from deltasim.runtime.readers.files import is_file, is_folder
from deltasim.workloads.data_folder import VARIABLE, in_data_folder
from deltasim.workloads.digits import fsdd
from deltasim.workloads.events import SIDE
from deltasim.workloads.fashion import images, licensed, recorded
from deltasim.workloads.fashion.cochlea import BANDS
from deltasim.workloads.fashion.examples import Examples
from deltasim.workloads.nmnist import recorded as nmnist

EMBEDDED = "embedded"
FILES = {**images.FILES, "nmnist": nmnist.FILE, "spoken": fsdd.FILE, "ntidigits": licensed.EVENTS}
WORDS = "ti46"
PIXELS = images.SIDE * images.SIDE
INPUTS = {"nmnist": 2 * SIDE * SIDE, "spoken": BANDS, "ntidigits": licensed.CHANNELS, WORDS: BANDS}


class Source(NamedTuple):
    """Examples to read: whose networks suit them, and where they lie (None: in the box)."""

    name: str
    path: Path | None

    @property
    def inputs(self) -> int:
        """How many neurons the spikes are of."""
        return INPUTS.get(self.name, PIXELS)

    def read(self, part: str, coding: images.Coding) -> Examples:
        """One part: "train" or "test"."""
        if self.path is None:
            return images.read_embedded(part, coding)
        if self.name == "nmnist":
            return recorded.read_events(self.path, part)
        if self.name == "spoken":
            return recorded.read_spoken(self.path, part, coding.peak)
        if self.name == "ntidigits":
            return licensed.read_cochlea(self.path, part)
        if self.name == WORDS:
            return licensed.read_words(self.path, part, coding.peak)
        return images.read_images(self.path, part, self.name, coding)


def source(data: str | Path | None = None) -> Source:
    """Find examples: "embedded" (also None), a key of `FILES`, or a folder.

    All but the first are files (`FILES`) in the folder that DELTASIM_DATA names; of another folder the first
    such file is taken, or the digits of TI46 below it.

    >>> source().name
    'embedded'
    """
    if data is None or data == EMBEDDED:
        return Source(EMBEDDED, None)
    if data in FILES:
        name = str(data)
        path = in_data_folder(FILES[name])
        if path is None:
            remedy = f"Name its folder in {VARIABLE}, or use --data {EMBEDDED}."
            raise InputError("--data", data, f"{FILES[name]} was not found", remedy)
        return Source(name, path)
    folder = Path(data)
    if not is_folder(folder):
        choices = nearest(str(data), [EMBEDDED, *FILES])
        rule = "it is neither a data set nor a readable folder"
        raise InputError("--data", data, rule, f"{choices} Or name a folder.")
    for name, file in FILES.items():
        if is_file(folder / file):
            return Source(name, folder / file)
    if any(True for _ in licensed.words_in(folder)):
        return Source(WORDS, folder)
    rule = f"none of {', '.join(FILES.values())} is in it, nor a digit of TI46 such as 03f1set0.wav"
    raise InputError("--data", data, rule, "Name the folder of one.")
