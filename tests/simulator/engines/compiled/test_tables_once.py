"""What the compiled engine makes of a plan is made once, and goes when the plan goes."""

from __future__ import annotations

import gc
import weakref

import numpy as np

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.trace import dense_trace
from deltasim.simulator.chip import load_chip
from deltasim.simulator.engines.compiled.engine import CompiledEngine, made_ready
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.plan.plan import Plan


def a_plan() -> Plan:
    network, chip = random_stack("gru", 8, (16,), np.random.default_rng(0)), load_chip("edgedrnn")
    return compile_plan(network, chip, map_network(network, chip))


def test_engines_of_one_plan_share_its_tables_and_no_others_do() -> None:
    plan = a_plan()
    assert CompiledEngine(plan).ready is CompiledEngine(plan).ready
    assert CompiledEngine(plan).ready is not CompiledEngine(a_plan()).ready


def test_a_run_leaves_the_tables_as_they_were() -> None:
    plan = a_plan()
    engine = CompiledEngine(plan)
    before = [table.copy() for table in (*engine.ready.tables, *engine.ready.start)]
    first = engine.run_sequence(dense_trace(plan.network, [3]))
    again = CompiledEngine(plan).run_sequence(dense_trace(plan.network, [3]))
    assert all(map(np.array_equal, before, (*engine.ready.tables, *engine.ready.start)))
    assert np.array_equal(first.counts, again.counts)
    assert np.array_equal(first.step_latency_ps, again.step_latency_ps)


def test_what_was_made_goes_with_its_plan() -> None:
    plan = a_plan()
    CompiledEngine(plan).run_sequence(dense_trace(plan.network, [2]))
    tables = weakref.ref(made_ready(plan).tables.lists)
    assert tables() is not None
    del plan
    gc.collect()
    assert tables() is None
