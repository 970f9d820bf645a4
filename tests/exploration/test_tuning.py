"""Tuned thresholds: within what may be lost, cheaper than one for all, stored where a run finds them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import deltasim as ds
from deltasim.api.own_network import own_benchmark
from deltasim.exploration.tuning.parts import calibration_and_rest
from deltasim.exploration.tuning.search import LEVELS, search
from deltasim.exploration.tuning.setting import FILE, with_setting
from deltasim.exploration.tuning.trial import Bench, Setting, Trial
from deltasim.exploration.tuning.tune import tune
from deltasim.exploration.tuning.within import Within, parse_within
from deltasim.main import main
from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.files.network import save_network
from deltasim.networks.graph import Network
from deltasim.networks.trace import Trace
from deltasim.runtime.errors import InputError
from deltasim.workloads.benchmark import Benchmark


def walks(count: int = 8, seed: int = 0) -> list[np.ndarray]:
    """Random walks of several lengths."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(12 + n, 3)).cumsum(axis=0).astype(np.float32) / 4 for n in range(count)]


def network(layers: tuple[int, ...] = (8, 6)) -> Network:
    return random_stack("gru", 3, layers, np.random.default_rng(1), readout=4)


def messages(_: Network, trace: Trace) -> float:
    return float(len(trace.messages))


@pytest.fixture(scope="module")
def benchmark() -> Benchmark:
    return own_benchmark(network(), walks())


@pytest.mark.parametrize("per", ["layer", "neuron"])
def test_what_is_chosen_lies_within_and_beats_every_single_threshold(benchmark: Benchmark, per: str) -> None:
    within = Within("rms", 0.03)
    found = tune(benchmark, messages, within, per)
    assert found.calibration.rms <= within.most and found.calibration.loss == found.calibration.rms
    assert found.calibration.joules < 0.9 * found.calibration.dense_joules
    first, _ = calibration_and_rest(benchmark)
    alone = tune(replace(first, name="again"), messages, within, per)  # a part is split like a whole
    assert alone.calibration.sequences == 2
    if per == "layer":
        assert found.calibration.joules <= cheapest_single(first, within) * 1.02


def cheapest_single(part: Benchmark, within: Within) -> float:
    """The fewest messages that one threshold for all gives, at the margin that the search keeps."""
    from deltasim.exploration.tuning.trial import bench

    judged, silent, _ = bench(part, messages, within)
    tries = [
        judged.tried({p.name: theta for p in silent.projections}) for theta in np.geomspace(0.005, 0.5, 25)
    ]
    return min(one.joules for one in tries if one.at_most <= within.most)


def test_points_are_of_the_score_where_there_are_labels(benchmark: Benchmark) -> None:
    from deltasim.networks.execute import execute

    _, outputs = execute(benchmark.network.with_thresholds(0.0), walks())
    labels = [int(one[-1].argmax()) for one in outputs]
    found = tune(own_benchmark(network(), walks(), labels), messages, Within("points", 0.0))
    assert found.calibration.score == found.calibration.dense_score == 1.0
    assert found.rest.loss == pytest.approx(100 * (1 - found.rest.score))
    without = tune(benchmark, messages, Within("points", 5.0))
    assert without.calibration.score is None
    assert without.calibration.loss == pytest.approx(100 * (1 - without.calibration.agree))
    assert without.calibration.loss <= 5


class Paper(Bench):
    """A bench whose losses and joules are a formula: what the search does, without a network."""

    def __init__(self, prices: list[float], errors: list[float], most: float) -> None:
        object.__setattr__(self, "prices", prices)
        object.__setattr__(self, "errors", errors)
        object.__setattr__(self, "within", Within("rms", most))

    def tried(self, setting: Setting) -> Trial:
        theta = [float(setting[name]) for name in setting]
        joules = sum(price / (1 + t) for price, t in zip(self.prices, theta, strict=True))
        rms = sum((error * t) ** 2 for error, t in zip(self.errors, theta, strict=True)) ** 0.5
        return Trial(joules, rms, rms, rms, 1.0, None, {})


some = st.lists(st.tuples(st.floats(0.1, 10), st.floats(0.01, 10)), min_size=1, max_size=5)


@settings(max_examples=60)
@given(parts=some, most=st.floats(0.01, 5))
def test_the_search_keeps_to_the_limit_and_beats_one_level_for_all(
    parts: list[tuple[float, float]], most: float
) -> None:
    paper = Paper([price for price, _ in parts], [error for _, error in parts], most)
    scales = {f"p{number}": 1.0 for number in range(len(parts))}
    found = search(paper, scales)
    assert found.best.rms <= most and found.best == paper.tried(found.setting)
    for level in LEVELS:
        single = paper.tried(dict.fromkeys(scales, level))
        alone = all(
            paper.tried({name: level * (name == one) for name in scales}).rms <= most for one in scales
        )
        if single.rms <= most and alone:
            assert found.best.joules <= single.joules * 1.15


