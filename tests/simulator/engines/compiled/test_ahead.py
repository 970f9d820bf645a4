"""Units that are served ahead: which they are, and queues longer than there was room for."""

from __future__ import annotations

import numpy as np
import pytest

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.numbers.arithmetic import FixedPoint
from deltasim.networks.numbers.quantise import quantised
from deltasim.networks.trace import dense_trace
from deltasim.simulator.chip import load_chip
from deltasim.simulator.engines.compiled.engine import CompiledEngine, made_ready_for_events
from deltasim.simulator.engines.compiled.events.ahead import scratchpads, served_ahead
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.plan.plan import Plan
from deltasim.simulator.plan.records import NONE
from deltasim.simulator.simulate import run_plan
from tests.simulator.builders import assert_same_ledger

NETWORK = quantised(random_stack("gru", 40, (48, 48), np.random.default_rng(0)), FixedPoint())


def plan_on(name: str, **changes: object) -> Plan:
    """The network on a chip with fields changed; a path has ``__`` for each dot."""
    chip = load_chip(name).changed({path.replace("__", "."): value for path, value in changes.items()})
    return compile_plan(NETWORK, chip, map_network(NETWORK, chip))


def kinds_ahead(plan: Plan) -> set[str]:
    """The kinds of the units that are served ahead."""
    ahead = served_ahead(plan, scratchpads(plan))
    return {unit.kind for unit, one in zip(plan.units, ahead.tolist(), strict=True) if one}


@pytest.mark.parametrize(
    ("plan", "alone", "there", "not_there"),
    [
        (plan_on("mesh16"), 16, {"link", "fetch", "mac", "receive", "scratchpad"}, {"scan", "update"}),
        (plan_on("mesh16-cached"), 0, {"mac", "cache"}, {"link", "fetch", "buffer", "scan", "update"}),
        (plan_on("edgedrnn"), 0, {"mac"}, {"fetch", "scan", "update"}),
    ],
)
def test_which_units(plan: Plan, alone: int, there: set[str], not_there: set[str]) -> None:
    """Not those with several slots unless their columns stay in line, nor links to finite buffers."""
    assert (scratchpads(plan) != NONE).sum() == alone
    assert there <= kinds_ahead(plan)
    assert not not_there & kinds_ahead(plan)


def test_longer_queues_than_there_was_room_for() -> None:
    """A run that finds too little room for the turns of a queue begins again, and is the same."""
    plan = plan_on("mesh16", synchronisation__policy="dataflow", cores__scan__elements_per_cycle=64)
    engine, trace = CompiledEngine(plan, made_ready_for_events(plan)), dense_trace(NETWORK, [2])
    engine.capacity = before = 64
    ledger = engine.run_sequence(trace)
    assert engine.capacity > before
    assert_same_ledger(run_plan(plan, trace, engine="simpy"), ledger)
