"""Small changes to log-mel features that leave the word the same, for training."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deltasim.workloads.features import SILENCE


def augmented(frames: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Change tempo, pitch, loudness, noise and position of features (T, bands) a little, at random.

    Tempo by 0.8 to 1.3, mel bands shifted by up to 2, loudness by up to 5 dB, in every other
    recording stationary noise of up to 1e-4 a band, up to 4 frames cut from or added at either end, one
    time span frozen.

    >>> import numpy as np
    >>> augmented(np.zeros((30, 40), np.float32), np.random.default_rng(1)).shape[1]
    40
    """
    steps, bands = frames.shape
    tempo, shift = rng.uniform(0.8, 1.3), rng.uniform(-2, 2)
    times = np.arange(0.0, steps - 1e-6, tempo)
    frames = _read_between(frames, times)
    frames = _read_between(frames.T, np.clip(np.arange(bands) + shift, 0, bands - 1)).T
    frames = (frames + rng.uniform(-0.5, 0.5)).astype(np.float32)
    head, tail = rng.integers(-4, 5, 2)
    if len(frames) > 16:
        frames = frames[max(0, -head) : len(frames) - max(0, -tail)]
    quiet = np.full((max(0, head) + len(frames) + max(0, tail), bands), SILENCE, np.float32)
    quiet[max(0, head) : max(0, head) + len(frames)] = frames
    changed = quiet
    if rng.random() < 0.5:
        noise = 10 ** rng.uniform(-6, -4) * rng.uniform(0.3, 1.7, quiet.shape)
        changed = np.log10(10**quiet + noise).astype(np.float32)
    if rng.random() < 0.3 and len(changed) > 16:
        begin = rng.integers(0, len(changed) - 8)
        changed[begin : begin + rng.integers(1, 6)] = changed[begin]
    return changed


def _read_between(rows: NDArray[np.float32], places: NDArray[np.float64]) -> NDArray[np.float32]:
    low = np.floor(places).astype(np.int64)
    high = np.minimum(low + 1, len(rows) - 1)
    part = (places - low).astype(np.float32)[:, None]
    mixed: NDArray[np.float32] = rows[low] * (1 - part) + rows[high] * part
    return mixed
