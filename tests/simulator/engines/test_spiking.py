"""Spikes on a chip: what a scan for events, an update and a packed column cost, by hand, on every engine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from deltasim.networks.builders.spiking import random_spiking
from deltasim.networks.cells import GLIF, LIF, Input
from deltasim.networks.connections import Sparse
from deltasim.networks.execute import execute
from deltasim.networks.graph import Network, Population, Projection
from deltasim.networks.numbers.arithmetic import FixedPoint
from deltasim.simulator.chip import load_chip
from deltasim.simulator.mapping.state import remembered_bytes
from deltasim.simulator.simulate import simulate
from tests.simulator.builders import SCRATCHPAD, assert_same_ledger, chip, step_cycles

INPUTS, NEURONS = 3, 4


def network() -> Network:
    """Input 0 drives neurons 0 and 1, input 1 neuron 3, input 2 nobody; neuron 0 drives 1, 2 and 3."""
    driven = Sparse.from_synapses([0, 0, 1], [0, 1, 3], [2.0, 2.0, 2.0], INPUTS, NEURONS)
    among = Sparse.from_synapses([0, 0, 0], [1, 2, 3], [2.0, 2.0, 2.0], NEURONS, NEURONS)
    return Network(
        "spiking",
        (
            Population("input", Input(INPUTS)),
            Population("lif", LIF(NEURONS), np.zeros((1, NEURONS), np.float32)),
        ),
        (Projection("input", "lif", driven), Projection("lif", "lif", among, "recurrent", 1)),
        ("lif",),
    )


def test_state_traffic_of_spikes(engine: str) -> None:
    """Events have no last-sent value; accumulators are written anew with every update."""
    trace, _ = execute(network(), [np.float32([[1, 0, 0], [0, 1, 1]])])
    # step 0: input 0; step 1: inputs 1 and 2, and the spikes of neurons 0 and 1
    assert trace.messages[["step", "projection", "source"]].tolist() == [
        (0, 0, 0), (1, 0, 1), (1, 0, 2), (1, 1, 0), (1, 1, 1),
    ]  # fmt: skip
    ledger = simulate(network(), trace, chip(), engine=engine)
    words = 2 + 1 + 0 + 3 + 0
    assert ledger.total("core.mac") == ledger.total("scratchpad.words") == words
    assert ledger.total("core.send") == 3  # input 2 and neuron 1 reach nobody
    scanned, updated = 2 * (INPUTS + NEURONS), 2 * NEURONS
    assert ledger.total("core.scan") == scanned
    assert ledger.total("core.state_read") == scanned + words + updated * (1 + 2)
    assert ledger.total("core.state_write") == words + updated * (1 + 2) + NEURONS * (1 + 2)


@pytest.mark.parametrize(("width", "accesses"), [("32 bit", [3, 2]), ("64 bit", [2, 1])])
def test_index_bits_are_fetched(engine: str, width: str, accesses: list[int]) -> None:
    """Two words of 32 bits with 2 bits each to name one of 4 neurons make 9 bytes; one word makes 5."""
    trace, _ = execute(network(), [np.float32([[1, 0, 0], [0, 0, 0], [0, 1, 0]])])
    fields = {"memories": [SCRATCHPAD | {"width": width}]}
    ledger = simulate(network(), trace, chip(fields), engine=engine)
    three = -(-13 // (int(width.split()[0]) // 8))  # the column of neuron 0, which fires in step 0
    assert ledger.total("scratchpad.read") == sum(accesses) + three


def test_what_a_neuron_has_of_its_own_is_read_and_not_written(engine: str) -> None:
    """Two constants a neuron are read with every update; only what is fed starts anew."""
    neuron = GLIF(NEURONS, synapse=0.5, own=("leak", "threshold"))
    bias = np.zeros((3, NEURONS), np.float32)
    own = Network(
        "own",
        (Population("input", Input(INPUTS)), Population("lif", neuron, bias)),
        network().projections,
        ("lif",),
    )
    trace, _ = execute(own, [np.zeros((2, INPUTS), np.float32)])
    ledger = simulate(own, trace, chip(), engine=engine)
    spikes = int((trace.messages["projection"] == 1).sum())
    words, scanned, updated = 3 * spikes, 2 * (INPUTS + NEURONS), 2 * NEURONS
    assert ledger.total("core.state_read") == scanned + words + updated * (3 + 3)
    assert ledger.total("core.state_write") == words + updated * (1 + 3) + NEURONS * (3 + 3)


@pytest.mark.parametrize("delay", [0, 1, 3])
def test_a_delayed_spike_is_scanned_when_it_is_due(engine: str, delay: int) -> None:
    """A delay moves the messages and adds no traffic: values wait at their source in a ring."""
    into, among = network().projections
    second = Population("second", GLIF(NEURONS), np.zeros((1, NEURONS), np.float32))
    later = replace(among, target="second", role="input", delay=delay)
    made = Network("late", (*network().populations, second), (into, later), ("second",))
    trace, _ = execute(made, [np.float32([[1, 0, 0], *[[0, 0, 0]] * 5])])
    spikes = trace.messages[trace.messages["projection"] == 1]
    assert spikes[["step", "source"]].tolist() == [(delay, 0), (delay, 1)]
    ledger = simulate(made, trace, chip(), engine=engine)
    assert ledger.total("core.scan") == 6 * (INPUTS + NEURONS)
    assert ledger.total("core.mac") == 2 + 3


def test_a_delay_takes_room_for_a_value_a_step(engine: str) -> None:
    """The value itself, and a copy for every step of the longest delay."""
    held = {}
    for delay in (1, 5):
        into, among = network().projections
        made = Network("ring", network().populations, (into, replace(among, delay=delay)), ("lif",))
        held[delay] = remembered_bytes(made, 1, NEURONS, 32)
        trace, _ = execute(made, [np.float32([[1, 0, 0], *[[0, 0, 0]] * 6])])
        assert simulate(made, trace, load_chip("mesh16"), engine=engine).total("core.mac") == 2 + 3
    assert held[5] - held[1] == 4 * NEURONS * 4


def test_time_follows_spikes(engine: str) -> None:
    """Scan of 3 inputs beside 4 neurons on one unit; a message adds what it adds for any network."""
    quiet, _ = execute(network(), [np.zeros((2, INPUTS), np.float32)])
    ledger = simulate(network(), quiet, chip(), engine=engine)
    assert step_cycles(ledger) == [3 + 4 + 1] * 2  # two scans in turn, one update


@pytest.mark.parametrize("fixed", [False, True])
@pytest.mark.parametrize("name", ["edgedrnn", "mesh16"])
def test_neurons_on_cores_fire_as_execute_says(name: str, fixed: bool) -> None:
    """The SimPy engine's neurons compute for themselves; both engines charge the same for it."""
    rng = np.random.default_rng(5)
    made = random_spiking(96, 12, 0.2, rng, inputs=6, areas=2, arithmetic=FixedPoint() if fixed else None)
    frames = (rng.random((8, 6)) < 0.4).astype(np.float32)
    trace, _ = execute(made, [frames])
    assert len(trace.messages) > 100
    computed = simulate(made, trace, load_chip(name), inputs=[frames], engine="simpy")
    assert_same_ledger(computed, simulate(made, trace, load_chip(name), engine="compiled"))
