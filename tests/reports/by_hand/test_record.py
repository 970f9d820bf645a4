"""The files of the run on paper: every value of run.json and every row of the three tables."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars
import pytest

from deltasim.reports.saved.fields import chip_fields, network_fields
from deltasim.reports.saved.folder import SavedRun, load_run
from deltasim.reports.saved.record_form import VERSION
from deltasim.simulator.chip.actions import chip_actions
from tests.reports.by_hand.expected import DELTA, DENSE, NS, PJ, WHERE, Run, approx
from tests.reports.by_hand.specimen import CHIP, result

RUNS = {"delta": DELTA, "dense": DENSE}


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> SavedRun:
    return load_run(result().save(tmp_path_factory.mktemp("runs") / "paper", page=False))


def parts(run: Run) -> dict[str, float]:
    """Joules of one inference by part."""
    return {part: sum(split) / 2 * PJ for part, split in run.energy.items()}


def latency(steps: tuple[float, float], inferences: tuple[float, float]) -> dict[str, float]:
    return {
        "step_mean_s": steps[0] * NS, "step_p99_s": steps[1] * NS,
        "inference_mean_s": inferences[0] * NS, "inference_p99_s": inferences[1] * NS,
    }  # fmt: skip


def static(action: str) -> bool:
    """Counted in ps, and so priced in watts."""
    return "leakage" in action or "background" in action


PRICES = (
    ("core.scan", 3 * PJ, "28 nm", "measured"),
    ("core.send", 2 * PJ, "28 nm", "measured"),
    ("core.receive", 3 * PJ, "28 nm", "measured"),
    ("core.mac", 5 * PJ, "28 nm", "measured"),
    ("core.update", 8 * PJ, "28 nm", "measured"),
    ("core.state_read", PJ, "28 nm", "measured"),
    ("core.state_write", 3 * PJ, "28 nm", "measured"),
    ("core.leakage", 1e-3, "28 nm", "measured"),
    ("registers.write", 2 * PJ, "28 nm", "simulated"),
    ("registers.read", PJ, "28 nm", "simulated"),
    ("registers.leakage", 0.0, "28 nm", "simulated"),
    ("pad.read", 4 * PJ, "28 nm", "simulated"),
    ("pad.leakage", 1e-3, "28 nm", "simulated"),
    ("cache.lookup", PJ, "28 nm", "simulated"),
    ("cache.read", 2 * PJ, "28 nm", "simulated"),
    ("cache.fill", 3 * PJ, "28 nm", "simulated"),
    ("cache.leakage", 2e-3, "28 nm", "simulated"),
    ("dram.activate", 10 * PJ, "not stated", "estimated"),
    ("dram.read", 6 * PJ, "not stated", "estimated"),
    ("dram.io", PJ, "not stated", "estimated"),
    ("dram.refresh", 20 * PJ, "not stated", "estimated"),
    ("dram.background_active", 3e-3, "not stated", "estimated"),
    ("dram.background_precharged", 1e-3, "not stated", "estimated"),
    ("link.flit", 2 * PJ, "28 nm", "measured"),
    ("router.flit", 3 * PJ, "28 nm", "measured"),
    ("network.leakage", 4e-3, "28 nm", "measured"),
)


SPREAD = {"measured": 1.1, "simulated": 1.25, "estimated": 2.0}  # of prices that state none


# Of two recordings both are the first in a quarter of the draws, and in a quarter the second.
INTERVALS = {
    "energy.inference_j": None,
    "reduction.energy": None,
    "latency.inference_mean_s": [9e-9, 85e-9],
    "reduction.latency": [1.212, 6.778],  # 103 / 85 and 61 / 9
    "score.value": [0.0, 1.0],
}


def expected() -> dict[str, Any]:
    """The whole of run.json."""
    return {
        "kind": "run",
        "version": VERSION,
        "benchmark": "paper",
        "data": "two recordings on paper",
        "chip": "two",
        "engine": "compiled",
        "theta": "trained",
        "sequences": 2,
        "steps": 3,
        "messages": 6,
        "occupancy": {"input": 5 / 12, "hidden": 1 / 3},
        "score": {"name": "accuracy", "value": 0.5, "dense": 1.0},
        "reduction": {
            "weight_fetches": 21 / 8, "macs": 21 / 8, "dram_bytes": 28 / 12, "energy": 3652 / 2061,
            "latency": 164 / 94,
        },
        "energy": {
            "inference_j": 2061 / 2 * PJ, "step_j": 2061 / 3 * PJ, "parts": parts(DELTA),
            "estimated_share": 404 / 2061,
        },
        "intervals": None,
        "latency": latency((31, 33 + 0.98 * 18), (47, 9 + 0.99 * 76)),
        "power": None,
        "dram": {"reads": 6, "bytes": 12, "row_hits": 3, "row_misses": 1, "row_conflicts": 2},
        "limits": "No unit is busy for half of the time, so latency and waiting set the pace; the busiest is "
        "the threshold scan (core0.scan) at 12.8 %.",
        "digest": result().digest,
        "wall_s": result().wall_s,
        "provenance": {
            "command": "on paper",
            "seed": 0,
            "fallback": None,
            "profile": None,
            "versions": dict(result().provenance.versions),
            "digests": {
                "data": "0" * 64,
                "network": result().network.digest,
                "trace": result().trace.digest,
                "chip": result().chip.digest,
                "mapping": result().mapping.digest,
            },
            "dense": {
                "inference_j": 3652 / 2 * PJ,
                "parts": parts(DENSE),
                "latency": latency((163 / 3, 61), (82, 61 + 0.99 * 42)),
            },
            "described": {
                "chip": chip_fields(result().chip), "network": network_fields(result().network),
            },
            "prices": [
                {
                    "action": action, "price": price, "unit": "W" if static(action) else "J",
                    "node": node, "kind": kind, "source": "paper", "low": price / SPREAD[kind],
                    "high": price * SPREAD[kind],
                    "inference_j": sum(DELTA.counts[action]) * price * (PJ if static(action) else 1) / 2,
                }
                for action, price, node, kind in PRICES
            ],
        },
    }  # fmt: skip


def leaves(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of a record with its place; fractions compare but for the last digits."""
    if isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, f"{place}.{name}")
    else:
        yield place, approx(value) if isinstance(value, float) else value


