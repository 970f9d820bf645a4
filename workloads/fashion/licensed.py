"""Spoken words for those who have them: N-TIDIGITS, events of a silicon cochlea, and TI46 as SPHERE files.

Neither is in the box: TI46 is the Linguistic Data Consortium's LDC93S9, N-TIDIGITS is given out by its
authors. Forms: the readme of LDC93S9 for names of files; for N-TIDIGITS what the loaders of others read
(Anumula et al., Frontiers in Neuroscience 2018).
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.arrays import Flags
from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import Missing, Unreadable
from deltasim.runtime.readers.hdf5 import read_sets
from deltasim.workloads.digits.corpus import digest_of
from deltasim.workloads.fashion.cochlea import BANDS, STEP_S, sound_spikes
from deltasim.workloads.fashion.examples import Examples

EVENTS = "n-tidigits.hdf5"
CHANNELS = 64
DIGITS = {"z": 0, **{str(digit): digit for digit in range(1, 10)}, "o": 10}
"""The last word of a label of N-TIDIGITS: zero and oh are two classes."""

WORD = re.compile(r"^(0\d)([fm][1-8])(se|s[1-8])(t\w)$", re.IGNORECASE)
"""A file of TI46's digits: the word's code, the speaker, the session (``se``: enrollment), the token."""
ENDINGS = (".wav", ".sph", ".nist")
MOST_SECONDS = 100.0


class Word(NamedTuple):
    """One file of TI46: where it lies, the digit said, and whether it belongs to the test sessions."""

    path: Path
    digit: int
    is_test: bool


def word_of(path: Path) -> Word | None:
    """What the name of a file says; None for one that is no digit of TI46.

    >>> word_of(Path("ti46/ti20/test/f1/03f1s1t0.wav")), word_of(Path("readme.wav"))
    (Word(path=PosixPath('ti46/ti20/test/f1/03f1s1t0.wav'), digit=3, is_test=True), None)
    """
    match = WORD.match(path.stem)
    if match is None or path.suffix.lower() not in ENDINGS:
        return None
    return Word(path, int(match[1]), match[3].lower() != "se")


def words_in(folder: Path) -> list[Word]:
    """All digits of TI46 below a folder, by path."""
    return [word for path in sorted(folder.rglob("*")) if (word := word_of(path)) is not None]


def read_words(folder: Path, part: str, peak: float) -> Examples:
    """One part of TI46's digits, through gammatone bands, a step every 5 ms: enrollment trains.

    Errors: no file of the part, one that no library reads.
    """
    chosen = [word for word in words_in(folder) if word.is_test == (part == "test")]
    if not chosen:
        rule = f"no file is named as a digit of the {part} sessions of TI46"
        raise InputError(folder, "no recordings", rule, "Name a folder with files such as 03f1set0.wav.")
    labels = np.array([word.digit for word in chosen], np.int64)
    digest = digest_of(*(word.path.read_bytes() for word in chosen))
    about = f"TI46 (LDC93S9), digits, {part} part, {BANDS} gammatone bands"
    return Examples(about, digest, BANDS, 10, labels, np.arange(len(chosen)), partial(heard, chosen, peak))


def heard(words: list[Word], peak: float, number: int, rng: np.random.Generator) -> Flags:
    """The spikes of a recording: no chance is in them."""
    import soundfile

    path = words[number].path
    try:
        samples, rate = soundfile.read(path, dtype="float64")
    except (soundfile.LibsndfileError, OSError) as problem:
        remedy = "If it is compressed with shorten, unpack it with sph2pipe."
        raise InputError(path, type(problem).__name__, "it is not a readable sound file", remedy) from None
    return sound_spikes(samples if samples.ndim == 1 else samples.mean(1), float(rate), peak)


def read_cochlea(path: Path, part: str) -> Examples:
    """One part of N-TIDIGITS' single digits: events of 64 channels, in steps of 5 ms.

    Errors: a file that is no HDF5, or holds something else.
    """
    remedy = "Fetch n-tidigits.hdf5 again from its authors."
    try:
        (listed,) = read_sets(path, [f"{part}_labels"])
        names = [str(name) for name in np.ravel(np.array(listed, object)).tolist()]
        said = [(name, DIGITS[word]) for name in names if (word := name.rpartition("-")[2].lower()) in DIGITS]
        sets = (f"{part}_{kind}/{name}" for name, _ in said for kind in ("timestamps", "addresses"))
        read = read_sets(path, sets)
    except Missing:
        raise InputError(path, "no file", "N-TIDIGITS is one HDF5 file", remedy) from None
    except Unreadable as error:
        raise InputError(path, "damaged or of another form", error.reason, remedy) from None
    if not said:
        rule = "a label ends in the digits that were said"
        raise InputError(path, "no single digits", rule, remedy)
    pairs = zip(said, read[::2], read[1::2], strict=True)
    held = [checked(path, name, times, addresses) for (name, _), times, addresses in pairs]
    labels = np.array([digit for _, digit in said], np.int64)
    digest = digest_of(*(array for one in held for array in one))
    about = f"N-TIDIGITS, single digits, {part} part"
    return Examples(about, digest, CHANNELS, 11, labels, np.arange(len(said)), partial(events_of, held))


def checked(
    path: Path, name: str, times: Any, addresses: Any
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Seconds and channels of the events of a recording, or the sentence that says what is wrong."""
    place = f"{path}: {name[:60]}"
    try:
        seconds, channels = np.asarray(times, np.float64), np.asarray(addresses, np.float64)
    except (TypeError, ValueError):
        raise InputError(place, "text", "an event is a time and a channel", "Fetch it again.") from None
    if seconds.ndim != 1 or seconds.shape != channels.shape or not len(seconds):
        rule = "every event has a time and a channel"
        raise InputError(place, f"{seconds.shape}, {channels.shape}", rule, "Fetch the file again.")
    if not ((seconds >= 0) & (seconds < MOST_SECONDS)).all():
        rule = f"events lie within 0 to {MOST_SECONDS:g} s"
        raise InputError(place, f"{seconds.min():g} to {seconds.max():g} s", rule, "Fetch the file again.")
    if not ((channels >= 0) & (channels < CHANNELS) & (channels == np.floor(channels))).all():
        rule = f"channels are whole numbers below {CHANNELS}"
        raise InputError(place, f"{channels.min():g} to {channels.max():g}", rule, "Fetch the file again.")
    return seconds, channels.astype(np.int64)


def events_of(
    held: list[tuple[NDArray[np.float64], NDArray[np.int64]]], number: int, rng: np.random.Generator
) -> Flags:
    """The spikes of a recording, from its first event on: several of a channel in a step are one."""
    seconds, channels = held[number]
    steps = np.floor((seconds - seconds.min()) / STEP_S).astype(np.int64)
    found = np.zeros((int(steps.max()) + 1, CHANNELS), np.bool_)
    found[steps, channels] = True
    return found
