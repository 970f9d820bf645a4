"""The training command's function: a very short run from recordings to a benchmark, and bad input."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.networks.training.trainer.recipe import Recipe
from deltasim.runtime.errors import InputError
from deltasim.workloads.digits.corpus import Corpus
from deltasim.workloads.digits.making import __main__ as family
from deltasim.workloads.digits.making.lesson import HELD_OUT, TASKS, halves
from deltasim.workloads.digits.making.recipes import recipe_of
from deltasim.workloads.digits.making.train import train_digits
from deltasim.workloads.digits.sources import Source, source
from deltasim.workloads.digits.trained import load
from deltasim.workloads.registry import benchmark
from deltasim.workloads.training_record import RECORD


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recordings of few speakers, so that an epoch takes no time."""
    whole = Source.read

    def read(self: Source, part: str = "all") -> Corpus:
        corpus = whole(self, part)
        return corpus.chosen(np.flatnonzero(corpus.speakers % 10 == 0))

    monkeypatch.setattr(Source, "read", read)


SHORT = Recipe(
    units=12, theta_x=0.3, theta_h=0.2, theta_readout=0.1, dense_epochs=1, epochs=1, bits=8, l1=0.1, seed=3
)


@pytest.mark.parametrize("task", list(TASKS))
def test_a_short_training_makes_a_benchmark_of_its_own(task: str, few: None, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    out = tmp_path / "mine"
    made = train_digits(
        task, source("synthetic"), SHORT, out, command="a line", progress=lambda *done: told.append(done)
    )
    assert told[-1] == (3, 3) and sorted({done for done, _ in told}) == [1, 2, 3]
    assert sorted(path.name for path in out.iterdir()) == [
        *(f"{kind}.{ending}" for kind in ("delta", "dense") for ending in ("json", "safetensors")),
        RECORD,
    ]
    again = load(out)
    assert (again.dense.digest, again.delta.digest) == (made.dense.digest, made.delta.digest)
    record = json.loads((out / RECORD).read_text())
    assert record["command"] == "a line" and record["recipe"] == SHORT.described()
    assert record["result"]["weight_fetches_saved"] > 1
    thetas = [float(np.max(projection.theta)) for projection in again.delta.projections]
    assert thetas == pytest.approx([0.3, 0.2, 0.1])
    assert all(np.max(projection.theta) == 0 for projection in again.dense.projections)
    mine = benchmark(task, data="synthetic", trained=out)
    assert mine.network.digest == made.delta.digest


def test_the_test_part_decides_nothing(few: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other recordings in the test part leave every weight, threshold and chosen epoch as it was."""
    first = train_digits("digits", source("synthetic"), SHORT, tmp_path / "first")
    whole = Source.read

    def noise(self: Source, part: str = "all") -> Corpus:
        corpus = whole(self, part)
        if part != "test":
            return corpus
        rng = np.random.default_rng(0)
        noisy = tuple(rng.normal(size=frames.shape).astype(np.float32) for frames in corpus.features)
        return replace(corpus, features=noisy, labels=corpus.labels[::-1].copy())

    monkeypatch.setattr(Source, "read", noise)
    second = train_digits("digits", source("synthetic"), SHORT, tmp_path / "second")
    assert (first.dense.digest, first.delta.digest) == (second.dense.digest, second.delta.digest)
    assert first.record["chosen_on"] == second.record["chosen_on"]
    assert first.record["result"] != second.record["result"]


@pytest.mark.parametrize("stop", [1, 3])
def test_a_stopped_training_goes_on(stop: int, few: None, tmp_path: Path) -> None:
    class Stopped(Exception):
        pass

    def until(done: int, _: int) -> None:
        if done == stop:
            raise Stopped

    found = source("synthetic")
    whole = train_digits("digits", found, SHORT, tmp_path / "whole")
    with pytest.raises(Stopped):
        train_digits("digits", found, SHORT, tmp_path / "mine", progress=until)
    with pytest.raises(InputError, match="never overwrites"):
        train_digits("digits", found, SHORT, tmp_path / "mine")
    with pytest.raises(InputError, match="it is of another recipe"):
        train_digits("digits", found, replace(SHORT, batch=31), tmp_path / "mine", resume=True)
    train_digits("digits", found, SHORT, tmp_path / "mine", resume=True)
    with pytest.raises(InputError, match="no checkpoint to go on from"):
        train_digits("digits", found, SHORT, tmp_path / "mine", resume=True)
    for name in ("dense.safetensors", "delta.safetensors", RECORD):
        assert (tmp_path / "mine" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert whole.record["parts"]["held_out"] > 0


@given(st.integers(1, 30), st.integers(1, 4), st.booleans(), st.integers(0, 99))
def test_what_is_held_out_is_a_part_of_every_speaker_or_whole_speakers(
    each: int, speakers: int, same: bool, seed: int
) -> None:
    count = each * speakers * 2
    silence = tuple(np.zeros((2, 40), np.float32) for _ in range(count))
    said = np.tile(np.arange(2), count // 2)
    who = np.repeat(np.arange(speakers), 2 * each)
    names = tuple(map(str, range(speakers)))
    corpus = Corpus("toy", "", silence, said, who, names, np.zeros(count, np.bool_), "0")
    tested = np.arange(speakers) + (0 if same else speakers)
    if (each < HELD_OUT) if same else (speakers < 2):
        with pytest.raises(InputError, match="a part to choose on is held out"):
            halves(corpus, tested, seed)
        return
    found = halves(corpus, tested, seed)
    assert len(found.learned.labels) + len(found.held_out.labels) == count
    apart = set(found.learned.speakers.tolist()) & set(found.held_out.speakers.tolist())
    assert apart == (set(range(speakers)) if same else set())
    if same:
        kinds = 2 * found.held_out.speakers + found.held_out.labels
        assert np.bincount(kinds).tolist() == [each // HELD_OUT] * (2 * speakers)


def test_a_family_is_trained_from_one_start_and_goes_on(
    few: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(family, "recipe_of", lambda task: SHORT)
    line = [str(tmp_path), "--data", "synthetic", "--seed", "1"]
    family.main([*line, "--methods", "together"])
    family.main([*line, "--methods", "together,dense-4"])
    assert [said.split()[:2] for said in capsys.readouterr().out.splitlines()] == [
        ["1", "together"],
        ["1", "dense-4"],
    ]
    record = json.loads((tmp_path / "seed-1" / "dense-4" / RECORD).read_text())
    assert record["recipe"]["units"] == 4 and record["recipe"]["l1"] == 0


def test_a_folder_that_exists_is_kept(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="never overwrites"):
        train_digits("digits", source("synthetic"), SHORT, tmp_path)


def test_a_damaged_record_is_told(tmp_path: Path) -> None:
    (tmp_path / RECORD).write_text("{")
    with pytest.raises(InputError, match="it is not a record of a training"):
        load(tmp_path)
    (tmp_path / RECORD).write_text(json.dumps({"mean": [0.0], "deviation": [1.0]}))
    with pytest.raises(InputError, match="40 numbers"):
        load(tmp_path)


@pytest.mark.parametrize("task", list(TASKS))
def test_the_recipes_in_the_box_are_recipes(task: str) -> None:
    recipe = recipe_of(task)
    assert recipe.bits == 8 and recipe.l1 > 0 and recipe.theta_h > 0
