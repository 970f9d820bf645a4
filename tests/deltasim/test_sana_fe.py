"""SANA-FE's files and a chip's arithmetic, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import deltasim as ds
from deltasim.api.quantising import in_arithmetic
from deltasim.main import main
from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.importers.sanafe.network import read_network
from deltasim.networks.numbers.arithmetic import EDGEDRNN
from deltasim.runtime.errors import InputError
from tests.networks.importers.test_sana_fe import ARCHITECTURE, NETWORK


def test_network_and_architecture_to_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The neurons lie where the mapping puts them; the record's command makes the run again."""
    (tmp_path / "net.yaml").write_text(NETWORK.replace('"outside[0]"', '"outside[2]"'))
    (tmp_path / "arch.yaml").write_text(ARCHITECTURE)
    line = f"run {tmp_path}/net.yaml --chip {tmp_path}/arch.yaml --steps 6 --json --out {tmp_path}/a"
    assert main(line.split()) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["steps"], record["chip"]) == (6, "pair")
    assert "--steps 6" in record["provenance"]["command"]
    assert (tmp_path / "a" / "report.html").is_file()
    for words, sentence in (
        (f"run {tmp_path}/net.yaml --chip {tmp_path}/net.yaml", "a description has the fields"),
        ("run digits --steps 6", "steps are said of a network file of SANA-FE"),
        (f"run {tmp_path}/arch.yaml --chip mesh16", "no network: a file of SANA-FE has the sections network"),
    ):
        assert main(words.split()) == 2
        assert sentence in capsys.readouterr().err


def test_the_page_of_a_network_without_recurrence(tmp_path: Path) -> None:
    """It has no hidden state whose share could be told."""
    lines = [line for line in NETWORK.splitlines() if not line.startswith("    - out")]
    (tmp_path / "net.yaml").write_text("\n".join(lines))
    assert main(f"run {tmp_path}/net.yaml --chip mesh16 --out {tmp_path}/a".split()) == 0
    assert " of the inputs are sent." in (tmp_path / "a" / "report.html").read_text(encoding="utf-8")


def test_a_network_without_spikes_needs_steps(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(NETWORK.replace("[spikes: [1, 0, 1]]", "[rate: 1]"))
    described = read_network(tmp_path / "net.yaml")
    with pytest.raises(InputError, match="no steps: no input has a list of spikes"):
        described.frames()
    assert described.frames(2).tolist() == [[1, 0], [1, 1]]


def test_a_benchmark_in_the_arithmetic_of_a_chip() -> None:
    """Formats stay, digests differ, and a network in floating point is refused."""
    from dataclasses import replace

    digits = ds.benchmark("digits", data="synthetic").limited(2)
    chips = in_arithmetic(digits, "edgedrnn")
    own, other = digits.network, chips.network
    assert other.arithmetic == replace(own.arithmetic, rounded=EDGEDRNN.rounded, overflow=EDGEDRNN.overflow)
    assert other.digest != own.digest
    assert chips.dense_network.arithmetic == other.arithmetic
    floats = random_stack("gru", 2, (4,), np.random.default_rng(0))
    with pytest.raises(InputError, match="computes in float32, and edgedrnn is an arithmetic of fixed point"):
        in_arithmetic(replace(digits, network=floats), "edgedrnn")
    with pytest.raises(InputError, match="there is no arithmetic of this name"):
        in_arithmetic(digits, "edgedrn")
