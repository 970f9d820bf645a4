"""Benchmarks from the registry: what they hold, how they are limited, and every sentence about bad input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.networks.execute import execute
from deltasim.runtime.errors import InputError
from deltasim.workloads.benchmark import Benchmark, stratified_order
from deltasim.workloads.data_folder import VARIABLE
from deltasim.workloads.digits import fsdd
from deltasim.workloads.registry import BENCHMARKS, benchmark

IN_THE_BOX = {
    "digits": "synthetic",
    "digit-strings": "synthetic",
    "driving": "session",
    "nmnist": "synthetic",
    "vad": "session",
    "sensor-faults": "metr-la",
    "mackey-glass": "generated",
    "evolved-parity": "generated",
    "fashion-spiking": "embedded",
    "sequences": "synthetic",
    "music-tags": "box",
    "predistortion": "apa-200mhz",
    "speech": "session",
}
LEAST = {  # score of the dense network and of the delta network, on a few sequences
    "digits": (0.9, 0.85),
    "digit-strings": (0.9, 0.85),
    "driving": (-0.26, -0.28),  # RMSE of a car that never steers: 0.36
    "sensor-faults": (0.74, 0.74),  # ROC AUC of alarms at random: 0.5
    "nmnist": (0.9, 0.9),  # one spiking network, which knows no thresholds
    "vad": (0.9, 0.9),  # ROC AUC; a detector that guesses: 0.5
    "mackey-glass": (-16, -16),  # sMAPE over 10 Lyapunov times; the mean of the series: -22
    "evolved-parity": (1.0, 1.0),  # all 16 sequences
    "fashion-spiking": (0.75, 0.75),  # one spiking network, which knows no thresholds
    "sequences": (0.9, 0.85),
    "music-tags": (0.6, 0.6),  # mean ROC AUC; a network that guesses: 0.5
    "predistortion": (39.5, 37.22),  # dB of error below the signal: DeltaDPD's; without predistortion: 14
    "speech": (0.55, 0.55),  # of characters, without a language model
}
FEW = {
    "digits": 30,
    "digit-strings": 30,
    "driving": 2,
    "nmnist": 30,
    "sensor-faults": 30,
    "vad": 2,
    "mackey-glass": 2,
    "evolved-parity": 16,
    "fashion-spiking": 30,
    "sequences": 30,
    "music-tags": 60,
    "predistortion": 1,
    "speech": 3,
}
MOST_SENT = {  # of hidden state; of everything in a network without recurrence
    "digits": 0.15,
    "digit-strings": 0.15,
    "driving": 0.15,
    "nmnist": 0.15,
    "sensor-faults": 0.25,  # an eighth of its states are refreshed
    "vad": 0.7,
    "mackey-glass": 1.0,  # every state moves at every point
    "evolved-parity": 0.35,
    "fashion-spiking": 0.15,
    "sequences": 0.15,
    "music-tags": 0.3,
    "predistortion": 0.2,  # samples at five times the bandwidth
    "speech": 0.4,
}


@pytest.fixture(autouse=True)
def without_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A new machine: no folder named, an empty cache."""
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(fsdd, "cache_folder", lambda: tmp_path / "cache")


@pytest.fixture(scope="module", params=list(BENCHMARKS))
def chosen(request: pytest.FixtureRequest) -> Benchmark:
    return benchmark(request.param, data=IN_THE_BOX[request.param])


def test_both_networks_take_the_sequences_and_have_one_shape(chosen: Benchmark) -> None:
    for sequence in chosen.sequences:
        assert sequence.dtype == np.float32
        assert sequence.shape[1] == chosen.network.input_size == chosen.dense_network.input_size
    assert chosen.network.weight_words == chosen.dense_network.weight_words
    assert len(chosen.sequences) == len(chosen.targets) == len(chosen.classes) == len(chosen.speakers)


def test_the_shipped_networks_hear_well_and_save(chosen: Benchmark) -> None:
    few = chosen.limited(FEW[chosen.name])
    _, dense = execute(few.dense_network, few.sequences)
    trace, outputs = execute(few.network, few.sequences)
    least_dense, least = LEAST[chosen.name]
    assert few.score(dense, few.targets) >= least_dense
    assert few.score(outputs, few.targets) >= least
    shares = trace.occupancy(few.network)
    assert shares.get("hidden", shares["input"]) <= MOST_SENT[chosen.name]


def test_nothing_found_is_said_aloud() -> None:
    found = benchmark("digits")
    assert found.fallback is not None
    assert "synthetic" in found.fallback
    assert benchmark("digits", data="synthetic").fallback is None


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 320))
def test_a_limit_spreads_over_digits_and_grows_by_addition(count: int) -> None:
    whole = benchmark_once()
    few = whole.limited(count)
    assert len(few.sequences) == min(count, len(whole.sequences))
    per_digit = np.bincount(few.targets, minlength=10)
    assert per_digit.max() - per_digit.min() <= 1
    order = stratified_order(whole.classes, whole.speakers)
    assert sorted(order.tolist()) == list(range(len(whole.sequences)))


_once: list[Benchmark] = []


def benchmark_once() -> Benchmark:
    if not _once:
        _once.append(benchmark("digits", data="synthetic"))
    return _once[0]


def test_an_unknown_benchmark_gets_the_nearest_name() -> None:
    with pytest.raises(InputError, match=r"digts: there is no such benchmark. Did you mean digits\?"):
        benchmark("digts")


def test_a_limit_is_positive() -> None:
    with pytest.raises(InputError, match="at least one sequence is needed"):
        benchmark_once().limited(0)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("fsdd", "fsdd.npz was not found"),
        ("fssd", r"neither a data set nor a readable folder. Did you mean fsdd\?"),
    ],
)
def test_data_that_is_not_there(data: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        benchmark("digits", data=data)


def test_a_named_data_folder_must_be_readable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none"))
    with pytest.raises(InputError, match="it names no readable folder"):
        benchmark("digits")


def test_a_folder_without_digits(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file is named after the digits said in it"):
        benchmark("digits", data=str(tmp_path))


def test_trained_networks_are_in_a_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        benchmark("digits", data="synthetic", trained=tmp_path / "none")
    with pytest.raises(InputError, match="trained networks come with their record"):
        benchmark("digits", data="synthetic", trained=tmp_path)