def test_the_record(saved: SavedRun) -> None:
    drawn = saved.record["intervals"]
    assert list(drawn) == list(INTERVALS)
    assert {figure: drawn[figure] for figure in INTERVALS if "energy" not in figure} == {
        figure: interval for figure, interval in INTERVALS.items() if "energy" not in figure
    }
    energy = {name: value for name, value in saved.record["energy"].items() if name != "interval_j"}
    assert list(saved.record) == list(expected())
    values = dict(leaves(expected()))
    record = {**saved.record, "energy": energy, "intervals": None}
    found = {place: getattr(value, "expected", value) for place, value in leaves(record)}
    assert found == values
    assert result(engine="simpy").to_dict()["engine"] == "simpy"


def test_the_record_says_what_chip_and_network_are(saved: SavedRun) -> None:
    held = saved.record["provenance"]["described"]
    assert held["chip"]["name"] == "two" and held["chip"]["cores.count"] == "2"
    assert held["chip"]["memories.pad.kind"] == "scratchpad"
    assert not any("about" in field or "source" in field or "prices" in field for field in held["chip"])
    network = held["network"]
    assert network["populations.hidden.activation"] == "relu" and network["outputs"] == "out"
    assert network["projections.out->out.theta"] == "0.5"
    root = (7 / 4) ** 0.5  # of 1, -1, 2, 1
    assert network["projections.input->hidden.weights"].startswith(f"2 x 1 x 2, RMS {root:.4g}, digest ")


def test_the_record_of_a_run_that_sends_nothing() -> None:
    record = json.loads(json.dumps(result(theta=3.0).to_dict(), allow_nan=False))
    assert record["theta"] == 3.0 and record["messages"] == 0
    assert record["occupancy"] == {"input": 0.0, "hidden": 0.0}
    assert record["reduction"] == {
        "weight_fetches": None, "macs": None, "dram_bytes": None,
        "energy": approx(3652 / 622), "latency": approx(164 / 28),
    }  # fmt: skip
    assert record["energy"]["step_j"] == approx(622 / 3 * PJ)


