"""Random chips and networks: no run deadlocks or breaks a law, and the counts are those the trace
implies.
"""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.networks.trace import dense_trace
from deltasim.simulator.engines.reference.engine import run_sequence
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.plan.encoder_passes import encoder_passes
from deltasim.simulator.simulate import ENGINES, simulate
from tests.simulator.builders import assert_same_ledger
from tests.simulator.strategies import Case, cases

engines = st.sampled_from(ENGINES)


@settings(max_examples=80)
@given(cases())
def test_neurons_arrive_at_the_trace(case: Case) -> None:
    """Cores that compute for themselves send exactly what ``execute`` says, and cost what a replay costs."""
    network, trace, chip, inputs, mapping = case
    computed = simulate(network, trace, chip, mapping, inputs=inputs, engine="simpy")
    assert_same_ledger(computed, simulate(network, trace, chip, mapping, engine="simpy"))


@settings(max_examples=80)
@given(cases(), engines)
def test_counts_follow_from_the_trace(case: Case, engine: str) -> None:
    """Every message fetches its column once, wherever its parts lie; every step updates every neuron; the
    steps of a sequence cover its time.
    """
    network, trace, chip, _, mapping = case
    ledger = simulate(network, trace, chip, mapping, engine=engine)
    fan_out = [projection.connection.fan_out for projection in network.projections]
    arrived = np.delete(trace.messages, trace.lost)
    words = sum(int(fan_out[message["projection"]][message["source"]]) for message in arrived)
    assert ledger.total("core.mac") == words
    memories = [memory.name for memory in chip.memories]
    assert sum(ledger.total(f"{name}.words") for name in memories) == words
    frames = trace.steps // network.passes
    computed = sum(p.size for p in network.populations if p.cell.kind != "input")
    told = chip.cores.update.access_cycles is not None
    assert ledger.total("core.access" if told else "core.update") == frames * computed
    assert ledger.total("core.update") <= frames * computed
    assert ledger.total("core.scan") == int((encoder_passes(network, chip) * trace.scanned(network)).sum())
    outcomes = sum(ledger.total(f"dram.row_{outcome}") for outcome in ("hit", "miss", "conflict"))
    assert outcomes == ledger.total("dram.read")
    assert (ledger.step_latency_ps > 0).all()
    barrier_ps = chip.synchronisation.cost_cycles * chip.cores.period_ps
    barriers = trace.steps * len(network.populations)
    assert ledger.elapsed_ps <= int(ledger.step_latency_ps.sum()) + barriers * barrier_ps


@settings(max_examples=40)
@given(cases(), st.integers(0, 2**32))
def test_order_of_creation_changes_nothing(case: Case, seed: int) -> None:
    network, trace, chip, inputs, mapping = case
    plan = compile_plan(network, chip, mapping)
    sequence = trace.sequence(0)
    plain = run_sequence(plan, sequence, inputs[0])
    assert_same_ledger(plain, run_sequence(plan, sequence, inputs[0], shuffle=seed))


@settings(max_examples=30)
@given(cases(), engines)
def test_dense_run_costs_at_least_as_much(case: Case, engine: str) -> None:
    """Sending everything at every step does every multiplication of the sparse run and more."""
    network, trace, chip, inputs, mapping = case
    sparse = simulate(network, trace, chip, mapping, engine=engine)
    everything = dense_trace(network, [len(frames) for frames in inputs])
    dense = simulate(network, everything, chip, mapping, engine=engine)
    assert dense.total("core.mac") >= sparse.total("core.mac")
    assert dense.total("core.scan") == sparse.total("core.scan")
