"""Results: the record's keys and sums, the frames, and the run folder."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars
import pytest

from deltasim.networks.trace import Trace, dense_trace
from deltasim.reports.run import Run
from deltasim.runtime.errors import InputError
from deltasim.simulator.simulate import simulate
from tests.reports.specimens import small_network, specimen

NAMES = {
    "": "kind version benchmark data chip engine theta sequences steps messages occupancy score reduction "
    "energy intervals latency power dram limits digest wall_s provenance",
    "occupancy": "input hidden",
    "score": "name value dense",
    "reduction": "weight_fetches macs dram_bytes energy latency",
    "energy": "inference_j step_j parts interval_j estimated_share",
    "latency": "step_mean_s step_p99_s inference_mean_s inference_p99_s",
    "dram": "reads bytes row_hits row_misses row_conflicts",
}


@pytest.fixture(scope="module")
def result() -> Run:
    return specimen()


@pytest.mark.parametrize("chip", ["edgedrnn", "mesh16"])
def test_the_record_has_exactly_these_keys(chip: str) -> None:
    record = specimen(chip).to_dict()
    for place, names in NAMES.items():
        assert list(record[place] if place else record) == names.split()
    assert json.loads(json.dumps(record, allow_nan=False)) == record


def test_energies_of_the_record_agree(result: Run) -> None:
    record = result.to_dict()
    energy = record["energy"]
    assert sum(energy["parts"].values()) == pytest.approx(energy["inference_j"], rel=1e-12)
    assert energy["step_j"] * record["steps"] == pytest.approx(energy["inference_j"] * record["sequences"])
    assert (
        record["dram"]["row_hits"] + record["dram"]["row_misses"] + record["dram"]["row_conflicts"]
        == (record["dram"]["reads"])
    )


def test_latencies_are_seconds_of_the_ledger(result: Run) -> None:
    latency = result.to_dict()["latency"]
    steps, sequences = result.ledger.step_latency_ps, result.ledger.sequence_latency_ps
    assert latency["step_mean_s"] == pytest.approx(steps.mean() * 1e-12)
    assert latency["inference_p99_s"] == pytest.approx(np.percentile(sequences, 99) * 1e-12)


def test_a_chip_without_dram_has_null_there() -> None:
    held = specimen("mesh16")
    near = held.chip.model_copy(update={"memories": held.chip.memories[:1]})
    record = replace(held, chip=near).to_dict()
    assert set(record["dram"].values()) == {None}
    assert record["reduction"]["dram_bytes"] is None and record["reduction"]["weight_fetches"] > 1


def test_the_frame_holds_all_counts_and_joules(result: Run) -> None:
    frame = result.to_frame()
    for run, ledger, energy in (
        ("delta", result.ledger, result.energy),
        ("dense", result.dense_ledger, result.dense_energy),
    ):
        rows = frame.filter(polars.col("run") == run)
        assert rows["count"].sum() == ledger.counts.sum()
        assert rows["joules"].sum() == pytest.approx(energy.total_j)
    assert frame.select("run", "unit", "action").is_unique().all()


def test_a_saved_run_reads_back(result: Run, tmp_path: Path) -> None:
    folder = result.save(tmp_path / "runs" / "one", trace=True, page=False)
    saved = Run.load(folder)
    assert saved.record == result.to_dict()
    assert saved.units().equals(result.to_frame())
    assert saved.layers()["joules"].sum() == pytest.approx(
        result.energy.total_j + result.dense_energy.total_j
    )
    assert saved.steps()["messages"].sum() == len(result.trace.messages)
    assert saved.steps().group_by("sequence", maintain_order=True).len()["len"].to_list() == [30, 44, 37]
    assert Trace.load(folder / "trace.npz").digest == result.trace.digest
    assert sorted(path.name for path in folder.parent.iterdir()) == ["one"]


def test_a_folder_that_exists_is_left_alone(result: Run, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with pytest.raises(
        InputError, match=r"^--out: .*run: a run never overwrites what is there\. Give another"
    ):
        result.save(tmp_path / "run")
    assert not list((tmp_path / "run").iterdir())


def test_nothing_half_written_is_left(result: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(polars.DataFrame, "write_parquet", broken)
    with pytest.raises(InputError, match="disk full"):
        result.save(tmp_path / "run")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (None, "a run folder holds run.json"),
        ("{", r"run.json:1: damaged: the record of a run is whole \(it is no JSON"),
        ("[]", "the record of a run is whole"),
        ('{"benchmark": "digits"}', r"the record of a run is whole \(no data, chip"),
    ],
)
def test_a_damaged_folder_is_told(tmp_path: Path, content: str | None, rule: str) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    with pytest.raises(InputError, match=rule):
        Run.load(tmp_path)


def test_a_dense_trace_saves_nothing_against_dense() -> None:
    """A run of the SimPy engine whose every element is sent is its own baseline."""
    network, held = small_network(), specimen()
    trace = dense_trace(network, [2])
    ledger = simulate(network, trace, held.chip, held.mapping, engine="simpy")
    run = specimen(network=network, trace=trace, ledger=ledger, dense_ledger=ledger)
    assert set(run.reduction.values()) == {1.0}
    assert run.occupancy == {"input": 1.0, "hidden": 1.0}
    assert run.to_dict()["messages"] == 2 * sum(p.connection.source_size for p in network.projections)
