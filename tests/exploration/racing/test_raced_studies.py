"""Studies whose points are raced: the same front, the same bytes when interrupted; every place says it."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from deltasim.api.exploring import explore
from deltasim.exploration.description import as_study
from deltasim.exploration.explore import State
from deltasim.exploration.searches.proposals import Outcome, seed_of
from deltasim.exploration.searches.storage import storage_bytes
from deltasim.exploration.store import Store
from deltasim.exploration.study import Study, load_study
from deltasim.main import main
from deltasim.reports.study.page import study_page
from deltasim.reports.study.terminal import sentences
from tests.exploration.test_interrupted import content, killed_often

Describe = Callable[..., dict[str, Any]]
SEQUENCES = 24


@pytest.fixture
def many(described: Describe, tmp_path_factory: pytest.TempPathFactory) -> Describe:
    """The description of a study of many sequences, with points that are far from its front."""
    folder = tmp_path_factory.mktemp("many")
    rng = np.random.default_rng(2)
    frames = (rng.normal(size=(SEQUENCES, 4, 6)).cumsum(axis=1) / 3).astype(np.float32)
    np.save(folder / "frames.npy", frames)

    def describe(**fields: Any) -> dict[str, Any]:
        usual = {
            "data": str(folder / "frames.npy"),
            "parameters": {
                "cores.clock": ["500 MHz", "100 MHz"],
                "cores.mac.lanes": [2, 8],
                "memories.scratchpad.size": ["512 B", "4 KiB"],
            },
            "objectives": ["latency", "area"],
            "race": True,
        }
        return described(**{**usual, **fields})

    return describe


def fronts(study: Study) -> list[tuple[Any, ...]]:
    return [(entry["point"], entry["latency_s"], entry["energy_j"]) for entry in study.front()]


@pytest.mark.parametrize(
    ("bounds", "objectives"),
    [(True, ["latency", "area"]), (False, ["energy_latency", "off_chip", "dram_bytes"])],
)
def test_the_front_is_the_same(bounds: bool, objectives: list[str], many: Describe, tmp_path: Path) -> None:
    study = many(objectives=objectives)
    fast = explore(study, tmp_path / "fast.db", bounds=bounds, race=True)
    whole = explore(study, tmp_path / "whole.db", bounds=bounds, race=False)
    assert fronts(fast) == fronts(whole)
    assert whole.tally()["raced"] == 0
    if not bounds:  # which drop these points before a race does
        assert fast.tally()["raced"] > 0
    for entry in fast.front():
        assert fast.points[entry["point"]].sequences == SEQUENCES
    for point in fast.points:
        if point.state == "raced":
            by = fast.points[point.proof["by"]]
            assert 4 <= point.sequences < SEQUENCES and by.state == "done" and by.sequences == SEQUENCES
            assert not point.evaluation
            assert_part(fast, point.number, whole, tmp_path / "whole.db")


def assert_part(fast: Study, number: int, whole: Study, path: Path) -> None:
    """What is stored of a raced point are sums over that many of its sequences."""
    point = fast.points[number]
    with Store.opened(path, writing=False) as store:
        latencies, each = store.by_sequence(whole.points[number].evaluation)
    from deltasim.exploration.racing.order import race_order

    data = np.load(fast.description.data or "")
    order = race_order(np.full(SEQUENCES, len(data[0])), np.arange(SEQUENCES) * 0, seed_of(0, 0))
    seen = order[: point.sequences]
    assert point.proof["elapsed_ps"] == sum(latencies[place] for place in seen)
    assert point.proof["counts"] == np.sum([each[place] for place in seen], axis=0).tolist()


def test_without_it_a_file_is_what_it_was(
    many: Describe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name of the study, its description and its points: nothing tells that there is racing.

    A study that does not say races where it has many sequences.
    """
    study = explore(many(race=False), tmp_path / "a.db")
    connection = sqlite3.connect(tmp_path / "a.db")
    digest, text = connection.execute("SELECT digest, description FROM studies").fetchone()
    connection.close()
    assert "race" not in json.loads(text) and not load_study(tmp_path / "a.db").description.race
    before = as_study(many()).model_dump(mode="json", exclude={"about", "budget", "race"})
    from deltasim.api.exploring import setup_of, subject_of

    setup = setup_of(study.description)
    subject = subject_of(study.description, setup, setup.load(None))
    wanted = hashlib.sha256(f"{json.dumps(before, sort_keys=True)}\n{subject} True".encode()).hexdigest()
    assert digest == wanted
    assert explore(many(race=None), tmp_path / "a.db").digest == digest
    monkeypatch.setattr("deltasim.exploration.racing.order.MANY", SEQUENCES - 1)
    assert explore(many(race=None), tmp_path / "a.db").to_dict()["race"]


