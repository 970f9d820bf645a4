"""Sound as spikes, after the inner ear: gammatone bands whose compressed power makes neurons fire."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.arrays import Flags, Floats

BANDS = 64
STEP_S, WINDOW_S = 0.005, 0.016
LOWEST_HZ, HIGHEST = 80.0, 0.45
"""Centre of the lowest band; that of the highest is this share of the sample rate."""

COMPRESSION = 1 / 3
"""The exponent of power: loudness, Stevens 1957."""


def erb(frequency: NDArray[np.float64]) -> NDArray[np.float64]:
    """Equivalent rectangular bandwidth in Hz: ``24.7 (4.37 f / 1000 + 1)``, Glasberg and Moore 1990.

    >>> erb(np.array([1000.0])).round(1).tolist()
    [132.6]
    """
    return 24.7 * (4.37e-3 * frequency + 1)


def centres(rate: float) -> NDArray[np.float64]:
    """Centre frequencies, as far apart as bandwidths are wide.

    >>> found = centres(8000.0)
    >>> len(found), round(found[0]), round(found[-1])
    (64, 80, 3600)
    """
    scale = np.log1p(4.37e-3 * np.array([LOWEST_HZ, HIGHEST * rate]))
    return np.expm1(np.linspace(scale[0], scale[1], BANDS)) / 4.37e-3


def responses(rate: float, size: int) -> NDArray[np.float64]:
    """Squared magnitudes of gammatone filters of order 4, (bands, size / 2 + 1).

    ``(1 + ((f - f_c) / (1.019 ERB))^2)^-4``. Source: Slaney, Apple technical report 35, 1993.
    """
    frequencies, centre = np.fft.rfftfreq(size, 1 / rate), centres(rate)[:, None]
    return (1 + ((frequencies - centre) / (1.019 * erb(centre))) ** 2) ** -4.0


def loudness(samples: NDArray[np.generic], rate: float) -> Floats:
    """Compressed power of every band every 5 ms, (steps, BANDS), the loudest of a recording 1."""
    window, hop = round(WINDOW_S * rate), round(STEP_S * rate)
    sound = np.concatenate([samples.astype(np.float64), np.zeros(window)])
    steps = max(1, -(-len(samples) // hop))
    places = hop * np.arange(steps)[:, None] + np.arange(window)
    sound = np.concatenate([sound, np.zeros(max(0, int(places.max()) + 1 - len(sound)))])
    power = np.abs(np.fft.rfft(sound[places] * np.hanning(window))) ** 2 @ responses(rate, window).T
    found = power**COMPRESSION
    return (found / max(float(found.max()), 1e-12)).astype(np.float32)


def sound_spikes(samples: NDArray[np.generic], rate: float, peak: float) -> Flags:
    """Spikes (steps, BANDS): a band's drive, ``peak`` times its loudness, is summed; at 1 it fires.

    The first spike comes at half of that, so that faint bands are not late. What is over 1 is kept.

    >>> tone = 1000 * np.sin(2 * np.pi * 1000 * np.arange(4000) / 8000)
    >>> spikes = sound_spikes(tone, 8000, 0.5)
    >>> spikes.shape, round(centres(8000.0)[spikes.sum(axis=0).argmax()])
    ((100, 64), 1022)
    """
    summed = 0.5 + np.cumsum(peak * loudness(samples, rate).astype(np.float64), axis=0)
    found: Flags = np.diff(np.floor(summed), axis=0, prepend=0.0) > 0
    return found
