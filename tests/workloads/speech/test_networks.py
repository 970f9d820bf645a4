"""The networks in the box: the claim they are shipped for, and what they are refused for."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from deltasim.networks.execute import execute
from deltasim.networks.numbers.arithmetic import FixedPoint
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import load_chip
from deltasim.simulator.simulate import simulate
from deltasim.workloads.fetches import fetches_saved
from deltasim.workloads.registry import benchmark
from deltasim.workloads.speech import box
from deltasim.workloads.speech.scores import points
from deltasim.workloads.speech.trained import SHIPPED, load

SAVED, LOST = 2.7, 0.02  # fetches on the box at least, character error rate there at most


@pytest.fixture
def other_fold(tmp_path: Path) -> Path:
    """The shipped networks under another fold's number."""
    folder = tmp_path / "fold-1"
    shutil.copytree(SHIPPED, folder)
    record = json.loads((folder / "training.json").read_text())
    (folder / "training.json").write_text(json.dumps({**record, "fold": 1}))
    return folder


def test_thresholds_save_fetches_at_little_cost() -> None:
    found = benchmark("speech")
    assert found.targets is not None
    trace, outputs = execute(found.network, found.sequences)
    _, dense = execute(found.dense_network, found.sequences)
    right, said = points(outputs, found.targets).sum(0)
    right_dense, _ = points(dense, found.targets).sum(0)
    assert fetches_saved(found.network, trace) >= SAVED
    assert (right_dense - right) / said <= LOST


def test_the_pair_is_of_one_shape_in_eight_bits_and_both_directions() -> None:
    found = load(SHIPPED)
    for network in (found.dense, found.delta):
        assert isinstance(network.arithmetic, FixedPoint) and network.weight_bits(0) == 8
        assert network.passes == 3 and sum(one.reverse for one in network.populations) == 2
    thetas = [np.asarray(projection.theta) for projection in found.delta.projections]
    assert all(theta.shape and (theta > 0).all() for theta in thetas)
    assert all(not np.any(projection.theta) for projection in found.dense.projections)
    assert found.fold == box.FOLD


def test_what_was_chosen_was_the_best_of_what_was_tried() -> None:
    chosen = load(SHIPPED).record["chosen_on"]
    most = chosen["dense"]["error"] + 0.01
    for tried, kept in ((chosen["naive"], chosen["naive_theta"]), (chosen["delta"], chosen["scale"])):
        good = [one for one in tried if one["error"] <= most]
        best = max(good, key=lambda one: one["saved"]) if good else min(tried, key=lambda one: one["error"])
        assert best["scale"] == kept


def test_both_engines_agree_on_a_sentence() -> None:
    found = benchmark("speech")
    trace, _ = execute(found.network, [found.sequences[1][:1]])
    chip = load_chip("mesh16")
    one, other = (simulate(found.network, trace, chip, engine=engine) for engine in ("compiled", "simpy"))
    assert one.elapsed_ps == other.elapsed_ps
    np.testing.assert_array_equal(one.counts, other.counts)


def test_networks_of_another_fold_are_refused_what_they_learned(other_fold: Path) -> None:
    with pytest.raises(InputError, match="which these networks learned"):
        benchmark("speech", trained=other_fold)


def test_a_record_without_its_fold_is_refused(other_fold: Path) -> None:
    (other_fold / "training.json").write_text('{"fold": 9}')
    with pytest.raises(InputError, match="names its fold"):
        benchmark("speech", trained=other_fold)
    with pytest.raises(InputError, match="no such folder"):
        benchmark("speech", trained=other_fold / "none")
