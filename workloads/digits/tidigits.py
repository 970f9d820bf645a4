"""TIDIGITS, for those who have it: a folder of NIST SPHERE files, read and brought to the same features.

The corpus is the Linguistic Data Consortium's LDC93S10; its files lie as ``train/man/ae/12z4a.wav``: the
digits said (``z`` zero, ``o`` oh), a letter for the production, the speaker's two letters as folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import is_folder
from deltasim.workloads.digits.corpus import Corpus, digest_of
from deltasim.workloads.digits.strings import LONGEST, NOTHING, Strings
from deltasim.workloads.features import log_mel

ABOUT = "TIDIGITS (LDC93S10)"
SAMPLE_RATE = 8000  # 20 kHz recordings are brought to the rate of the other corpora
ENDINGS = (".wav", ".sph", ".nist")
NAME = re.compile(r"^([1-9zo]{1,7})[a-z]?$", re.IGNORECASE)
REMEDY = "Name a folder with files such as train/man/ae/12z4a.wav."


class Utterance(NamedTuple):
    """One file: where it lies, the digits said in it, who says them, and which part it belongs to."""

    path: Path
    digits: tuple[int, ...]
    speaker: str
    is_test: bool


def digits_in(stem: str) -> tuple[int, ...]:
    """The digits a file name says; "zero" and "oh" are both the digit 0. Nothing where it names none.

    >>> digits_in("12z4a"), digits_in("ob"), digits_in("readme")
    ((1, 2, 0, 4), (0,), ())
    """
    match = NAME.match(stem)
    return tuple(0 if letter in "zoZO" else int(letter) for letter in match[1]) if match else ()


def utterances(folder: Path) -> list[Utterance]:
    """All recordings below a folder, by path; those below a folder ``train`` are for training."""
    if not is_folder(folder):
        raise InputError(folder, "no such folder", "a data folder is readable", REMEDY)
    found = []
    try:
        paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS)
    except OSError as problem:
        raise InputError(folder, problem.strerror, "a data folder is readable", REMEDY) from None
    for path in paths:
        digits = digits_in(path.stem)
        if digits:
            parts = {part.lower() for part in path.relative_to(folder).parts[:-1]}
            found.append(Utterance(path, digits, path.parent.name, "train" not in parts))
    if not found:
        raise InputError(
            folder, f"{len(paths)} sound files", "no file is named after the digits said in it", REMEDY
        )
    return found


def read_features(path: Path) -> NDArray[np.float32]:
    """Features of one file, at 8 kHz; SPHERE, or whatever else the sound library reads."""
    import librosa
    import soundfile

    try:
        samples, rate = soundfile.read(path, dtype="float32")
    except (soundfile.LibsndfileError, OSError) as problem:
        remedy = "If it is compressed with shorten, unpack it with sph2pipe."
        raise InputError(path, type(problem).__name__, "it is not a readable sound file", remedy) from None
    if samples.ndim > 1:
        samples = samples.mean(1)
    if samples.size == 0:
        raise InputError(path, "0 samples", "a recording holds sound", "Copy the file again.")
    if rate != SAMPLE_RATE:
        samples = librosa.resample(samples, orig_sr=rate, target_sr=SAMPLE_RATE)
    return log_mel(samples, SAMPLE_RATE)


def read(folder: Path, part: str = "all") -> Corpus:
    """The recordings of single digits as a corpus, the split by the folders train and test."""
    chosen = [one for one in _of_part(utterances(folder), part, folder) if len(one.digits) == 1]
    if not chosen:
        raise InputError(folder, "no file", f"the {part} part has no recording of a single digit", REMEDY)
    names = tuple(sorted({one.speaker for one in chosen}))
    features = tuple(read_features(one.path) for one in chosen)
    labels = np.array([one.digits[0] for one in chosen], np.int64)
    return Corpus(
        "tidigits",
        ABOUT,
        features,
        labels,
        np.array([names.index(one.speaker) for one in chosen], np.int64),
        names,
        np.array([one.is_test for one in chosen]),
        digest_of(labels, *features),
    )


def read_strings(folder: Path, part: str = "test") -> Strings:
    """All recordings as connected strings, spoken as such by their speakers."""
    chosen = [one for one in _of_part(utterances(folder), part, folder) if len(one.digits) <= LONGEST]
    names = sorted({one.speaker for one in chosen})
    padded = [one.digits + (NOTHING,) * (LONGEST - len(one.digits)) for one in chosen]
    speakers = [names.index(one.speaker) for one in chosen]
    features = tuple(read_features(one.path) for one in chosen)
    return Strings(features, np.array(padded, np.int64), np.array(speakers, np.int64))


def _of_part(found: Iterable[Utterance], part: str, folder: Path) -> list[Utterance]:
    chosen = [one for one in found if part == "all" or one.is_test == (part == "test")]
    if not chosen:
        raise InputError(folder, "0 recordings", f"the {part} part is empty", REMEDY)
    return chosen
