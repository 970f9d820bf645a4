"""Sound and events as spikes: bands where a tone lies, counts that grow with loudness, files of all kinds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.workloads.events import Events, binned
from deltasim.workloads.fashion.cochlea import BANDS, centres, erb, loudness, responses, sound_spikes
from deltasim.workloads.fashion.images import Coding
from deltasim.workloads.fashion.recorded import STEP_US
from deltasim.workloads.fashion.sources import source


@settings(max_examples=20, deadline=None)
@given(frequency=st.floats(300, 3000), amplitude=st.floats(0.01, 1e4))
def test_a_tone_is_loudest_in_its_own_band_whatever_its_amplitude(frequency: float, amplitude: float) -> None:
    tone = amplitude * np.sin(2 * np.pi * frequency * np.arange(1600) / 8000)
    total = loudness(tone, 8000).sum(axis=0)
    heard = centres(8000.0)[total.argmax()]
    assert abs(heard - frequency) < 1.2 * float(erb(np.array([frequency]))[0])


def test_gammatone_bands_are_as_wide_as_their_equivalent_rectangles() -> None:
    """The area of a squared response over its peak is the bandwidth (Glasberg and Moore)."""
    size, rate = 1 << 14, 16_000.0
    found = responses(rate, size)
    widths = found.sum(axis=1) * rate / size / found.max(axis=1)
    middle = slice(20, 50)
    np.testing.assert_allclose(widths[middle], erb(centres(rate)[middle]), rtol=0.02)


def test_silence_and_a_short_click_are_sounds_too() -> None:
    assert sound_spikes(np.zeros(100), 8000, 0.5).sum() == 0
    assert sound_spikes(np.ones(1), 8000, 1.0).shape == (1, BANDS)


def test_events_and_spoken_digits_are_read_from_their_files(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    bounds = np.array([0, 30, 60])
    events = {name: rng.integers(0, most, 60) for name, most in (("x", 34), ("y", 34), ("p", 2))}
    times = np.sort(rng.integers(0, 300_000, (2, 30)), axis=1).ravel()
    np.savez(
        tmp_path / "nmnist_small.npz", **events, t_us=times, offsets=bounds, labels=np.array([3, 4]),
        is_test=np.array([False, True]),
    )  # fmt: skip
    found = source(tmp_path)
    test = found.read("test", Coding())
    assert (found.inputs, test.inputs, test.labels.tolist()) == (2312, 2312, [4])
    own = Events(*(events[name][30:] for name in ("x", "y", "p")), times[30:])
    np.testing.assert_array_equal(test.frames()[0], binned(own, STEP_US))


def test_spoken_digits_keep_their_official_split(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    audio = rng.integers(-1000, 1000, 4000).astype(np.int16)
    np.savez(
        tmp_path / "fsdd.npz", audio=audio, offsets=np.array([0, 1600, 4000]), labels=np.array([3, 4]),
        speaker=np.array([0, 0]), speaker_names=np.array(["ann"]), index=np.array([2, 7]), sample_rate=8000,
    )  # fmt: skip
    found = source(tmp_path)
    train, test = (found.read(part, Coding(peak=0.5)) for part in ("train", "test"))
    assert (train.labels.tolist(), test.labels.tolist(), found.inputs) == ([4], [3], BANDS)
    assert test.spikes(0).shape == (40, BANDS) and train.spikes(0).sum() > 50
    np.testing.assert_array_equal(train.spikes(0), sound_spikes(audio[1600:], 8000, 0.5))


@pytest.mark.parametrize("name", ["nmnist", "spoken"])
def test_every_step_of_a_recording_is_the_same_each_time(name: str, tmp_path: Path) -> None:
    """Chance is in pictures alone."""
    if name == "nmnist":
        test_events_and_spoken_digits_are_read_from_their_files(tmp_path)
    else:
        test_spoken_digits_keep_their_official_split(tmp_path)
    examples = source(tmp_path).read("train", Coding())
    one, other = (examples.draw(0, np.random.default_rng(seed)) for seed in (1, 2))
    np.testing.assert_array_equal(one, other)
