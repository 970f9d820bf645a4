"""``deltasim noc`` from the outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deltasim.main import main

SMALL = ["noc", "--topology", "mesh:3x3", "--cycles", "400", "--warm-up", "100"]


def test_json_holds_the_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, "--rate", "0.2", "--flits", "2", "--seed", "3", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    asked = {"latency_mean_cycles", "latency_p99_cycles", "accepted", "stable", "hops_mean"}
    assert asked <= figures.keys() and figures["seed"] == 3 and figures["stable"] is True
    parts = ("buffer_j", "crossbar_j", "link_j")
    assert figures["energy"]["total_j"] == pytest.approx(sum(figures["energy"][part] for part in parts))


def test_a_file_is_run_to_its_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "packets.txt"
    path.write_text("0 0 8\n100000 8 0 3\n")
    assert main([*SMALL, "--traffic", str(path), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["latency_mean_cycles"] == (22 + 24) / 2 and figures["packets"] == 2


def test_a_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(SMALL) == 0
    assert "latency mean cycles" in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong",
    [
        ["--topology", "mesh:3"],
        ["--topology", "ring:4", "--virtual-channels", "1"],
        ["--traffic", "nowhere.txt"],
        ["--rate", "2"],
        ["--flit-bits", "0"],
        ["--pitch-mm", "nan"],
    ],
)
def test_bad_input_is_one_sentence(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, *wrong]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith("deltasim: ") and said.err.count("\n") == 1
