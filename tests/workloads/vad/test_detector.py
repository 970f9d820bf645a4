"""The detector: its scores, what is shipped, and the claim that it saves within half a point."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.networks.execute import execute
from deltasim.networks.graph import Network
from deltasim.networks.importers import import_model
from deltasim.networks.importers.check import difference, original_of
from deltasim.networks.numbers.arithmetic import WideSums, dequantise
from deltasim.runtime.errors import InputError
from deltasim.validation.vad.choosing import WITHIN, within_of
from deltasim.validation.vad.page import cost_on
from deltasim.workloads.digits.trained import SHIPPED as DIGITS
from deltasim.workloads.fetches import products_of
from deltasim.workloads.roc import roc_auc
from deltasim.workloads.vad.benchmarks import vad
from deltasim.workloads.vad.scores import agreement, detection
from deltasim.workloads.vad.trained import (
    ARITHMETIC,
    SHIPPED,
    WEIGHT_BITS,
    in_fixed_point,
    load,
    weight_formats,
)

pairs = st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=1, max_size=40)


@settings(max_examples=200, deadline=None)
@given(pairs)
def test_the_area_is_the_share_of_pairs_in_order(drawn: list[tuple[int, bool]]) -> None:
    values, positive = np.array([v for v, _ in drawn], float), np.array([p for _, p in drawn])
    ordered = [(a > b) + (a == b) / 2 for a in values[positive] for b in values[~positive]]
    found = roc_auc(values, positive)
    assert found is None if not ordered else found == pytest.approx(np.mean(ordered))


def test_the_area_is_that_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    values, positive = rng.integers(0, 50, 500).astype(float), rng.random(500) < 0.3
    assert roc_auc(values, positive) == pytest.approx(metrics.roc_auc_score(positive, values))


def test_what_lies_behind_a_sequence_counts_for_nothing() -> None:
    targets = np.array([[1, 0, np.nan], [0, 1, 1]])
    outputs = [np.array([[0.9], [0.2]], np.float32), np.array([[0.1], [0.8], [0.7]], np.float32)]
    assert detection(outputs, targets) == 1.0
    assert agreement(outputs, [1 - frames for frames in outputs]) == 0.0


def test_the_record_belongs_to_the_network() -> None:
    found = load(SHIPPED)
    assert {p.name: p.theta for p in found.delta.projections} == {
        **dict.fromkeys((p.name for p in found.delta.projections), 0.0),
        **found.record["thresholds"],
    }
    assert in_fixed_point(found.dense).digest == found.delta.with_thresholds(0.0).digest
    assert found.record["within"] == WITHIN and found.record["holds"]
    assert found.record["naive"]["theta"] == within_of(found.record["naive"]["scores"])


def test_every_weight_fits_its_format() -> None:
    dense = load(SHIPPED).dense
    formats, fixed = weight_formats(dense), in_fixed_point(dense)
    for given_, rounded in zip(dense.projections, fixed.projections, strict=True):
        form = formats[given_.name]
        assert form.bits == WEIGHT_BITS
        apart = np.abs(dequantise(rounded.connection.weights, form) - given_.connection.weights)
        assert apart.max() <= 2.0 ** -(form.fraction + 1)
    assert fixed.arithmetic == ARITHMETIC


def test_half_a_point_is_enough_to_save() -> None:
    """On two scenes of the test: as good as the detector that was given out, for fewer multiplications."""
    few = vad("session").limited(2)
    _, given_ = execute(few.dense_network, few.sequences)
    trace, outputs = execute(few.network, few.sequences)
    lost = few.scored(given_) - few.scored(outputs)
    assert lost <= 0.01
    assert agreement(outputs, given_) > 0.95
    assert products(few.network, trace) < 0.7 * sum(whole(few.network)) * trace.steps


def test_sixteen_bits_are_in_time_on_a_microcontroller_and_thirty_two_are_not() -> None:
    few = vad("session")
    frames = [few.sequences[0][:40]]
    for network, late in ((few.dense_network, True), (few.network, False)):
        trace, _ = execute(network, frames)
        cost = cost_on("mcu-psram", network, trace, [40])
        assert cost is not None and (cost.power.late_steps > 0) is late
    assert cost_on("earbud", few.dense_network, trace, [40]) is None
    assert products_of(few.network, trace) * 40 == products(few.network, trace)


def products(network: Network, trace) -> int:
    done = 0
    for number, projection in enumerate(network.projections):
        sources = trace.messages["source"][trace.messages["projection"] == number]
        done += int(projection.connection.fan_out[sources].sum())
    return done


def whole(network: Network) -> list[int]:
    return [int(projection.connection.fan_out.sum()) for projection in network.projections]


@pytest.mark.skipif(importlib.util.find_spec("silero_vad") is None, reason="needs silero-vad")
def test_the_shipped_detector_is_that_of_the_package() -> None:
    from deltasim.workloads.vad.making import model_path

    imported = import_model(model_path())
    for one, other in zip(imported.network.projections, load(SHIPPED).dense.projections, strict=True):
        np.testing.assert_array_equal(one.connection.weights, other.connection.weights)
    frames = vad("session").sequences[0][:30]
    apart = difference(imported, original_of(model_path())[1], [frames], WideSums())
    assert apart.largest < 1e-4


def test_a_folder_of_another_task_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="trained networks come with their record"):
        vad("session", tmp_path)
    folder = tmp_path / "digits"
    folder.mkdir()
    for file in next(DIGITS.glob("digits-synthetic")).glob("*"):
        (folder / file.name).write_bytes(file.read_bytes())
    with pytest.raises(InputError, match="a detector takes 576 samples"):
        vad("session", folder)
    (folder / "training.json").write_text(json.dumps([1]))
    with pytest.raises(InputError, match="a record of a tuning is a table"):
        vad("session", folder)
