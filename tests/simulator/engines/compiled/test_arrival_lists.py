"""How messages of a phase pass from list to list: merged parts, wide chips, slow links, phases too long."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.builders.spiking import random_spiking
from deltasim.networks.cells import LIF, Input
from deltasim.networks.connections import Sparse
from deltasim.networks.execute import execute
from deltasim.networks.graph import Network, Population, Projection
from deltasim.networks.trace import Trace, random_trace
from deltasim.runtime.arrays import Integers
from deltasim.runtime.compiling import kernel
from deltasim.simulator.chip import Chip
from deltasim.simulator.engines.compiled.engine import CompiledEngine, made_ready_for_events
from deltasim.simulator.engines.compiled.phases.arrival_lists import AFTER_ALL, BEFORE_ALL
from deltasim.simulator.engines.compiled.phases.eligible import phase_plan
from deltasim.simulator.engines.compiled.phases.merge import merge
from deltasim.simulator.engines.reference.engine import run_sequence
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.plan.plan import Plan
from tests.simulator.builders import SCRATCHPAD, assert_same_ledger, chain, chip, trace_of

SERIES = {"synchronisation": {"policy": "layer", "cost": "3 cycles"}}


@kernel
def merged(keys: Integers, one: int, length: int, other: int, other_length: int, into: int) -> None:
    merge(keys, one, length, other, other_length, into)


@given(st.sets(st.integers(0, 2**62)), st.sets(st.integers(0, 2**62)))
def test_two_runs_become_one(first: set[int], second: set[int]) -> None:
    second -= first
    keys = np.full(2 * (len(first) + len(second)) + 6, BEFORE_ALL)
    other = len(first) + 3
    keys[1 : 1 + len(first)] = sorted(first)
    keys[1 + len(first)] = AFTER_ALL
    keys[other : other + len(second)] = sorted(second)
    keys[other + len(second)] = AFTER_ALL
    before, into = keys.copy(), other + len(second) + 1
    merged(keys, 1, len(first), other, len(second), into)
    assert keys[into : into + len(first) + len(second)].tolist() == sorted(first | second)
    assert (keys[:into] == before[:into]).all()
    assert (keys[into + len(first) + len(second) :] == BEFORE_ALL).all()


def plan_on(described: Chip, network: Network) -> Plan:
    return compile_plan(network, described, map_network(network, described))


def assert_same_in_every_way(plan: Plan, trace: Trace) -> None:
    """Phase by phase, with events, and in SimPy."""
    phases, events = CompiledEngine(plan), CompiledEngine(plan, made_ready_for_events(plan))
    assert phases.ready.forward is not None and events.ready.forward is None
    for number in range(trace.sequences):
        sequence = trace.sequence(number)
        ledger = phases.run_sequence(sequence)
        assert_same_ledger(ledger, events.run_sequence(sequence))
        assert_same_ledger(ledger, run_sequence(plan, sequence, None))


def mesh(side: int, **network: Any) -> dict[str, Any]:
    cores = {"cores.count": side * side, "cores.send": {"cycles": 1}, "cores.receive": {"cycles": 1}}
    return SERIES | cores | {"network.topology": f"mesh:{side}x{side}"} | network


def test_more_cores_than_a_word_has_bits() -> None:
    """81 cores: two words of bits; sparse columns, so that messages want some of them only."""
    rng = np.random.default_rng(0)
    hidden = Population("lif", LIF(200, 1.0, 0.5), np.zeros((1, 200), np.float32))
    sparse = Sparse.from_matrices(rng.normal(size=(200, 200)) * (rng.random((200, 200)) < 0.1))
    drive = Sparse.from_matrices(rng.normal(size=(200, 5)) * (rng.random((200, 5)) < 0.3))
    network = Network(
        "sparse",
        (Population("input", Input(5)), hidden),
        (Projection("input", "lif", drive), Projection("lif", "lif", sparse, "recurrent", 1)),
        ("lif",),
    )
    plan = plan_on(chip(mesh(9)), network)
    assert plan.trees.wanted.shape[1] == 2 and plan.columns.stride.tolist() == [1, 1]
    assert_same_in_every_way(plan, random_trace(network, [4], 0.3, rng))


def test_sizes_that_need_more_than_a_byte() -> None:
    """Source s has s words: 300 different sizes on one core."""
    rng = np.random.default_rng(1)
    matrix = np.tril(np.ones((300, 300), np.float32)).T
    population = Population("lif", LIF(300, 1.0, 0.5), np.zeros((1, 300), np.float32))
    network = Network(
        "triangle",
        (Population("input", Input(300)), population),
        (Projection("input", "lif", Sparse.from_matrices(matrix)),),
        ("lif",),
    )
    plan = plan_on(chip(SERIES | {"cores.mac.lanes": 3}), network)
    assert plan.columns.size.itemsize == 2
    assert_same_in_every_way(plan, random_trace(network, [3, 2], 0.2, rng))


JOINED = {
    "network.joined": {
        "topology": "mesh:1x2",
        "gateway": 1,
        "link": {"width": "8 bit", "clock": "250 MHz", "hop_cycles": 2},
    },
    "cores.count": 8,
    "network.message_bits": 40,
    "network.link_width": "16 bit",
}


@pytest.mark.parametrize("receive", [0, 2])
def test_behind_a_slow_link_a_message_stays_long(receive: int) -> None:
    """Two chips of 4 cores: who comes from the other one holds the links here at the pace of the slow one."""
    network = random_stack("gru", 6, (24, 16), np.random.default_rng(2))
    fields = mesh(2) | JOINED | {"cores.receive": {"cycles": receive}}
    plan = plan_on(chip(fields), network)
    forward = phase_plan(plan)
    assert forward is not None
    assert len(np.unique(plan.links.records["period_ps"])) == 2 and plan.links.message_flits > 1
    assert (forward.routes.arrival_lists["held"] >= 0).any() and (
        forward.routes.input_edges["held"] >= 0
    ).any()
    assert_same_in_every_way(plan, random_trace(network, [5], 0.4, np.random.default_rng(3)))


def test_where_ways_part_by_source() -> None:
    """Of a graph with ways of equal length some sources go on where others leave: a row for each source."""
    edges = [[0, 3], [0, 4], [0, 5], [1, 4], [1, 5], [2, 5], [3, 4], [3, 5]]
    fields = SERIES | {"cores.count": 6, "network.topology": "graph", "network.edges": edges}
    network = random_stack("gru", 6, (24,), np.random.default_rng(4))
    plan = plan_on(chip(fields), network)
    forward = phase_plan(plan)
    assert forward is not None and (forward.routes.input_edges["stride"] > 0).any()
    assert_same_in_every_way(plan, random_trace(network, [5], 0.4, np.random.default_rng(5)))


@pytest.mark.parametrize(("hop", "fits"), [(200_000, True), (400_000, False)])
def test_a_phase_too_long_for_keys_runs_with_events(
    hop: int, fits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One message a step leaves 61 bits for its time: a little over 2.3 million seconds."""
    network = chain(1, 1)
    stages = {f"cores.{stage}": {"cycles": 1_000_000} for stage in ("send", "receive")}
    links = {"network.topology": "mesh:1x2", "network.clock": "1 Hz", "network.hop_cycles": hop}
    placed = {"placement.explicit.cores": {"input": [0], "dense_0": [1]}}
    cores = {"cores.count": 2, "cores.clock": "1 Hz"} | placed
    fields = SERIES | stages | links | cores
    memory = SCRATCHPAD | {"size": "1 KiB", "width": "32 bit"}
    plan = plan_on(chip(fields | {"memories": [memory]}), network)
    trace = trace_of(network, [[(0, 0)]])
    asked: list[Plan] = []
    monkeypatch.setattr(
        "deltasim.simulator.engines.compiled.engine.made_ready_for_events",
        lambda plan: asked.append(plan) or made_ready_for_events(plan),
    )
    ledger = CompiledEngine(plan).run_sequence(trace)
    assert asked == ([] if fits else [plan])
    assert_same_ledger(ledger, run_sequence(plan, trace, None))


