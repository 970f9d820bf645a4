"""Recordings: folds, the packed file, the box, and files in the form of the Wall Street Journal corpus."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.runtime.errors import InputError
from deltasim.workloads.registry import benchmark
from deltasim.workloads.speech import box, wsj
from deltasim.workloads.speech.benchmarks import speech
from deltasim.workloads.speech.frames import INPUTS, STACKED, heard, scaled, stacked
from deltasim.workloads.speech.making import reading
from deltasim.workloads.speech.recordings import FOLDS, RATE, Recordings, folds_of, read

names = st.lists(st.text(alphabet="abc", min_size=1, max_size=3), min_size=1, max_size=40)


@settings(max_examples=40, deadline=None)
@given(names, st.randoms(use_true_random=False))
def test_a_name_is_in_one_fold_and_folds_are_even(given_names: list[str], order: object) -> None:
    folds = folds_of(tuple(given_names))
    by_name = {name: {int(fold) for other, fold in zip(given_names, folds, strict=True) if other == name}
               for name in given_names}  # fmt: skip
    assert all(len(found) == 1 for found in by_name.values())
    counts = np.bincount([found.pop() for found in by_name.values()], minlength=FOLDS)
    assert counts.max() - counts.min() <= 1
    shuffled = list(given_names)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    again = dict(zip(shuffled, folds_of(tuple(shuffled)).tolist(), strict=True))
    assert [again[name] for name in given_names] == folds.tolist()


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 50), st.integers(0, 2**32 - 1))
def test_what_is_heard_has_no_mean_and_keeps_its_order(steps: int, seed: int) -> None:
    features = np.random.default_rng(seed).normal(size=(steps, 40)).astype(np.float32)
    assert np.abs(scaled(features).mean(0)).max() < 1e-5
    found = heard(features)
    assert found.shape == (max(1, steps // STACKED), INPUTS)
    if steps >= STACKED:
        assert np.array_equal(found.reshape(-1, 40), scaled(features)[: len(found) * STACKED])
    assert np.array_equal(stacked(features)[0, :40], features[0])


def packed(path: Path, **changes: object) -> Path:
    """A small packed file."""
    content = {
        "audio": np.arange(900, dtype=np.int16),
        "offsets": np.array([0, 400, 900]),
        "source": np.array([0, 1], np.uint8),
        "utt_id": np.array(["a", "b"]),
        "text": np.array(["One, two.", "Three!"]),
        **changes,
    }
    np.savez(path, **content)  # type: ignore[arg-type]
    return path


def test_a_packed_file(tmp_path: Path) -> None:
    found = read(packed(tmp_path / "speech.npz"))
    assert found.texts == ("one two", "three") and [len(one) for one in found.audio] == [400, 500]
    assert found.chosen(np.array([1])).names == ("b",)


@pytest.mark.parametrize(
    "changes",
    [
        {"offsets": np.array([0, 400])},
        {"offsets": np.array([0, 400, 901])},
        {"audio": np.arange(900)},
        {"text": np.array(["one"])},
        {"source": np.zeros((2, 1), np.uint8)},
    ],
)
def test_a_packed_file_that_does_not_fit(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(InputError, match=r"Copy speech\.npz again"):
        read(packed(tmp_path / "speech.npz", **changes))


def test_the_box_is_what_its_command_makes(tmp_path: Path, data_file: Path) -> None:
    box.pack(data_file, tmp_path / "again.npz")
    with np.load(tmp_path / "again.npz") as made, np.load(box.FILE) as held:
        assert all(np.array_equal(made[name], held[name]) for name in held)


def test_the_box_holds_sentences_of_the_test_part_alone(data_file: Path) -> None:
    whole = read(data_file)
    folds = folds_of(whole.names)
    learned = {text for text, fold in zip(whole.texts, folds, strict=True) if fold != box.FOLD}
    assert not learned & set(box.read_box().texts)
    found = speech(data_file.parent)
    assert len(found.sequences) == int((folds == box.FOLD).sum())
    assert found.calibration_set is not None and len(found.calibration_set.read()) == 4


def corpus(folder: Path, coding: str = "pcm") -> Path:
    """Two sentences in the form of LDC93S6A's test part."""
    place = folder / "si_et_05" / "440"
    place.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for name in ("440c0201", "440c0202"):
        samples = rng.integers(-3000, 3000, 4000).astype(np.int16)
        soundfile.write(place / f"{name}.wv1", samples, RATE, subtype="PCM_16", format="NIST")
        if coding != "pcm":
            content = (place / f"{name}.wv1").read_bytes()
            header = content[:1024].replace(
                b"end_head", b"sample_coding -s26 pcm,embedded-shorten-v2.00\nend_head"
            )
            (place / f"{name}.wv1").write_bytes(header[:1024] + content[1024:])
    lines = ["The *chief* [breath] executive ,COMMA <wasn't> there .PERIOD (440c0201)", "Yes (440C0202)"]
    (place / "440c0200.dot").write_text("\n".join(lines) + "\n")
    return folder


