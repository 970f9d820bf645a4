"""No run goes below its bound, and what timing cannot change is exact: on any chip, network and trace."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from deltasim.exploration.bounds.bound import bound
from deltasim.exploration.pricing import form_of, price_table
from deltasim.exploration.workbench import row_of
from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.execute import execute
from deltasim.networks.numbers.arithmetic import FixedPoint
from deltasim.simulator.chip import load_chip
from deltasim.simulator.chip.loading import chip_names
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.memories.standard_dram import StandardDram
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.simulate import run_sequences
from tests.simulator.strategies import Case, cases

TIMED = (
    ".hit", ".miss", ".eviction", ".write_back", ".fetched", ".fill", ".conflict", ".activate", ".refresh",
    ".row_hit", ".row_miss", ".row_conflict", ".leakage", ".standby", ".credit_stall",
)  # fmt: skip


def is_exact(name: str, behind_caches: set[str], controlled: set[str], links_shared: bool) -> bool:
    """Whether a count is claimed to be exact."""
    if name.endswith(TIMED) or ".background" in name:
        return False
    if name.partition(".")[0] in behind_caches:
        return False
    if name.partition(".")[0] in controlled and not name.endswith(".words"):
        return False
    return not (links_shared and name.partition(".")[0] in ("link", "router", "joined"))


def check(case: Case) -> None:
    network, trace, chip, _, mapping = case
    plan = compile_plan(network, chip, mapping)
    ledgers = run_sequences(plan, trace)
    form = form_of(chip, plan.layers)
    watts = {name: price.value for name, price in chip.priced.items()}
    found = bound(plan, trace, form.names, watts)
    least = dict(zip(form.names, found.counts, strict=True))
    cached = any(block.through for block in mapping.blocks)
    behind = {memory.behind for memory in chip.memories if memory.kind == "cache"} if cached else set()
    controlled = {memory.name for memory in chip.memories if isinstance(memory, StandardDram)}
    states: dict[str, int] = {}
    for name in plan.actions:
        counted = sum(ledger.total(name) for ledger in ledgers)
        if ".background" in name:
            states[name.partition(".")[0]] = states.get(name.partition(".")[0], 0) + counted
        elif is_exact(name, behind, controlled, cached):
            assert least[name] == counted, name
        else:
            assert 0 <= least[name] <= counted, name
    for name, total in states.items():
        assert sum(amount for key, amount in least.items() if key.startswith(f"{name}.background")) <= total
    joules = price_table(chip, network, plan.layers).joules
    counted_row = [sum(row) for row in zip(*(row_of(ledger, form) for ledger in ledgers), strict=True)]
    assert np.dot(joules, found.counts) <= np.dot(joules, counted_row) * (1 + 1e-12)
    assert found.elapsed_ps <= sum(ledger.elapsed_ps for ledger in ledgers)


@settings(max_examples=30)
@given(cases())
def test_no_run_goes_below_its_bound(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("name", chip_names())
def test_no_run_on_a_chip_of_the_box_goes_below_its_bound(name: str) -> None:
    """Chips as people take them, their DRAMs with all that is not given; long enough to power down."""
    rng = np.random.default_rng(0)
    network = random_stack("gru", 6, (16,), rng, theta=0.1, arithmetic=FixedPoint())
    inputs = [rng.normal(size=(12, 6)).cumsum(axis=0).astype(np.float32) / 3]
    trace, _ = execute(network, inputs)
    placed = load_chip(name)
    check(Case(network, trace, placed, inputs, map_network(network, placed)))


@pytest.mark.long
@settings(max_examples=3000, derandomize=False, suppress_health_check=list(HealthCheck))
@given(cases())
def test_no_run_of_thousands_goes_below_its_bound(case: Case) -> None:
    """3,000 random chips, networks and traces: counts exact or bounded, times bounded."""
    check(case)
