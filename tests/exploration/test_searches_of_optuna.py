"""Optuna as a searcher by Gaussian processes, and its storage as an export."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deltasim.api.exploring import explore
from deltasim.exploration.searches.storage import storage_bytes
from deltasim.main import main
from deltasim.runtime.errors import InputError

Describe = Callable[..., dict[str, Any]]
SIZES = {"from": "512 B", "to": "8 KiB", "step": "512 B"}


def by_gp(describe: Describe, budget: int) -> dict[str, Any]:
    parameters = {"memories.scratchpad.size": SIZES, "cores.mac.lanes": [2, 4, 8]}
    return describe(name="gp", parameters=parameters, search="gp", budget=budget, seed=1)


@pytest.mark.long
@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="no PyTorch here")
def test_gaussian_processes_go_on_where_they_were(described: Describe, tmp_path: Path) -> None:
    whole = explore(by_gp(described, 12), tmp_path / "whole.db")
    explore(by_gp(described, 8), tmp_path / "parts.db")
    parts = explore(by_gp(described, 12), tmp_path / "parts.db")
    assert parts.points == whole.points and len(whole.points) == 12
    assert {point.generation for point in whole.points} == {0, 1}


def test_without_pytorch_the_extra_is_named(
    described: Describe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "torch" else found(name))
    with pytest.raises(InputError, match=r"need PyTorch.*deltasim\[explore,train\]"):
        explore(by_gp(described, 12), tmp_path / "a.db")


def test_optuna_opens_what_is_exported(described: Describe, tmp_path: Path) -> None:
    """Its own functions read every point: parameters, values, what is best, what was pruned or failed."""
    import optuna

    parameters = {
        "memories.scratchpad.size": ["512 B", "4 KiB", "17 B"],
        "cores.mac.lanes": {"from": 2, "to": 8, "step": 3},
        "theta": ["trained", 0.3],
    }
    objectives = ["energy", "latency", "area"]
    about = described(parameters=parameters, objectives=objectives, constraints=["cores.mac.lanes <= 5"])
    study = explore(about, tmp_path / "a.db")
    (tmp_path / "a.optuna").write_bytes(storage_bytes(study))
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = optuna.storages.RDBStorage(f"sqlite:///{tmp_path / 'a.optuna'}")
    try:
        read = optuna.load_study(study_name=study.name, storage=storage)
        assert read.metric_names == objectives
        assert [trial.user_attrs["point"] for trial in read.trials] == list(range(18))
        states = {trial.user_attrs["state"]: trial.state.name for trial in read.trials}
        assert states["failed"] == "FAIL" and states["done"] == "COMPLETE"
        best = {trial.user_attrs["point"]: trial for trial in read.best_trials}
        front = {entry["point"]: entry for entry in study.front()}
        assert best.keys() == front.keys()
        for number, entry in front.items():
            assert best[number].values == [entry["energy_j"], entry["latency_s"], entry["area_mm2"]]
            assert best[number].params == entry["parameters"]
    finally:
        storage.engine.dispose()


def test_the_command_writes_it(described: Describe, tmp_path: Path, capsys: Any) -> None:
    import yaml

    (tmp_path / "s.yaml").write_text(yaml.safe_dump(described(parameters={"cores.mac.lanes": [2]})))
    line = ["explore", str(tmp_path / "s.yaml"), "--out", str(tmp_path / "s.db"), "--jobs", "1", "--export"]
    assert main([*line, str(tmp_path / "points.optuna")]) == 0
    assert (tmp_path / "points.optuna").read_bytes().startswith(b"SQLite format 3")
    assert main([*line, str(tmp_path / "points.xml")]) == 2
    assert ".parquet, .csv or .optuna" in capsys.readouterr().err
