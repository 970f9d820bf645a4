"""The Free Spoken Digit Dataset: 3000 recordings, 6 speakers, 8 kHz, with its official split.

Source: github.com/Jakobovski/free-spoken-digit-dataset, CC BY-SA 4.0, doi:10.5281/zenodo.1342401.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime import sources
from deltasim.runtime.disk.cache import FEATURES, cached_arrays
from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import Unreadable, is_file, read_bytes
from deltasim.runtime.readers.npz import Wanted
from deltasim.workloads.data_folder import in_data_folder
from deltasim.workloads.digits.corpus import Corpus, digest_of, in_part
from deltasim.workloads.features import log_mel
from deltasim.workloads.packed import read_packed_arrays

FILE = "fsdd.npz"
LOWEST_RATE, HIGHEST_RATE = 4000, 192_000  # samples a second
WANTED = {
    "audio": Wanted("i", 1),
    "offsets": Wanted("iu", 1),
    "labels": Wanted("iu", 1),
    "speaker": Wanted("iu", 1),
    "speaker_names": Wanted("U", 1),
    "index": Wanted("iu", 1),
    "sample_rate": Wanted("iu", 0),
}
ABOUT = "Free Spoken Digit Dataset (CC BY-SA 4.0)"
TEST_INDICES = range(5)  # the official split: recordings 0-4 of every speaker and digit are the test set

# What this project was trained on: digest over all recordings in the order of their file names.
# Made by: python -c "from deltasim.workloads.digits.fsdd import *; print(content_digest(read_file(find())))"
CONTENT_DIGEST = "c20a1ccd0583b2e6a53663e9ac4273f46045c42183e2648a810178bfdaf35aaf"


@dataclass(frozen=True, eq=False)
class Recordings:
    """The decoded file: ``audio[offsets[i]:offsets[i+1]]`` is recording i, int16 at ``sample_rate``."""

    audio: NDArray[np.int16]
    offsets: NDArray[np.int64]
    labels: NDArray[np.uint8]
    speaker: NDArray[np.uint8]
    speaker_names: NDArray[np.str_]
    index: NDArray[np.uint8]
    sample_rate: int


def cache_folder() -> Path:
    """Where downloaded data is kept: the user's cache folder of this program."""
    import pooch

    return Path(pooch.os_cache("deltasim"))


def find() -> Path | None:
    """Path of the data or None: first in the folder that DELTASIM_DATA names, then in the cache."""
    given = in_data_folder(FILE)
    if given is not None:
        return given
    cached = cache_folder() / FILE
    return cached if is_file(cached) else None


def read_file(path: Path) -> Recordings:
    """Read and check the packed recordings; damaged or foreign files raise InputError."""
    remedy = "Copy the file again or run `deltasim data fetch fsdd`."
    arrays = read_packed_arrays(
        path, WANTED, needed="the recordings are needed", held="the digits", remedy=remedy
    )
    rate = int(arrays["sample_rate"])
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        rule = f"sound has {LOWEST_RATE:,} to {HIGHEST_RATE:,} samples a second"
        raise InputError(path, f"sample_rate {rate}", rule, remedy)
    recordings = Recordings(
        **{name: arrays[name] for name in WANTED if name != "sample_rate"}, sample_rate=rate
    )
    if not belong_together(recordings):
        rule = "offsets, labels, speakers and audio do not belong together"
        raise InputError(path, f"{len(recordings.labels)} recordings", rule, remedy)
    return recordings


def belong_together(recordings: Recordings) -> bool:
    """Whether every recording has its samples, its digit and its speaker."""
    count, offsets = len(recordings.labels), recordings.offsets
    if not (len(offsets) == count + 1 == len(recordings.speaker) + 1 == len(recordings.index) + 1 and count):
        return False
    ascending = bool((offsets[:-1] < offsets[1:]).all())
    return (
        ascending
        and offsets[0] == 0
        and offsets[-1] == len(recordings.audio)
        and recordings.audio.dtype == np.int16
        and 0 <= int(recordings.labels.min()) <= int(recordings.labels.max()) < 10
        and int(recordings.speaker.min()) >= 0
        and int(recordings.speaker.max()) < len(recordings.speaker_names)
    )


def content_digest(recordings: Recordings) -> str:
    """Digest over what the recordings hold, in the order of their file names, however they were packed."""
    order = sorted(range(len(recordings.labels)), key=lambda place: file_name(recordings, place))
    parts: list[str | NDArray[np.int16]] = [str(recordings.sample_rate)]
    for place in order:
        parts.append(file_name(recordings, place))
        parts.append(recordings.audio[recordings.offsets[place] : recordings.offsets[place + 1]])
    return digest_of(*parts)


def file_name(recordings: Recordings, place: int) -> str:
    """Name of a recording as the data set spells it: ``{digit}_{speaker}_{index}.wav``."""
    speaker = recordings.speaker_names[recordings.speaker[place]]
    return f"{recordings.labels[place]}_{speaker}_{recordings.index[place]}.wav"


def read(path: Path, part: str = "all") -> Corpus:
    """Recordings of one part (train, test, all) of the official split, as features.

    The features are cached: the same file gives them at once the next time.
    """
    in_part(np.ones(1, bool), part)  # refuse an unknown part before any work
    try:
        file = hashlib.sha256(read_bytes(path)).hexdigest()
    except Unreadable:
        read_file(path)  # says what is wrong with it
        raise
    versions = [importlib.metadata.version(name) for name in ("librosa", "numpy", "scipy")]
    code = sources.digest_of(Path(__file__))
    held = cached_arrays(FEATURES, digest_of(file, part, code, *versions), lambda: features_of(path, part))
    bounds = held["bounds"].tolist()
    return Corpus(
        "fsdd",
        ABOUT,
        tuple(held["frames"][first:end] for first, end in pairwise(bounds)),
        held["labels"],
        held["speakers"],
        tuple(str(name) for name in held["speaker_names"]),
        held["is_test"],
        str(held["digest_of_recordings"]),
    )


def features_of(path: Path, part: str) -> dict[str, NDArray[Any]]:
    """Features and labels of one part, as they are cached."""
    recordings = read_file(path)
    is_test = np.isin(recordings.index, TEST_INDICES)
    places = np.flatnonzero(in_part(is_test, part))
    if places.size == 0:
        raise InputError(path, "0 recordings", f"the {part} part is empty", "Use the whole data set.")
    features = [
        log_mel(
            recordings.audio[recordings.offsets[place] : recordings.offsets[place + 1]],
            recordings.sample_rate,
        )
        for place in places
    ]
    return {
        "frames": np.concatenate(features),
        "bounds": np.cumsum([0, *map(len, features)]),
        "labels": recordings.labels[places].astype(np.int64),
        "speakers": recordings.speaker[places].astype(np.int64),
        "speaker_names": recordings.speaker_names,
        "is_test": is_test[places],
        "digest_of_recordings": np.array(content_digest(recordings)),
    }
