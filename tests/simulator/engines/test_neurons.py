"""The neurons of the SimPy engine compute for themselves and arrive at the very messages of ``execute``.

Cells, arithmetics, directions, chips and policies in a grid; ``test_engine_random`` draws the rest.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.cells import Conv2d, Dense, Formula, Input
from deltasim.networks.connections import AllToAll, Convolution
from deltasim.networks.execute import execute
from deltasim.networks.graph import Network, Population, Projection
from deltasim.networks.numbers.arithmetic import FLOAT32, Arithmetic, FixedPoint, WideSums
from deltasim.networks.numbers.quantise import quantised
from deltasim.runtime.arrays import Floats
from deltasim.simulator.engines.reference.engine import run_sequence
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.simulate import simulate
from tests.simulator.builders import DRAM, SCRATCHPAD, assert_same_ledger, chip
from tests.simulator.strategies import POLICIES

TOPOLOGIES = {"bus": 3, "mesh:2x2": 4, "ring:3": 3, "star:4": 4}
CELLS = [(cell, both) for cell in ("rnn", "gru", "lstm") for both in (False, True)]
CELLS += [("dense", False), ("conv2d", False), ("formula", False)]


def drawn(cell: str, bidirectional: bool) -> Network:
    """Two layers of a cell and a readout."""
    rng = np.random.default_rng(3)
    if cell in ("rnn", "gru", "lstm"):
        return random_stack(cell, 5, (7, 6), rng, theta=0.02, bidirectional=bidirectional, readout=3)
    connection: Convolution | AllToAll
    if cell in ("conv2d", "formula"):
        gates = 1 if cell == "conv2d" else 2
        kernel = rng.normal(size=(2 * gates, 1, 3, 3)).astype(np.float32) / 3
        connection = Convolution(kernel, (1, 4, 5), (1, 2), (1, 0), gates=gates)
        hidden: Conv2d | Dense | Formula = Conv2d(connection.out_shape)
        if gates == 2:
            hidden = Formula(hidden.size, "c = 0.5 * c + a1; y = sqrt(a0**2 + c**2)")
    else:
        connection = AllToAll(rng.normal(size=(5, 1, 7)).astype(np.float32) / 3)
        hidden = Dense(7, "relu")
    readout = AllToAll(rng.normal(size=(hidden.size, 1, 3)).astype(np.float32) / 3)
    biases = [rng.normal(size=(hidden.accumulators, hidden.size)), rng.normal(size=(1, 3))]
    biases = [bias.astype(np.float32) / 4 for bias in biases]
    return Network(
        cell,
        (
            Population("input", Input(connection.source_size)),
            Population("hidden", hidden, biases[0]),
            Population("readout", Dense(3, "tanh"), biases[1]),
        ),
        (
            Projection("input", "hidden", connection, theta=0.1),
            Projection("hidden", "readout", readout, theta=0.02),
        ),
        ("readout",),
        FLOAT32,
    )


def sequences(network: Network) -> list[Floats]:
    rng = np.random.default_rng(4)
    return [rng.normal(size=(frames, network.input_size)).astype(np.float32) for frames in (4, 1)]


@pytest.mark.parametrize("arithmetic", [FLOAT32, WideSums(), FixedPoint()], ids=["float32", "wide", "fixed"])
@pytest.mark.parametrize(("cell", "bidirectional"), CELLS)
def test_every_cell_on_every_chip(cell: str, bidirectional: bool, arithmetic: Arithmetic) -> None:
    """``inputs`` given, a message that differs in one bit from the trace's raises; the cost is that of a
    replay.
    """
    network = drawn(cell, bidirectional)
    if isinstance(arithmetic, FixedPoint):
        network = quantised(network, arithmetic)
    else:
        network = replace(network, arithmetic=arithmetic)
    inputs = sequences(network)
    trace, _ = execute(network, inputs)
    assert len(trace.messages) > 0
    turned = CELLS.index((cell, bidirectional))  # so that every topology meets every policy
    for place, (topology, cores) in enumerate(TOPOLOGIES.items()):
        target = chip(
            {
                "cores.count": cores,
                "network.topology": topology,
                "synchronisation.policy": POLICIES[(turned + place) % len(POLICIES)],
                "cores.outstanding_fetches": 2,
                "memories": [SCRATCHPAD | {"width": "32 bit"}],
            }
        )
        computed = simulate(network, trace, target, inputs=inputs, engine="simpy")
        assert_same_ledger(computed, simulate(network, trace, target, engine="simpy"))


@pytest.mark.parametrize("shuffle", range(2))
def test_ties_do_not_depend_on_the_order_of_creation(shuffle: int) -> None:
    """Sixteen equal cores that all begin at once and share one port: as many ties as there can be."""
    network = random_stack("gru", 16, (32,), np.random.default_rng(0), theta=0.05)
    frames = np.random.default_rng(1).normal(size=(3, 16)).astype(np.float32)
    trace, _ = execute(network, [frames])
    parts: dict[str, object] = {"cores.count": 16, "network.topology": "mesh:4x4", "memories": [DRAM]}
    parts |= {"cores.shared_units": [["scan", "mac"]], "cores.send.cycles": 1, "cores.receive.cycles": 1}
    plan = compile_plan(network, chip(parts), map_network(network, chip(parts)))
    assert_same_ledger(run_sequence(plan, trace), run_sequence(plan, trace, frames, shuffle=shuffle))
