"""``deltasim report``: benchmarks, chips and own networks in one matrix, gone on with, never overwritten."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest

from deltasim.api import several
from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.files.network import save_network

Deltasim = Callable[[str], CompletedProcess[str]]
ASKED = "report net:frames.npy digits --chips edgedrnn,deltakws --data synthetic --limit 1 --out out"


@pytest.fixture
def own(deltasim: Deltasim) -> None:
    """A network folder and its data, in the folder that the commands run in."""
    Path("net").mkdir()
    save_network(random_stack("gru", 3, (8,), np.random.default_rng(0), theta=0.1), Path("net"))
    Path("second").mkdir()
    save_network(random_stack("gru", 3, (4,), np.random.default_rng(0), theta=0.1), Path("second"))
    np.save("frames.npy", np.random.default_rng(1).normal(size=(2, 4, 3)).astype(np.float32))


@pytest.mark.usefixtures("own")
def test_a_matrix_of_an_own_network_and_a_benchmark(deltasim: Deltasim) -> None:
    answer = deltasim(ASKED)
    assert answer.returncode == 0, answer.stderr
    summary = json.loads(Path("out/summary.json").read_text())
    assert summary["chips"] == ["edgedrnn", "deltakws"] and len(summary["cells"]) == 4
    for cell in summary["cells"]:
        run = Path("out", cell["benchmark"], cell["chip"], "run.json")
        if cell["refused"] is None:
            assert cell["energy_j"] == json.loads(run.read_text())["energy"]["inference_j"]
        else:
            assert not run.exists() and cell["energy_j"] is None
    refused = [(cell["benchmark"], cell["chip"]) for cell in summary["cells"] if cell["refused"]]
    assert ("digits", "deltakws") in refused  # 144,000 weights in 24 kB
    page = Path("out/report.html").read_text(encoding="utf-8")
    for name in summary["benchmarks"]:
        assert f'href="{name}/report.html"' in page and Path("out", name, "report.html").is_file()
    assert deltasim("whatif out/digits/edgedrnn").returncode == 0  # a run of several chips says which it is


@pytest.mark.usefixtures("own")
def test_what_was_stopped_goes_on(deltasim: Deltasim, monkeypatch: pytest.MonkeyPatch) -> None:
    across, asked = several.across, []

    def stopped(benchmark: object, *rest: object, **named: object) -> object:
        asked.append(benchmark)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return across(benchmark, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(several, "across", stopped)
    two = "report net:frames.npy second:frames.npy --chips edgedrnn --limit 1 --out out"
    answer = deltasim(two)
    assert answer.returncode == 130 and "the same command goes on" in answer.stderr
    assert len(json.loads(Path("out/summary.json").read_text())["benchmarks"]) == 1
    answer = deltasim(two)
    assert answer.returncode == 0 and "already" in answer.stderr
    assert len(asked) == 3  # the first was not run again
    assert len(json.loads(Path("out/summary.json").read_text())["benchmarks"]) == 2


@pytest.mark.usefixtures("own")
def test_what_cannot_be_reported_gets_one_sentence(deltasim: Deltasim) -> None:
    deltasim("report net:frames.npy --chips edgedrnn --limit 1 --out out")
    Path("full").mkdir()
    Path("full/other.txt").touch()
    for line, said in (
        ("report net:frames.npy --chips edgedrnn --limit 2 --out out", "it holds other runs"),
        ("report digits --chips edgedrnn --out full", "into one that holds reports"),
        ("report digitz", "Did you mean digits?"),
        ("report net", "a model of your own needs data to run on. Write net:DATA."),
        ("report digits --chips mesh61", "Did you mean"),
        ("report digits digits", "each network is named once"),
    ):
        answer = deltasim(line)
        assert answer.returncode == 2 and said in answer.stderr, line
        assert len(answer.stderr.splitlines()) == 1 and answer.stdout == ""
