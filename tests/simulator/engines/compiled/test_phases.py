"""Runs phase by phase: the same ledger as with events, and as the SimPy engine's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.execute import execute
from deltasim.networks.trace import random_trace
from deltasim.simulator.chip import load_chip
from deltasim.simulator.engines.compiled.engine import CompiledEngine, EngineStopped, made_ready_for_events
from deltasim.simulator.engines.compiled.phases.eligible import phase_plan
from deltasim.simulator.engines.reference.engine import run_sequence
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.plan.multicast_trees import multicast_trees_of
from deltasim.simulator.plan.plan import Plan
from tests.simulator.builders import DRAM, SCRATCHPAD, assert_same_ledger, chip
from tests.simulator.random_networks import networks
from tests.simulator.strategies import (
    Case,
    chip_fields,
    drams,
    inputs_of,
    placements,
    random_send_counts,
    scratchpads,
)


@st.composite
def forward_cases(draw: st.DrawFn) -> Case:
    """Cases without what needs events: most have layers in series, and memories of a core's own."""
    network = draw(networks())
    inputs = draw(inputs_of(network))
    fields: dict[str, Any] = draw(chip_fields())
    del fields["cores.shared_units"]
    fields.pop("cores.dma", None)
    for limit in ("buffer", "virtual_channels"):
        fields["network"].pop(limit, None)
    if draw(st.integers(0, 3)):
        fields["synchronisation"]["policy"] = "layer"
        fields["cores.update"]["during"] = None
    memories = [m for m in fields["memories"] if m["kind"] == "registers"]
    kinds = ["scratchpad"]
    if fields["cores.count"] == 1 and fields["cores.mac"]["arrays"] == 1:
        kinds = draw(st.sampled_from([["scratchpad"], ["dram"]]))
    if "scratchpad" in kinds:
        memories.append(draw(scratchpads(small=False)))
        if draw(st.booleans()):
            memories.append(draw(scratchpads(small=False)) | {"name": "further"})
    if "dram" in kinds:
        memories.append(draw(drams(1)))
    fields["memories"] = memories
    placed = chip(fields | draw(placements(network, fields)))
    send_counts = random_send_counts(network, np.random.default_rng(draw(st.integers(0, 2**16))))
    return Case(
        network, execute(network, inputs)[0], placed, inputs, map_network(network, placed, send_counts)
    )


@settings(max_examples=60)
@given(forward_cases())
def test_phases_give_the_ledger_of_events_and_of_simpy(case: Case) -> None:
    network, trace, described, _, mapping = case
    plan = compile_plan(network, described, mapping)
    phases, events = CompiledEngine(plan), CompiledEngine(plan, made_ready_for_events(plan))
    assume(phases.ready.forward is not None)
    for number in range(trace.sequences):
        sequence = trace.sequence(number)
        ledger = phases.run_sequence(sequence)
        assert_same_ledger(ledger, events.run_sequence(sequence))
        assert_same_ledger(ledger, run_sequence(plan, sequence, None))


@pytest.mark.long
def test_phases_agree_on_very_many(record_property: Callable[[str, object], None]) -> None:
    """Phases, events and SimPy give one ledger on 4,000 random chips, most with layers in series."""
    agree = test_phases_give_the_ledger_of_events_and_of_simpy.hypothesis.inner_test
    settings(max_examples=4_000, suppress_health_check=list(HealthCheck))(given(forward_cases())(agree))()
    record_property("cases", "4,000, the three equal in every one")


def plan_of(changes: dict[str, Any], name: str = "edgedrnn", layers: tuple[int, ...] = (8, 8)) -> Plan:
    network = random_stack("gru", 5, layers, np.random.default_rng(0))
    described = load_chip(name).changed(changes)
    return compile_plan(network, described, map_network(network, described))


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("edgedrnn", {"synchronisation.policy": "barrier"}),  # two populations at once
        ("edgedrnn", {"cores.dma": {"burst": "64 B", "outstanding": 2}}),
        ("edgedrnn", {"cores.shared_units": [["scan", "mac"]]}),
        ("edgedrnn", {"cores.count": 2}),  # both fetch from the DRAM
        ("mesh16-cached", {"synchronisation.policy": "layer"}),  # caches
        ("mesh16", {"synchronisation.policy": "layer", "network.topology": "ring:16"}),  # a cycle
        (
            "mesh16",
            {"synchronisation.policy": "layer", "network.buffer": 4096, "network.virtual_channels": 3},
        ),
    ],
)
def test_what_comes_back_needs_events(name: str, changes: dict[str, Any]) -> None:
    assert phase_plan(plan_of(changes, name)) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"memories": [SCRATCHPAD | {"size": "1 KiB", "width": "64 bit"}, DRAM]},  # fetched from both
        {"memories": [DRAM | {"ports": [1]}], "network.topology": "mesh:1x2", "cores.count": 2}
        | {"placement": {"explicit": {"cores": {"input": [0], "gru_0": [0]}}}},  # other links back than there
    ],
)
def test_columns_that_come_in_another_way_need_events(fields: dict[str, Any]) -> None:
    network = random_stack("gru", 5, (8,), np.random.default_rng(0))
    described = chip(fields)
    assert phase_plan(compile_plan(network, described, map_network(network, described))) is None


@pytest.mark.parametrize("name", ["edgedrnn", "deltarnn", "spartus"])
def test_the_accelerators_in_the_box_run_in_phases(name: str) -> None:
    assert phase_plan(plan_of({}, name)) is not None


@pytest.mark.parametrize("policy", ["barrier", "dataflow"])
def test_one_population_runs_in_phases_under_every_policy(policy: str) -> None:
    plan = plan_of({"synchronisation.policy": policy}, "mesh16", (24,))
    forward = phase_plan(plan)
    assert forward is not None
    taken = np.unique(multicast_trees_of(plan).entries["link"])
    assert (forward.routes.order < plan.links.count).sum() == len(taken)


def test_links_come_behind_those_that_lead_to_them() -> None:
    plan = plan_of({"synchronisation.policy": "layer"}, "mesh16", (24, 24))
    forward, multicast = phase_plan(plan), multicast_trees_of(plan)
    assert forward is not None
    place = {link: number for number, link in enumerate(forward.routes.order.tolist())}
    for entry in multicast.entries:
        for behind in multicast.lists[entry["following"] : entry["following_end"]]:
            assert place[int(entry["link"])] < place[int(multicast.entries[behind]["link"])]


def test_arrival_lists_grow_in_the_middle_of_a_run() -> None:
    plan = plan_of({})
    trace = random_trace(plan.network, [6], 0.5, np.random.default_rng(0))
    small, large = CompiledEngine(plan), CompiledEngine(plan)
    small.capacity = 1
    assert_same_ledger(small.run_sequence(trace), large.run_sequence(trace))
    assert small.capacity > 1


def test_a_stopped_engine_begins_no_run() -> None:
    plan = plan_of({})
    engine = CompiledEngine(plan)
    engine.stop()
    with pytest.raises(EngineStopped):
        engine.run_sequence(random_trace(plan.network, [2], 0.5, np.random.default_rng(0)))
