"""A small network and its data, for studies that cost little."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.files.network import save_network
from deltasim.networks.numbers.arithmetic import FixedPoint
from deltasim.simulator.engines import parallel
from deltasim.simulator.engines.parallel import workers

Describe = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """A network folder of 64 neurons, and a file of 4 sequences, two of them equal."""
    folder = tmp_path_factory.mktemp("own")
    stack = random_stack("gru", 6, (64,), np.random.default_rng(0), theta=0.1, arithmetic=FixedPoint())
    (folder / "network").mkdir()
    save_network(stack, folder / "network")
    frames = np.random.default_rng(1).normal(size=(4, 5, 6)).cumsum(axis=1).astype(np.float32) / 3
    frames[3] = frames[0]
    np.save(folder / "frames.npy", frames)
    return {"network": str(folder / "network"), "data": str(folder / "frames.npy")}


@pytest.fixture
def described(own: Mapping[str, str]) -> Describe:
    """The description of a study of that network: what is given goes before what is usual."""

    def describe(**fields: Any) -> dict[str, Any]:
        usual = {
            "base": "mesh16",
            "parameters": {"memories.scratchpad.size": ["512 B", "4 KiB"], "cores.mac.lanes": [2, 8]},
            "objectives": ["energy", "latency", "area"],
        }
        return {**usual, **own, **fields}

    return describe


@pytest.fixture(autouse=True)
def one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """A study works here unless its test asks for processes: starting them would take seconds each time."""
    monkeypatch.setattr(parallel, "workers", lambda jobs: workers(1 if jobs is None else jobs))
