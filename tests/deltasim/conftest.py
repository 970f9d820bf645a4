"""The command line as a person meets it, run in an empty folder."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest

from deltasim.main import main


@pytest.fixture
def deltasim(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], CompletedProcess[str]]:
    """Run one command line, given without the word deltasim, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def answer(line: str) -> CompletedProcess[str]:
        code = main(shlex.split(line))
        said = capsys.readouterr()
        return CompletedProcess(line, code, said.out, said.err)

    return answer


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training folder with networks of 8 random neurons: quick to simulate."""
    from deltasim.networks.builders.recurrent import random_stack
    from deltasim.networks.numbers.arithmetic import FixedPoint
    from deltasim.workloads.digits.trained import Trained, save
    from deltasim.workloads.features import BANDS, Normalisation

    network = random_stack(
        "gru", BANDS, (8,), np.random.default_rng(0), theta=0.2, readout=10, arithmetic=FixedPoint()
    )
    unscaled = Normalisation(np.zeros(BANDS, np.float32), np.ones(BANDS, np.float32))
    folder = tmp_path_factory.mktemp("networks") / "tiny"
    save(Trained(network.with_thresholds(0.0), network, unscaled, {}), folder)
    return folder
