"""The tasks: what they hold, what is held out, and every sentence about data that are not right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.runtime.errors import InputError
from deltasim.workloads.data_folder import VARIABLE
from deltasim.workloads.sequences import adding, mnist, tasks
from deltasim.workloads.sequences.benchmarks import sequences
from deltasim.workloads.sequences.tasks import PARTS, TASKS, held_out


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**16), st.integers(1, 20), st.integers(2, 60))
def test_one_frame_of_each_half_is_marked(seed: int, count: int, length: int) -> None:
    frames, sums = adding.drawn(count, np.random.default_rng(seed), length)
    first, second = np.split(frames[:, :, 1], [length // 2], 1)
    assert (first.sum(1) == 1).all() and (second.sum(1) == 1).all()
    np.testing.assert_allclose((frames[:, :, 0] * frames[:, :, 1]).sum(1), sums, rtol=1e-6)
    assert frames.dtype == sums.dtype == np.float32


def test_who_always_says_one_has_an_error_of_a_sixth() -> None:
    _, sums = adding.drawn(20_000, np.random.default_rng(0))
    ones = [np.ones((1, 1), np.float32)] * len(sums)
    assert adding.points(ones, sums).mean(0)[0] == pytest.approx(-adding.GUESS, rel=0.03)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**16), st.booleans())
def test_what_is_held_out_is_a_ninth_as_the_test_part_is(seed: int, same: bool) -> None:
    rng = np.random.default_rng(seed)
    speakers, labels = np.repeat(np.arange(9), 18), np.tile(np.repeat([0, 1], 9), 9)
    order = rng.permutation(len(labels))
    chosen = held_out(labels[order], speakers[order], np.arange(9) if same else np.array([9]))
    assert chosen.sum() == len(labels) // 9
    assert len(set(speakers[order][chosen].tolist())) == (9 if same else 1)


@pytest.mark.parametrize("name", ["synthetic", "adding"])
def test_no_sequence_is_in_two_parts(name: str) -> None:
    seen: set[bytes] = set()
    for part in PARTS:
        found = TASKS[name].read(part)
        own = {frames.tobytes() for frames in found.sequences}
        assert not own & seen and len(found.targets) == len(found.sequences) == len(found.speakers)
        assert found.digest == TASKS[name].read(part).digest
        seen |= own


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    return tmp_path


def images(count: int, seed: int, side: int = 28) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, side, side), np.uint8), np.arange(count, dtype=np.uint8) % 10


def test_images_are_read_by_rows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "IMAGES", {"learned": 30, "held_out": 10, "test": 5})
    (first, labels), (test, digits) = images(50, 0), images(20, 1)
    np.savez(folder / mnist.FILE, x_train=first, y_train=labels, x_test=test, y_test=digits)
    parts = {part: TASKS["mnist"].read(part) for part in PARTS}
    assert [len(parts[part].targets) for part in PARTS] == [30, 10, 5]
    known = {frames.tobytes(): label for frames, label in zip(first / np.float32(255), labels, strict=True)}
    for part in PARTS[:2]:
        for frames, label in zip(parts[part].sequences, parts[part].targets, strict=True):
            assert known.pop(frames.tobytes()) == label  # none is there twice
    tested = parts["test"].targets
    right = [np.repeat(np.eye(10)[[digit]], 28, 0) for digit in tested]
    assert TASKS["mnist"].score(right, tested) == 1.0 and TASKS["mnist"].score(right, tested + 1) == 0.0


def test_images_that_are_not_right_are_told(folder: Path) -> None:
    with pytest.raises(InputError, match=r"--data: mnist: mnist.npz was not found. Name its folder"):
        mnist.read("test")
    (folder / mnist.FILE).write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"mnist.npz: damaged: it does not hold the images .* Copy"):
        mnist.read("test")
    for side, count in ((27, 10), (28, 9)):
        x, y = images(10, 0, side)
        np.savez(folder / mnist.FILE, x_train=x, y_train=y[:count], x_test=x, y_test=y[:count])
        with pytest.raises(InputError, match=r"images have 28 x 28 pixels and a digit each"):
            mnist.read("test")


def test_what_is_no_task_and_has_no_networks_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"--data: fsd: there is no such task. Did you mean fsdd\?"):
        sequences("fsd")
    with pytest.raises(InputError, match=r"--data: adding: no networks for it are in the box. Run `deltasim"):
        sequences("adding")
    with pytest.raises(InputError, match=r"trained: .*nowhere: no such folder"):
        sequences("adding", tmp_path / "nowhere")
