"""The recorded drive: its packed file, the session in the box, and every sentence about bad files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.runtime.errors import InputError
from deltasim.workloads.data_folder import VARIABLE
from deltasim.workloads.driving import recorded
from deltasim.workloads.driving.drive import Drive, inputs, padded
from deltasim.workloads.driving.sources import source


def small() -> dict[str, np.ndarray]:
    """Two segments of the training part and one of the test, four frames each."""
    rng = np.random.default_rng(0)
    return {
        "frames": rng.integers(0, 256, (12, 64, 128), np.uint8),
        "steering": rng.uniform(-1, 1, 12).astype(np.float32),
        "segment": np.repeat(np.arange(3, dtype=np.uint8), 4),
        "is_test": np.repeat([False, False, True], 4),
        "user_deleted": np.zeros(12, bool),
    }


def packed(path: Path, **changes: object) -> Path:
    np.savez(path, **{**small(), **changes})  # type: ignore[arg-type]
    return path


def test_a_part_is_a_session_without_gaps(tmp_path: Path) -> None:
    path = packed(tmp_path / recorded.FILE)
    train, test = recorded.read(path, "train"), recorded.read(path, "test")
    assert train.bounds.tolist() == [0, 4, 8]
    assert test.bounds.tolist() == [0, 4]
    np.testing.assert_array_equal(test.steering, small()["steering"][8:])
    block = small()["frames"][0, :2, :2].astype(float)
    assert train.frames[0, 0, 0] == np.rint(block.mean())


def test_the_session_in_the_box_is_the_test_part_of_the_file() -> None:
    folder = os.environ.get(VARIABLE)
    if folder is None or not (Path(folder) / recorded.FILE).is_file():
        pytest.skip("needs the recorded data")
    held = recorded.read_session()
    read = recorded.read(Path(folder) / recorded.FILE, "test")
    assert held.digest == read.digest
    np.testing.assert_array_equal(held.marked, read.marked)


def test_what_is_packed_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed(tmp_path / recorded.FILE)
    recorded.pack(path, tmp_path / "session.npz")
    monkeypatch.setattr(recorded, "SESSION", tmp_path / "session.npz")
    assert recorded.read_session().digest == recorded.read(path, "test").digest


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"steering": np.zeros(3, np.float32)}, "12 frames: frames, steering, segments and parts do not"),
        ({"frames": np.zeros((12, 3, 4), np.uint8)}, "uint8 of 3 x 4: a frame has 64 x 128 grey levels"),
        ({"frames": np.zeros((12, 64, 128), np.uint16)}, "uint16 of 64 x 128: a frame has"),
        ({"steering": np.full(12, np.nan, np.float32)}, "steering lies between -1 and 1"),
        ({"is_test": np.zeros(12, bool)}, "no frame of the test part"),
        ({"is_test": np.zeros(12)}, "its array is_test is of float64"),
    ],
)
def test_a_foreign_file_is_told(tmp_path: Path, changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        recorded.read(packed(tmp_path / recorded.FILE, **changes), "test")


def test_a_damaged_or_missing_file_is_told(tmp_path: Path) -> None:
    path = packed(tmp_path / recorded.FILE)
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(InputError, match="does not hold the recorded drive"):
        recorded.read_file(path)
    with pytest.raises(InputError, match="no such file"):
        recorded.read_file(tmp_path / "none.npz")


def test_where_a_drive_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert source().name == "session"
    with pytest.raises(InputError, match=r"driving.npz was not found"):
        source("driving")
    with pytest.raises(InputError, match="the box holds the test session alone"):
        source("session").read("train")
    with pytest.raises(InputError, match=r"neither a data set nor a readable folder. Did you mean session\?"):
        source("sesion")
    with pytest.raises(InputError, match="no log in Udacity's format"):
        source(tmp_path)
    packed(tmp_path / recorded.FILE)
    assert source(tmp_path).read("train").steering.shape == (8,)
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert source().name == source("driving").name == "driving"
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none"))
    with pytest.raises(InputError, match="it names no readable folder"):
        source()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 900), min_size=1, max_size=4), st.integers(1, 400))
def test_pieces_cover_every_segment_once(lengths: list[int], usual: int) -> None:
    bounds = np.cumsum([0, *lengths])
    count = int(bounds[-1])
    frames = np.zeros((count, 1, 1), np.uint8)
    drive = Drive("", frames, np.arange(count, dtype=np.float32), bounds, np.zeros(count, bool), 0.05, "")
    pieces = drive.pieces(usual)
    covered = [frame for first, end in pieces for frame in range(first, end)]
    assert covered == list(range(count))
    assert all(end - first <= max(1.5 * usual + 1, 1) for first, end in pieces)
    assert all(not (first < edge < end) for first, end in pieces for edge in bounds)
    rows = padded(drive.steering, pieces)
    assert rows[np.isfinite(rows)].tolist() == list(range(count))


def test_a_grey_level_is_exact_in_fixed_point() -> None:
    levels = np.arange(256, dtype=np.uint8).repeat(2048).reshape(256, 32, 64)
    values = inputs(levels)
    np.testing.assert_array_equal(values * 128, np.round(values * 128))
    assert values.min() == -1
    assert values.max() < 1
