"""One run for a sequence and its beginnings gives the ledgers of each alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.trace import Trace, dense_trace, random_trace
from deltasim.simulator.chip import load_chip
from deltasim.simulator.engines.compiled.engine import CompiledEngine, made_ready_for_events
from deltasim.simulator.engines.compiled.events import beginnings as of
from deltasim.simulator.engines.compiled.phases.eligible import phase_plan
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.plan.plan import Plan
from deltasim.simulator.simulate import run_sequences
from tests.simulator.builders import assert_same_ledger
from tests.simulator.strategies import Case, cases


def prefixes(trace: Trace, lengths: list[int]) -> Trace:
    """The first steps of one sequence, once for each length, as one trace."""
    ends = [trace.step_bounds[length] for length in lengths]
    messages = np.concatenate([trace.messages[:end] for end in ends])
    starts = np.cumsum([0, *lengths])
    messages["step"] += np.repeat(starts[:-1], ends).astype(np.int32)
    before = np.cumsum([0, *ends])
    bounds = [trace.step_bounds[:length] + at for length, at in zip(lengths, before[:-1], strict=True)]
    step_bounds = np.concatenate([*bounds, before[-1:]])
    lost = [trace.lost[trace.lost < end] + at for end, at in zip(ends, before[:-1], strict=True)]
    return Trace(messages, step_bounds, starts, trace.network_digest, np.concatenate(lost))


def assert_served(plan: Plan, trace: Trace) -> None:
    """All sequences come from one run, and are what each is alone."""
    engine = CompiledEngine(plan, made_ready_for_events(plan))
    together = engine.beginnings(trace, range(trace.sequences))
    found = engine.run_beginnings(trace, together)
    assert set(found) == set(range(trace.sequences)), "all from one run"
    for index, ledger in found.items():
        assert_same_ledger(ledger, engine.run_sequence(trace.sequence(index)))


@given(cases(), st.data())
def test_random_chips(case: Case, data: st.DataObject) -> None:
    network, _, chip, _, mapping = case
    if network.passes > 1:
        return
    lengths = data.draw(st.lists(st.integers(1, 7), min_size=2, max_size=4, unique=True))
    rng = np.random.default_rng(data.draw(st.integers(0, 9)))
    whole = random_trace(network, [max(lengths)], data.draw(st.sampled_from([0.1, 0.6, 1.0])), rng)
    plan, trace = compile_plan(network, chip, mapping), prefixes(whole, lengths)
    if plan.stages.tells_rest:  # what is at rest depends on values
        plain = chip.changed({"cores.update.access_cycles": None, "prices.core.access": None})
        assert CompiledEngine(plan, made_ready_for_events(plan)).beginnings(trace, range(len(lengths))) == []
        plan = compile_plan(network, plain, mapping)
    assert_served(plan, trace)


@pytest.mark.parametrize("policy", ["layer", "barrier", "dataflow"])
@pytest.mark.parametrize("name", ["mesh16-cached", "mesh64-hbm"])
def test_chips_in_the_box_by_the_front_door(name: str, policy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    chip = load_chip(name).changed({"synchronisation.policy": policy})
    network = random_stack("gru", 12, (40, 40), np.random.default_rng(7))
    plan = compile_plan(network, chip, map_network(network, chip))
    trace, runs = dense_trace(network, [5, 2, 9, 2, 8]), []
    whole = of.run_to_end
    monkeypatch.setattr(of, "run_to_end", lambda *given: runs.append(1) or whole(*given))
    ledgers = run_sequences(plan, trace, jobs=2)
    assert len(runs) == (0 if phase_plan(plan) else 4), "the four lengths from one run"
    for index, ledger in enumerate(ledgers):
        assert_same_ledger(ledger, run_sequences(plan, trace.sequence(index))[0])


def test_a_step_wanted_too_early_leaves_the_rest_to_other_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chip = load_chip("mesh16-cached")
    network = random_stack("gru", 4, (16,), np.random.default_rng(7))
    plan = compile_plan(network, chip, map_network(network, chip))
    trace = dense_trace(network, [2, 4, 3])
    before = run_sequences(plan, trace)
    monkeypatch.setattr(of, "is_wanted", lambda _, step: step == 3)
    engine: Any = CompiledEngine(plan, made_ready_for_events(plan))
    assert list(engine.run_beginnings(trace, [0, 2, 1])) == [0]
    for ledger, other in zip(run_sequences(plan, trace), before, strict=True):
        assert_same_ledger(ledger, other)


def test_what_is_no_beginning() -> None:
    network = random_stack("gru", 4, (16,), np.random.default_rng(7))
    dense = dense_trace(network, [2, 4])
    assert of.beginnings(dense, [0, 1]) == [0, 1]
    assert of.beginnings(dense, [1]) == of.beginnings(dense, []) == []
    other = dense.messages.copy()
    other["source"][0] += 1
    assert of.beginnings(Trace(other, dense.step_bounds, dense.sequence_bounds, network.digest), [0, 1]) == []
    first = np.zeros(1, np.int64)
    lossy = Trace(dense.messages, dense.step_bounds, dense.sequence_bounds, network.digest, first)
    assert of.beginnings(lossy, [0, 1]) == []
    both = np.array([0, dense.step_bounds[2]])
    lossy = Trace(dense.messages, dense.step_bounds, dense.sequence_bounds, network.digest, both)
    assert of.beginnings(lossy, [0, 1]) == [0, 1]
    sparse = random_trace(network, [2, 4], 0.5, np.random.default_rng(1))
    assert of.beginnings(sparse, [0, 1]) == []
