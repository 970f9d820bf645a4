"""How linear a signal is: normalised mean square error, adjacent channel power, error vector magnitude.

All three as the package opendpd defines them (``utils/metrics.py`` of version 2.4.2, its profile
``legacy-opendpd-v1``), so that figures stand beside those its authors publish.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deltasim.workloads.predistortion.capture import Band, Complex


class Linearity(NamedTuple):
    """Normalised mean square error in dB, power in the worse adjacent channel in dBc, error vector in dB."""

    nmse_db: float
    acpr_db: float
    evm_db: float


class Adjacent(NamedTuple):
    """Power in the channels left and right of the signal, in dB of its strongest channel."""

    left_db: float
    right_db: float


def linearity(signal: Complex, wanted: Complex, band: Band) -> Linearity:
    """A signal beside the one that ought to be."""
    return Linearity(
        nmse_db(signal, wanted), max(adjacent(signal, band)), error_vector_db(signal, wanted, band)
    )


def decibels(ratio: float) -> float:
    """A ratio of powers in dB; minus infinity for 0.

    >>> decibels(100.0), decibels(0.0)
    (20.0, -inf)
    """
    return float(10 * np.log10(ratio)) if ratio > 0 else -np.inf


def nmse_db(signal: Complex, wanted: Complex) -> float:
    """Energy of the difference over that of what is wanted, in dB.

    >>> round(nmse_db(np.array([1.1, -0.9j]), np.array([1.0, -1.0j])), 6)
    -20.0
    """
    apart = np.sum(np.abs(signal - wanted) ** 2)
    return decibels(float(apart / np.sum(np.abs(wanted) ** 2)))


def spectrum(signal: Complex, segment: int) -> NDArray[np.float64]:
    """Power spectrum by Welch's method, from the lowest negative frequency to the highest, (segment,).

    Segments lie end to end, have their mean taken off and are weighed by a periodic Hann window; what does
    not fill a segment is left out. A tone of amplitude a at a frequency of the grid gives a^2 there. The same
    as ``scipy.signal.welch(..., noverlap=0, scaling="spectrum", return_onesided=False)``.

    >>> tone = 2 * np.exp(2j * np.pi * 3 / 16 * np.arange(64))
    >>> spectrum(tone, 16).round(6).tolist()[9:14]
    [0.0, 1.0, 4.0, 1.0, 0.0]
    """
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(segment) / segment)
    starts = range(0, len(signal) - segment + 1, segment)
    total = np.zeros(segment)
    for start in starts:
        own = signal[start : start + segment]
        total += np.abs(np.fft.fft((own - own.mean()) * window)) ** 2
    found: NDArray[np.float64] = np.fft.fftshift(total) / len(starts) / window.sum() ** 2
    return found


def grid(band: Band) -> tuple[int, int, int]:
    """Of a segment's frequencies: the first within the band, the last, and how many a channel has.

    >>> grid(Band(16.0, 8.0, 2, 16))
    (4, 12, 4)
    """
    frequencies = np.fft.fftshift(np.fft.fftfreq(band.segment, 1 / band.rate_hz))
    first = int(np.flatnonzero(frequencies >= -band.width_hz / 2)[0])
    last = int(np.flatnonzero(frequencies <= band.width_hz / 2)[-1])
    return first, last, (last - first) // band.channels


def adjacent(signal: Complex, band: Band) -> Adjacent:
    """Power in the channels beside the band, each in dB of the strongest channel within it (dBc)."""
    power = spectrum(signal, band.segment)
    first, last, wide = grid(band)
    strongest = max(
        power[first + number * wide : first + (number + 1) * wide].sum() for number in range(band.channels)
    )
    left, right = power[first - wide : first].sum(), power[last : last + wide].sum()
    return Adjacent(decibels(left / strongest), decibels(right / strongest))


def error_vector_db(signal: Complex, wanted: Complex, band: Band) -> float:
    """How far the spectrum is from the one wanted, within the band, in dB of magnitudes.

    For each segment and channel the mean magnitude of the difference over the mean magnitude of what is
    wanted; the mean of these ratios, 20 log10 of it. What does not fill a segment is left out.
    """
    count = len(wanted) // band.segment
    first, _, wide = grid(band)
    inside = slice(first, first + band.channels * wide)

    def channels(samples: Complex) -> NDArray[np.complex128]:
        cut = samples[: count * band.segment].reshape(count, band.segment)
        found = np.fft.fftshift(np.fft.fft(cut, axis=1), axes=1)[:, inside]
        return found.reshape(count, band.channels, wide)

    ideal = channels(wanted)
    apart = np.abs(channels(signal) - ideal).mean(axis=2)
    ratio = float((apart / np.abs(ideal).mean(axis=2)).mean())
    return 2 * decibels(ratio)
