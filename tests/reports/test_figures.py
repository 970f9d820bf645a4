"""Figures worked out by hand on a ledger of three units."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.reports.figures import activities, latency, limit, times_fewer
from deltasim.reports.quantities import PREFIXES, percent, quantity
from deltasim.simulator.ledger.ledger import Ledger
from deltasim.simulator.plan.plan import Unit


def ledger(busy: list[int], stalled: list[int], elapsed: int = 1000) -> Ledger:
    units = (Unit("core0.mac", "mac", 0), Unit("core1.mac", "mac", 1), Unit("bus", "bus", 0))
    counts = np.zeros((3, 1), np.int64)
    none = np.zeros(3, np.int64)
    held, waited = np.array(busy), np.array(stalled)
    whole = np.array([elapsed])
    return Ledger(
        units, ("core.mac",), ("shared",), counts, counts[:1], held, waited, elapsed - held - waited,
        none, none, none, whole, whole,
    )  # fmt: skip


def test_activity_is_the_mean_of_a_kind_and_its_busiest_unit() -> None:
    mac, bus = activities(ledger([600, 200, 50], [100, 0, 0]))
    assert (mac.units, mac.busy, mac.stalled, mac.busiest, mac.busiest_unit) == (
        2,
        0.4,
        0.05,
        0.6,
        "core0.mac",
    )
    assert (bus.kind, bus.busy) == ("bus", 0.05)


@pytest.mark.parametrize(
    ("busy", "stalled", "sentence"),
    [
        (
            [600, 200, 50],
            [100, 0, 0],
            "The multiply-accumulate stage limits the chip: "
            "core0.mac is busy 60.0 % and stalled 10.0 % of the time.",
        ),
        ([600, 200, 970], [0, 0, 0], "The bus limits the chip: it is busy 97.0 % of the time."),
        (
            [310, 200, 20],
            [0, 0, 0],
            "No unit is busy for half of the time, so latency and waiting set the pace; the busiest is "
            "the multiply-accumulate stage (core0.mac) at 31.0 %.",
        ),
    ],
)
def test_the_limit_is_said_in_one_sentence(busy: list[int], stalled: list[int], sentence: str) -> None:
    assert limit(ledger(busy, stalled)) == sentence


def test_a_ledger_without_time_limits_nothing() -> None:
    assert limit(ledger([0, 0, 0], [0, 0, 0], 0)).startswith("Nothing limits the chip")


def test_latency_of_one_step_is_that_step() -> None:
    assert latency(ledger([0, 0, 0], [0, 0, 0])) == pytest.approx((1e-9,) * 4)


def test_what_needs_nothing_has_no_ratio() -> None:
    assert times_fewer(5, 0) is None and times_fewer(0, 5) == 0


@given(st.floats(1e-15, 1e15))
def test_a_quantity_keeps_three_digits(value: float) -> None:
    number, _, unit = quantity(value, "J").partition(" ")
    factor = {prefix: 10.0**power for power, prefix in PREFIXES.items()}[unit.removesuffix("J")]
    assert float(number) * factor == pytest.approx(value, rel=5.1e-3)
    assert 0.99 <= float(number) < 1000


@given(st.floats(0, 1))
def test_a_share_that_is_not_nothing_is_not_said_to_be_nothing(share: float) -> None:
    assert (percent(share) == "0 %") == (share == 0)
