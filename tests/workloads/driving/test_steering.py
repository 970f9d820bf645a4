"""The benchmark: its scores, its shipped networks, folders of one's own, and the page about it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from deltasim.networks.execute import execute
from deltasim.runtime.errors import InputError
from deltasim.workloads.digits.trained import SHIPPED as DIGITS
from deltasim.workloads.driving.benchmarks import driving
from deltasim.workloads.driving.drive import inputs, padded
from deltasim.workloads.driving.parts import words_of
from deltasim.workloads.driving.recorded import read_session
from deltasim.workloads.driving.scores import negative_rmse, steering
from deltasim.workloads.driving.trained import SHIPPED, load
from deltasim.workloads.training_record import RECORD

VALUES = st.floats(-1, 1, width=32)


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(np.float32, (40,), elements=VALUES), st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_scores_are_those_of_scikit_learn_and_scipy(values: np.ndarray, lengths: list[int]) -> None:
    from scipy.stats import pearsonr

    count = sum(lengths)
    driven = np.sin(np.arange(count)).astype(np.float32)
    ends = np.cumsum(lengths).tolist()
    pieces = tuple(zip([0, *ends[:-1]], ends, strict=True))
    outputs = [values[first:end, None] for first, end in pieces]
    found = steering(outputs, padded(driven, pieces))
    assert found is not None
    apart = values[:count].astype(float) - driven.astype(float)
    assert found.rmse == pytest.approx(np.sqrt((apart**2).mean()))
    assert found.mae == pytest.approx(np.abs(apart).mean())
    assert negative_rmse(outputs, padded(driven, pieces)) == -found.rmse
    if count > 2 and np.ptp(values[:count]) > 0.1:
        assert found.correlation == pytest.approx(pearsonr(values[:count], driven).statistic, abs=1e-5)


def test_frames_without_a_target_do_not_count() -> None:
    outputs = [np.array([[0.5], [9.0]], np.float32)]
    assert negative_rmse(outputs, np.array([[0.0, np.nan]], np.float32)) == -0.5
    assert negative_rmse(outputs, np.array([[np.nan, np.nan]], np.float32)) is None


def test_the_shipped_networks_fetch_a_hundredth() -> None:
    """Both steer on the first sequences of the session, and the delta network's recurrent part rests."""
    found = driving("session").limited(2)
    trace, outputs = execute(found.network, found.sequences)
    every, fetched, _ = words_of(found.network, trace)
    assert every.recurrent / fetched.recurrent > 80
    assert every.convolutional / fetched.convolutional > 3
    assert found.targets is not None
    still = [np.zeros_like(part) for part in outputs]
    score, least = negative_rmse(outputs, found.targets), negative_rmse(still, found.targets)
    assert score is not None
    assert least is not None
    assert score > 0.8 * least


@pytest.mark.long
@pytest.mark.parametrize("kind", ["dense", "delta"])
def test_the_record_says_what_the_shipped_networks_do(kind: str) -> None:
    networks, drive = load(SHIPPED), read_session()
    pieces = drive.pieces()
    network = networks.dense if kind == "dense" else networks.delta
    _, outputs = execute(network, [inputs(drive.frames[first:end]) for first, end in pieces])
    found = steering(outputs, padded(drive.steering, pieces))
    assert found is not None
    result = networks.record["results"][kind]
    assert network.digest == result["network_digest"]
    assert found.rmse == pytest.approx(result["rmse"])


def test_a_folder_of_other_networks_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="40 inputs, 10 outputs: a network that steers takes 2048 pixels"):
        driving("session", DIGITS / "digits-synthetic")
    with pytest.raises(InputError, match="trained networks come with their record"):
        driving("session", tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        driving("session", tmp_path / "none")
    (tmp_path / RECORD).write_text(json.dumps([1]))
    with pytest.raises(InputError, match="a record of a training is a table of names"):
        driving("session", tmp_path)
    (tmp_path / RECORD).write_text("{")
    with pytest.raises(InputError, match="it is not a record of a training"):
        driving("session", tmp_path)
