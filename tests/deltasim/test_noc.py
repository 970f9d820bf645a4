"""``deltasim noc`` from the outside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

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


def test_a_chip_is_measured_as_it_is_described(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A packet over 6 links of 0.74 mm and through 7 routers of 2 cycles, unless an option says otherwise."""
    path = tmp_path / "packets.txt"
    path.write_text("0 0 15\n")

    def figures(*options: str) -> dict[str, Any]:
        assert main(["noc", "--traffic", str(path), *options, "--json"]) == 0
        return cast("dict[str, Any]", json.loads(capsys.readouterr().out))

    plain, chip = figures("--topology", "mesh:4x4"), figures("--topology", "mesh16")
    assert plain["energy"]["link_j"] == pytest.approx(6 * 1.0 * 3.1e-12)
    assert chip["energy"]["link_j"] == pytest.approx(6 * 0.74 * 3.1e-12)
    assert plain["latency_mean_cycles"] == 4 * 7 + 2 and chip["latency_mean_cycles"] == 2 * 7 + 2
    cached = figures("--topology", "mesh16-cached", "--buffer", "4")
    assert cached["network"] == {
        "virtual_channels": 3, "buffer": 4, "hop_cycles": 2, "flits": 1, "flit_bits": 64, "pitch_mm": 1.0,
        "atomic_channels": False,
    }  # fmt: skip


def test_a_bus_reports_its_load(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["noc", "--topology", "bus:16", "--rate", "0.06", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["busiest_link"] == pytest.approx(0.96, rel=0.02)


def test_hot_spots_and_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "shares.txt"
    path.write_text("0 8 1\n")
    for traffic, hops in (("hotspot:0", 3.0), (f"table:{path}", 5.0)):
        assert main([*SMALL, "--traffic", traffic, "--rate", "0.05", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["hops_mean"] == pytest.approx(hops, rel=0.1)


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
        ["--hop-cycles", "0"],
        ["--hop-cycles", "10000000000000000"],
        ["--traffic", "hotspot:9"],
        ["--traffic", "x" * 5000],
        ["--topology", "x" * 5000],
        ["--topology", "a\0b"],
    ],
)
def test_bad_input_is_one_sentence(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SMALL, *wrong]) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith("deltasim: ") and said.err.count("\n") == 1
