"""Networks in fixed point: the format of least error, what is reported held against runs, and refusals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import deltasim as ds
from deltasim.api.own_network import own_benchmark
from deltasim.exploration.calibration import MIDDLE, calibrate, parse_form, weight_form
from deltasim.exploration.tuning.parts import calibration_and_rest
from deltasim.main import main
from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.execute import execute
from deltasim.networks.files.network import load_network, save_network
from deltasim.networks.importers import import_model
from deltasim.networks.numbers.arithmetic import EDGEDRNN, FixedPoint, Q, dequantise, quantise
from deltasim.networks.numbers.quantise import quantised
from deltasim.runtime.errors import InputError
from deltasim.workloads.deviation import deviation


def walks(count: int = 6) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=(8 + n, 3)).cumsum(axis=0).astype(np.float32) / 4 for n in range(count)]


@settings(max_examples=25)
@given(weights=st.lists(st.floats(-20, 20), min_size=1, max_size=20), bits=st.integers(2, 16))
def test_no_format_changes_the_weights_less(weights: list[float], bits: int) -> None:
    values = np.array(weights, np.float32)

    def error(form: Q) -> float:
        return float(((dequantise(quantise(values, form), form) - values) ** 2).sum())

    chosen = weight_form(values, bits)
    assert chosen.bits == bits and chosen.integer >= 1
    assert error(chosen) == min(error(Q(m, bits - m)) for m in range(1, bits + 1))


def test_what_is_lost_is_that_of_runs_on_the_rest() -> None:
    network = random_stack("lstm", 3, (8,), np.random.default_rng(0), theta=0.05, readout=2)
    benchmark = own_benchmark(network, walks(), [0, 1, 0, 1, 0, 1])
    found = calibrate(benchmark, 6, 12)
    first, rest = calibration_and_rest(benchmark)
    _, before = execute(network, rest.sequences)
    _, after = execute(found.network, rest.sequences)
    assert found.lost == deviation(after, before) and found.score == rest.scored(after)
    assert isinstance(found.network.arithmetic, FixedPoint) and found.network.arithmetic.activation.bits == 12
    assert {found.network.weight_bits(n) for n in range(len(network.projections))} == {6}
    assert [p.theta for p in found.network.projections] == [p.theta for p in network.projections]
    assert found.bytes_after == -(-sum(p.connection.weight_words for p in network.projections) * 6 // 8)
    _, wanted = execute(network, first.sequences)
    forms = {one.projection: one.form for one in found.weights}

    def moved(activation: Q, accumulator: Q) -> float:
        lookup = Q(2, min(14, activation.fraction))
        tried = quantised(network, FixedPoint(activation, Q(1, 5), accumulator, lookup), forms)
        return deviation(execute(tried, first.sequences)[1], wanted).rms

    chosen = found.network.arithmetic  # of 12 and of 32 bits those divisions were chosen that move least
    assert chosen.activation == min(
        (Q(m, 12 - m) for m in range(1, 13)), key=lambda form: moved(form, MIDDLE)
    )
    best = min(moved(chosen.activation, Q(m, 32 - m)) for m in range(4, 21, 2))
    assert moved(chosen.activation, chosen.accumulator) == best


def test_more_bits_lose_less() -> None:
    benchmark = own_benchmark(random_stack("gru", 3, (8,), np.random.default_rng(0)), walks())
    lost = [calibrate(benchmark, bits, 16).lost.rms for bits in (4, 8, 12)]
    assert lost[0] > 4 * lost[1] > 16 * lost[2] > 0
    assert all(one.saturated <= 0.2 for one in calibrate(benchmark, 4, 16).weights)


def test_a_convolution_with_pooling_is_quantised() -> None:
    torch.manual_seed(0)
    module = torch.nn.Sequential(
        torch.nn.Unflatten(1, (1, 8)),
        torch.nn.Conv1d(1, 3, 3), torch.nn.Sigmoid(), torch.nn.MaxPool1d(2), torch.nn.Flatten(),
        torch.nn.Linear(9, 2),
    )  # fmt: skip
    frames = np.random.default_rng(0).normal(size=(4, 10, 8)).astype(np.float32)
    network = import_model(module, frame_shape=(8,)).network
    assert ds.quantise(network, frames, weights=10).calibrated.lost.rms < 0.01


def test_the_command_writes_a_network_that_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "net").mkdir()
    save_network(random_stack("gru", 3, (8,), np.random.default_rng(0), theta=0.05), tmp_path / "net")
    (tmp_path / "net" / "input.json").write_text('{"mean": [0, 0, 0], "deviation": [2, 2, 2]}')
    np.savez(tmp_path / "w.npz", *walks())
    line = f"quantise {tmp_path}/net --data {tmp_path}/w.npz --weights 8 --activations 8.8 --out {tmp_path}/q"
    assert main([*line.split(), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    network = load_network(tmp_path / "q")
    assert record["digest"] == network.digest and record["lost"]["rms"] > 0
    assert (tmp_path / "q" / "input.json").is_file()
    done = ds.run(tmp_path / "q", walks())
    assert done.network.digest == network.digest and done.theta == "given"
    assert main([*line.split()[:-1], f"{tmp_path}/q2"]) == 0
    shown = capsys.readouterr().out
    assert "Lost against float32 at the same thresholds" in shown and "input->gru_0" in shown


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--activations 8,8", "a format is integer and fraction bits"),
        ("--activations 17", "activations have 2 to 16 bits"),
        ("--activations 0.8", "Qm.n needs m >= 1"),
        ("--weights 1", "weights have 2 to 32 bits"),
        ("--calibration 6", "Give 1 to 5"),
    ],
)
def test_what_is_refused(
    words: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_network(random_stack("gru", 3, (4,), np.random.default_rng(0)), tmp_path)
    np.savez(tmp_path / "w.npz", *walks())
    line = f"quantise {tmp_path} --data {tmp_path}/w.npz --out {tmp_path}/q {words}"
    assert main(line.split()) == 2
    said = capsys.readouterr().err
    assert sentence in said and len(said.splitlines()) == 1


def test_a_network_in_fixed_point_is_refused() -> None:
    fixed = random_stack("gru", 3, (4,), np.random.default_rng(0), arithmetic=FixedPoint())
    with pytest.raises(InputError, match="only a float32 network"):
        calibrate(own_benchmark(fixed, walks()))
    with pytest.raises(InputError, match=r"as 8\.8"):
        parse_form("q8.8", "x")


def test_the_arithmetic_of_a_chip_is_taken_whole(tmp_path: Path) -> None:
    network = random_stack("gru", 3, (8,), np.random.default_rng(0), theta=0.05)
    found = ds.quantise(network, walks(), arithmetic="edgedrnn")
    assert found.network.digest == quantised(network, EDGEDRNN).digest
    assert 0 < found.calibrated.lost.rms < 0.1
    folder = found.save(tmp_path / "fixed")
    assert load_network(folder).arithmetic == EDGEDRNN
    with pytest.raises(InputError, match=r"arithmetic: edgedrn: there is no arithmetic .* edgedrnn"):
        ds.quantise(network, walks(), arithmetic="edgedrn")
    with pytest.raises(InputError, match="Leave weights and activations out"):
        ds.quantise(network, walks(), weights=4, arithmetic="edgedrnn")
