"""Scores against signals whose values can be worked out by hand, and against scipy's Welch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import welch

from deltasim.workloads.predistortion.capture import Band
from deltasim.workloads.predistortion.scores import (
    adjacent,
    error_vector_db,
    linearity,
    nmse_db,
    spectrum,
)

BAND = Band(rate_hz=64e6, width_hz=32e6, channels=4, segment=64)  # a bin a MHz, channels of 8 bins


def tones(places: dict[int, complex], count: int = 128) -> np.ndarray:
    """Tones of these amplitudes at bins from -32 to 31."""
    steps = np.arange(count)
    return sum(size * np.exp(2j * np.pi * place * steps / 64) for place, size in places.items())


@given(st.integers(0, 1000), st.sampled_from([8, 15, 64, 100]))
@settings(max_examples=25)
def test_the_spectrum_is_scipys(seed: int, segment: int) -> None:
    rng = np.random.default_rng(seed)
    signal = rng.normal(size=250) + 1j * rng.normal(size=250) + rng.normal()
    _, theirs = welch(signal, nperseg=segment, noverlap=0, scaling="spectrum", return_onesided=False)
    np.testing.assert_allclose(spectrum(signal, segment), np.fft.fftshift(theirs), rtol=1e-9, atol=1e-12)


def test_a_tone_beside_the_band_is_told_in_decibels_of_the_strongest_channel() -> None:
    """The window spreads a tone over three bins, a quarter of the power to either side: 1.5 of it in all."""
    signal = tones({-10: 1.0, 5: 2.0, -20: 0.02, 20: 0.2})
    found = adjacent(signal, BAND)
    assert found.left_db == pytest.approx(-40, abs=1e-9)  # 0.02 against the 2 of channel 0..8 MHz
    assert found.right_db == pytest.approx(-20, abs=1e-9)
    assert linearity(signal, signal, BAND).acpr_db == found.right_db


def test_an_error_of_a_hundredth_in_every_bin_is_forty_decibels_down() -> None:
    rng = np.random.default_rng(0)
    wanted = rng.normal(size=192) + 1j * rng.normal(size=192)
    found = linearity(1.01 * wanted, wanted, BAND)
    assert found.nmse_db == pytest.approx(-40) and found.evm_db == pytest.approx(-40)
    assert error_vector_db(1.01j * wanted, 1j * wanted, BAND) == pytest.approx(-40)


def test_what_lies_outside_the_band_is_no_error_vector() -> None:
    wanted = tones({place: 1.0 for place in range(-16, 16)})
    outside = wanted + tones({25: 3.0})
    assert error_vector_db(outside, wanted, BAND) < -250
    assert nmse_db(outside, wanted) == pytest.approx(10 * np.log10(9 / 32))


def test_channels_weigh_alike_whatever_their_power() -> None:
    """A tenth of error in the weakest of four channels: ratios 0.1, 0, 0, 0."""
    sizes = {place: 100.0 if place >= -8 else 1.0 for place in range(-16, 16)}
    wanted = tones(sizes)
    off = tones({place: 1.1 * size if place < -8 else size for place, size in sizes.items()})
    assert error_vector_db(off, wanted, BAND) == pytest.approx(20 * np.log10(0.025))


@given(st.integers(0, 1000), st.floats(0.01, 100), st.floats(0, 6.28))
@settings(max_examples=25)
def test_no_score_hangs_on_gain_or_phase_of_both(seed: int, size: float, phase: float) -> None:
    rng = np.random.default_rng(seed)
    signal, wanted = rng.normal(size=(2, 128)) + 1j * rng.normal(size=(2, 128))
    turned = size * np.exp(1j * phase)
    np.testing.assert_allclose(
        linearity(turned * signal, turned * wanted, BAND), linearity(signal, wanted, BAND), atol=1e-8
    )


def test_without_error_there_is_minus_infinity() -> None:
    signal = tones({1: 1.0})
    assert nmse_db(signal, signal) == -np.inf
