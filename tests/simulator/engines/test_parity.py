"""The two engines agree: every count and every picosecond, unit by unit and step by step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings

from deltasim.networks.builders.recurrent import random_stack
from deltasim.networks.numbers.arithmetic import FixedPoint
from deltasim.networks.numbers.quantise import quantised
from deltasim.networks.trace import random_trace
from deltasim.simulator.chip import load_chip
from deltasim.simulator.simulate import simulate
from tests.simulator.builders import assert_same_ledger
from tests.simulator.strategies import Case, cases


@settings(max_examples=200)
@given(cases())
def test_engines_agree_on_random_chips_and_networks(case: Case) -> None:
    network, trace, chip, _, mapping = case
    assert_same_ledger(
        simulate(network, trace, chip, mapping, engine="simpy"),
        simulate(network, trace, chip, mapping, engine="compiled"),
    )


@pytest.mark.long
def test_engines_agree_on_very_many(record_property: Callable[[str, object], None]) -> None:
    """The engines agree, count for count and picosecond for picosecond, on 20,000 random cases."""
    agree = test_engines_agree_on_random_chips_and_networks.hypothesis.inner_test
    settings(max_examples=20_000)(given(cases())(agree))()
    record_property("cases", "20,000, the two engines equal in every one")


@pytest.mark.parametrize("policy", ["layer", "barrier", "dataflow"])
@pytest.mark.parametrize(
    "name",
    ["edgedrnn", "mcu-psram", "deltakws", "deltarnn", "spartus", "mesh16", "mesh16-cached", "mesh64-hbm"],
)
def test_engines_agree_on_the_chips_in_the_box(name: str, policy: str) -> None:
    """Two sequences of a two-layer network of 8-bit weights; deltakws holds only one layer."""
    chip = load_chip(name).changed({"synchronisation.policy": policy})
    layers = (32,) if name == "deltakws" else (40, 40)
    rng = np.random.default_rng(7)
    network = quantised(random_stack("gru", 12, layers, rng), FixedPoint())
    trace = random_trace(network, [3, 1], 0.2, rng)
    assert_same_ledger(
        simulate(network, trace, chip, engine="simpy"), simulate(network, trace, chip, engine="compiled")
    )