def test_the_table_of_units(saved: SavedRun) -> None:
    table = saved.units()
    assert table.schema == {
        "run": polars.String, "unit": polars.String, "kind": polars.String, "node": polars.Int64,
        "core": polars.Int64, "layer": polars.String, "action": polars.String, "part": polars.String,
        "count": polars.Int64, "price": polars.Float64, "joules": polars.Float64, "low_j": polars.Float64,
        "high_j": polars.Float64,
    }  # fmt: skip
    spread = {action: SPREAD[kind] for action, _, _, kind in PRICES}
    watts = {action: price for action, price, _, _ in PRICES}
    prices = {action: price * (1e-12 if static(action) else 1) for action, price, _, _ in PRICES}
    part_of = {action.name: action.part for action in chip_actions(result().chip) if action.priced}
    for row in table.iter_rows(named=True):
        assert row["part"] == part_of.get(row["action"])
        assert row["joules"] == approx(row["count"] * prices.get(row["action"], 0.0))
        assert row["price"] == (approx(watts[row["action"]]) if row["action"] in watts else None)
        factor = spread.get(row["action"], 1.0)
        assert (row["low_j"], row["high_j"]) == approx((row["joules"] / factor, row["joules"] * factor))
    delta = table.filter(run="delta")
    shared = {"link0-1", "link1-0", "dram0", "chip"}
    assert {row["unit"] for row in delta.iter_rows(named=True) if row["core"] is None} == shared
    assert set(delta.filter(polars.col("core") == 0)["layer"]) == {"hidden"}
    assert set(delta.filter(polars.col("core") == 1)["layer"]) == {"out"}
    found = {(row["unit"], row["action"]): row["count"] for row in delta.iter_rows(named=True)}
    routed = {key: count for key, count in found.items() if key[1] == "router.flit"}
    assert {key: count for key, count in found.items() if key not in routed} == WHERE
    assert sum(routed.values()) == 24
    for name, run in RUNS.items():
        totals = dict(table.filter(run=name).group_by("action").agg(polars.col("count").sum()).iter_rows())
        assert totals == {action: sum(split) for action, split in run.counts.items() if sum(split)}
    units = {row["unit"]: (row["kind"], row["node"]) for row in delta.iter_rows(named=True)}
    assert units["core1.scan"] == ("scan", 1) and units["core1.cache.tags"] == ("cache", 1)
    assert units["link1-0"] == ("link", 1) and units["dram0"] == ("dram", 0) and units["chip"] == ("chip", 0)


def test_the_table_of_layers(saved: SavedRun) -> None:
    table = saved.layers()
    assert table.schema == {
        "run": polars.String, "layer": polars.String, "part": polars.String, "joules": polars.Float64,
    }  # fmt: skip
    found = {tuple(row[:3]): row[3] for row in table.iter_rows()}
    expected = {
        (name, layer, part): joules * PJ
        for name, run in RUNS.items()
        for part, split in run.energy.items()
        for layer, joules in zip(("input", "hidden", "out", "shared"), (0, *split), strict=True)
    }
    assert len(table) == len(expected)
    assert found == approx(expected)


def test_the_table_of_steps(saved: SavedRun) -> None:
    """Sent in the three steps: 2, 4 and nothing."""
    assert saved.steps().to_dict(as_series=False) == {
        "sequence": [0, 0, 1],
        "step": [0, 1, 0],
        "messages": [2, 4, 0],
        "latency_ps": [33_000, 51_000, 9000],
        "dense_latency_ps": [61_000, 41_000, 61_000],
    }


def test_the_table_of_sequences(saved: SavedRun) -> None:
    """85 and 9 ns, 1847 and 214 pJ; dense 103 and 61 ns. Of the second nothing is sent: 9 ns at 4 mW."""
    table = saved.sequences()
    assert table is not None
    told = table.select(
        "sequence", "steps", "latency_ps", "dense_latency_ps", "points", "points_of", "core.mac"
    ).rows()
    assert told == [
        (0, 2, 85_000, 103_000, 1.0, 1.0, approx(sum(DELTA.counts["core.mac"]) * 5 * PJ)),
        (1, 1, 9_000, 61_000, 0.0, 1.0, 0.0),
    ]
    assert table["joules"].to_list() == approx([1847 * PJ, 214 * PJ])
    assert table["dense_joules"].to_list() == approx([2296 * PJ, 1356 * PJ])
    assert table["network.leakage"].to_list() == approx([85 * 4 * PJ, 9 * 4 * PJ])
    priced = [price["action"] for price in saved.record["provenance"]["prices"]]
    assert table.columns[8:] == priced
    assert table.select(priced).sum_horizontal().to_list() == approx(table["joules"].to_list())


def test_a_folder_holds_these_files(tmp_path: Path) -> None:
    plain = result().save(tmp_path / "plain", page=False)
    whole = result().save(tmp_path / "whole", trace=True)
    tables = ["layers.parquet", "run.json", "sequences.parquet", "steps.parquet", "units.parquet"]
    assert sorted(path.name for path in plain.iterdir()) == tables
    assert sorted(path.name for path in whole.iterdir()) == sorted([*tables, "report.html", "trace.npz"])
    assert load_run(whole).record == load_run(plain).record == result().to_dict()
    assert (load_run(plain).name, load_run(plain).folder) == ("plain", plain)


def test_the_specimen_is_what_it_says() -> None:
    """Two cores, three neurons, two steps; prices differ enough that none is taken for another."""
    held = result()
    assert held.chip.cores.count == 2
    assert sum(population.size for population in held.network.populations[1:]) == 3
    assert np.diff(held.trace.sequence_bounds).max() == 2
    kinds = Counter(price.kind for price in held.chip.priced.values())
    assert kinds == {"measured": 11, "simulated": 9, "estimated": 6}
    assert CHIP.read_text().count("paper") == 27
