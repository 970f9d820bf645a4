"""The Free Spoken Digit Dataset: 3000 recordings, 6 speakers, 8 kHz, with its official split.

Source: github.com/Jakobovski/free-spoken-digit-dataset, CC BY-SA 4.0, doi:10.5281/zenodo.1342401.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import zipfile
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.disk_cache import FEATURES, cached_arrays, sources_digest
from deltasim.runtime.errors import InputError
from deltasim.workloads.digits.corpus import Corpus, digest_of, in_part
from deltasim.workloads.features import log_mel

FILE = "fsdd.npz"
VARIABLE = "DELTASIM_DATA"
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
    named = os.environ.get(VARIABLE)
    if named:
        folder = Path(named)
        if not folder.is_dir():
            raise InputError(
                VARIABLE, named, "it names no readable folder", f"Name the folder of {FILE}, or unset it."
            )
        if (folder / FILE).exists():
            return folder / FILE
    cached = cache_folder() / FILE
    return cached if cached.exists() else None


def read_file(path: Path) -> Recordings:
    """Read and check the packed recordings; damaged or foreign files raise InputError."""
    remedy = "Copy the file again or run `deltasim data fetch fsdd`."
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except FileNotFoundError:
        raise InputError(path, "no such file", "the recordings are needed", remedy) from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as problem:
        raise InputError(path, type(problem).__name__, "it is not a readable npz archive", remedy) from None
    names = [field.name for field in fields(Recordings)]
    missing = [name for name in names if name not in arrays]
    if missing:
        raise InputError(path, f"no array {missing[0]}", "the file does not hold the digits", remedy)
    recordings = Recordings(
        **{name: arrays[name] for name in names[:-1]}, sample_rate=int(arrays["sample_rate"])
    )
    count, offsets = len(recordings.labels), recordings.offsets
    consistent = (
        len(offsets) == count + 1 == len(recordings.speaker) + 1 == len(recordings.index) + 1
        and count > 0
        and offsets[0] == 0
        and offsets[-1] == len(recordings.audio)
        and bool((np.diff(offsets) > 0).all())
        and int(recordings.labels.max()) < 10
        and int(recordings.speaker.max()) < len(recordings.speaker_names)
        and recordings.audio.dtype == np.int16
    )
    if not consistent:
        raise InputError(
            path, f"{count} recordings", "offsets, labels and audio do not belong together", remedy
        )
    return recordings


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
        file = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        read_file(path)  # says what is wrong with it
        raise
    code = sources_digest(Path(__file__).parent.parent) + importlib.metadata.version("librosa")
    held = cached_arrays(FEATURES, digest_of(file, part, code), lambda: features_of(path, part))
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
