"""Runs in other programs' forms, held against sums by hand and our own reader of traces."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars
import pytest
import yaml

import deltasim as ds
from deltasim.main import main
from deltasim.networks.builders.magnitude_pruning import pruned
from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.graph import Network
from deltasim.reports.exports.accelergy import accelergy
from deltasim.reports.exports.dram import ports_of
from deltasim.reports.exports.messages import message_frame
from deltasim.reports.exports.neurobench import neurobench
from deltasim.reports.run import Run
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import load_chip
from deltasim.simulator.chip.importers.accelergy import with_ert
from deltasim.simulator.dram.trace_reader import Addressed, read_records
from deltasim.simulator.ledger.pricing import price

LINE = "run digits --data synthetic --limit 1 --chip edgedrnn"


def network() -> Network:
    return random_stack("gru", 3, (8,), np.random.default_rng(1), theta=0.1, readout=2)


def frames() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(2, 6, 3)).cumsum(axis=1).astype(np.float32) / 4


@pytest.fixture(scope="module")
def run() -> Run:
    return ds.run(network(), frames(), labels=[0, 1], chip="edgedrnn")


def test_neurobench_by_hand(run: Run) -> None:
    found = neurobench(run)
    weights = (3 + 8) * 24 + 8 * 2
    assert (
        found["ParameterCount"] == weights + 4 * 8 + 2 and found["Footprint"] == 4 * found["ParameterCount"]
    )
    assert found["SynapticOperations"]["Dense"] == 6 * weights and found["ConnectionSparsity"] == 0
    assert found["SynapticOperations"]["Effective_MACs"] == run.ledger.total("core.mac") / 2
    assert found["SynapticOperations"]["Effective_ACs"] == found["MembraneUpdates"] == 0
    messages = run.trace.messages["projection"]
    assert found["ActivationSparsity"] == pytest.approx(1 - (messages > 0).sum() / (12 * 16))
    assert found["ClassificationAccuracy"] == run.score.value
    system = found["System"]
    assert system["ExecutionTime"] == pytest.approx(run.latency.inference_mean_s)
    assert system["ActivePower"] * system["ExecutionTime"] == pytest.approx(system["EnergyPerInference"])
    assert system["DynamicPower"] == pytest.approx(system["ActivePower"] - system["IdlePower"])


def test_weights_that_are_zero_are_no_effective_operations() -> None:
    sparse = pruned(network(), 0.5)
    dense = sparse.projections[0].connection
    found = neurobench(ds.run(sparse, frames(), theta=0.0))
    assert dense.weight_words == 3 * 24 // 2 and found["ConnectionSparsity"] == pytest.approx(0.5)
    zeroed = network()
    first = zeroed.projections[0]
    kept = first.connection.weights.copy()
    kept[:, 0] = 0
    from dataclasses import replace

    changed = replace(first, connection=first.connection.with_weights(kept))
    third = neurobench(
        ds.run(replace(zeroed, projections=(changed, *zeroed.projections[1:])), frames(), theta=0.0)
    )
    run = ds.run(zeroed, frames(), theta=0.0)
    inputs = int((run.trace.messages["projection"] == 0).sum())
    assert (
        third["SynapticOperations"]["Effective_MACs"] <= (run.ledger.total("core.mac") - inputs * 8) / 2 + 200
    )
    assert third["ConnectionSparsity"] == pytest.approx(24 / ((3 + 8) * 24 + 16))


@pytest.mark.parametrize("chip", ["edgedrnn", "mesh16"])
def test_accelergys_tables_add_up_to_the_energy_and_come_back_as_prices(chip: str, tmp_path: Path) -> None:
    run = ds.run(network(), frames(), chip=chip)
    tables = accelergy(run)
    energies = {
        t["name"]: {a["name"]: a["energy"] for a in t["actions"]} for t in tables["ERT.yaml"]["ERT"]["tables"]
    }
    local = tables["action_counts.yaml"]["action_counts"]["local"]
    total = sum(energies[t["name"]][a["name"]] * a["counts"] for t in local for a in t["action_counts"])
    assert total == pytest.approx(run.energy.total_j * 1e12)
    if chip == "mesh16":
        areas = {t["name"]: t["area"] for t in tables["ART.yaml"]["ART"]["tables"]}
        assert areas["chip.core[0..15]"] > 0 and "chip.dram" not in areas
    run.save(tmp_path / "run", page=False, exports=["accelergy"])
    written = tmp_path / "run" / "ERT.yaml"
    again = with_ert(run.chip, written)
    assert price(run.ledger, again).total_j == pytest.approx(run.energy.total_j, rel=1e-9)
    content = yaml.safe_load(written.read_text())
    for table in content["ERT"]["tables"]:
        for action in table["actions"]:
            action["energy"] *= 3
    written.write_text(yaml.safe_dump(content))
    assert price(run.ledger, with_ert(run.chip, written)).total_j == pytest.approx(3 * run.energy.total_j)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "version, tables"),
        ("a: 1", "an energy reference table has tables"),
        ("ERT: {tables: [1]}", "a table has a name and actions"),
        ("ERT: {tables: [{name: chip.core, actions: [{name: mac, energy: -1}]}]}", "a number of pJ"),
        ("ERT: {tables: [{name: chip.core, actions: [{name: mc, energy: 1}]}]}", "Did you mean core.mac"),
    ],
)
def test_what_is_no_table_is_refused(text: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "ert.yaml").write_text(text)
    with pytest.raises(InputError, match=sentence):
        with_ert(load_chip("edgedrnn"), tmp_path / "ert.yaml")


def test_dram_traces_hold_every_burst_that_was_counted(tmp_path: Path) -> None:
    run = ds.run(network(), frames()[:1], chip="edgedrnn")
    run.save(tmp_path / "run", page=False, exports=["dramsim3", "ramulator"])
    (port,) = ports_of(run)
    assert len(port.transactions) == run.ledger.total("dram.read")
    ticks = [tick for tick, _ in port.transactions]
    assert ticks == sorted(ticks) and ticks[-1] * 1875 <= run.ledger.elapsed_ps
    memory = Addressed(1 << 29, 16, 1875)
    (records,) = read_records(tmp_path / "run" / "dram-0.dramsim3.trace", memory)
    assert records.address.tolist() == [address for _, address in port.transactions]
    assert records.start is not None and records.start.tolist() == ticks and not records.writes.any()
    lines = [line.split() for line in (tmp_path / "run" / "dram-0.ramulator.trace").read_text().splitlines()]
    assert [int(address) for _, address in lines] == records.address.tolist()
    waited = np.cumsum([int(gap) + 1 for gap, _ in lines]) - 1
    assert waited[-1] >= ticks[-1] and (waited >= ticks).all()


def test_a_standard_controller_is_traced_too(tmp_path: Path) -> None:
    chip = load_chip("mesh16").changed({"memories.0.size": "1 KiB"})
    wide = random_stack("gru", 16, (64,), np.random.default_rng(0))
    run = ds.run(wide, np.ones((1, 2, 16), np.float32), chip=chip, theta=0.0)
    ports = ports_of(run)
    asked = sum(len(port.transactions) for port in ports)
    assert len(ports) == 2 and asked >= run.ledger.total("dram.read") > 0.9 * asked  # waiting twins read once
    with pytest.raises(InputError, match="reads nothing from the DRAM"):
        ports_of(ds.run(network(), frames(), chip="mesh16"))
    with pytest.raises(InputError, match="the chip has no DRAM"):
        ports_of(ds.run(network(), frames(), chip="deltakws"))


def test_messages_are_a_table(run: Run) -> None:
    frame = message_frame(run)
    trace = run.trace
    assert len(frame) == len(trace.messages) and frame.columns == [
        "sequence",
        "step",
        "projection",
        "source",
        "delta",
    ]
    assert frame["delta"].to_numpy().tobytes() == trace.messages["delta"].tobytes()
    second = frame.filter(sequence=1)
    assert len(second) == len(trace.sequence(1).messages)
    assert second["step"].to_list() == trace.sequence(1).messages["step"].tolist()
    assert set(frame["projection"].cast(polars.String)) <= {p.name for p in run.network.projections}


def test_the_command_line_exports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        *LINE.split(),
        "--out",
        f"{tmp_path}/out",
        "--export",
        "neurobench,messages",
        "--json",
        "neurobench",
    ]
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == json.loads((tmp_path / "out" / "neurobench.json").read_text())
    assert 0 < found["SynapticOperations"]["Effective_MACs"] < found["SynapticOperations"]["Dense"]
    assert (tmp_path / "out" / "messages.parquet").is_file()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--export parquet", "There are: "),
        ("--export message", "Did you mean messages"),
        ("--json neurobenc", "Did you mean neurobench"),
        ("neurobench", "Write --json neurobench"),
        ("--export messages --theta 0,0.1", "hold one run"),
        ("--ert nothing.yaml", "nothing.yaml"),
    ],
)
def test_what_is_refused(words: str, sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*LINE.split(), *words.split()]) == 2
    said = capsys.readouterr().err
    assert sentence in said and len(said.splitlines()) == 1
