"""Events of a camera: bins against a count by hand, files of every kind, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.runtime.errors import InputError
from deltasim.workloads.data_folder import VARIABLE, in_data_folder
from deltasim.workloads.events import Events, binned
from deltasim.workloads.nmnist import recorded, synthetic
from deltasim.workloads.nmnist.sources import source
from deltasim.workloads.own.read import Columns, read_sequences


@given(seed=st.integers(0, 2**16), count=st.integers(0, 60), step=st.sampled_from([1.0, 7.0, 1000.0, 2.5]))
def test_a_bin_holds_what_fell_into_it(seed: int, count: int, step: float) -> None:
    rng = np.random.default_rng(seed)
    x, y, p, t = (rng.integers(0, most, count) for most in (5, 3, 2, 4000))
    frames = binned(Events(x, y, p, t, (3, 5)), step)
    expected = {(int(c // step), int(d), int(b), int(a)) for a, b, d, c in zip(x, y, p, t, strict=True)}
    found = {tuple(map(int, place)) for place in np.argwhere(frames.reshape(-1, 2, 3, 5))}
    assert found == expected
    assert set(np.unique(frames)) <= {0.0, 1.0}


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Events([5], [0], [0], [0], (3, 5)), r"events: x: 5 to 5: it lies within 0 to 4"),
        (lambda: Events([0], [0], [2], [0]), r"events: p: 2 to 2: it lies within 0 to 1"),
        (lambda: Events([0], [0], [1], [-1]), r"events: t: -1: a time is at least 0"),
        (lambda: Events([0, 1], [0], [1], [0]), r"x, y, p and t are lists of one length"),
        (lambda: binned(Events([0], [0], [1], [0]), 0.0), r"step: 0.0: a step lasts longer than no time"),
        (lambda: binned(Events([0], [0], [1], [10**12]), 1.0), r"a recording has at most 100,000 steps"),
    ],
)
def test_events_that_cannot_be(make: object, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        make()  # type: ignore[operator]


def packed(path: Path, **changes: object) -> Path:
    """Three recordings in the packed form."""
    rng = np.random.default_rng(0)
    held: dict[str, object] = {
        "x": rng.integers(0, 34, 30).astype(np.uint8),
        "y": rng.integers(0, 34, 30).astype(np.uint8),
        "p": rng.integers(0, 2, 30).astype(np.uint8),
        "t_us": np.sort(rng.integers(0, 300_000, (3, 10)), axis=1).ravel().astype(np.uint32),
        "offsets": np.array([0, 10, 20, 30]),
        "labels": np.array([3, 1, 4], np.uint8),
        "is_test": np.array([True, False, True]),
    }
    np.savez(path, **(held | changes))  # type: ignore[arg-type]
    return path


def test_packed_recordings_are_read_part_by_part(tmp_path: Path) -> None:
    packed(tmp_path / recorded.FILE)
    found = source(tmp_path)
    assert found.read("test").labels.tolist() == [3, 4] and found.read("train").labels.tolist() == [1]
    assert len(found.read("test").frames(10_000.0)[0]) <= 30
    for changes, sentence in (
        ({"offsets": np.array([0, 10, 20, 31])}, "offsets cut the events"),
        ({"labels": np.array([3, 1, 11])}, "digits are 0 to 9"),
        ({"is_test": np.array([True, True, True])}, "no recording of the train part"),
        ({"p": np.zeros(30)}, "does not hold recorded events"),
    ):
        packed(tmp_path / recorded.FILE, **changes)
        with pytest.raises(InputError, match=sentence):
            source(tmp_path).read("train")


def test_folders_of_the_authors_are_read(tmp_path: Path) -> None:
    """Five bytes an event, as the format's description has them."""
    content = bytes([3, 5, 0x80, 0, 7, 4, 6, 0x01, 2, 3])
    for part in ("Train", "Test"):
        (tmp_path / part / "7").mkdir(parents=True)
        (tmp_path / part / "7" / "00001.bin").write_bytes(content)
    found = source(tmp_path).read("test")
    events = found.events[0]
    assert found.labels.tolist() == [7]
    rows = [events.x.tolist(), events.y.tolist(), events.p.tolist(), events.t_us.tolist()]
    assert rows == [[3, 4], [5, 6], [1, 0], [7, 0x010203]]
    (tmp_path / "Test" / "7" / "00001.bin").write_bytes(content[:-1])
    with pytest.raises(InputError, match="events take 5 bytes each"):
        source(tmp_path).read("test")


