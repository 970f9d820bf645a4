"""``deltasim memory`` from the outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deltasim.main import main


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    file = tmp_path / "a.trace"
    file.write_text("R 0 256\nW 4096 64\n")
    return file


def test_json_and_nothing_else(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["memory", "--standard", "LPDDR5-6400", "--trace", str(trace), "--window", "4", "--json"]) == 0
    )
    figures = json.loads(capsys.readouterr().out)
    assert figures["transactions"] == 10
    assert figures["energy"]["total_j"] > 0


def test_a_table_for_a_person(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["memory", "--trace", str(trace), "--mapping", "MOP4CLXOR"]) == 0
    printed = capsys.readouterr().out
    assert "bandwidth_gb_s" in printed and "activate" in printed


def test_without_currents_there_is_timing_alone(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["memory", "--standard", "DDR5-4800", "--trace", str(trace), "--refresh", "same-bank"]
    assert main([*words, "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["energy"] is None and figures["no_energy"] == "DDR5-4800 states no currents"
    assert main(words) == 0
    assert "No energy: DDR5-4800 states no currents." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--standard", "DDR9"], "standard: DDR9: there is no such memory. There are: DDR3-1600"),
        (
            ["--mapping", "row column"],
            "--mapping: row column: the mapping does not cover bank_group and bank.",
        ),
        (
            ["--refresh", "per-bank"],
            "refresh: per-bank: DDR4-2400 states no tRFCpb and tREFIpb. Add them, or",
        ),
        (["--refresh", "bank"], "refresh: bank: there is no such refresh. Did you mean per-bank?"),
        (["--window", "-1"], "--window: -1: it is 0 to 1048576. Choose a number between."),
    ],
)
def test_bad_input_is_one_sentence(
    trace: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert main(["memory", "--trace", str(trace), *arguments]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"deltasim: {sentence}") and told.count("\n") == 1
