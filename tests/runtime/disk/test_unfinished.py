"""What is written has its name only when it is whole; what is not whole goes, whoever was writing it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from deltasim.runtime.disk import unfinished
from deltasim.runtime.disk.unfinished import (
    Work,
    begun,
    child,
    done,
    keep_when_stopped,
    new_file,
    new_folder,
    opened_folder,
    remove_abandoned,
    stop,
)


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_file_has_its_name_when_it_is_whole(tmp_path: Path) -> None:
    with new_file(tmp_path / "a") as file:
        file.write(b"1")
        assert not (tmp_path / "a").exists()
    with pytest.raises(ZeroDivisionError), new_file(tmp_path / "a") as file:
        file.write(b"2")
        raise ZeroDivisionError
    assert names(tmp_path) == ["a"] and (tmp_path / "a").read_bytes() == b"1"
    assert unfinished.work.parts == {}


@pytest.mark.parametrize("failure", [ZeroDivisionError, KeyboardInterrupt, GeneratorExit])
def test_a_folder_goes_with_those_made_for_it(failure: type[BaseException], tmp_path: Path) -> None:
    with pytest.raises(failure), new_folder(tmp_path / "a" / "b" / "c") as part:
        (part / "d").mkdir()
        (part / "d" / "e").touch()
        raise failure
    assert names(tmp_path) == []
    assert unfinished.work.parts == {}


def test_a_folder_of_the_name_is_never_replaced(tmp_path: Path) -> None:
    with pytest.raises(FileExistsError), new_folder(tmp_path / "a") as part:
        (part / "mine").touch()
        with new_folder(tmp_path / "a") as other:
            (other / "theirs").touch()
    assert names(tmp_path) == ["a", "a/theirs"]
    (tmp_path / "b").touch()
    with pytest.raises(FileExistsError), new_folder(tmp_path / "b"):
        pass


def test_what_is_being_written_stays_and_what_is_not_goes(tmp_path: Path) -> None:
    for name in ("file", ".deltasim-1", "1.part", ".other-1.part"):
        (tmp_path / name).touch()
    mine = names(tmp_path)
    (tmp_path / ".deltasim-0123456789abcdef.part").touch()
    (folder := tmp_path / ".deltasim-fedcba9876543210.part").mkdir()
    (folder / "a").touch()
    part, descriptor = begun(tmp_path, opened_folder)
    remove_abandoned(tmp_path)
    assert names(tmp_path) == sorted([*mine, part.name])
    done(part, descriptor)
    with new_file(tmp_path / "next"):
        assert not part.exists()
    assert names(tmp_path) == sorted([*mine, "next"])
    remove_abandoned(tmp_path / "not there")


def test_a_link_of_a_parts_name_removes_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a").touch()
    (tmp_path / ".deltasim-1.part").symlink_to(tmp_path / "mine")
    remove_abandoned(tmp_path)
    assert (tmp_path / "mine" / "a").exists()


def test_two_writers_and_a_remover_at_once(tmp_path: Path) -> None:
    """A part that is taken for abandoned in the moment before it is locked is begun again."""
    stopped = threading.Event()

    def remove() -> None:
        while not stopped.is_set():
            remove_abandoned(tmp_path)

    remover = threading.Thread(target=remove)
    remover.start()
    try:
        for number in range(100):
            with new_file(tmp_path / "a") as file:
                file.write(b"%d" % number)
            assert (tmp_path / "a").read_bytes() == b"%d" % number
    finally:
        stopped.set()
        remover.join()
    assert names(tmp_path) == ["a"]


def stopped_within(monkeypatch: pytest.MonkeyPatch) -> str:
    """Stop as the thread that handles Ctrl-C does; the gate opens again, for the tests that follow."""
    words = stop()
    unfinished.work.gate.release()
    return words


def test_a_stop_removes_what_is_unfinished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unfinished, "work", Work())
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with (
        child(lambda: subprocess.Popen(command)) as process,
        pytest.raises(FileNotFoundError),
        new_folder(tmp_path / "a" / "b") as part,
        new_file(part / "c"),
    ):
        assert stopped_within(monkeypatch) == unfinished.NOTHING
        assert names(tmp_path) == []
        assert process.wait() != 0
        (part / "late").touch()
    assert names(tmp_path) == []


def test_a_stop_keeps_what_is_to_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unfinished, "work", Work())
    with pytest.raises(FileNotFoundError), new_folder(tmp_path / "a") as part:
        with new_folder(part / "one"):
            pass
        keep_when_stopped(part, tmp_path / "b", "One is in b.")
        with new_folder(part / "two"):
            assert stopped_within(monkeypatch) == "One is in b."
            assert names(tmp_path) == ["b", "b/one"]
    assert names(tmp_path) == ["b", "b/one"]


def test_a_stop_after_the_end_says_what_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unfinished, "work", Work())
    with new_folder(tmp_path / "a", "a is complete."):
        pass
    assert stopped_within(monkeypatch) == "a is complete."
    assert names(tmp_path) == ["a"]


def test_the_modes_are_those_of_the_user(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with new_folder(tmp_path / "a") as part, new_file(part / "b"):
            pass
    finally:
        os.umask(before)
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("a", "a/b")] == [0o750, 0o640]
