"""Owners and modes of folders on the way: which can be believed."""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path
from types import SimpleNamespace

import pytest

from deltasim.runtime.disk import trust
from deltasim.runtime.disk.trust import flaw


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "a" / "b").mkdir(parents=True, mode=0o755)
    return tmp_path.resolve() / "a" / "b"


def test_a_folder_closed_to_others_is_believed(place: Path) -> None:
    assert flaw(place) is None
    assert flaw(place / "not" / "there" / "yet") is None


@pytest.mark.parametrize("mode", [0o777, 0o722, 0o702, 0o1777, 0o770, 0o2775])
def test_a_folder_that_others_can_write_to_is_not(place: Path, mode: int) -> None:
    place.chmod(mode)
    assert flaw(place) == f"others can write to {place} (mode {mode:o})"


def test_nor_is_one_below_it_unless_only_owners_may_rename_there(place: Path) -> None:
    place.parent.chmod(0o777)
    assert flaw(place) == f"others can write to {place.parent} (mode 777)"
    place.parent.chmod(0o1777)
    assert flaw(place) is None


def test_on_the_way_a_group_of_ones_own_may_write(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place.parent.chmod(0o775)
    user = pwd.getpwuid(os.geteuid()).pw_name
    groups = ((user, [], True), (user, [user], True), ("staff", [], False), (user, ["ann"], False))
    for name, members, expected in groups:
        group = SimpleNamespace(gr_name=name, gr_mem=members)
        monkeypatch.setattr(grp, "getgrgid", lambda _, group=group: group)
        assert (flaw(place) is None) == expected, (name, members)


def test_a_folder_of_somebody_else_is_not_believed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    me = os.geteuid()
    monkeypatch.setattr(trust, "is_mine", lambda status: status.st_ino != place.parent.stat().st_ino)
    assert flaw(place) == f"{place.parent} belongs to another user"
    monkeypatch.undo()
    if me == 0:
        os.chown(place.parent, 12345, -1)
        assert flaw(place) == f"{place.parent} belongs to another user"
