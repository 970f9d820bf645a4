"""Sound: WAV files of any rate, mono or stereo, as log-mel frames or as the samples themselves."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from deltasim.runtime.arrays import Floats
from deltasim.runtime.errors import InputError
from deltasim.workloads.features import BANDS, STEP_S, log_mel

SUFFIXES = (".wav", ".flac", ".ogg")


class Sound(NamedTuple):
    """Mono samples (n,) float32 in [-1, 1], and how many there are in a second."""

    samples: Floats
    rate: int


def read_sound(path: Path) -> Sound:
    """One file of sound, its channels averaged.

    Errors: InputError for a file without samples; soundfile.SoundFileError for what is no sound.
    """
    import soundfile

    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    if not len(samples):
        raise InputError(path, "no samples", "a recording holds sound", "Leave the file out.")
    return Sound(np.ascontiguousarray(samples.mean(axis=1), np.float32), int(rate))


def resampled(sound: Sound, rate: int) -> Sound:
    """The same sound at another rate (a polyphase filter of the library soxr).

    >>> len(resampled(Sound(np.zeros(800, np.float32), 8000), 16000).samples)
    1600
    """
    import soxr

    if sound.rate == rate:
        return sound
    return Sound(np.ascontiguousarray(soxr.resample(sound.samples, sound.rate, rate), np.float32), rate)


def frames_of(sound: Sound, width: int) -> tuple[Floats, float]:
    """Frames for a network that takes ``width`` values, and the seconds between two of them.

    Rule: 40 values are the log-mel bands of 25 ms every 10 ms (`deltasim.workloads.features.log_mel`); any
    other width is that many samples in a row, without overlap, the last frame filled with silence.

    >>> frames, step_s = frames_of(Sound(np.ones(1000, np.float32), 16000), 512)
    >>> frames.shape, step_s, float(frames[1, 488])
    ((2, 512), 0.032, 0.0)
    """
    if width == BANDS:
        return log_mel(sound.samples, sound.rate), STEP_S
    count = -(-len(sound.samples) // width)
    padded = np.zeros(count * width, np.float32)
    padded[: len(sound.samples)] = sound.samples
    return padded.reshape(count, width), width / sound.rate
