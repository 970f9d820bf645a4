"""Read sentences: those of speech.npz, and the few in the box that test the detector.

``speech.npz`` holds 178 sentences at 16 kHz from three sources. The two in the public domain (LJ Speech,
LibriVox) are the test part; the third (the recordings of DC-TTS, Apache-2.0, another voice) is the part that
thresholds are chosen on, without the texts that the test part has too. The box holds the shortest three
sentences of either test source.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.arrays import Integers
from deltasim.runtime.errors import InputError, nearest
from deltasim.runtime.readers.files import is_file, is_folder
from deltasim.runtime.readers.npz import Wanted
from deltasim.workloads.data_folder import VARIABLE, in_data_folder
from deltasim.workloads.packed import read_packed_arrays

FILE = "speech.npz"
SESSION = Path(__file__).parent / "sentences.npz"
RATE = 16_000
WANTED = {
    "audio": Wanted("i", 1),
    "offsets": Wanted("iu", 1),
    "source": Wanted("iu", 1),
    "utt_id": Wanted("U", 1),
}
VOICES = {"choose": (0,), "test": (1, 2)}  # sources of speech.npz
HELD = 3  # sentences of each test source in the box, the shortest
REMEDY = f"Copy {FILE} again."


class Sentences(NamedTuple):
    """Recordings of sentences: ``audio[i]`` (samples,) int16 at 16 kHz, ``voices[i]`` the source it is of."""

    about: str
    audio: tuple[NDArray[np.int16], ...]
    voices: Integers

    def shortest(self, count: int) -> Sentences:
        """The ``count`` shortest of each voice, in the order they are in."""
        lengths = np.array([len(samples) for samples in self.audio])
        kept: list[int] = []
        for voice in np.unique(self.voices):
            places = np.flatnonzero(self.voices == voice)
            kept += places[np.argsort(lengths[places], kind="stable")[:count]].tolist()
        return Sentences(
            self.about, tuple(self.audio[place] for place in sorted(kept)), self.voices[sorted(kept)]
        )


def read(path: Path, part: str) -> Sentences:
    """One part of a packed file: "choose" or "test". Errors: InputError for a damaged or foreign file."""
    found = read_packed_arrays(
        path, WANTED, needed="the recorded sentences are needed", held="the recorded sentences", remedy=REMEDY
    )
    audio, offsets, source = found["audio"], found["offsets"].astype(np.int64), found["source"]
    count = len(source)
    ends = len(offsets) == count + 1 and len(found["utt_id"]) == count and offsets[-1] == len(audio)
    if not ends or offsets[0] or (np.diff(offsets) <= 0).any() or audio.dtype != np.int16:
        rule = "16-bit samples, offsets, sources and names do not belong together"
        raise InputError(path, f"{count} sentences", rule, REMEDY)
    tested = np.isin(source, VOICES["test"])
    chosen = tested if part == "test" else ~tested & ~np.isin(found["utt_id"], found["utt_id"][tested])
    places = np.flatnonzero(chosen)
    if not len(places):
        rule = "there are sentences to choose thresholds on and others to test"
        raise InputError(path, f"no sentence of the {part} part", rule, REMEDY)
    about = "LJ Speech and LibriVox, public domain" if part == "test" else "DC-TTS, Apache-2.0"
    pieces = tuple(audio[offsets[place] : offsets[place + 1]] for place in places)
    return Sentences(about, pieces, source[places].astype(np.int64))


def read_session() -> Sentences:
    """The sentences in the box.

    >>> held = read_session()
    >>> len(held.audio), sum(len(samples) for samples in held.audio) / RATE
    (6, 17.847625)
    """
    with np.load(SESSION, allow_pickle=False) as stored:
        pieces = np.split(np.cumsum(stored["differences"], dtype=np.int16), stored["offsets"][1:-1])
        return Sentences("LJ Speech and LibriVox, public domain", tuple(pieces), stored["voices"])


def pack(source: Path, target: Path) -> None:
    """Write the sentences of the box; differences of neighbouring samples pack better than samples."""
    held = read(source, "test").shortest(HELD)
    joined = np.concatenate(held.audio)
    offsets = np.cumsum([0, *(len(samples) for samples in held.audio)])
    differences = np.diff(joined, prepend=np.int16(0))
    np.savez_compressed(target, differences=differences, offsets=offsets, voices=held.voices)


def packed_file(data: str | Path | None) -> Path | None:
    """The file that ``data`` names: ``"speech"`` or a folder with it; None for ``"session"`` and None.

    >>> packed_file("session") is None
    True
    """
    if data is None or data == "session":
        return None
    if data == "speech":
        found = in_data_folder(FILE)
        if found is None:
            remedy = f"Name its folder in {VARIABLE}, or use --data session."
            raise InputError("--data", data, f"{FILE} was not found", remedy)
        return found
    folder = Path(data)
    if not is_folder(folder):
        rule = "it is neither a data set nor a readable folder"
        raise InputError(
            "--data", data, rule, f"{nearest(str(data), ['session', 'speech'])} Or name a folder."
        )
    if not is_file(folder / FILE):
        raise InputError("--data", data, f"no {FILE} is in it", f"Name the folder of {FILE}.")
    return folder / FILE
