"""Log-mel features: what a microphone's samples become before a network sees them."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.errors import InputError

BANDS = 40
WINDOW_S = 0.025
STEP_S = 0.010
FLOOR = 1e-6  # added to the power of a band: below it a recording holds only its microphone's noise
SILENCE = np.float32(np.log10(FLOOR))  # the feature of a band without any sound


class Normalisation(NamedTuple):
    """Mean and standard deviation per band, taken from training frames and kept with the network.

    ``x = (log_mel - mean) / deviation``; both have shape (bands,).

    >>> import numpy as np
    >>> stored = normalisation([np.array([[0.0, 2.0], [2.0, 6.0]], np.float32)])
    >>> stored.mean.tolist(), stored.deviation.tolist()
    ([1.0, 4.0], [1.0, 2.0])
    >>> normalised(np.array([[3.0, 4.0]], np.float32), stored).tolist()
    [[2.0, 0.0]]
    """

    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]


def normalisation(features: list[NDArray[np.float32]]) -> Normalisation:
    """Measure mean and deviation per band over all frames of some recordings, in float64."""
    frames = np.concatenate(features).astype(np.float64)
    return Normalisation(frames.mean(0).astype(np.float32), frames.std(0).astype(np.float32))


def normalised(features: NDArray[np.float32], stored: Normalisation) -> NDArray[np.float32]:
    """Shift and scale features (T, bands): each band has mean 0 and deviation 1 over the training set."""
    return np.ascontiguousarray((features - stored.mean) / stored.deviation, dtype=np.float32)


def frames_in(samples: int, sample_rate: int) -> int:
    """Number of frames that a recording gives: one per step for which a whole window is there, at least one.

    >>> frames_in(8000, 8000)
    98
    """
    window, step = round(WINDOW_S * sample_rate), round(STEP_S * sample_rate)
    return 1 + max(samples - window, 0) // step


def log_mel(samples: NDArray[np.int16] | NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """Turn one recording into log-mel features of shape (T, 40), float32.

    Each frame is ``log10(mel(|STFT|^2) + 1e-6)``: 25 ms Hann window, 10 ms step, 40 Slaney mel bands from
    20 Hz to half the sample rate. Full scale is 1.0; int16 samples are divided by 32768. Frames hold only
    samples already received. A recording shorter than a window is padded with silence at its end.

    >>> import numpy as np
    >>> tone = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000).astype(np.float32)
    >>> frames = log_mel(tone, 8000)
    >>> frames.shape, int(frames.mean(0).argmax())
    ((98, 40), 6)
    """
    import librosa

    if samples.ndim != 1 or samples.size == 0:
        raise InputError(
            "recording", f"samples of shape {samples.shape}", "one channel of sound is needed", "Mix to mono."
        )
    sound = samples.astype(np.float32)
    if samples.dtype == np.int16:
        sound = sound / np.float32(32768)
    if not np.isfinite(sound).all():
        raise InputError(
            "recording", "NaN or infinite samples", "sound is finite", "Record or convert it again."
        )
    window, step = round(WINDOW_S * sample_rate), round(STEP_S * sample_rate)
    transform = 1 << (2 * window - 1).bit_length()  # padded twofold so that the lowest bands hold a line each
    missing = max(window - sound.size, 0)
    lead = (transform - window) // 2  # librosa centres the window in the transform
    sound = np.pad(sound, (lead, missing + transform - window - lead))
    spectrum = librosa.stft(
        sound, n_fft=transform, hop_length=step, win_length=window, center=False, dtype=np.complex64
    )
    power = spectrum.real**2 + spectrum.imag**2
    bands = _filters(sample_rate, transform) @ power
    frames = np.log10(bands + np.float32(FLOOR)).T
    return np.ascontiguousarray(frames[: frames_in(samples.size, sample_rate)], dtype=np.float32)


@lru_cache(maxsize=4)
def _filters(sample_rate: int, transform: int) -> NDArray[np.float32]:
    import librosa

    weights: NDArray[np.float32] = librosa.filters.mel(
        sr=sample_rate, n_fft=transform, n_mels=BANDS, fmin=20.0, fmax=sample_rate / 2
    )
    return weights