@settings(max_examples=40)
@given(st.integers(2, 4), st.integers(1, 3), st.sampled_from([1, 2]), st.integers(0, 2**16))
def test_populations_that_begin_together(areas: int, side: int, arrays: int, seed: int) -> None:
    """Spiking areas behind a barrier are a phase of their own: they share cores, links and update stages."""
    rng = np.random.default_rng(seed)
    network = random_spiking(12 * areas, 8, 0.3, rng, areas=areas, inputs=3)
    cores = {f"lif_{area}": sorted(rng.permutation(side * side)[: rng.integers(1, side * side + 1)].tolist())
             for area in range(areas)}  # fmt: skip
    fields = mesh(side) | {
        "synchronisation": {"policy": "barrier", "cost": "2 cycles"},
        "placement.explicit.cores": cores,
        "cores.mac.arrays": arrays,
        "cores.mac.lanes": 2,
        "cores.outstanding_fetches": 2,
        "cores.update": {"lanes": 2, "cycles": 3, "fixed": 1},
        "memories": [SCRATCHPAD | {"width": "16 bit"}],
        "network.pitch": "0.5 mm",
    }
    plan = plan_on(chip(fields), network)
    forward = phase_plan(plan)
    assert forward is not None and [len(group) for (group,) in forward.groups] == [areas]
    frames = (rng.random((6, 3)) < 0.5).astype(np.float32)
    assert_same_in_every_way(plan, execute(network, [frames])[0])


def test_layers_behind_a_barrier_need_events() -> None:
    """The second layer receives from the first one within the step."""
    network = random_stack("gru", 5, (8, 8), np.random.default_rng(0))
    assert phase_plan(plan_on(chip(mesh(2)), network)) is not None
    barrier = {"synchronisation": {"policy": "barrier", "cost": "0 cycles"}}
    assert phase_plan(plan_on(chip(mesh(2) | barrier), network)) is None
