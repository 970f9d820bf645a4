"""What is cached comes back as it was; what is damaged is noticed; the cache stays within its bound."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.execute import execute
from deltasim.networks.files.cached_execution import executed, execution_digest
from deltasim.networks.trace import MESSAGE
from deltasim.runtime.arrays import Numbers
from deltasim.runtime.disk.cache import (
    KERNELS,
    SCRIPTS,
    VARIABLE,
    CacheBucket,
    CacheWarning,
    cached_arrays,
    cannot_cache,
    content_digest,
    folder_of,
    opened,
    prune,
    read,
    without_cache,
    write,
)
from deltasim.runtime.errors import InputError

BUCKET = CacheBucket("traces", 1 << 20)
SMALL = {"steps": np.arange(5), "messages": np.zeros(3, MESSAGE)}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    return tmp_path / "traces"


class Maker:
    """Makes the same arrays every time and counts how often it was asked to."""

    def __init__(self, arrays: Mapping[str, Numbers] = SMALL) -> None:
        self.asked, self.arrays = 0, arrays

    def __call__(self) -> Mapping[str, Numbers]:
        self.asked += 1
        return self.arrays


def same(one: Mapping[str, Numbers], other: Mapping[str, Numbers]) -> bool:
    return content_digest(one) == content_digest(other)


def test_made_once(folder: Path) -> None:
    make = Maker()
    assert all(same(cached_arrays(BUCKET, "k", make), SMALL) for _ in range(3))
    assert make.asked == 1
    assert [path.name for path in folder.iterdir()] == ["k.npz"]


def test_without_cache_nothing_is_read_or_written(folder: Path) -> None:
    make = Maker()
    with without_cache():
        cached_arrays(BUCKET, "k", make)
    assert not folder.exists()
    cached_arrays(BUCKET, "k", make)
    with without_cache():
        cached_arrays(BUCKET, "k", make)
    assert make.asked == 3


@given(
    arrays=st.dictionaries(
        st.sampled_from(["a", "b", "c"]),
        hnp.arrays(
            st.sampled_from([np.int64, np.float32, np.uint8]), hnp.array_shapes(min_side=0, max_side=4)
        ),
        max_size=3,
    )
)
def test_any_arrays_come_back(arrays: dict[str, Numbers], tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("cached") / "a.npz"
    write(path, "k", arrays)
    found = read(path, "k")
    assert found is not None and same(found, arrays)


@given(data=st.data())
def test_any_damage_is_noticed(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("cached") / "a.npz"
    write(path, "k", SMALL)
    whole = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(whole) - 1))
    if data.draw(st.booleans()):
        path.write_bytes(whole[:place])
    else:
        whole[place] ^= data.draw(st.integers(1, 255))
        path.write_bytes(whole)
    try:
        found = read(path, "k")
    except CacheWarning as said:  # warnings are errors here
        assert str(said) == f"{path} is damaged and is made again."
    else:
        assert found is not None and same(found, SMALL)  # the byte is one of the archive that says nothing


def test_a_damaged_file_is_made_again(folder: Path) -> None:
    make = Maker()
    cached_arrays(BUCKET, "k", make)
    (folder / "k.npz").write_bytes(b"nothing")
    with pytest.warns(CacheWarning, match="is damaged and is made again"):
        assert same(cached_arrays(BUCKET, "k", make), SMALL)
    cached_arrays(BUCKET, "k", make)
    assert make.asked == 2


def test_a_failed_write_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(folder / "k.npz", "k", SMALL)
    assert list(folder.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "file"))
    with pytest.warns(CacheWarning, match=f"Name a folder in {VARIABLE}"):
        assert same(cached_arrays(BUCKET, "k", Maker()), SMALL)


def test_too_large_is_not_cached(folder: Path) -> None:
    make = Maker({"large": np.zeros(BUCKET.limit_bytes // 4 + 1, np.uint8)})
    cached_arrays(BUCKET, "k", make)
    assert list(folder.iterdir()) == []


def test_the_oldest_goes_first_and_what_was_just_used_stays(folder: Path) -> None:
    folder.mkdir(parents=True)
    bucket = CacheBucket("traces", 300)
    for age, name in enumerate(["new", "middle", "old"]):
        (folder / name).mkdir()
        (folder / name / "kernel").write_bytes(bytes(150))
        os.utime(folder / name, (1000 - age, 1000 - age))
    prune(bucket)
    assert sorted(path.name for path in folder.iterdir()) == ["middle", "new"]
    prune(bucket._replace(limit_bytes=299, spared_s=1e12))
    assert sorted(path.name for path in folder.iterdir()) == ["middle", "new"]
    prune(bucket._replace(limit_bytes=149))
    assert list(folder.iterdir()) == []


WRITER = """
import sys
from pathlib import Path
import numpy as np
from deltasim.runtime.disk.cache import read, write
path = Path(sys.argv[1])
for _ in range(60):
    write(path, "a", {"a": np.full(20_000, 7)})
    assert read(path, "a")["a"].sum() == 140_000
