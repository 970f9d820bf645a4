"""Pricing: the bill adds up however it is split, and nothing is charged that no price stands for."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.numbers.arithmetic import FixedPoint, Q
from deltasim.networks.numbers.quantise import quantised
from deltasim.networks.trace import dense_trace
from deltasim.simulator.chip import Chip, load_chip
from deltasim.simulator.chip.actions import chip_actions
from deltasim.simulator.ledger.ledger import Ledger
from deltasim.simulator.ledger.pricing import price
from deltasim.simulator.plan.plan import Unit
from deltasim.simulator.simulate import simulate

CHIPS = ("edgedrnn", "deltakws", "mesh16")
LAYERS = ("gru_0", "readout", "shared")


def ledger(chip: Chip, counts: np.ndarray, layer_counts: np.ndarray) -> Ledger:
    units = tuple(Unit(f"unit{row}", "mac", 0) for row in range(len(counts)))
    none = np.zeros(len(counts), np.int64)
    steps = np.ones(1, np.int64)
    actions = tuple(action.name for action in chip_actions(chip))
    return Ledger(units, actions, LAYERS, counts, layer_counts, *[none] * 6, steps, steps)


@st.composite
def priced_runs(draw: st.DrawFn) -> tuple[Chip, Ledger]:
    chip = load_chip(draw(st.sampled_from(CHIPS)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    top = draw(st.sampled_from((2, 1_000, 10**12)))
    layer_counts = rng.integers(0, top, (len(LAYERS), len(chip_actions(chip))))
    totals = layer_counts.sum(axis=0)
    first = rng.integers(0, totals + 1)
    return chip, ledger(chip, np.stack([first, totals - first]), layer_counts)


@given(priced_runs())
def test_parts_units_layers_and_lines_sum_to_the_total(run: tuple[Chip, Ledger]) -> None:
    chip, held = run
    energy = price(held, chip)
    total = pytest.approx(energy.total_j, rel=1e-12)
    assert energy.total_j == math.fsum(energy.by_part.values())
    assert math.fsum(line.joules for line in energy.lines) == total
    assert float(energy.joules.sum()) == total
    assert math.fsum(joules for split in energy.by_layer.values() for joules in split.values()) == total
    for part, joules in energy.by_part.items():
        layers = math.fsum(split[part] for split in energy.by_layer.values())
        assert layers == pytest.approx(joules, rel=1e-12)
    assert 0 <= energy.estimated_share <= 1 + 1e-12


@given(priced_runs(), st.integers(2, 9))
def test_twice_the_counts_cost_twice_the_energy(run: tuple[Chip, Ledger], times: int) -> None:
    chip, held = run
    more = replace(held, counts=held.counts * times, layer_counts=held.layer_counts * times)
    assert price(more, chip).total_j == pytest.approx(times * price(held, chip).total_j, rel=1e-12)
    assert price(more, chip).estimated_share == pytest.approx(price(held, chip).estimated_share)


@pytest.mark.parametrize("name", CHIPS)
def test_one_count_costs_its_price_and_static_power_counts_picoseconds(name: str) -> None:
    chip = load_chip(name)
    actions = chip_actions(chip)
    for column, action in enumerate(actions):
        counts = np.zeros((1, len(actions)), np.int64)
        counts[0, column] = 10**12 if action.static else 1
        energy = price(ledger(chip, counts, np.vstack([counts, 0 * counts, 0 * counts])), chip)
        expected = chip.priced[action.name].value if action.priced else 0.0
        assert energy.total_j == pytest.approx(expected)
        if action.priced:
            assert energy.by_part[action.part] == pytest.approx(expected)
            estimated = chip.priced[action.name].kind == "estimated" and expected > 0
            assert energy.estimated_share == float(estimated)


def test_an_empty_ledger_costs_nothing() -> None:
    chip = load_chip("edgedrnn")
    none = np.zeros((1, len(chip_actions(chip))), np.int64)
    energy = price(ledger(chip, none, np.vstack([none] * 3)), chip)
    assert energy.total_j == 0 and energy.estimated_share == 0


def test_layers_of_other_numbers_share_what_the_bill_says() -> None:
    """Weights of 4 bits cost less than the chip's own; their line holds the mean, the layers their own."""
    chip = load_chip("mesh16")
    network = random_stack("gru", 8, (12, 6), np.random.default_rng(0))
    narrow = quantised(network, FixedPoint(), {"input": Q(1, 3), "recurrent": Q(1, 3)})
    held = simulate(narrow, dense_trace(narrow, [3]), chip)
    energy = price(held, chip, narrow)
    (line,) = (line for line in energy.lines if line.action == "core.mac")
    assert line.price < chip.priced["core.mac"].value
    layers = math.fsum(split["compute"] for split in energy.by_layer.values())
    assert layers == pytest.approx(energy.by_part["compute"], rel=1e-12)
    assert energy.by_part["compute"] > 0