@settings(max_examples=30)
@given(count=st.integers(2, 20), chosen=st.integers(1, 19), seed=st.integers(0, 3))
def test_the_two_parts_share_no_sequence(count: int, chosen: int, seed: int) -> None:
    whole = own_benchmark(network((4,)), walks(count), [n % 3 for n in range(count)])
    if chosen >= count:
        with pytest.raises(InputError, match="some choose the thresholds"):
            calibration_and_rest(whole, chosen, seed)
        return
    parts = calibration_and_rest(whole, chosen, seed)
    kept = [id(one) for part in parts for one in part.sequences]
    assert len(parts[0].sequences) == chosen and sorted(kept) == sorted(map(id, whole.sequences))
    assert parts[0].data_digest != parts[1].data_digest


def test_a_run_uses_what_was_tuned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "net"
    folder.mkdir()
    save_network(network(), folder)
    np.savez(tmp_path / "walks.npz", *walks())
    assert ds.run(folder, walks()).theta == "given"
    line = f"tune {folder} --data {tmp_path}/walks.npz --within 0.05rms --per neuron --json"
    assert main(line.split()) == 0
    said = capsys.readouterr()
    record = json.loads(said.out)
    assert record["holds"] == (record["rest"]["rms"] <= 0.05) and record["rest"]["saved"] > 1
    assert f"The thresholds are in {folder}" in said.err
    done = ds.run(folder, walks())
    assert done.theta == "tuned" and done.deviation is not None and 0 < done.deviation.rms < 0.1
    tuned = with_setting(folder, network())
    assert tuned is not None and tuned.digest == done.network.digest
    assert {layer["largest"] for layer in record["layers"]} == {
        float(np.max(p.theta)) for p in tuned.projections
    }
    assert ds.run(folder, walks(), theta=0.0).deviation == (0.0, 0.0, 1.0)
    page = (folder / "tuning.html").read_text()
    assert "Energy against loss" in page and "deltasim tune" in page
    save_network(network((8, 5)), folder)
    with pytest.raises(InputError, match=r"thresholds\.json: .* another network"):
        ds.run(folder, walks())


def test_a_model_is_written_with_its_thresholds(tmp_path: Path) -> None:
    found = ds.tune(network(), walks(), "0.05rms", chip="mesh16")
    assert found.save(tmp_path / "new") == tmp_path / "new"
    assert ds.run(tmp_path / "new", walks(), chip="mesh16").theta == "tuned"
    with pytest.raises(InputError, match="beside the network they were tuned for"):
        ds.tune(network((4,)), walks(), "0.05rms").save(tmp_path / "new")
    cheaper = ds.run(tmp_path / "new", walks(), chip="mesh16", theta=0.0).energy.total_j / 8
    rest, _ = found.tuning.rest, found.tuning.calibration
    assert rest.joules < cheaper


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "this is no readable JSON"),
        ("[]", "it says format deltasim thresholds"),
        ('{HEAD, "network": "x"}', "belongs to another network"),
        ('{HEAD, "network": "DIGEST"}', "given by projection"),
        (
            '{HEAD, "network": "DIGEST", "thresholds": {"a": 1}}',
            "by role or by projection name",
        ),
        (
            '{HEAD, "network": "DIGEST", "thresholds": {"input": -1}}',
            "a number of at least 0",
        ),
        (
            '{HEAD, "network": "DIGEST", "thresholds": {"input": [1]}}',
            "theta",
        ),
    ],
)
def test_damaged_thresholds_are_refused(content: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(
        content.replace("HEAD", '"format": "deltasim thresholds", "version": 1').replace(
            "DIGEST", network().digest
        )
    )
    with pytest.raises(InputError, match=sentence):
        with_setting(tmp_path, network())


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("tune digits --data x --within 1rms", "Name a network folder or a file"),
        ("tune {0}/none.onnx --data x --within 1rms", "Name a new folder for the network"),
        ("tune {0} --data {0}/w.npz --within 5%", "Give for example 0.5points"),
        ("tune {0} --data {0}/w.npz --within 5point", "Did you mean points"),
        ("tune {0} --data {0}/w.npz --within -1rms", "a number of at least 0"),
        ("tune {0} --data {0}/w.npz --within 1rms --per network", "for each layer or neuron"),
        ("tune {0} --data {0}/w.npz --within 1rms --calibration 2", "Give 1 to 1"),
        ("tune {0} --data {0}/w.npz --within 1rms --chip deltakws2", "Did you mean"),
    ],
)
def test_what_is_refused(
    line: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_network(network((4,)), tmp_path)
    np.savez(tmp_path / "w.npz", *walks(2))
    assert main(line.format(tmp_path).split()) == 2
    said = capsys.readouterr().err
    assert sentence in said and len(said.splitlines()) == 1


def test_within_is_read_as_it_is_written() -> None:
    for text in ("0.5points", "0.02rms", "1e-3rms"):
        assert parse_within(str(parse_within(text))) == parse_within(text)
