"""The folder that a person names: one sentence where it cannot be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from deltasim.runtime.disk.output import new_folder, refuse_existing, told_in_a_sentence
from deltasim.runtime.errors import InputError


def test_what_is_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in (".", "file", "link"):
        with pytest.raises(InputError, match="a run never overwrites what is there"):
            refuse_existing(tmp_path / name)
    refuse_existing(tmp_path / "new" / "folder")


@pytest.mark.parametrize("name", ["x" * 300, "x" * 5000, "file/below"])
def test_what_cannot_be_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"--out: .*the folder must be writable"):
        refuse_existing(tmp_path / name)


def test_the_slower_of_two_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    with pytest.raises(InputError, match="another run has taken this name meanwhile"), new_folder(folder):
        with new_folder(folder) as part:
            (part / "theirs").touch()
        assert part.name not in [path.name for path in tmp_path.iterdir()]
    assert [path.name for path in tmp_path.rglob("*")] == ["a", "theirs"]


def test_a_full_disk_is_told_and_other_errors_are_not_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    with pytest.raises(InputError, match="No space left on device"), new_folder(folder) as part:
        (part / "b").symlink_to("/dev/full")
        with told_in_a_sentence(folder):
            (part / "b").write_text("x")
    with pytest.raises(ConnectionError), new_folder(folder):
        raise ConnectionError
    assert list(tmp_path.iterdir()) == []
