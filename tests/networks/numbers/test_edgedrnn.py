"""EdgeDRNN's arithmetic, bit for bit, against vectors of an integer model of its hardware description."""

import os
from pathlib import Path

import numpy as np
import pytest

from deltasim.networks import EDGEDRNN, GRU, AllToAll, FixedPoint, Input, Network, Population, Projection
from deltasim.networks.execute import execute
from deltasim.simulator.chip import load_chip
from deltasim.simulator.simulate import simulate

REFERENCE = os.environ.get("DELTASIM_REFERENCE")
needs_reference = pytest.mark.skipif(not REFERENCE, reason="DELTASIM_REFERENCE is not set")


def network_of(vectors, arithmetic, theta_x, theta_h):
    """The GRU layers of a file; a bias is a column driven by 1, so 256 times as large in an accumulator."""
    populations, projections, before = [Population("input", Input(vectors["stimulus"].shape[1]))], [], "input"
    for layer in range(sum(name.startswith("bias") for name in vectors)):
        name, size = f"gru_{layer}", vectors[f"bias_{layer}"].size // 3
        bias = vectors[f"bias_{layer}"].astype(np.int32).reshape(3, size) << 8
        populations.append(Population(name, GRU(size), np.concatenate([bias, np.zeros_like(bias[:1])])))
        for source, role, theta in ((before, "input", theta_x), (name, "recurrent", theta_h)):
            matrices = vectors[f"w_{role}_{layer}"].reshape(3, size, -1)
            connection = AllToAll.from_matrices(matrices)
            delay = int(role == "recurrent")
            projections.append(Projection(source, name, connection, role, delay, theta / 256))
        before = name
    return Network("edgedrnn", tuple(populations), tuple(projections), (before,), arithmetic)


def read(number):
    with np.load(Path(REFERENCE) / "edgedrnn" / f"vectors_{number}.npz") as file:
        return dict(file)


@needs_reference
@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("thetas", [(0, 0), (4, 8), (16, 16), (64, 32)])
def test_every_bit_of_the_chips_outputs(number, thetas):
    vectors = read(number)
    frames = vectors["stimulus"].astype(np.float32) / 256
    expected = vectors["output_{}_{}".format(*thetas)]
    _, (output,) = execute(network_of(vectors, EDGEDRNN, *thetas), [frames])
    assert (output * 256 == expected).all()
    _, (usual,) = execute(network_of(vectors, FixedPoint(), *thetas), [frames])
    assert (usual * 256 != expected).mean() > 0.2


@needs_reference
def test_the_reference_engine_computes_the_same_bits_on_the_chip():
    vectors = read(0)
    network = network_of(vectors, EDGEDRNN, 16, 16)
    frames = vectors["stimulus"][:12].astype(np.float32) / 256
    trace, _ = execute(network, [frames])
    chip = load_chip("edgedrnn")
    computed = simulate(network, trace, chip, engine="simpy", inputs=[frames])
    assert (computed.counts == simulate(network, trace, chip).counts).all()
