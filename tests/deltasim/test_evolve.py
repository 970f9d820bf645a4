"""``deltasim evolve``: networks that run, kill -9 and what goes on, and what is told that does not fit."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from deltasim.api.evolving import evolve_benchmark
from deltasim.networks.execute import execute
from deltasim.networks.files.checkpoint import FILE
from deltasim.runtime.errors import InputError
from deltasim.workloads.evolved_parity.benchmarks import evolved_parity
from deltasim.workloads.evolved_parity.trained import load
from tests.deltasim.signalled import ended_by, litter

LINE = "evolve evolved-parity --budget 320 --seed 3 --energy mesh16"
GIVEN = {"budget": 320, "seed": 3, "energy": "mesh16"}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_evolved_then_run(deltasim, tmp_path):
    done = deltasim(f"{LINE} --jobs 1 --out mine --json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["evaluations"] == 320 and 0 < result["joules_of_sending_everything"] < 1
    assert max(result["thresholds"].values()) > 0
    found = evolved_parity(trained=tmp_path / "mine")
    trace, outputs = execute(found.network, found.sequences)
    assert found.scored(outputs) == result["right"] / 16
    assert 0 < trace.sent(found.network).sum() < trace.scanned(found.network).sum()
    run = deltasim("run evolved-parity --trained mine --chip earbud --json")
    assert run.returncode == 0, run.stderr


def test_what_kill_9_ended_goes_on_to_the_same_bytes_with_any_number_of_workers(tmp_path):
    whole = evolve_benchmark("evolved-parity", tmp_path / "whole", **GIVEN, jobs=1)
    assert whole["result"]["evaluations"] == 320
    first = ended_by(signal.SIGKILL, f"{LINE} --jobs 1 --out mine", tmp_path, None, change=6)
    assert first.code == -signal.SIGKILL and first.left == ()
    there = {path.name for path in (tmp_path / "mine").iterdir()}
    assert FILE in there and "training.json" not in there
    evolve_benchmark("evolved-parity", tmp_path / "mine", **GIVEN, jobs=2, resume=True)
    assert contents(tmp_path / "mine") == contents(tmp_path / "whole")
    assert litter(tmp_path) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"benchmark": "evolved-party"}, "are not evolved. Did you mean evolved-parity"),
        ({"mutation": "sm-g-si"}, "--mutation: sm-g-si: there is no such mutation. Did you mean sm-g-so"),
        ({"cell": "gro"}, "--cell: gro: no such cell evolves. Did you mean gru"),
        ({"energy": "mesh61"}, "Did you mean mesh16"),
        ({"energy": "mesh16", "weight": 0.0}, "--weight: 0.0: a weight is a number above 0"),
        ({"weight": 0.2}, "--weight: 0.2: joules count with --energy only"),
        ({"budget": 100}, "budget: 100: the first population alone is 250"),
        ({"magnitude": -1.0}, "magnitude: -1.0: a mutation has a size above 0"),
        ({"resume": True}, "no checkpoint to go on from. Name the folder of an evolution"),
        ({"jobs": 0}, "--jobs"),
    ],
)
def test_what_does_not_fit_is_told(changes, sentence, tmp_path):
    given = {"benchmark": "evolved-parity", "out": tmp_path / "mine", "budget": 300, **changes}
    with pytest.raises(InputError, match=sentence):
        evolve_benchmark(**given)
    assert not (tmp_path / "mine").exists()


def test_a_folder_that_is_there_is_not_written_to(deltasim, tmp_path):
    (tmp_path / "mine").mkdir()
    done = deltasim("evolve evolved-parity --budget 300 --out mine")
    assert done.returncode == 2 and "never overwrites" in done.stderr and done.stderr.count("\n") == 1
    assert deltasim("evolve evolved-parity --resume --out mine").returncode == 2


@pytest.mark.parametrize("cell", ["rnn", "gru"])
def test_both_cells_are_written_as_networks(cell, tmp_path):
    evolve_benchmark("evolved-parity", tmp_path / cell, budget=260, cell=cell, mutation="plain", jobs=1)
    found = load(tmp_path / cell)
    assert [population.cell.kind for population in found.delta.populations] == ["input", cell, cell, "dense"]
