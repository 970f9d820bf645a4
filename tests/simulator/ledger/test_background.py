"""What no message causes: the words of the start, leakage of every instance, DRAM by state."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.builders.spiking import random_spiking
from deltasim.networks.graph import Network
from deltasim.networks.trace import dense_trace
from deltasim.simulator.chip import Chip, load_chip
from deltasim.simulator.ledger.background import Amount, elapsed, leakage, preset, with_constant
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.plan.compile import compile_plan
from deltasim.simulator.plan.plan import Plan
from deltasim.simulator.simulate import simulate
from tests.simulator.builders import DRAM, chain, chip


def plan_of(network: Network, described: Chip) -> Plan:
    return compile_plan(network, described, map_network(network, described))


def named(plan: Plan, entries: tuple[Amount, ...] | list[Amount]) -> list[tuple[str, str, str, int]]:
    """Entries with the names of their units and layers, each different from the others."""
    found = [
        (plan.units[entry.unit].name, plan.layers[entry.layer], entry.action, entry.amount)
        for entry in entries
    ]
    assert len({row[:3] for row in found}) == len(found)
    return found


def test_the_start_writes_sums_states_and_what_was_sent() -> None:
    """A GRU has 4 sums and a state a neuron; 3 inputs and 6 neurons on two cores remember what they sent."""
    network = random_stack("gru", 3, (6,), np.random.default_rng(0), readout=2)
    two = chip({"cores.count": 2, "network.topology": "mesh:1x2"})
    plan = plan_of(network, two)
    words = Counter[tuple[str, str]]()
    for entry in preset(plan):
        assert entry.action == "core.state_write"
        words[plan.units[entry.unit].name, plan.layers[entry.layer]] += entry.amount
    assert words == {
        ("core0", "gru_0"): 2
        + 3 * 5
        + 3,  # inputs 0 and 1; 3 neurons; and once more what they sent each other
        ("core1", "gru_0"): 1 + 3 * 5 + 3,
        ("core0", "readout"): 3 + 2,  # what 3 neurons sent; a neuron with a sum and a value
        ("core1", "readout"): 3 + 2,
    }


def test_spikes_are_not_remembered() -> None:
    """A population that receives events has sums and states, its sources nothing to write."""
    network = random_spiking(12, 3, 0.2, np.random.default_rng(0))
    plan = plan_of(network, chip())
    assert [plan.delta_encoded[p] for p in range(len(network.projections))].count(0) > 0
    per_layer = Counter[str]()
    for entry in preset(plan):
        per_layer[plan.layers[entry.layer]] += entry.amount
    for place, population in enumerate(network.populations):
        cell = population.cell
        own = population.size * (cell.accumulators + len(cell.states)) if plan.into[place] else 0
        assert per_layer[population.name] == own


def test_every_instance_leaks_all_the_time() -> None:
    three = chip({"cores.count": 3, "network.topology": "mesh:1x3"})
    plan = plan_of(chain(3, 3), three)
    assert named(plan, list(elapsed(plan, {}, 700))) == [
        ("core0", "shared", "core.leakage", 700),
        ("core1", "shared", "core.leakage", 700),
        ("core2", "shared", "core.leakage", 700),
        ("chip", "shared", "network.leakage", 700),
        ("core0.scratchpad", "shared", "scratchpad.leakage", 700),
        ("core1.scratchpad", "shared", "scratchpad.leakage", 700),
        ("core2.scratchpad", "shared", "scratchpad.leakage", 700),
    ]


def test_a_channel_that_rests_is_refreshed_and_closed() -> None:
    """100,000 cycles of 1 ns from refresh to refresh: two in 250 us, and no row is ever open."""
    described = chip({"memories": [DRAM]})
    plan = plan_of(chain(1, 1), described)
    found = named(plan, list(elapsed(plan, plan.memories.drams_at_rest(), 250_000_000)))
    assert found[2:] == [
        ("dram0", "shared", "dram.refresh", 2),
        ("dram0", "shared", "dram.background_active", 0),
        ("dram0", "shared", "dram.background_precharged", 250_000_000),
    ]


def test_a_controller_that_rests_powers_down() -> None:
    """1024 cycles of 1 ns after the start all 2 pseudo channels of every stack power down."""
    hbm = load_chip("mesh64-hbm")
    network = random_stack("gru", 4, (8,), np.random.default_rng(0))
    plan = plan_of(network, hbm)
    found = named(plan, list(elapsed(plan, plan.memories.drams_at_rest(), 2_000_000)))
    of_hbm = [row for row in found if row[0] == "hbm3"]
    assert of_hbm == [
        ("hbm3", "shared", "hbm.refresh", 0),
        ("hbm3", "shared", "hbm.background_active", 0),
        ("hbm3", "shared", "hbm.background_precharged", 2 * 1_024_000),
        ("hbm3", "shared", "hbm.background_active_down", 0),
        ("hbm3", "shared", "hbm.background_precharged_down", 2 * 976_000),
    ]
    assert len({row[0] for row in found if row[0].startswith("hbm")}) == 8


def test_a_run_adds_up_its_states() -> None:
    """Open, closed and powered down of all ranks are the time of the run, whatever it does."""
    hbm = load_chip("mesh64-hbm").changed({"placement.policy": "streamed"})
    network = random_stack("gru", 4, (8,), np.random.default_rng(0))
    ledger = simulate(network, dense_trace(network, [2]), hbm)
    states = ("active", "precharged", "active_down", "precharged_down")
    assert sum(ledger.total(f"hbm.background_{state}") for state in states) == 8 * 2 * ledger.elapsed_ps
    assert ledger.total("hbm.background_active") > 0


def test_state_in_a_memory_is_written_in_bits() -> None:
    """6 neurons of 4 sums and a state, 3 inputs and 6 values that were sent: 39 words of 32 bits."""
    plan = plan_of(random_stack("gru", 3, (6,), np.random.default_rng(0)), load_chip("mesh16"))
    entries = preset(plan)
    assert {entry.action.split(".")[1] for entry in entries} == {"state_write"}
    assert sum(entry.amount for entry in entries) == (6 * 5 + 3 + 6) * 32


@pytest.mark.parametrize("name", ["edgedrnn", "mcu-psram", "mesh16", "mesh16-cached"])
@pytest.mark.parametrize("elapsed_ps", [0, 12_345, 1 << 62])
def test_what_is_constant_is_what_the_start_writes_and_what_leaks(name: str, elapsed_ps: int) -> None:
    network = random_stack("gru", 3, (6,), np.random.default_rng(0), readout=2)
    plan = plan_of(network, load_chip(name))
    table = np.zeros((len(plan.units) + len(plan.layers), len(plan.actions)), object)
    for one in (*preset(plan), *leakage(plan, elapsed_ps)):
        column = plan.actions.index(one.action)
        table[one.unit, column] += one.amount
        table[len(plan.units) + one.layer % len(plan.layers), column] += one.amount
    zero = np.zeros(table.shape, np.int64)
    assert with_constant(zero, plan, elapsed_ps).tolist() == table.tolist()
    assert with_constant(zero + 7, plan, elapsed_ps).tolist() == (table + 7).tolist()
