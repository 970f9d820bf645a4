"""Connected digit strings, scores, random changes and the embedded corpus."""

from __future__ import annotations

import subprocess
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.runtime.errors import InputError
from deltasim.workloads.digits import synthetic
from deltasim.workloads.digits.corpus import Corpus
from deltasim.workloads.digits.making.augment import augmented
from deltasim.workloads.digits.scores import accuracy, digit_accuracy
from deltasim.workloads.digits.strings import BLANK, NOTHING, edit_distance, joined, read_out

digits = st.lists(st.integers(0, 9), max_size=7)


def corpus(seed: int, count: int, speakers: int) -> Corpus:
    rng = np.random.default_rng(seed)
    return Corpus(
        "toy",
        "toys",
        tuple(rng.normal(size=(rng.integers(1, 9), 40)).astype(np.float32) for _ in range(count)),
        rng.integers(0, 10, count),
        rng.integers(0, speakers, count),
        tuple("abcdef"[:speakers]),
        rng.random(count) < 0.3,
        "0",
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40), st.integers(1, 6))
def test_strings_use_every_recording_once_and_keep_to_a_speaker(seed: int, count: int, speakers: int) -> None:
    single = corpus(seed, count, speakers)
    strings = joined(single, np.random.default_rng(seed))
    lengths = (strings.digits != NOTHING).sum(1)
    assert lengths.min() >= 1
    assert lengths.max() <= 7
    said = Counter(
        (int(speaker), int(digit))
        for row, speaker in zip(strings.digits, strings.speakers, strict=True)
        for digit in row[row != NOTHING]
    )
    assert said == Counter(zip(single.speakers.tolist(), single.labels.tolist(), strict=True))
    again = joined(single, np.random.default_rng(seed))
    assert all(np.array_equal(a, b) for a, b in zip(strings.features, again.features, strict=True))


@settings(max_examples=50, deadline=None)
@given(digits, digits, digits)
def test_edit_distance_is_a_distance(a: list[int], b: list[int], c: list[int]) -> None:
    assert (edit_distance(a, b) == 0) == (a == b)
    assert edit_distance(a, b) == edit_distance(b, a)
    assert edit_distance(a, c) <= edit_distance(a, b) + edit_distance(b, c)
    assert abs(len(a) - len(b)) <= edit_distance(a, b) <= max(len(a), len(b))


@settings(max_examples=50, deadline=None)
@given(digits, st.integers(1, 3))
def test_what_was_written_with_blanks_is_read_out(said: list[int], repeats: int) -> None:
    classes = [BLANK] + [one for digit in said for one in (*[digit] * repeats, BLANK)]
    outputs = np.eye(11, dtype=np.float32)[classes]
    assert read_out(outputs) == said
    if said:
        target = np.array([said + [NOTHING] * (7 - len(said))])
        assert digit_accuracy([outputs], target) == 1
        assert digit_accuracy([outputs[:1]], target) == 0


def test_later_frames_count_for_more() -> None:
    frames = np.array([[3, 0], [0, 1], [0, 1]], np.float32)  # 3 against 2 + 3
    assert accuracy([frames, frames[:2]], np.array([1, 0])) == 1


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 80))
def test_random_changes_keep_features_finite_and_repeat_with_the_seed(seed: int, steps: int) -> None:
    frames = np.random.default_rng(seed).uniform(-6, 1, (steps, 40)).astype(np.float32)
    changed = augmented(frames, np.random.default_rng(seed))
    assert np.isfinite(changed).all()
    assert len(changed) >= 1
    np.testing.assert_array_equal(changed, augmented(frames, np.random.default_rng(seed)))


def test_the_embedded_corpus_is_small_and_holds_its_test_voices_out() -> None:
    assert synthetic.FILE.stat().st_size <= 3_000_000
    train, test = synthetic.read("train"), synthetic.read("test")
    assert not set(train.speakers.tolist()) & set(test.speakers.tolist())
    assert not {train.speaker_names[s].split("+")[1] for s in set(train.speakers.tolist())} & {
        test.speaker_names[s].split("+")[1] for s in set(test.speakers.tolist())
    }
    assert np.bincount(test.labels).tolist() == [30] * 10
    assert np.bincount(train.labels).tolist() == [125] * 10


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-6, 1.9375, width=32), min_size=1))
def test_a_byte_holds_a_feature_to_half_a_step(values: list[float]) -> None:
    features = np.array(values, np.float32)
    np.testing.assert_allclose(synthetic.decoded(synthetic.coded(features)), features, atol=1 / 64 + 1e-6)


def test_a_part_has_a_known_name() -> None:
    with pytest.raises(InputError, match="train, test and all"):
        synthetic.read("tset")


def test_the_corpus_can_be_made_again() -> None:
    from deltasim.workloads.digits.making.make_synthetic import Take, recorded

    try:
        subprocess.run(["espeak-ng", "--version"], check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("espeak-ng is not installed")
    take = Take(rate=160, pitch=45, loudness_db=-6, noise_db=-60)
    features = recorded("en-us+m1", "seven", take, np.random.default_rng(0))
    assert 25 < len(features) < 90
    assert features.max() > -1