def test_sources_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert "was not found" in (source().fallback or "")
    assert source("synthetic").fallback is None
    with pytest.raises(InputError, match=r"nmnist_small.npz was not found"):
        source("recorded")
    with pytest.raises(InputError, match="neither a data set nor a readable folder"):
        source("recordet")
    with pytest.raises(InputError, match="no folder Test, is in it"):
        source(tmp_path)


def test_drawn_digits_are_always_the_same_and_differ() -> None:
    one, again = (synthetic.drawn(5, np.random.default_rng([1, 5])) for _ in range(2))
    other = synthetic.drawn(5, np.random.default_rng([1, 15]))
    assert np.array_equal(one.t_us, again.t_us) and np.array_equal(one.x, again.x)
    assert len(one.x) != len(other.x) or not np.array_equal(one.x, other.x)
    assert 0.3 < one.p.mean() < 0.7


@pytest.mark.skipif(in_data_folder(recorded.FILE) is None, reason=f"{VARIABLE} names no {recorded.FILE}")
def test_recorded_events_are_read() -> None:
    test = source("recorded").read("test")
    assert len(test.labels) == 100 and np.bincount(test.labels, minlength=10).min() > 0
    assert all(20 <= len(frames) <= 40 for frames in test.frames(10_000.0))


def test_a_users_events_become_frames(tmp_path: Path) -> None:
    """The same events as arrays and as a table; a table calls them by other names, darker is -1."""
    rng = np.random.default_rng(0)
    x, y, p, t = (rng.integers(0, most, 40) for most in (4, 4, 2, 900))
    t[:20].sort()
    t[20:].sort()
    np.savez(tmp_path / "a.npz", x=x, y=y, p=p, t=t, offsets=np.array([0, 20, 40]), labels=np.array([1, 2]))
    lines = ["time,sequence,label,x,y,polarity"]
    for n in range(40):
        lines.append(f"{t[n]},{n // 20},{1 + n // 20},{x[n]},{y[n]},{2 * p[n] - 1}")
    (tmp_path / "a.csv").write_text("\n".join(lines))
    columns = Columns(bin_us=100.0)
    arrays, table = (read_sequences(tmp_path / name, 32, columns) for name in ("a.npz", "a.csv"))
    for one, other, place in zip(arrays.frames, table.frames, (slice(0, 20), slice(20, 40)), strict=True):
        expected = binned(Events(x[place], y[place], p[place], t[place], (4, 4)), 100.0)
        assert np.array_equal(one, expected) and np.array_equal(other, expected)
    assert arrays.labels == table.labels
    np.savez(tmp_path / "b.npz", x=x, y=y, p=p, t=t, shape=np.array([4, 5]))
    assert read_sequences(tmp_path / "b.npz", 40, columns).width == 40
    for name, width, sentence in (
        ("b.npz", 32, "the network takes 32"),
        ("a.npz", 30, "the picture is no square"),
        ("a.npy", 32, "events are read from a file of them"),
    ):
        np.save(tmp_path / "a.npy", x)
        with pytest.raises(InputError, match=sentence):
            read_sequences(tmp_path / name, width, columns)
    np.savez(tmp_path / "c.npz", x=x, y=y, p=p)
    with pytest.raises(InputError, match="no t_us: events are x, y, polarity and time"):
        read_sequences(tmp_path / "c.npz", 32, columns)
