"""Descriptions of networks with any field spoilt: the very network, or one sentence."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from deltasim.networks import (
    GLIF,
    AllToAll,
    FixedPoint,
    Input,
    LeakyIntegrator,
    Loss,
    Network,
    Population,
    Projection,
    Q,
    Sparse,
    quantised,
)
from deltasim.networks.connections import Convolution
from deltasim.networks.files.network import load_network, save_network
from deltasim.runtime.errors import InputError

SPOILT = (None, True, -1, 65_536, 2**63, float("nan"), "x", [])


def spiking() -> Network:
    """Neurons with parameters of their own, a loss, a delay."""
    rng = np.random.default_rng(0)
    neurons = GLIF(4, leak=0.5, synapse=0.5, refractory=1, own=("threshold",))
    return Network(
        "spiking",
        (
            Population("input", Input(3)),
            Population("glif", neurons, np.ones((2, 4), np.float32)),
            Population("li", LeakyIntegrator(2), np.zeros((1, 2), np.float32)),
        ),
        (
            Projection("input", "glif", AllToAll(np.float32(rng.normal(size=(3, 1, 4)))), theta=0.1),
            Projection("input", "li", AllToAll(np.float32(rng.normal(size=(3, 1, 2)))), loss=Loss(0.1, 3)),
            Projection("glif", "glif", Sparse.from_matrices(np.eye(4)), "recurrent", delay=3, label="late"),
        ),
        ("glif", "li"),
    )


def in_fixed_point() -> Network:
    """A convolution in formats of its own."""
    network = Network(
        "fixed",
        (Population("input", Input(16)), Population("li", LeakyIntegrator(8), np.zeros((1, 8), np.float32))),
        (Projection("input", "li", Convolution(np.ones((2, 1, 3, 3), np.float32), (1, 4, 4))),),
        ("li",),
    )
    return quantised(network, FixedPoint(Q(4, 11), Q(1, 7), Q(8, 11)), {"input->li": Q(2, 6)})


def places(content: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every field and entry."""
    entries = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in entries:
        yield (*path, key)
        if isinstance(value, dict | list):
            yield from places(value, (*path, key))


@pytest.mark.parametrize("network", [spiking(), in_fixed_point()], ids=lambda network: network.name)
def test_any_field_spoilt_is_the_network_or_one_sentence(network: Network, tmp_path: Path) -> None:
    save_network(network, tmp_path)
    file = tmp_path / "network.json"
    whole = file.read_text()
    for path in places(json.loads(whole)):
        for value in SPOILT:
            content = json.loads(whole)
            inner = content
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = value
            file.write_text(json.dumps(content))
            try:
                again = load_network(tmp_path)
            except InputError as error:
                assert "\n" not in str(error) and len(str(error)) < 500
            else:
                assert again.digest == network.digest
