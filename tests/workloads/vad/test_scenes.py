"""Sentences in noise: how they are read, mixed and labelled, and every sentence about bad files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.runtime.errors import InputError
from deltasim.workloads.data_folder import VARIABLE
from deltasim.workloads.vad import sentences
from deltasim.workloads.vad.benchmarks import vad
from deltasim.workloads.vad.scenes import (
    BLOCK,
    CONTEXT,
    PAD,
    PAUSE,
    SNR_DB,
    active,
    digest,
    scene,
    scenes,
    shaped_noise,
)


def small() -> dict[str, np.ndarray]:
    """Two sentences of each source; the second of the first source is said in the second source too."""
    lengths = np.array([3, 4, 5, 2, 6, 7]) * BLOCK
    audio = np.random.default_rng(0).integers(-3000, 3000, lengths.sum()).astype(np.int16)
    return {
        "audio": audio,
        "offsets": np.cumsum([0, *lengths]),
        "source": np.repeat(np.arange(3, dtype=np.uint8), 2),
        "utt_id": np.array(["a", "b", "b", "c", "d", "e"]),
    }


def packed(path: Path, **changes: object) -> Path:
    np.savez(path, **{**small(), **changes})  # type: ignore[arg-type]
    return path


def test_no_sentence_chooses_thresholds_and_tests_them(tmp_path: Path) -> None:
    path = packed(tmp_path / sentences.FILE)
    choose, test = sentences.read(path, "choose"), sentences.read(path, "test")
    assert [len(samples) // BLOCK for samples in choose.audio] == [3]
    assert [len(samples) // BLOCK for samples in test.audio] == [5, 2, 6, 7]
    assert test.voices.tolist() == [1, 1, 2, 2]
    assert [len(samples) // BLOCK for samples in test.shortest(1).audio] == [2, 6]


def test_what_is_packed_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed(tmp_path / sentences.FILE)
    sentences.pack(path, tmp_path / "held.npz")
    monkeypatch.setattr(sentences, "SESSION", tmp_path / "held.npz")
    held = sentences.read_session()
    for one, other in zip(held.audio, sentences.read(path, "test").audio, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_box_holds_the_shortest_of_the_file() -> None:
    folder = os.environ.get(VARIABLE)
    if folder is None or not (Path(folder) / sentences.FILE).is_file():
        pytest.skip("needs the recorded data")
    held = sentences.read_session()
    read = sentences.read(Path(folder) / sentences.FILE, "test").shortest(sentences.HELD)
    assert digest(scenes(held)) == digest(scenes(read))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"source": np.zeros(3, np.uint8)}, "3 sentences: 16-bit samples, offsets, sources and names do not"),
        ({"offsets": np.zeros(7, np.int64)}, "do not belong together"),
        ({"audio": np.zeros(27 * BLOCK, np.int32)}, "do not belong together"),
        ({"source": np.zeros(6, np.uint8)}, "no sentence of the test part"),
        ({"audio": np.zeros(27 * BLOCK)}, "its array audio is of float64"),
    ],
)
def test_a_foreign_file_is_told(tmp_path: Path, changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        sentences.read(packed(tmp_path / sentences.FILE, **changes), "test")


def test_where_sentences_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert sentences.packed_file(None) is sentences.packed_file("session") is None
    with pytest.raises(InputError, match=r"speech.npz was not found"):
        vad("speech")
    with pytest.raises(InputError, match=r"neither a data set nor a readable folder. Did you mean session\?"):
        vad("sesion")
    with pytest.raises(InputError, match=r"no speech.npz is in it"):
        vad(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        vad(None, tmp_path / "none")
    path = packed(tmp_path / sentences.FILE)
    assert sentences.packed_file(tmp_path) == path
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    found = vad("speech")
    assert len(found.sequences) == 4 * len(SNR_DB)
    assert found.calibration_set is not None
    assert [len(frames) for frames in found.calibration_set.read()] == [3 + 2 * PAD // BLOCK] * len(SNR_DB)


spoken = st.integers(6, 40).flatmap(
    lambda blocks: st.tuples(st.just(blocks), st.integers(0, 2**32 - 1), st.floats(-10, 30))
)


@settings(max_examples=30, deadline=None)
@given(spoken)
def test_the_ratio_is_that_of_speech_to_noise(drawn: tuple[int, int, float]) -> None:
    """The noise is what is left where the same sentence without noise is taken away."""
    blocks, seed, snr_db = drawn
    samples = np.random.default_rng(seed).integers(-3000, 3000, blocks * BLOCK + 17).astype(np.int16)
    mixed, clean = scene(samples, snr_db, 1, seed), scene(samples, 200.0, 1, seed)
    noise = (mixed.audio.astype(float) - clean.audio).reshape(-1, BLOCK)
    speech = clean.audio.astype(float).reshape(-1, BLOCK)[mixed.speech]
    found = 10 * np.log10((speech**2).mean() / (noise**2).mean())
    assert found == pytest.approx(snr_db, abs=0.1)
    assert mixed.speech.sum() == blocks
    assert 20 * np.log10(np.sqrt((speech**2).mean()) / 32768) == pytest.approx(-26, abs=0.01)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=60))
def test_pauses_are_filled_and_ends_are_not(loud: list[bool]) -> None:
    found = active(np.repeat(np.array(loud, float), BLOCK))
    runs = "".join("x" if one else "." for one in found).strip(".")
    assert found.sum() >= sum(loud)
    assert all(len(pause) >= PAUSE for pause in runs.split("x") if pause)
    assert found.argmax() == np.argmax(loud) and found[::-1].argmax() == np.argmax(loud[::-1])


def test_noise_has_the_spectrum_of_the_sentence() -> None:
    time = np.arange(200 * BLOCK)
    noise = shaped_noise(np.sin(2 * np.pi * time / 16), np.random.default_rng(0))
    power = np.abs(np.fft.rfft(noise)) ** 2
    tone = len(time) // 16
    assert power[tone * 9 // 10 : tone * 11 // 10].sum() > 0.95 * power.sum()
    assert (noise**2).mean() == pytest.approx(1)


def test_frames_begin_with_the_end_of_the_one_before() -> None:
    found = scenes(sentences.read_session())[0]
    assert found.frames.shape == (len(found.speech), CONTEXT + BLOCK)
    np.testing.assert_array_equal(found.frames[0, :CONTEXT], 0)
    np.testing.assert_array_equal(found.frames[1:, :CONTEXT], found.frames[:-1, BLOCK:])
    np.testing.assert_array_equal(found.frames[:, CONTEXT:].ravel() * 32768, found.audio)
