"""Recorded sentences with what is said in them, and the five folds they are tested in.

``speech.npz`` holds 178 sentences at 16 kHz of three sources (DC-TTS's recordings, Apache-2.0; LJ Speech and
LibriVox, public domain). A sentence that two sources read is in one fold, so no text is both learned and
tested. The box holds the LJ Speech and LibriVox sentences of one fold.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.arrays import Integers
from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.npz import Wanted
from deltasim.workloads.digits.corpus import digest_of
from deltasim.workloads.packed import read_packed_arrays
from deltasim.workloads.speech.letters import written
from deltasim.workloads.vad.sentences import packed_file

RATE = 16_000
FOLDS = 5
FOLD_SEED = 5
WANTED = {
    "audio": Wanted("i", 1),
    "offsets": Wanted("iu", 1),
    "source": Wanted("iu", 1),
    "utt_id": Wanted("U", 1),
    "text": Wanted("U", 1),
}
REMEDY = "Copy speech.npz again."


class Recordings(NamedTuple):
    """Sentences: ``audio[i]`` (samples,) int16 at 16 kHz, ``texts[i]`` in the 28 symbols, ``names[i]``.

    ``voices[i]`` is the source, or the speaker, it is of; ``about`` says which recordings these are.
    """

    about: str
    audio: tuple[NDArray[np.int16], ...]
    texts: tuple[str, ...]
    names: tuple[str, ...]
    voices: Integers

    def chosen(self, places: Integers) -> Recordings:
        """Those at some places, in that order."""
        return Recordings(
            self.about,
            tuple(self.audio[place] for place in places),
            tuple(self.texts[place] for place in places),
            tuple(self.names[place] for place in places),
            self.voices[places],
        )

    @property
    def digest(self) -> str:
        """Over sound and texts."""
        return digest_of(*self.audio, *self.texts, self.voices)


def folds_of(names: tuple[str, ...], count: int = FOLDS, seed: int = FOLD_SEED) -> Integers:
    """The fold of every recording, (n,): names are shuffled and dealt out, so one name is in one fold.

    >>> folds = folds_of(("a", "b", "c", "a", "d", "e"))
    >>> bool(folds[0] == folds[3]), sorted(set(folds.tolist()))
    (True, [0, 1, 2, 3, 4])
    """
    each = np.unique(np.array(names))
    places = np.empty(len(each), np.int64)
    places[np.random.default_rng(seed).permutation(len(each))] = np.arange(len(each)) % count
    return places[np.searchsorted(each, np.array(names))]


def read(path: Path) -> Recordings:
    """All sentences of a packed file. Errors: InputError for a damaged or foreign file."""
    found = read_packed_arrays(
        path, WANTED, needed="the recorded sentences are needed", held="the recorded sentences", remedy=REMEDY
    )
    audio, offsets, source = found["audio"], found["offsets"].astype(np.int64), found["source"]
    count = len(source)
    together = len(offsets) == count + 1 and len(found["utt_id"]) == len(found["text"]) == count > 0
    if not together or offsets[0] or offsets[-1] != len(audio) or (np.diff(offsets) <= 0).any():
        rule = "samples, offsets, sources, names and texts do not belong together"
        raise InputError(path, f"{count} sentences", rule, REMEDY)
    if audio.dtype != np.int16:
        raise InputError(path, audio.dtype.name, "samples have 16 bits", REMEDY)
    return Recordings(
        "read sentences of DC-TTS, LJ Speech and LibriVox",
        tuple(audio[start:stop] for start, stop in pairwise(offsets)),
        tuple(written(str(text)) for text in found["text"]),
        tuple(str(name) for name in found["utt_id"]),
        source.astype(np.int64),
    )


def spoken_sentences(data: str | Path) -> Recordings:
    """The sentences of ``"speech"`` (speech.npz in DELTASIM_DATA) or of a folder with speech.npz."""
    path = packed_file(data)
    if path is None:
        rule = "the box holds a few sentences alone"
        raise InputError("--data", data, rule, "Name a folder with speech.npz.")
    return read(path)
