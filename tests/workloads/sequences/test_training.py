"""Training of a pair, what the shipped one is worth, and that both engines run it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from deltasim.networks.execute import execute
from deltasim.networks.training.trainer.recipe import Recipe
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import load_chip
from deltasim.simulator.simulate import simulate
from deltasim.validation.sequences.measured import scored, sent_by
from deltasim.validation.sequences.page import encoder_of, gates
from deltasim.validation.sequences.stability import driven
from deltasim.workloads.sequences import tasks
from deltasim.workloads.sequences.benchmarks import sequences
from deltasim.workloads.sequences.making.train import RECIPES, SCALES, WITHIN, Point, chosen, train_sequences
from deltasim.workloads.sequences.tasks import TASKS
from deltasim.workloads.sequences.trained import SHIPPED, load
from tests.simulator.builders import assert_same_ledger

TINY = replace(RECIPES["adding"], units=4, dense_epochs=2, epochs=2, batch=20)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "SUMS", {"learned": 60, "held_out": 20, "test": 10})


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".safetensors"}


@pytest.mark.parametrize("cell", ["dsgu", "gru"])
def test_what_is_stopped_goes_on_to_the_same_bytes(
    cell: str, few: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = replace(TINY, cell=cell)
    whole = train_sequences(TASKS["adding"], recipe, tmp_path / "whole")

    class Stopped(Exception):
        pass

    def stopping(done: int, total: int) -> None:
        if (done, total) == (3, 4):
            raise Stopped

    with pytest.raises(Stopped):
        train_sequences(TASKS["adding"], recipe, tmp_path / "stopped", progress=stopping)
    resumed = train_sequences(TASKS["adding"], recipe, tmp_path / "stopped", resume=True)
    assert files(tmp_path / "stopped") == files(tmp_path / "whole") and len(files(tmp_path / "whole")) == 2
    assert resumed.record["learning"] == whole.record["learning"]
    assert sorted(path.name for path in (tmp_path / "stopped").iterdir()) == [
        "delta.json", "delta.safetensors", "dense.json", "dense.safetensors", "training.json",
    ]  # fmt: skip
    again = sequences("adding", tmp_path / "whole")
    trace, outputs = execute(again.network, again.sequences)
    assert again.scored(outputs) is not None and trace.steps == 10 * 40
    assert again.points is not None and again.points(outputs, again.targets).shape == (10, 2)


def test_the_test_part_is_not_looked_at(few: None, tmp_path: Path) -> None:
    def untouched(part: str) -> tasks.Part:
        assert part != "test"
        return TASKS["adding"].read(part)

    shy = replace(TASKS["adding"], read=untouched)
    train_sequences(shy, replace(TINY, cell="sgu", dense_epochs=1, epochs=1), tmp_path / "out")


def test_what_is_not_trained_is_told(few: None, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="trained in float32, with all weights and given thresholds"):
        train_sequences(TASKS["adding"], replace(TINY, sparsity=0.5), tmp_path / "out")
    with pytest.raises(InputError, match="there is no checkpoint to go on from"):
        train_sequences(TASKS["adding"], TINY, tmp_path / "out", resume=True)


def test_the_shipped_pair_is_that_of_its_record() -> None:
    """The scale is the largest good enough on what was held out, and the delta network has it."""
    found = load(SHIPPED / "synthetic", TASKS["synthetic"])
    record = found.record
    points = [Point(**row) for row in record["scales"]]
    assert [point.scale for point in points] == list(SCALES)
    taken = chosen(points, record["result"]["held_out_dense"] - WITHIN["accuracy"])
    assert taken._asdict() == {name: record["result"][name] for name in Point._fields}
    recipe = Recipe(**record["recipe"])
    theta = {"x": recipe.theta_x, "h": recipe.theta_h, "u": recipe.theta_product, "g": recipe.theta_product}
    theta["readout"] = recipe.theta_readout
    for projection in found.delta.projections:
        wanted = theta[encoder_of(projection.name)] * taken.scale
        assert float(projection.theta) == pytest.approx(wanted, rel=1e-6)
    assert all(projection.theta == 0 for projection in found.dense.projections)
    assert json.dumps(record).count("synthetic digits spoken") == 1


def test_the_claim_a_simple_gated_unit_saves_most_of_its_fetches_at_nearly_the_same_score() -> None:
    """On 100 recordings that the pair never met: 7 times fewer words within 3 points of the dense one."""
    task = TASKS["synthetic"]
    part = task.read("test")
    part = part._replace(
        sequences=part.sequences[::3], targets=part.targets[::3], speakers=part.speakers[::3]
    )
    line = scored(task, "dsgu", load(SHIPPED / "synthetic", task), part)
    assert line.dense_score >= 0.9 and line.score >= line.dense_score - 0.03
    assert line.saved >= 7
    assert line.parameters == 2 * (64 * 40 + 64 * 64 + 64) + 64 * 64
    assert {encoder_of(name) for name in line.encoders} == {"x", "h", "u", "g", "readout"}
    assert "dsgu" not in encoder_of("dsgu_0->dsgu_0_u")


def test_both_engines_run_it() -> None:
    found = sequences()
    trace, _ = execute(found.network, [found.sequences[0][:6]])
    chip = load_chip("mesh16")
    assert_same_ledger(
        simulate(found.network, trace, chip), simulate(found.network, trace, chip, engine="simpy")
    )
    shares = sent_by(found.network, trace)
    assert all(0 <= sent.share <= 1 for sent in shares.values())


def test_a_dsgu_is_bounded_where_a_sgu_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    from deltasim.validation.sequences import stability

    monkeypatch.setattr(stability, "STEPS", 400)
    deep, flat = driven("dsgu"), driven("sgu")
    assert max(deep.values()) <= 1.0
    assert flat["float32"] == pytest.approx(np.log(400), rel=0.05) and flat["fixed point"] > 4
    assert [gates(cell) for cell in ("sgu", "dsgu", "gru", "lstm")] == [1, 1, 2, 3]
