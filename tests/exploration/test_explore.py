"""A study from its description to its answer: counts, prices, constraints, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deltasim.api.exploring import explore
from deltasim.api.own_network import own_benchmark
from deltasim.api.placing import placed
from deltasim.exploration.study import Study, load_study
from deltasim.exploration.subjects import with_weight_bits
from deltasim.networks.execute import execute
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import load_chip
from deltasim.simulator.ledger.pricing import price
from deltasim.simulator.simulate import simulate

Describe = Callable[..., dict[str, Any]]


def stored(path: Path) -> list[tuple[Any, ...]]:
    """Every evaluation in a file, byte for byte."""
    import sqlite3

    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT * FROM evaluations ORDER BY digest").fetchall()
    finally:
        connection.close()


def outcomes(study: Study) -> list[tuple[Any, ...]]:
    return [tuple(point) for point in study.points]


@pytest.mark.parametrize("base", ["mesh16", "mesh16-cached", "edgedrnn"])
def test_a_point_costs_what_a_run_does(base: str, described: Describe, own: Any, tmp_path: Path) -> None:
    parameters = {"cores.mac.lanes": [2], "theta": ["trained", 0.3], "weight_bits": [4, 8]}
    study = explore(
        described(base=base, parameters=parameters, objectives=["energy", "latency"]),
        tmp_path / "a.db",
        bounds=False,
    )
    frame = study.frame()
    assert frame["state"].to_list() == ["done"] * 4
    benchmark = own_benchmark(own["network"], own["data"])
    for row in frame.iter_rows(named=True):
        chip = load_chip(base).changed({"cores.mac.lanes": row["cores.mac.lanes"]})
        network = with_weight_bits(benchmark.network, row["weight_bits"])
        network = network if row["theta"] == "trained" else network.with_thresholds(float(row["theta"]))
        trace, _ = execute(network, benchmark.sequences)
        ledger = simulate(network, trace, chip, placed(benchmark, network, chip)[0])
        counted = study.counted[study.points[row["point"]].evaluation]
        names = study.tables[study.points[row["point"]].prices].form.names
        found = dict(zip(names, counted.counts, strict=True))
        assert {name: found[name] for name in ledger.actions} == {
            name: ledger.total(name) for name in ledger.actions
        }
        assert counted.elapsed_ps == ledger.elapsed_ps
        assert row["energy_j"] == pytest.approx(price(ledger, chip, network).total_j / 4, rel=1e-12)
        assert row["latency_s"] == pytest.approx(ledger.elapsed_ps / 4e12)
    assert frame["energy_j"].n_unique() == 4


def test_the_answer_has_the_keys_it_promises(described: Describe, tmp_path: Path) -> None:
    answer = explore(described(), tmp_path / "a.db").to_dict()
    keys = {"points", "simulated", "bounded", "raced", "failed", "front", "wall_s"}
    assert keys <= set(answer) and answer["points"] == 4
    wanted = {"parameters", "energy_j", "latency_s", "area_mm2", "score", "limits"}
    assert all(wanted <= set(entry) for entry in answer["front"]) and answer["front"]
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer


def test_equal_points_are_counted_once_and_a_study_goes_on(described: Describe, tmp_path: Path) -> None:
    parameters = {"memories.scratchpad.size": ["4 KiB", "4096 B", "8192 B"], "theta": [0.1, 0.3]}
    path = tmp_path / "a.db"
    first = explore(described(parameters=parameters), path, bounds=False)
    assert len(first.points) == 6 and first.simulated == 4
    again = explore(described(parameters=parameters), path, bounds=False)
    assert outcomes(again) == outcomes(first)
    before = stored(path)
    dearer = {"core.mac.energy": "1 pJ"}
    parameters |= {f"prices.{name}": [value] for name, value in dearer.items()}
    priced = explore(described(parameters=parameters), path, bounds=False)
    assert stored(path) == before  # prices alone never simulate again
    assert (priced.figures["energy"] > first.figures["energy"]).all()
    by_table = first.repriced({"core.mac": "1 pJ"})
    assert by_table.figures["energy"] == pytest.approx(priced.figures["energy"], rel=1e-12)
    assert load_study(path).points == priced.points
    assert len(load_study(path).front()) == len(priced.front())


def test_a_point_becomes_a_chip(described: Describe, tmp_path: Path) -> None:
    study = explore(described(), tmp_path / "a.db")
    chip = study.chip(1)
    assert (chip.cores.mac.lanes, chip.memories[0].size_bytes) == (8, 512)
    again = load_study(tmp_path / "a.db").chip(1)
    assert again == chip


@pytest.mark.parametrize(
    ("constraints", "ended"),
    [
        (["cores.mac.lanes <= 4"], {"done": 2, "infeasible": 2}),
        (["fits"], {"done": 2, "infeasible": 2}),
        (["energy <= 1 J", "area < 1000 mm2"], {"done": 4, "infeasible": 0}),
    ],
)
def test_constraints(
    constraints: list[str], ended: dict[str, int], described: Describe, tmp_path: Path
) -> None:
    tally = explore(described(constraints=constraints), tmp_path / "a.db").tally()
    assert {name: tally[name] for name in ended} == ended


def test_an_invalid_point_is_recorded_with_its_reason(described: Describe, tmp_path: Path) -> None:
    parameters = {"memories.scratchpad.size": ["4 KiB", "17 B"], "cores.mac.lanes": [2, 4]}
    study = explore(described(parameters=parameters), tmp_path / "a.db")
    assert study.tally()["failed"] == 2
    assert all("memories.0.size" in point.reason for point in study.points if point.state == "failed")


REFUSED = [
    ({"objectives": ["energi"]}, "Did you mean energy"),
    ({"objectives": ["score"]}, "no labels"),
    ({"search": "gird"}, "Did you mean grid"),
    ({"search": "sobol"}, "budget"),
    ({"budget": 2}, "the grid has 4 points"),
    ({"parameters": {"theta": {"from": 0.1, "to": 0.2}}}, "step or a count"),
    ({"constraints": ["aera < 1"]}, "Did you mean area"),
    ({"constraints": ["area < 1e-9 mm2"]}, "the nearest"),
    ({"constraints": ["latency < 1 ps"]}, "the nearest"),
    ({"parameters": {"memories.scratchpad.size": ["17 B"]}}, "none of its 1 points"),
    ({"base": "mesh17"}, "mesh16"),
    ({"limit": 0}, "limit"),
    ({"benchmark": "digits"}, "benchmark"),
]


@pytest.mark.parametrize(("fields", "words"), REFUSED)
def test_what_cannot_be_explored_is_told(
    fields: dict[str, Any], words: str, described: Describe, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=words):
        explore(described(**fields), tmp_path / "a.db")


def test_a_file_of_another_kind_is_refused(described: Describe, tmp_path: Path) -> None:
    import sqlite3

    (tmp_path / "text.db").write_text("no database, but some text that is long enough")
    connection = sqlite3.connect(tmp_path / "other.db")
    connection.execute("CREATE TABLE mine (a)")
    connection.commit()
    connection.close()
    for name in ("text.db", "other.db", "nowhere/a.db"):
        with pytest.raises(InputError):
            explore(described(), tmp_path / name)
    with pytest.raises(InputError):
        load_study(tmp_path / "missing.db")


def test_without_a_grid_points_fill_the_space(described: Describe, tmp_path: Path) -> None:
    parameters = {"theta": {"from": 0.05, "to": 0.5}, "cores.mac.lanes": [2, 4, 8]}
    for search in ("sobol", "latin"):
        about = described(parameters=parameters, search=search, budget=4, seed=3)
        study = explore(about, tmp_path / f"{search}.db")
        thetas = np.array([point.parameters["theta"] for point in study.points])
        assert len(thetas) == 4 and len(set(thetas)) == 4 and ((thetas >= 0.05) & (thetas <= 0.5)).all()
    more = explore(described(parameters=parameters, search="sobol", budget=5, seed=3), tmp_path / "sobol.db")
    first = explore(
        described(parameters=parameters, search="sobol", budget=4, seed=3), tmp_path / "sobol-2.db"
    )
    assert [one.parameters for one in more.points[:4]] == [one.parameters for one in first.points]


def test_a_point_as_yaml_is_the_chip_of_that_point(described: Describe, tmp_path: Path) -> None:
    study = explore(described(), tmp_path / "a.db")
    entry = study.front()[0]
    (tmp_path / "chip.yaml").write_text(study.chip_yaml(entry["point"]))
    chip = load_chip(tmp_path / "chip.yaml")
    assert chip == study.chip(entry["point"])
    benchmark = own_benchmark(described()["network"], described()["data"])
    trace, _ = execute(benchmark.network, benchmark.sequences)
    ledger = simulate(benchmark.network, trace, chip, placed(benchmark, benchmark.network, chip)[0])
    joules = price(ledger, chip, benchmark.network).total_j
    assert joules / len(benchmark.sequences) == pytest.approx(entry["energy_j"], rel=1e-12)


def test_files_merge(described: Describe, tmp_path: Path) -> None:
    from deltasim.exploration.store import Store

    first = explore(described(name="first"), tmp_path / "a.db")
    parameters = {"memories.scratchpad.size": ["1 KiB"], "cores.mac.lanes": [4]}
    second = explore(described(name="second", parameters=parameters), tmp_path / "b.db")
    with Store.opened(tmp_path / "a.db", writing=True) as store:
        assert store.merge(tmp_path / "b.db") == 1
        assert store.merge(tmp_path / "b.db") == 0
    for study in (first, second):
        merged = load_study(tmp_path / "a.db", study.name)
        assert merged.front() == study.front() and merged.points == study.points
    with pytest.raises(InputError, match="Did you mean second"):
        load_study(tmp_path / "a.db", "secnd")
