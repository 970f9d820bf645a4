"""A user's sequences: every kind of file, what is odd in a folder, and what is refused with a sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars
import pytest
import soundfile
from PIL import Image

from deltasim.runtime.errors import InputError
from deltasim.workloads.features import log_mel
from deltasim.workloads.own.read import Columns, read_sequences

FRAMES = np.arange(10, dtype=np.float64).reshape(5, 2)


def archive(folder: Path, **arrays: object) -> Path:
    path = folder / "a.npz"
    np.savez(path, **{name: np.asarray(array) for name, array in arrays.items()})
    return path


def written(folder: Path, text: str, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def spoken(folder: Path, name: str, rate: int = 8000, channels: int = 1, samples: int = 2000) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    sound = np.sin(np.arange(samples) / 5)[:, None] * np.ones(channels) / 2
    soundfile.write(path, sound, rate, subtype="PCM_16")
    return path


def pictured(folder: Path, name: str, rows: int = 4, columns: int = 2) -> Path:
    path = folder / name
    Image.fromarray(np.arange(rows * columns, dtype=np.uint8).reshape(rows, columns) * 10).save(path)
    return path


def test_frames_cut_by_offsets(tmp_path: Path) -> None:
    found = read_sequences(archive(tmp_path, frames=FRAMES, offsets=[0, 2, 5], labels=[1, 0]), 2)
    assert [frames.tolist() for frames in found.frames] == [FRAMES[:2].tolist(), FRAMES[2:].tolist()]
    assert found.frames[0].dtype == np.float32 and found.targets.tolist() == [1, 0]


def test_an_array_a_sequence(tmp_path: Path) -> None:
    found = read_sequences(archive(tmp_path, second=FRAMES[:1], first=FRAMES), 2)
    assert found.names == ("second", "first") and [len(frames) for frames in found.frames] == [1, 5]
    assert found.labels is None and found.targets is None


def test_a_table_is_split_by_its_column(tmp_path: Path) -> None:
    path = written(tmp_path, "t,x,who,what\n0,1.5,b,yes\n1,2,b,yes\n0,3,a,no\n")
    found = read_sequences(path, 2, Columns("who", "what"))
    assert [frames.tolist() for frames in found.frames] == [[[0, 1.5], [1, 2]], [[0, 3]]]
    assert found.labels == ("yes", "no") and found.classes == ("no", "yes")
    assert found.targets.tolist() == [1, 0]
    polars.read_csv(path).write_parquet(tmp_path / "a.parquet")
    again = read_sequences(tmp_path / "a.parquet", 2, Columns("who", "what"))
    assert again.digest == found.digest


def test_sound_of_any_rate_and_channels_becomes_frames_of_one_rate(tmp_path: Path) -> None:
    spoken(tmp_path, "a.wav", 8000)
    spoken(tmp_path, "b.wav", 16000, channels=2, samples=4000)
    written(tmp_path, "not sound", "c.wav")
    written(tmp_path, "read me", "notes.txt")
    found = read_sequences(tmp_path, 40)
    first, _ = soundfile.read(tmp_path / "a.wav", dtype="float32")
    assert np.array_equal(found.frames[0], log_mel(first, 8000))
    assert [frames.shape for frames in found.frames] == [(23, 40), (23, 40)] and found.step_s == 0.01
    assert len(found.left_out) == 2 and "c.wav" in found.left_out[0] and "notes.txt" in found.left_out[1]


def test_any_other_width_is_samples_in_a_row(tmp_path: Path) -> None:
    found = read_sequences(spoken(tmp_path, "a.wav", 16000, samples=1000), 512)
    assert found.frames[0].shape == (2, 512) and found.step_s == 0.032
    assert not found.frames[0][1, 1000 - 512 :].any()


def test_labels_of_files_by_folder_or_by_a_table(tmp_path: Path) -> None:
    spoken(tmp_path / "by_folder", "yes/1.wav")
    spoken(tmp_path / "by_folder", "no/1.wav")
    assert read_sequences(tmp_path / "by_folder", 40).labels == ("no", "yes")
    spoken(tmp_path / "by_table", "1.wav")
    written(tmp_path / "by_table", "file,label\n1.wav,up\n", "labels.csv")
    assert read_sequences(tmp_path / "by_table", 40).labels == ("up",)


def test_images_as_rows_or_as_frames(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        pictured(tmp_path, name)
    rows, frames = read_sequences(tmp_path, 2), read_sequences(tmp_path, 8)
    assert [one.shape for one in rows.frames] == [(4, 2), (4, 2)]
    assert [one.shape for one in frames.frames] == [(2, 8)]
    assert frames.frames[0][0, 3] == pytest.approx(30 / 255)


REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "nothing": (lambda folder: folder / "none.npz", "there is nothing at this path"),
    "empty folder": (lambda folder: folder, "holds no file that is read"),
    "suffix": (lambda folder: written(folder, "x", "a.xyz"), "this kind of file is not read"),
    "no archive": (lambda folder: written(folder, "x", "a.npz"), "no readable file of arrays"),
    "width": (lambda folder: archive(folder, a=np.zeros((3, 4))), "4 values a frame: the network takes 2"),
    "odd width": (lambda folder: archive(folder, a=FRAMES, b=np.zeros((3, 4))), "a.npz: b: 4 values a frame"),
    "not finite": (lambda folder: archive(folder, a=[[1, np.nan]]), "frame 0 holds nan at 1"),
    "too large": (lambda folder: archive(folder, a=[[1, 1e39]]), "values fit float32"),
    "text": (lambda folder: archive(folder, a=[["x", "y"]]), "holds real numbers"),
    "complex": (lambda folder: archive(folder, a=[[1j, 2]]), "holds real numbers"),
    "no frames": (lambda folder: archive(folder, a=np.zeros((0, 2))), r"shape \(0, 2\)"),
    "offsets": (lambda folder: archive(folder, frames=FRAMES, offsets=[0, 3, 2, 5]), "offsets rise from 0"),
    "label": (lambda folder: archive(folder, frames=FRAMES, offsets=[0, 5], labels=[-1]), "at least 0"),
    "labels": (
        lambda folder: archive(folder, a=FRAMES, labels=[1, 2]),
        "each of the 1 sequences has a label",
    ),
    "rate": (lambda folder: archive(folder, audio=[0.0], offsets=[0, 1], sample_rate=0), "sample_rate 0"),
    "a hole": (lambda folder: written(folder, "x,y\n1,2\n3,\n"), "column y, row 1: empty"),
    "a word": (lambda folder: written(folder, "x,y\n1,2\n3,z\n"), "columns of values hold numbers"),
    "two labels": (lambda folder: written(folder, "x,y,label\n1,2,a\n3,4,b\n"), "the same label"),
    "no sound": (lambda folder: written(folder, "RIFF", "a.wav"), "no readable sound"),
    "no image": (lambda folder: written(folder, "PNG", "a.png"), "no readable image"),
    "image size": (lambda folder: pictured(folder, "a.png", 3, 3), "a row of that many pixels"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str, tmp_path: Path) -> None:
    make, sentence = REFUSED[name]
    with pytest.raises(InputError, match=sentence):
        read_sequences(make(tmp_path), 2)