def test_an_interrupted_race_goes_on(many: Describe, tmp_path: Path) -> None:
    """Stopped after every number of points in turn, it ends with the same bytes."""

    class Stopped(Exception):
        pass

    study = many()
    explore(study, tmp_path / "whole.db", bounds=False)
    left = [6, 5, 2]

    def report(state: State) -> None:
        if left and state.points > left[-1]:
            left.pop()
            raise Stopped

    for _ in range(3):
        with pytest.raises(Stopped):
            explore(study, tmp_path / "parts.db", bounds=False, report=report)
    explore(study, tmp_path / "parts.db", bounds=False)
    assert content(tmp_path / "parts.db") == content(tmp_path / "whole.db")


@pytest.mark.long
@pytest.mark.parametrize("search", ["grid", "tpe"])
def test_a_raced_study_is_killed_often(search: str, many: Describe, tmp_path: Path) -> None:
    """kill -9 at 25 random moments: the same bytes, raced points among them."""
    study = many(search=search) | ({} if search == "grid" else {"budget": 48})
    killed, midway = killed_often(study, tmp_path, 25)
    assert killed == 25 and midway > 1
    assert load_study(tmp_path / "whole.db").tally()["raced"] > 0
    assert content(tmp_path / "killed.db") == content(tmp_path / "whole.db")


@pytest.mark.long
def test_several_processes_race_the_same(many: Describe, tmp_path: Path) -> None:
    explore(many(), tmp_path / "here.db", bounds=False)
    explore(many(), tmp_path / "processes.db", jobs=2, bounds=False)
    assert content(tmp_path / "processes.db") == content(tmp_path / "here.db")


def test_a_search_is_told_the_mean_of_what_was_seen(
    many: Describe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a larger budget goes on as if it had been larger from the start."""
    told: list[Outcome] = []

    def kept(*fields: Any) -> Outcome:
        told.append(Outcome(*fields))
        return told[-1]

    parameters = {"cores.clock": {"from": "50 MHz", "to": "500 MHz"}, "cores.mac.lanes": [2, 8]}
    about = many(parameters=parameters, search="tpe", budget=24, seed=1)
    explore(about | {"budget": 16}, tmp_path / "parts.db", bounds=False)
    parts = explore(about, tmp_path / "parts.db", bounds=False)
    monkeypatch.setattr("deltasim.exploration.explore.Outcome", kept)
    whole = explore(about, tmp_path / "whole.db", bounds=False)
    assert parts.points == whole.points and len(told) == 24
    raced = [point for point in whole.points if point.state == "raced"]
    assert raced
    for point in raced:
        mean = point.proof["elapsed_ps"] / point.sequences * 1e-12
        assert told[point.number].costs == pytest.approx((mean, point.area_mm2))


def test_every_place_says_it(many: Describe, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "s.yaml").write_text(yaml.safe_dump(many(race=True)))
    line = ["explore", str(tmp_path / "s.yaml"), "--jobs", "1", "--no-bounds", "--out"]
    assert main([*line, str(tmp_path / "s.db"), "--json", "--export", str(tmp_path / "s.csv")]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["raced"] > 0 and answer["race"] is True
    rows = (tmp_path / "s.csv").read_text().splitlines()
    said = [row for row in rows if "dominates it, with confidence after" in row]
    assert len(said) == answer["raced"] and all("raced" in row for row in said)
    study = load_study(tmp_path / "s.db")
    words = " ".join(sentences(study, len(study.front())))
    assert f"{answer['raced']} dominated with confidence on part of the sequences" in words
    assert "with a probability of at least 99 %" in words
    page = study_page(study)
    assert "dominated with confidence on part of the sequences" in page
    assert "with a probability of at least 99\u00a0%" in page
    (tmp_path / "s.optuna").write_bytes(storage_bytes(study))
    connection = sqlite3.connect(tmp_path / "s.optuna")
    states = [state for (state,) in connection.execute("SELECT state FROM trials")]
    connection.close()
    assert states.count("PRUNED") == answer["raced"]
    assert main([*line, str(tmp_path / "n.db"), "--chip", "0", "--race", "no"]) == 0
    exact = load_study(tmp_path / "n.db").to_dict()
    assert (exact["raced"], exact["race"], exact["front"]) == (0, False, answer["front"])
    capsys.readouterr()
    assert main([*line, str(tmp_path / "n.db"), "--race", "maybe"]) == 2
    assert "--race: maybe: it is yes or no" in capsys.readouterr().err