"""


def test_two_processes_write_the_same_file(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    writers = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", WRITER, str(tmp_path / "a.npz")],
            env=environment, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    assert [writer.communicate()[1] for writer in writers] == ["", ""]
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


def test_an_execution_from_the_cache_is_the_same_to_the_bit(folder: Path) -> None:
    network = random_stack("gru", 4, (8, 5), np.random.default_rng(0), theta_x=0.1, theta_h=0.2)
    rng = np.random.default_rng(1)
    inputs = [rng.normal(size=(length, 4)).astype(np.float32) for length in (3, 1, 6)]
    trace, outputs = execute(network, inputs)
    for _ in range(2):
        again, heard = executed(network, inputs)
        assert again.digest == trace.digest
        assert [a.tobytes() for a in heard] == [b.tobytes() for b in outputs]
        assert [a.shape for a in heard] == [b.shape for b in outputs]
    assert len(list(folder.iterdir())) == 1


def test_whatever_decides_the_messages_decides_the_name() -> None:
    network = random_stack("gru", 4, (8,), np.random.default_rng(0), theta_x=0.1, theta_h=0.1)
    inputs = [np.ones((3, 4), np.float32)]
    names = {
        execution_digest(network, inputs),
        execution_digest(network.with_thresholds(0.2), inputs),
        execution_digest(network.with_thresholds({"recurrent": 0.3}), inputs),
        execution_digest(network, [inputs[0] * 2]),
        execution_digest(network, inputs * 2),
        execution_digest(network, [np.ones((1, 4), np.float32), np.ones((2, 4), np.float32)]),
    }
    assert len(names) == 6


def test_an_entry_of_another_key_is_made_again(folder: Path) -> None:
    first, second = Maker(), Maker({"steps": np.arange(7)})
    cached_arrays(BUCKET, "a", first)
    cached_arrays(BUCKET, "b", second)
    (folder / "a.npz").write_bytes((folder / "b.npz").read_bytes())
    with pytest.warns(CacheWarning, match="a.npz is damaged and is made again"):
        assert same(cached_arrays(BUCKET, "a", first), SMALL)
    assert same(cached_arrays(BUCKET, "a", first), SMALL)
    assert (first.asked, second.asked) == (2, 1)


def test_a_user_that_is_not_there_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "~nobodyhere/x")
    with pytest.raises(InputError, match=f"{VARIABLE}: ~nobodyhere/x: it names no folder"):
        cached_arrays(BUCKET, "k", Maker())


def test_a_name_too_long_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "x" * 5000)
    with pytest.raises(InputError, match="it names no folder"):
        cached_arrays(BUCKET, "k", Maker())


@pytest.mark.parametrize("name", ["circle", "file/below"])
def test_a_folder_that_cannot_be_is_told(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    (tmp_path / "file").touch()
    monkeypatch.setenv(VARIABLE, str(tmp_path / name))
    with pytest.warns(CacheWarning, match=f"Nothing can be cached in .*Name a folder in {VARIABLE}"):
        assert same(cached_arrays(BUCKET, "k", Maker()), SMALL)


def test_what_others_can_write_to_is_not_believed(folder: Path, tmp_path: Path) -> None:
    make = Maker()
    cached_arrays(BUCKET, "k", make)
    tmp_path.chmod(0o777)
    with pytest.warns(
        CacheWarning, match=f"others can write to {tmp_path} .mode 777., so nothing in {tmp_path}"
    ):
        cached_arrays(BUCKET, "k", make)
    tmp_path.chmod(0o700)
    cached_arrays(BUCKET, "k", make)
    assert make.asked == 2
    (tmp_path / "away").mkdir(mode=0o700)
    folder.rename(tmp_path / "away" / "traces")
    (tmp_path / "away").chmod(0o777)
    folder.symlink_to(tmp_path / "away" / "traces")  # the folder is closed, and lies in one that is not
    with pytest.warns(CacheWarning, match=f"others can write to {tmp_path / 'away'} "):
        cached_arrays(BUCKET, "k", make)
    assert make.asked == 3


def test_a_full_disk_changes_no_result(folder: Path) -> None:
    make = Maker({"steps": np.arange(10_000)})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.warns(CacheWarning, match=os.strerror(errno.EFBIG)):
            assert same(cached_arrays(BUCKET, "k", make), make.arrays)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(folder.iterdir()) == []
    assert same(cached_arrays(BUCKET, "k", make), make.arrays)


def test_an_execution_of_no_sequences_is_empty(folder: Path) -> None:
    network = random_stack("gru", 4, (8,), np.random.default_rng(0))
    for _ in range(2):
        trace, outputs = executed(network, [])
        assert (trace.steps, len(trace.messages), outputs) == (0, 0, [])


def test_some_mebibytes_of_kernels_stay(folder: Path) -> None:
    """Also when nobody has used them for days."""
    (folder.parent / "kernels").mkdir()
    entry = folder.parent / "kernels" / "k"
    entry.write_bytes(bytes(4 << 20))
    os.utime(entry, (1000, 1000))
    prune(KERNELS)
    assert entry.exists()


def test_a_warning_points_to_whoever_asked(folder: Path, tmp_path: Path) -> None:
    cached_arrays(BUCKET, "k", Maker())
    (folder / "k.npz").write_bytes(b"nothing")
    with pytest.warns(CacheWarning) as damaged:
        cached_arrays(BUCKET, "k", Maker())
    tmp_path.chmod(0o777)
    with pytest.warns(CacheWarning) as not_believed:
        cached_arrays(BUCKET, "k", Maker())
    assert [told.filename for told in (damaged[0], not_believed[0])] == [__file__] * 2


def test_a_file_is_for_its_owner_alone(folder: Path) -> None:
    cached_arrays(BUCKET, "k", Maker())
    assert (folder / "k.npz").stat().st_mode & 0o777 == 0o600


def test_a_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    make = Maker()
    cached_arrays(BUCKET, "k", make)
    (folder / "k.npz").rename(tmp_path / "elsewhere.npz")
    (folder / "k.npz").symlink_to(tmp_path / "elsewhere.npz")
    with pytest.warns(CacheWarning, match="is damaged and is made again"):
        assert same(cached_arrays(BUCKET, "k", make), SMALL)
    assert make.asked == 2 and not (folder / "k.npz").is_symlink()


def test_a_file_that_others_can_write_to_is_closed_again(folder: Path) -> None:
    cached_arrays(BUCKET, "k", Maker())
    (folder / "k.npz").chmod(0o666)
    before = len(os.listdir("/dev/fd"))
    with pytest.raises(PermissionError, match="others can write to"):
        opened(folder / "k.npz")
    assert len(os.listdir("/dev/fd")) == before


def test_why_nothing_is_cached_is_in_the_words_of_the_system() -> None:
    assert "(No space left on device)" in cannot_cache(OSError(errno.ENOSPC, "No space left on device"))
    assert "(links in a circle)" in cannot_cache(RuntimeError("links in a circle"))


def test_scripts_have_room_and_folders_belong_to_one_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert SCRIPTS.limit_bytes == 16 * 1024 * 1024
    monkeypatch.setenv(VARIABLE, str(tmp_path / "mine" / "cache"))
    place = folder_of("inner")
    assert place is not None and place.stat().st_mode & 0o777 == 0o700
