"""Drives in Udacity's two formats, from made-up logs and pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from deltasim.runtime.errors import InputError
from deltasim.workloads.driving import udacity
from deltasim.workloads.driving.drive import COLUMNS, ROWS
from deltasim.workloads.driving.sources import source

HEADER = "index,timestamp,width,height,frame_id,filename,angle,torque,speed,lat,long,alt"


def picture(path: Path, level: int) -> None:
    from PIL import Image

    path.parent.mkdir(exist_ok=True)
    Image.new("RGB", (64, 48), (level, level, level)).save(path, quality=95)


def challenge(folder: Path, frames: int = 20, gap: int | None = None) -> Path:
    """A folder as the challenge's: three cameras in turn, 20 Hz, a second missing before frame ``gap``."""
    lines = [HEADER]
    for place in range(frames):
        stamp = 1479424215877284985 + place * 50_000_000 + (10**9 if gap is not None and place >= gap else 0)
        picture(folder / "center" / f"{stamp}.jpg", 10 * place)
        for camera in ("left", "center", "right"):
            name = f"{camera}/{stamp}.jpg"
            lines.append(f"{stamp},{stamp},640,480,{camera}_camera,{name},{place / 100},0,5,37,-122,3")
    (folder / "interpolated.csv").write_text("\n".join(lines) + "\n")
    return folder


def simulator(folder: Path, header: bool) -> Path:
    """A folder as the simulator's, with the paths of another machine."""
    lines = ["center,left,right,steering,throttle,brake,speed"] if header else []
    for place in range(10):
        picture(folder / "IMG" / f"center_{place}.jpg", 20 * place)
        names = (f"C:\\rec\\IMG\\{camera}_{place}.jpg" for camera in ("center", "left", "right"))
        lines.append(", ".join((*names, str(-place / 10), "0.5", "0", "9.1")))
    (folder / "driving_log.csv").write_text("\n".join(lines) + "\n")
    return folder


def test_the_challenge_is_read_from_the_middle_camera(tmp_path: Path) -> None:
    found = source(challenge(tmp_path, gap=7))
    train, test = found.read("train"), found.read("test")
    assert (len(train.frames), len(test.frames)) == (16, 4)
    assert train.frames.shape[1:] == (ROWS, COLUMNS)
    assert train.bounds.tolist() == [0, 7, 16]
    np.testing.assert_allclose(test.steering, np.arange(16, 20) / 100, rtol=1e-6)
    np.testing.assert_allclose(train.frames.mean((1, 2)), 10 * np.arange(16), atol=2)
    assert train.period_s == pytest.approx(0.05)


@pytest.mark.parametrize("header", [True, False])
def test_the_simulator_is_read_wherever_it_ran(tmp_path: Path, header: bool) -> None:
    drive = udacity.read(simulator(tmp_path, header), "test")
    np.testing.assert_allclose(drive.steering, [-0.8, -0.9], rtol=1e-6)
    assert drive.bounds.tolist() == [0, 2]
    assert drive.period_s == udacity.PERIOD_S


def changed(folder: Path, old: str, new: str) -> Path:
    path = challenge(folder) / "interpolated.csv"
    path.write_text(path.read_text().replace(old, new, 1))
    return folder


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("filename,angle", "name,angle", "a log has the columns filename and angle, or center and steering"),
        (",0.01,0,5", ",left,0,5", r"interpolated.csv:5: left: steering and time are numbers"),
        (",0.01,0,5", ",nan,0,5", r"interpolated.csv:5: nan: steering and time are numbers"),
        (",0.01,0,5", ",77,0,5", "a steering angle lies within 30 radians"),
        (",0.01,0,5,37,-122,3", "", "7 fields|6 fields"),
        (
            "center/1479424215877284985",
            "center/1",
            r"interpolated.csv:3: center/1.jpg: this picture is not there",
        ),
        ("center/1479424215877284985", "../../1", "this picture is not there"),
    ],
)
def test_a_damaged_log_is_told(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    folder = changed(tmp_path, old, new)
    if old.startswith(",0.01"):  # the first line with this angle is the left camera's, which is not read
        path = folder / "interpolated.csv"
        lines = path.read_text().splitlines()
        lines[4], lines[5] = lines[5].replace(old, new), lines[4]
        path.write_text("\n".join(lines))
    with pytest.raises(InputError, match=sentence):
        udacity.read(folder, "train")


def test_a_picture_that_is_none_is_told(tmp_path: Path) -> None:
    challenge(tmp_path)
    next((tmp_path / "center").iterdir()).write_bytes(b"no picture")
    with pytest.raises(InputError, match="it is no picture that can be read"):
        udacity.read(tmp_path, "train")
        udacity.read(tmp_path, "test")


def test_few_frames_are_no_drive(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a drive has at least 10 frames"):
        udacity.read(challenge(tmp_path, frames=4), "train")
    (tmp_path / "interpolated.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="a log is text"):
        udacity.read(tmp_path, "train")
    with pytest.raises(InputError, match="no such file"):
        udacity.read_log(tmp_path / "none.csv")