def test_the_corpus_is_read(tmp_path: Path) -> None:
    found = wsj.read(corpus(tmp_path), "test")
    assert found.texts == ("the chief executive comma there period", "yes")
    assert found.names == ("440c0201", "440c0202") and found.voices.tolist() == [0, 0]
    expected = np.random.default_rng(0).integers(-3000, 3000, 4000)
    assert np.array_equal(found.audio[0], expected)
    run = benchmark("speech", data=tmp_path)
    assert "other sentences" in run.data and len(run.sequences) == 2


def test_shorten_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"compressed with shorten: .* sph2pipe"):
        wsj.read(corpus(tmp_path, "shorten"), "test")


def test_a_corpus_without_the_part_or_transcripts(tmp_path: Path) -> None:
    folder = corpus(tmp_path)
    with pytest.raises(InputError, match="si_tr_"):
        wsj.read(folder, "train")
    (folder / "si_et_05" / "440" / "440c0200.dot").unlink()
    with pytest.raises(InputError, match="no transcript"):
        wsj.read(folder, "test")
    (folder / "si_et_05" / "440" / "440c0200.dot").write_text("Yes (440c0201)\n")
    (folder / "si_et_05" / "440" / "440c0201.wv1").write_bytes(b"nothing")
    with pytest.raises(InputError, match="not a readable SPHERE file"):
        wsj.read(folder, "test")


def test_what_is_read_aloud_is_in_no_recording(tmp_path: Path) -> None:
    spoken = Recordings("", (), ("one two",), ("LJ001-0001",), np.zeros(1, np.int64))
    lines = [
        "LJ001-0001|One.|another wording",
        "LJ009-0001|One, two!",
        "LJ009-0002|In 1843|in eighteen forty three",
        "wavs/LJ009-0003.wav|In 1843",
        "LJ009-0004|Said thrice.",
        "LJ009-0005|said thrice",
    ]
    (tmp_path / "list.csv").write_text("\n".join(lines))
    found = reading.sentences(tmp_path / "list.csv", spoken)
    assert found == ["in eighteen forty three", "said thrice"]
    (tmp_path / "empty.csv").write_text("nothing here\n")
    with pytest.raises(InputError, match="a name, a bar and a text"):
        reading.sentences(tmp_path / "empty.csv", spoken)


def test_no_synthesiser_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    rng = np.random.default_rng(0)
    with pytest.raises(InputError, match="a synthesiser reads the text"):
        reading.read_aloud("yes", reading.taken(rng), rng)


def test_a_reading_that_is_damaged(tmp_path: Path) -> None:
    frames = np.zeros((9, 40), np.uint8)
    path = tmp_path / "reading.npz"
    np.savez(path, frames=frames, offsets=np.array([0, 4, 9]), text=np.array(["a", "b"]))
    assert [len(one) for one in reading.read(path).features] == [4, 5]
    np.savez(path, frames=frames, offsets=np.array([0, 4, 8]), text=np.array(["a", "b"]))
    with pytest.raises(InputError, match="do not belong together"):
        reading.read(path)
