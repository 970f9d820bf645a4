"""Features of sound: shapes, levels, what they are made of, and bad sound."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.runtime.errors import InputError
from deltasim.workloads.features import BANDS, SILENCE, frames_in, log_mel, normalisation, normalised


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 4000), st.sampled_from([8000, 16000]))
def test_every_recording_gives_its_frames(samples: int, rate: int) -> None:
    sound = np.random.default_rng(samples).normal(size=samples).astype(np.float32)
    features = log_mel(sound, rate)
    assert features.shape == (frames_in(samples, rate), BANDS)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()


def test_silence_lies_at_the_floor() -> None:
    np.testing.assert_allclose(log_mel(np.zeros(4000, np.int16), 8000), SILENCE, atol=1e-6)


def test_ten_times_the_amplitude_is_two_more() -> None:
    sound = 0.05 * np.random.default_rng(0).normal(size=8000).astype(np.float32)
    np.testing.assert_allclose(log_mel(10 * sound, 8000), log_mel(sound, 8000) + 2, atol=0.02)


def test_a_frame_is_the_windowed_spectrum_written_out() -> None:
    import librosa

    sound = np.random.default_rng(1).normal(size=1000)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(200) / 200)
    power = np.abs(np.fft.rfft(sound[160:360] * window, 512)) ** 2
    filters = librosa.filters.mel(sr=8000, n_fft=512, n_mels=40, fmin=20.0, fmax=4000.0)
    expected = np.log10(filters @ power + 1e-6)
    np.testing.assert_allclose(log_mel(sound.astype(np.float32), 8000)[2], expected, atol=1e-4)


def test_integers_and_floats_are_the_same_sound() -> None:
    samples = np.random.default_rng(2).integers(-9000, 9000, 3000).astype(np.int16)
    again = (samples / 32768).astype(np.float32)
    np.testing.assert_array_equal(log_mel(samples, 8000), log_mel(again, 8000))


@pytest.mark.parametrize("sound", [np.zeros((10, 2), np.float32), np.zeros(0, np.float32)])
def test_sound_has_one_channel_with_samples(sound: np.ndarray) -> None:
    with pytest.raises(InputError, match="one channel of sound is needed"):
        log_mel(sound, 8000)


def test_sound_is_finite() -> None:
    with pytest.raises(InputError, match="sound is finite"):
        log_mel(np.array([0.0, np.nan], np.float32), 8000)


def test_normalised_training_frames_have_mean_0_and_deviation_1() -> None:
    frames = [np.random.default_rng(3).normal(3, 5, (200, BANDS)).astype(np.float32)]
    changed = normalised(frames[0], normalisation(frames))
    np.testing.assert_allclose(changed.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(changed.std(0), 1, atol=1e-5)
