"""Training on a user's own sequences: every task, honest parts, and what is refused with a sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.networks.execute import execute
from deltasim.networks.files.network import load_network
from deltasim.networks.training.trainer.recipe import Recipe
from deltasim.runtime.errors import InputError
from deltasim.workloads.features import normalised
from deltasim.workloads.own.learning import train as learning
from deltasim.workloads.own.learning.parts import parted
from deltasim.workloads.own.learning.task import task_of
from deltasim.workloads.own.learning.train import train_own
from deltasim.workloads.own.preparation import read_preparation
from deltasim.workloads.own.read import read_sequences
from deltasim.workloads.own.sequences import Sequences, sequences

TINY = Recipe(units=8, dense_epochs=6, epochs=4, batch=8, learning_rate=2e-2, theta_x=0.2, theta_h=0.1)


def walks(count: int = 36, seed: int = 0) -> Sequences:
    """Ramps that fall or rise, of six groups, with a class and the value itself as targets of each frame."""
    rng = np.random.default_rng(seed)
    labels = [number % 2 for number in range(count)]
    frames = []
    for label in labels:
        steps = rng.integers(5, 9)
        frames.append(np.linspace(0, 2 * label - 1, steps)[:, None] + 0.1 * rng.normal(size=(steps, 2)))
    data = sequences("walks", frames, ["down" if label == 0 else "up" for label in labels])
    groups = tuple(f"walker {number // 2 % 6}" for number in range(count))
    return replace(data, groups=groups)


def with_targets(kind: str) -> tuple[Sequences, str | None]:
    data = walks()
    if kind == "frames":
        return replace(data, frame_targets=tuple((f[:, 0] > 0).astype(np.int64) for f in data.frames)), None
    if kind == "values":
        return replace(data, frame_targets=tuple(f[:, :1] / 2 for f in data.frames)), None
    if kind == "transcripts":
        said = {"down": "ab", "up": "ba"}
        return replace(data, labels=tuple(said[label] for label in data.labels or ())), "transcripts"
    return data, None


@pytest.mark.parametrize("kind", ["classes", "frames", "values", "transcripts"])
def test_every_task_is_trained_and_runs(kind: str, tmp_path: Path) -> None:
    data, asked = with_targets(kind)
    record, _ = train_own(data, TINY, tmp_path / "mine", task=asked)
    assert record["task"] == kind
    assert record["parts"] == {
        "training": 24, "validation": 6, "test": 6, "held_out_by": "group", "test_data": "held out",
    }  # fmt: skip
    assert sorted(path.name for path in (tmp_path / "mine").iterdir()) == [
        "curve.csv", "input.json", "network.json", "network.safetensors", "training.json",
    ]  # fmt: skip
    network = load_network(tmp_path / "mine")
    assert json.loads((tmp_path / "mine" / "training.json").read_text()) == json.loads(json.dumps(record))
    assert len(polars.read_csv(tmp_path / "mine" / "curve.csv")) == record["epochs"] == 10
    preparation = read_preparation(tmp_path / "mine", 2)
    assert preparation is not None
    parts = parted("walks", len(data.frames), data.groups, None, 0, False)
    frames = [normalised(data.frames[place], preparation) for place in parts.test]
    _, outputs = execute(network, frames)
    targets = [task_of(data, asked).targets[place] for place in parts.test]
    _, score = learning.SCORES[kind]
    assert record["result"]["score"] == score(outputs, targets)
    assert record["result"]["weight_fetches_saved"] > 1
    assert record["chosen"]["stage"] == 1
    if kind in ("classes", "frames"):
        assert record["result"]["score"] >= 0.7


def test_the_test_part_decides_nothing(tmp_path: Path) -> None:
    """Other recordings in the test part, and the very same weights come out."""
    data = walks()
    parts = parted("walks", len(data.frames), data.groups, None, 0, False)
    other = tuple(
        frames[::-1].copy() if place in parts.test else frames for place, frames in enumerate(data.frames)
    )
    first, _ = train_own(data, TINY, tmp_path / "a")
    second, _ = train_own(replace(data, frames=other), TINY, tmp_path / "b")
    assert (tmp_path / "a" / "network.safetensors").read_bytes() == (
        tmp_path / "b" / "network.safetensors"
    ).read_bytes()
    assert first["chosen"] == second["chosen"]


@settings(max_examples=60, deadline=None)
@given(st.integers(3, 60), st.integers(0, 6), st.integers(0, 9), st.booleans())
def test_parts_are_apart_and_whole(count: int, groups: int, seed: int, has_test: bool) -> None:
    kinds = np.arange(count) % 3
    names = [f"g{number % groups}" for number in range(count)] if groups else None
    if names is not None and len(set(names)) < (2 if has_test else 3):
        with pytest.raises(InputError, match="to hold some out"):
            parted("a", count, names, kinds, seed, has_test)
        return
    parts = parted("a", count, names, kinds, seed, has_test)
    assert sorted(np.concatenate(parts).tolist()) == list(range(count))
    assert len(parts.train) and len(parts.validation) and bool(len(parts.test)) != has_test
    if names is not None:
        held = [{names[place] for place in part} for part in parts]
        assert not (held[0] & held[1] or held[0] & held[2] or held[1] & held[2])
    else:
        assert all((kinds[parts.train] == kind).any() for kind in range(3)) or count < 6


def test_test_data_of_its_own(tmp_path: Path) -> None:
    record, _ = train_own(walks(), TINY, tmp_path / "mine", test=walks(10, 5))
    assert record["parts"]["test"] == 10 and record["parts"]["training"] == 30


@pytest.mark.parametrize(
    ("change", "given_task", "sentence"),
    [
        (lambda data: replace(data, labels=None), None, "a label for each sequence, or a target"),
        (lambda data: data, "clases", "Did you mean classes"),
        (lambda data: data, "frames", "a target for every frame is needed"),
        (lambda data: replace(data, labels=("up",) * 36), None, "two classes are needed"),
        (
            lambda data: replace(data, labels=(*["up", "down"] * 17, "up", "odd")),
            None,
            "class odd: it has no",
        ),
        (lambda data: replace(data, labels=tuple(["0", "2"] * 18)), None, "class 1: it has no example"),
        (lambda data: replace(data, groups=("a",) * 36), None, "1 groups: 3 groups are needed"),
        (lambda data: replace(data, labels=("a" * 30,) * 36), "transcripts", "needs at least 59 frames"),
        (
            lambda data: replace(data, frame_targets=tuple(f[:, 0] for f in data.frames)),
            "frames",
            "targets of frames are classes",
        ),
    ],
)
def test_what_cannot_be_learned_is_told(
    change: Callable[[Sequences], Sequences], given_task: str | None, sentence: str, tmp_path: Path
) -> None:
    data = change(walks())
    if "odd" in (data.labels or ()):  # the only one of its class, and its group is not learned from
        held = parted("walks", 36, data.groups, None, 0, False).test[0]
        names = list(data.labels or ())
        names[35], names[held] = names[held], "odd"
        data = replace(data, labels=tuple(names))
    with pytest.raises(InputError, match=sentence):
        train_own(data, TINY, tmp_path / "mine", task=given_task)
    assert not (tmp_path / "mine").exists()


def test_test_data_with_another_class_or_width_are_told(tmp_path: Path) -> None:
    odd = replace(walks(4), labels=("up", "down", "up", "sideways"))
    with pytest.raises(InputError, match="label sideways: there is no such class"):
        train_own(walks(), TINY, tmp_path / "mine", test=odd)
    wide = replace(walks(4), frames=tuple(np.tile(f, 2) for f in walks(4).frames))
    with pytest.raises(InputError, match="4 values a frame: the network takes 2"):
        train_own(walks(), TINY, tmp_path / "mine", test=wide)


def test_groups_and_targets_in_files(tmp_path: Path) -> None:
    frames, targets = np.arange(10.0).reshape(5, 2), np.array([0, 1, 0, 1, 1])
    path = tmp_path / "a.npz"
    np.savez(path, frames=frames, offsets=np.array([0, 2, 5]), targets=targets, groups=np.array(["a", "b"]))
    data = read_sequences(path, None)
    assert data.groups == ("a", "b")
    assert [part.tolist() for part in data.frame_targets or ()] == [[0, 1], [0, 1, 1]]
    table = tmp_path / "a.csv"
    table.write_text("sequence,x,group,target\n1,0.5,a,0.25\n1,0.5,a,0.5\n2,1,b,1\n")
    data = read_sequences(table, 1)
    assert data.groups == ("a", "b") and data.width == 1
    assert [part.tolist() for part in data.frame_targets or ()] == [[0.25, 0.5], [1.0]]
    np.savez(path, frames=frames, offsets=np.array([0, 2, 5]), targets=targets[:3])
    with pytest.raises(InputError, match="a row for each of the 5 frames"):
        read_sequences(path, None)
    np.savez(path, frames=frames, offsets=np.array([0, 2, 5]), groups=np.array(["a"]))
    with pytest.raises(InputError, match="each of the 2 sequences has a group"):
        read_sequences(path, None)
