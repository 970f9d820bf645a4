"""MagnaTagATune as a folder that the tests make: a table, and MP3 files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from deltasim.runtime.errors import InputError
from deltasim.workloads.music_tags import magnatagatune
from deltasim.workloads.music_tags.benchmarks import music_tags
from deltasim.workloads.music_tags.clips import BANDS, PARTS
from deltasim.workloads.music_tags.sources import source


def written_tracks(folder: Path, empty: bool = False) -> None:
    """A folder like MagnaTagATune's: four tracks of two clips each, three tags, one heard by nobody."""
    names = ("flute", "no voice", "silence")
    lines = ["\t".join(f'"{field}"' for field in ("clip_id", *names, "mp3_path"))]
    for number, letter in enumerate("0bcf"):
        (folder / letter).mkdir()
        for clip in range(2):
            sound = f"{letter}/track-{number}-{29 * clip}-{29 * clip + 29}.mp3"
            time = np.arange(4000) / 16000
            tone = np.sin(2 * np.pi * (440 * (1 + clip)) * time).astype(np.float32)
            soundfile.write(folder / sound, 0.5 * tone, 16000, format="MP3")
            lines.append(f'"{10 * number + clip}"\t"{clip}"\t"1"\t"0"\t"{sound}"')
    if empty:
        (folder / "f" / "track-9-0-29.mp3").touch()
        lines.append('"99"\t"1"\t"1"\t"0"\t"f/track-9-0-29.mp3"')
    (folder / magnatagatune.TABLE).write_text("\n".join(lines) + "\n")


def test_tracks_of_magnatagatune_are_read(tmp_path: Path) -> None:
    written_tracks(tmp_path, empty=True)
    found = source(tmp_path)
    train, validation, test = (found.read(part) for part in PARTS)
    assert [len(clips.levels) for clips in (train, validation, test)] == [4, 2, 2]
    assert train.levels.shape[1:] == (910, BANDS) and train.tag_names == ("flute", "no voice", "silence")
    assert test.tags.tolist() == [[False, True, False], [True, True, False]]
    assert test.group[0] == test.group[1] and not set(test.group) & set(train.group)
    low, high = test.levels[:, 455].argmax(1)  # a tone of 440 Hz, and of 880
    assert (int(low), int(high)) == (5, 9)
    assert test.levels[0, 0].max() == 0  # a quarter of a second in the middle of 29


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda folder: (folder / "0" / "track-0-0-29.mp3").unlink(), r"csv:2: mp3_path: .*: no such file"),
        (lambda folder: (folder / "0" / "track-0-0-29.mp3").write_bytes(b"none" * 9), "no sound that can be"),
        (lambda folder: rewritten(folder, '"1"\t"0"\t"0/', '"2"\t"0"\t"0/'), r"csv:2: .*0 or 1 for a tag"),
        (lambda folder: rewritten(folder, "clip_id", "id"), r"csv:1: .*parted by tabs"),
        (lambda folder: rewritten(folder, "0/track-0-0-29", "../a"), r"csv:2: .*in the table's folder"),
        (lambda folder: rewritten(folder, "\t", ","), r"csv:1: .*parted by tabs"),
        (lambda folder: (folder / magnatagatune.TABLE).write_bytes(b"\xff\xfe\x00"), "the table is text"),
    ],
)
def test_damaged_tracks_are_told(tmp_path: Path, spoil, sentence: str) -> None:
    written_tracks(tmp_path)
    spoil(tmp_path)
    with pytest.raises(InputError, match=sentence) as caught:
        source(tmp_path).read("train")
    assert "\n" not in str(caught.value)


def rewritten(folder: Path, old: str, new: str) -> None:
    table = folder / magnatagatune.TABLE
    table.write_text(table.read_text().replace(old, new))


def test_a_library_without_mp3_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundfile, "available_formats", lambda: {"WAV": ""})
    with pytest.raises(InputError, match=r"MP3 files are read by libsndfile 1\.1 or newer"):
        magnatagatune.require_mp3()


def test_networks_of_other_tags_are_told(tmp_path: Path) -> None:
    written_tracks(tmp_path)
    with pytest.raises(InputError, match="the networks tell other tags"):
        music_tags(tmp_path)
