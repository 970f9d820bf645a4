"""A sentence in noise, cut into the frames that the detector reads, with what it ought to say of each."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.arrays import Floats, Numbers
from deltasim.workloads.digits.corpus import digest_of
from deltasim.workloads.vad.sentences import RATE, Sentences

BLOCK = 512  # new samples of a frame, behind the last 64 of the frame before
CONTEXT = 64
PERIOD_S = BLOCK / RATE
PAD = 24 * BLOCK  # samples without speech before and behind a sentence: 0.77 s
SNR_DB = (10.0, 0.0)
LEVEL = 10 ** (-26 / 20)  # of speech while it lasts, root mean square against full scale
AUDIBLE = 1e-3  # of the loudest block's power: 30 dB below it
PAUSE = 10  # blocks: a pause within a sentence that is shorter counts as speech


class Scene(NamedTuple):
    """``audio`` (T * 512,) int16, ``speech`` (T,) bool of each block, the ratio in dB, the voice."""

    audio: NDArray[np.int16]
    speech: NDArray[np.bool_]
    snr_db: float
    voice: int

    @property
    def frames(self) -> Floats:
        """(T, 576) float32, as Silero's own code cuts them."""
        whole = np.concatenate([np.zeros(CONTEXT, np.float32), self.audio.astype(np.float32) / 32768])
        found: Floats = np.lib.stride_tricks.sliding_window_view(whole, CONTEXT + BLOCK)[::BLOCK].copy()
        return found


def active(clean: Numbers) -> NDArray[np.bool_]:
    """Which blocks of a recording without noise are speech.

    Those within 30 dB of the loudest, and the pauses between them of less than 320 ms.

    >>> loud, silent = np.ones(BLOCK), np.zeros(BLOCK)
    >>> active(np.concatenate([silent, loud, silent, loud, *[silent] * 10, loud])).astype(int).tolist()
    [0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    """
    power = (clean.reshape(-1, BLOCK).astype(np.float64) ** 2).mean(axis=1)
    found = np.asarray((power > 0) & (power >= AUDIBLE * power.max()))
    ends = np.flatnonzero(found)
    for first, second in pairwise(ends.tolist()):
        if second - first - 1 < PAUSE:
            found[first:second] = True
    return found


def shaped_noise(clean: Numbers, rng: np.random.Generator) -> Numbers:
    """Stationary noise of the mean spectrum of a recording, as long as it, of mean power 1."""
    spectrum = np.abs(np.fft.rfft(clean.reshape(-1, BLOCK) * np.hanning(BLOCK), axis=1))
    mean = np.sqrt((spectrum**2).mean(axis=0))
    white = np.fft.rfft(rng.standard_normal(len(clean)))
    finer = np.interp(np.linspace(0, 1, len(white)), np.linspace(0, 1, len(mean)), mean)
    noise = np.fft.irfft(white * finer, len(clean))
    return np.asarray(noise / np.sqrt((noise**2).mean()))


def scene(samples: NDArray[np.int16], snr_db: float, voice: int, seed: int) -> Scene:
    """One sentence between silences, at ``LEVEL``, with noise of its own spectrum at a ratio.

    The ratio is that of the mean power of what is speech to that of the noise, which is drawn by ``seed``.
    """
    count = len(samples) // BLOCK * BLOCK
    clean = np.pad(samples[:count].astype(np.float64), PAD)
    speech = active(clean)
    loudness = np.sqrt((clean.reshape(-1, BLOCK)[speech] ** 2).mean())
    noise = shaped_noise(clean, np.random.default_rng(seed))
    mixed = LEVEL * (clean / loudness + noise * 10 ** (-snr_db / 20))
    return Scene(np.rint(np.clip(mixed * 32768, -32768, 32767)).astype(np.int16), speech, snr_db, voice)


def scenes(sentences: Sentences) -> tuple[Scene, ...]:
    """Every sentence at every ratio of ``SNR_DB``, each in noise of its own."""
    return tuple(
        scene(samples, snr_db, int(sentences.voices[number]), number * len(SNR_DB) + turn)
        for number, samples in enumerate(sentences.audio)
        for turn, snr_db in enumerate(SNR_DB)
    )


def digest(found: Sequence[Scene]) -> str:
    """A sha256 over sound and labels."""
    return digest_of(*(array for one in found for array in (one.audio, one.speech)))
