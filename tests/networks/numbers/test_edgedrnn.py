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
GOLDEN = os.environ.get("DELTASIM_EDGEDRNN")  # a folder with edgedrnn_tb_*.txt, hdl/tb of its repository
needs_golden = pytest.mark.skipif(not GOLDEN, reason="DELTASIM_EDGEDRNN is not set")
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


def words_of(name, digits):
    """The signed words of a file of the test bench, a row a line; the last word of a line comes first."""
    lines = (Path(GOLDEN) / f"edgedrnn_tb_{name}.txt").read_text().splitlines()
    rows = [line.partition("//")[0].strip() for line in lines if line.strip()]
    raw = np.array([[int(row[i : i + digits], 16) for i in range(0, len(row), digits)][::-1] for row in rows])
    return np.where(raw >= 1 << (4 * digits - 1), raw - (1 << (4 * digits)), raw)


@needs_golden
def test_every_bit_of_the_public_golden_vectors():
    """Two layers of 16 units on 8 inputs, 1,000 steps, thresholds 0: 16,000 outputs."""
    stimulus, size, places = words_of("stim", 4), 16, iter(words_of("params", 2).reshape(-1, 48))
    expected, vectors = words_of("gold_rnn", 4).reshape(len(stimulus), size), {"stimulus": stimulus}
    for layer, inputs in enumerate((stimulus.shape[1], size)):
        columns = np.array([next(places) for _ in range(1 + inputs + size)]).T
        vectors[f"bias_{layer}"] = columns[:, 0]
        vectors[f"w_input_{layer}"], vectors[f"w_recurrent_{layer}"] = np.split(
            columns[:, 1:], [inputs], axis=1
        )
    frames = stimulus.astype(np.float32) / 256
    _, (output,) = execute(network_of(vectors, EDGEDRNN, 0, 0), [frames])
    assert output.size == 16_000
    assert (output * 256 == expected).all()
    _, (usual,) = execute(network_of(vectors, FixedPoint(), 0, 0), [frames])
    assert (usual * 256 != expected).mean() > 0.2
