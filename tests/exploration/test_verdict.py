"""Several chips: dense accelerator and state tax held against sums by hand, break-even against runs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import deltasim as ds
from deltasim.api.own_network import own_benchmark
from deltasim.exploration.verdict.break_even import break_even, thinned
from deltasim.exploration.verdict.fair_dense import fair_dense
from deltasim.exploration.verdict.room import room
from deltasim.exploration.verdict.state_tax import state_tax, state_words
from deltasim.exploration.verdict.verdict import at_8_bits, pruned_to
from deltasim.main import main
from deltasim.networks.builders.magnitude_pruning import pruned
from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.connections import AllToAll, Sparse
from deltasim.networks.execute import execute
from deltasim.networks.graph import Network
from deltasim.networks.trace import dense_trace, random_trace
from deltasim.reports.chips.across import Across
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import load_chip
from deltasim.simulator.ledger.pricing import price
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.simulate import simulate
from tests.simulator.random_networks import networks

CHIPS = ("edgedrnn", "mesh16", "mesh16-cached")


def network(hidden: int = 16) -> Network:
    return random_stack("gru", 3, (hidden,), np.random.default_rng(1), readout=4)


def walks(count: int = 3) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=(10 + n, 3)).cumsum(axis=0).astype(np.float32) / 4 for n in range(count)]


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(
    network=networks(),
    share=st.sampled_from([0.0, 0.3, 1.0]),
    lengths=st.lists(st.integers(1, 3), min_size=1, max_size=2),
)
def test_the_words_of_state_add_up_to_what_the_engine_counted(
    network: Network, share: float, lengths: list[int]
) -> None:
    chip = load_chip("edgedrnn")  # where a word of state counts as one
    trace = random_trace(network, lengths, share, np.random.default_rng(0))
    ledger = simulate(network, trace, chip)
    words = state_words(network, trace, np.ones(len(network.projections), np.int64), ledger)
    wide = network.arithmetic.accumulator_words
    read = sum(w.last_sent_read + wide * w.sums_read for w in words) + int(trace.scanned(network).sum())
    written = sum(w.last_sent_written + wide * w.sums_written for w in words)
    homes, frames = map_network(network, chip).homes, trace.steps // network.passes
    for place, population in enumerate(network.populations):  # what any network moves: values and states
        states = homes[place].state_bits(population.cell) * population.size
        computed = population.cell.kind != "input"
        read += states * frames * computed
        written += states * (frames * computed + trace.sequences * bool(network.incoming[place]))
    assert (read, written) == (ledger.total("core.state_read"), ledger.total("core.state_write"))


@pytest.mark.parametrize("name", CHIPS)
@pytest.mark.parametrize("batch", [1, 4])
def test_the_dense_accelerator_by_hand(name: str, batch: int) -> None:
    chip, trace = load_chip(name), dense_trace(network(), [4, 6])
    mapping = map_network(network(), chip)
    ledger = simulate(network(), trace, chip, mapping)
    energy = price(ledger, chip, network())
    tax = state_tax(network(), trace, chip, mapping, ledger)
    found = fair_dense(ledger, energy, tax, chip, batch)
    lines = {line.action: line.joules for line in energy.lines}
    elapsed = ledger.elapsed_ps * 1e-12
    shared = ("dram.", "scratchpad.", "cache.", "buffer.") + (("link.",) if name == "edgedrnn" else ())
    expected = 0.0
    for action, joules in lines.items():
        event = action.partition(".")[2]
        if event.startswith("background") or event in ("leakage", "refresh"):
            expected += joules * found.seconds / elapsed
        elif action == "core.scan":
            pass
        elif action.startswith(shared) and "state" not in event:
            expected += joules / batch
        else:
            expected += joules
    assert found.joules == pytest.approx(expected - tax.last_sent_j)
    assert 0 < found.seconds <= elapsed and found.joules < energy.total_j
    if name == "edgedrnn":  # one core with eight multipliers: they, or the bus, set the time
        macs = ledger.total("core.mac") / 8 * 8e-9
        assert found.seconds == pytest.approx(
            max(macs, busy(ledger, "bus") / batch, busy(ledger, "mac")), rel=0.01
        )


def busy(ledger: object, kind: str) -> float:
    rows = [row for row, unit in enumerate(ledger.units) if unit.kind == kind]  # type: ignore[attr-defined]
    return float(max(ledger.busy_ps[row] for row in rows)) * 1e-12  # type: ignore[attr-defined]


def test_what_a_gru_remembers() -> None:
    chip, trace = load_chip("edgedrnn"), dense_trace(network(), [5])
    ledger = simulate(network(), trace, chip)
    tax = state_tax(network(), trace, chip, map_network(network(), chip), ledger)
    assert tax.last_sent_bytes == 4 * (3 + 16 + 16) and tax.accumulator_bytes == 4 * (4 * 16 + 4)
    read, write = chip.priced["core.state_read"].value, chip.priced["core.state_write"].value
    scanned = 5 * (3 + 16 + 16)
    assert tax.last_sent_j == pytest.approx(scanned * read + (scanned + 35) * write)


@pytest.mark.parametrize("name", CHIPS)
def test_a_run_at_the_break_even_costs_what_the_accelerator_does(name: str) -> None:
    found = ds.across(own_benchmark(network(), walks()), [name], theta=0.3)
    (row,) = found.rows
    assert row.verdict is not None and row.run is not None
    share = row.verdict.break_even[1]
    assert share is not None and 0 < share < 1
    trace = thinned(dense_trace(row.run.network, [12]), share)
    joules = price(
        simulate(row.run.network, trace, row.chip, row.run.mapping), row.chip, row.run.network
    ).total_j
    assert joules / 12 == pytest.approx(row.verdict.fair_step_j[1], rel=0.06)


@given(st.lists(st.floats(0.01, 10), min_size=2, max_size=8), st.floats(0, 12))
def test_break_even_lies_on_the_curve(costs: list[float], joules: float) -> None:
    curve = list(zip(np.linspace(0, 1, len(costs)).tolist(), sorted(costs), strict=True))
    share = break_even(curve, joules)
    if share is None:
        assert joules < min(costs)
    elif share < 1:
        assert np.interp(share, *zip(*curve, strict=True)) == pytest.approx(joules, rel=1e-6)
    else:
        assert joules >= max(costs) or share == pytest.approx(1)


@settings(max_examples=25)
@given(share=st.floats(0, 1), seed=st.integers(0, 5))
def test_pruning_takes_the_smallest(share: float, seed: int) -> None:
    whole = random_stack("lstm", 5, (6,), np.random.default_rng(seed))
    left = pruned(whole, share)
    for before, after in zip(whole.projections, left.projections, strict=True):
        assert isinstance(before.connection, AllToAll) and isinstance(after.connection, Sparse)
        sizes = np.sort(np.abs(before.connection.weights), axis=None)
        assert np.sort(np.abs(after.connection.weights)).tolist() == sizes[int(share * sizes.size) :].tolist()
    again = pruned(left, 0.0)
    assert again.digest == left.digest


def test_a_network_is_pruned_as_far_as_it_stays_good_enough() -> None:
    silent = network().with_thresholds(0.0)
    other = pruned_to(silent, walks(), lambda outputs: True)
    assert other.network is not None and other.network.weight_words / silent.weight_words < 0.04
    assert pruned_to(silent, walks(), lambda outputs: False).network is None
    _, dense = execute(silent, walks())
    near = pruned_to(silent, walks(), lambda outputs: bool(np.abs(outputs[0] - dense[0]).max() < 0.05))
    assert near.network is not None
    _, outputs = execute(near.network, walks())
    assert np.abs(outputs[0] - dense[0]).max() < 0.05


def test_eight_bits_cost_less_where_weights_are_moved() -> None:
    other = at_8_bits(network())
    assert other.network is not None and other.network.weight_bits(0) == 8
    again = at_8_bits(other.network)
    assert again.network is None and "already" in again.about


def test_a_network_that_does_not_fit_says_by_how_much() -> None:
    large = random_stack("gru", 40, (120,), np.random.default_rng(0))
    held = room(large, load_chip("deltakws"))
    assert held.share == pytest.approx((40 + 120) * 3 * 120 * 4 / 24_000)
    data = own_benchmark(large, [np.ones((3, 40), np.float32)])
    found = ds.across(data, ["deltakws", "edgedrnn"], theta=0.1)
    assert [row.fits for row in found.rows] == [False, True]
    assert found.rows[0].room_text == "no, 9.6 ×" and "layer gru_0 needs" in found.rows[0].sentence
    with pytest.raises(InputError, match="layer gru_0 needs"):
        ds.across(data, ["deltakws"])


@pytest.fixture(scope="module")
def across() -> Across:
    return ds.across(own_benchmark(network(), walks()), ["edgedrnn", "mesh16"], theta=0.2, batch=4)


def test_rows_hold_what_a_single_run_says(across: Across) -> None:
    alone = ds.run(network(), walks(), chip="mesh16", theta=0.2)
    row = across.rows[1]
    assert row.run is not None and row.run.digest == alone.digest and row.verdict is not None
    assert row.joules == alone.energy.total_j / 3
    assert row.verdict.costs[0].joules == alone.dense_energy.total_j / 3
    assert across.to_frame().filter(chip="mesh16", way="delta")["joules"].item() == row.joules
    assert [cost.name for cost in row.verdict.costs][-1] == "dense accelerator, batch 4"


def test_the_table_has_a_column_a_chip_and_a_verdict_each(across: Across) -> None:
    from rich.console import Console

    with (console := Console(width=120)).capture() as printed:
        console.print(across)
    shown = printed.get()
    for words in ("break-even, batch 4", "fits, memory taken", "edgedrnn: deltas", "mesh16: deltas", "mm²"):
        assert words in shown


def test_several_chips_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "w.npz", *walks())
    from deltasim.networks.files.network import save_network

    (tmp_path / "net").mkdir()
    save_network(network(), tmp_path / "net")
    line = f"run {tmp_path}/net --data {tmp_path}/w.npz --theta 0.2 --chip edgedrnn,mesh16 --batch 4"
    assert main([*line.split(), "--json", "--out", f"{tmp_path}/out"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert [chip["chip"] for chip in record["chips"]] == ["edgedrnn", "mesh16"]
    assert set(record["chips"][0]["break_even_occupancy"]) == {"1", "4"}
    assert record == json.loads((tmp_path / "out" / "chips.json").read_text())
    assert "Where deltas begin to pay" in (tmp_path / "out" / "report.html").read_text()
    assert (tmp_path / "out" / "mesh16" / "run.json").is_file()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--chip edgedrnn,edgedrnn", "each chip is named once"),
        ("--chip edgedrnn,mesh61", "Did you mean"),
        ("--chip edgedrnn,mesh16 --theta 0,0.1", "Give one, or one chip"),
    ],
)
def test_what_is_refused(words: str, sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "digits", "--data", "synthetic", "--limit", "1", *words.split()]) == 2
    said = capsys.readouterr().err
    assert sentence in said and len(said.splitlines()) == 1
