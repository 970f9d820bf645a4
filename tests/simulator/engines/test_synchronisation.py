"""Synchronisation by hand: what barrier, layer and dataflow let overlap, what a meeting costs, what a
latency is.

A chain of Dense populations on a ring, each on its own core with its own scratchpad, one message a cycle. A
layer of n sources, all sent over one hop, takes n (scan) + 1 (hop) + 2 (address, word) + 1 (multiplication)
+ 1 (update).
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.trace import dense_trace, random_trace
from deltasim.simulator.chip import Chip
from deltasim.simulator.simulate import ENGINES, simulate
from tests.simulator.builders import chain, chip, step_cycles


def ring(policy: str, cost: int, cores: int) -> Chip:
    """Population p of a chain on core p."""
    names = ["input", *(f"dense_{layer}" for layer in range(cores - 1))]
    return chip(
        {
            "cores.count": cores,
            "network.topology": f"ring:{cores}",
            "synchronisation": {"policy": policy, "cost": f"{cost} cycles"},
            "placement.explicit.cores": {name: [core] for core, name in enumerate(names)},
        }
    )


def layer(sources: int) -> int:
    return sources + 1 + 2 + 1 + 1


@pytest.mark.parametrize("cost", [0, 13])
@pytest.mark.parametrize("steps", [1, 4])
def test_barrier(engine: str, cost: int, steps: int) -> None:
    """Layers follow each other within a step, steps follow each other with a meeting between."""
    network = chain(9, 5, 3)
    ledger = simulate(network, dense_trace(network, [steps]), ring("barrier", cost, 3), engine=engine)
    step = layer(9) + layer(5)
    assert step_cycles(ledger) == [step] * steps
    assert ledger.elapsed_ps == (steps * step + (steps - 1) * cost) * 1000


@pytest.mark.parametrize("cost", [0, 13])
@pytest.mark.parametrize("steps", [1, 4])
def test_layer(engine: str, cost: int, steps: int) -> None:
    """A meeting after every layer: a step has one within it and one behind it."""
    network = chain(9, 5, 3)
    ledger = simulate(network, dense_trace(network, [steps]), ring("layer", cost, 3), engine=engine)
    step = layer(9) + cost + layer(5)
    assert step_cycles(ledger) == [step] * steps
    assert ledger.elapsed_ps == (steps * step + (steps - 1) * cost) * 1000


@pytest.mark.parametrize("sizes", [(9, 5, 3), (5, 9, 3), (4, 4, 4, 4)])
def test_dataflow(engine: str, sizes: tuple[int, ...]) -> None:
    """A pipeline: filled once, then the slowest layer sets the pace. A step's latency reaches from its
    first scan to its last update, so that latencies of overlapping steps add up to more than the time they
    take.
    """
    network, steps = chain(*sizes), 6
    chip_ = ring("dataflow", 13, len(sizes))  # nobody meets, so the cost is never paid
    ledger = simulate(network, dense_trace(network, [steps]), chip_, engine=engine)
    times = [layer(size) for size in sizes[:-1]]
    assert ledger.elapsed_ps == (sum(times) + (steps - 1) * max(times)) * 1000
    assert step_cycles(ledger)[0] == sum(times)
    assert ledger.step_latency_ps.sum() > ledger.elapsed_ps


def test_dataflow_keeps_a_value_until_it_has_been_scanned(engine: str) -> None:
    """A fast layer below a slow one cannot run ahead: its update waits for the end of the scan that reads
    the value before. Below 2 elements, above 20: the lower update ends at 7, the upper scan lasts from 7 to
    27, its step to 32. The lower scan of step 1 begins at 7, but its update waits until 27 and ends at 28,
    when the scan of step 2 begins; the upper scan of step 1 lasts from 32 to 52, its step to 57, and from
    here on all repeats every 25.
    """
    network = chain(2, 20, 3)
    ledger = simulate(network, dense_trace(network, [5]), ring("dataflow", 0, 3), engine=engine)
    assert (layer(2), layer(20)) == (7, 25)
    begin, end = [0, 7, 28, 53, 78], [32, 57, 82, 107, 132]
    assert step_cycles(ledger) == [last - first for first, last in zip(begin, end, strict=True)]


def test_recurrence_holds_dataflow_back(engine: str) -> None:
    """A recurrent layer cannot begin a step before the last has ended: with nothing else on the chip,
    dataflow is as slow as the barrier, whose meeting costs nothing.
    """
    network = random_stack("rnn", 4, (6,), np.random.default_rng(0))
    trace = dense_trace(network, [5])
    policies = ("barrier", "dataflow")
    ledgers = [
        simulate(network, trace, chip({"synchronisation.policy": policy}), engine=engine)
        for policy in policies
    ]
    assert ledgers[0].elapsed_ps == ledgers[1].elapsed_ps


@given(
    sizes=st.lists(st.integers(1, 12), min_size=2, max_size=5),
    steps=st.integers(1, 6),
    occupancy=st.floats(0, 1),
    seed=st.integers(0, 99),
    engine=st.sampled_from(ENGINES),
)
def test_dataflow_is_never_slower_than_a_free_barrier(
    sizes: list[int], steps: int, occupancy: float, seed: int, engine: str
) -> None:
    """Where layers share no unit, beginning earlier ends no later; a layer-by-layer run is the slowest of
    the three when meetings cost, and all count the same.
    """
    network = chain(*sizes)
    trace = random_trace(network, [steps], occupancy, np.random.default_rng(seed))
    dataflow, barrier, by_layer = (
        simulate(network, trace, ring(policy, 0, len(sizes)), engine=engine)
        for policy in ("dataflow", "barrier", "layer")
    )
    assert dataflow.elapsed_ps <= barrier.elapsed_ps <= by_layer.elapsed_ps
    for action in ("core.mac", "core.send", "link.flit", "core.state_write", "scratchpad.read"):
        assert dataflow.total(action) == barrier.total(action) == by_layer.total(action)


@pytest.mark.parametrize("policy", ["barrier", "layer", "dataflow"])
def test_every_barrier_is_paid(engine: str, policy: str) -> None:
    """A bidirectional stack of two layers over 3 frames: two passes of 3 steps; what a barrier costs is
    paid between steps (barrier: 5 times), between populations (layer: 3 each step but one at the start: two
    directions, so 2 x 6 less 1) or only between passes (dataflow: once).
    """
    network = random_stack("gru", 3, (4, 4), np.random.default_rng(0), bidirectional=True)
    trace = dense_trace(network, [3])
    free, dear = (
        simulate(
            network,
            trace,
            chip({"synchronisation": {"policy": policy, "cost": f"{cost} cycles"}}),
            engine=engine,
        )
        for cost in (0, 100)
    )
    meetings = {"barrier": 5, "layer": 2 * 6 - 1, "dataflow": 1}[policy]
    assert dear.elapsed_ps - free.elapsed_ps == meetings * 100 * 1000


def test_sequence_latency_is_from_rest_to_the_last_update(engine: str) -> None:
    """Sequences start afresh: their latencies are those of each alone, and add up to the run."""
    network = chain(6, 4)
    ledger = simulate(network, dense_trace(network, [2, 5]), ring("barrier", 3, 2), engine=engine)
    step = layer(6)
    assert ledger.sequence_latency_ps.tolist() == [(2 * step + 3) * 1000, (5 * step + 4 * 3) * 1000]
    assert ledger.elapsed_ps == (7 * step + 5 * 3) * 1000


def test_a_step_waits_for_its_slowest_core(engine: str) -> None:
    """A population on two cores has finished when both have: 5 neurons are 3 and 2, on 1 lane 3 and 2
    cycles a column. The sender's own core holds 3 of them, the other is a hop away.
    """
    network = chain(4, 5)
    parts = {"cores.count": 2, "network.topology": "ring:2", "cores.mac.lanes": 1}
    parts |= {"placement.explicit.cores": {"input": [0]}}
    ledger = simulate(network, dense_trace(network, [2]), chip(parts), engine=engine)
    # core 0: words from 3 on, 4 columns of 3; core 1: words from 4 on, 4 columns of 2
    assert step_cycles(ledger) == [max(3 + 4 * 3, 4 + 4 * 2) + 1] * 2
