"""Figures worked out by hand on a ledger of three units."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.reports.figures import activities, latency, limit, times_fewer
from deltasim.reports.quantities import PREFIXES, count, percent, quantity, ratio, score, threshold
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


def test_a_unit_that_stages_share_is_not_called_by_one_of_them() -> None:
    busy = ledger([900, 200, 100], [0, 0, 0])
    first = Unit("core0.scan+mac+update", "update", 0)
    shared = replace(busy, units=(first, *busy.units[1:]))
    assert limit(shared) == (
        "The unit that scan, mac and update share limits the chip: core0.scan+mac+update is busy 90.0 % of "
        "the time."
    )


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


@pytest.mark.parametrize(
    ("share", "decimals", "text"),
    [
        (0.0, 1, "0 %"),
        (1.0, 1, "100 %"),
        (0.00048, 1, "< 0.1 %"),
        (0.00051, 1, "0.1 %"),
        (0.0009, 1, "0.1 %"),
        (0.0048, 0, "< 1 %"),
        (0.0052, 0, "1 %"),
        (0.000049, 2, "< 0.01 %"),
        (0.99996, 1, "100.0 %"),
        (1.5, 1, "150.0 %"),
        (-0.25, 1, "-25.0 %"),
    ],
)
def test_a_share_is_written_to_its_digits_or_said_to_be_below_them(
    share: float, decimals: int, text: str
) -> None:
    assert percent(share, decimals) == text


@pytest.mark.parametrize(
    ("value", "unit", "digits", "text"),
    [
        (1e-15, "J", 3, "1.00 fJ"),
        (1.5e-18, "J", 3, "0.00150 fJ"),
        (2.5e18, "B", 3, "2500 PB"),
        (-4.56e-7, "s", 3, "-456 ns"),
        (12345.0, "B", 2, "12 kB"),
        (0.012345, "W", 4, "12.35 mW"),
        (999.5, "s", 3, "1.00 ks"),
        (7.0, "s", 3, "7 s"),
        (7000.0, "s", 3, "7.00 ks"),
        (float("inf"), "s", 3, "inf s"),
        (0.25, "", 3, "0.250"),
        (0.0, "", 3, "0"),
        (None, "", 3, "–"),
    ],
)
def test_quantities(value: float | None, unit: str, digits: int, text: str) -> None:
    assert quantity(value, unit, digits) == text


def test_ratios_scores_and_thresholds() -> None:
    assert [ratio(value) for value in (99.94, 100.0, 1234.5, -150.0)] == [
        "99.9 ×",
        "100 ×",
        "1,234 ×",
        "-150 ×",
    ]
    for name in ("accuracy", "Top-1 Accuracy", "word error rate", "F1"):
        assert score(name, 0.98765) == "98.77 %"
    assert score("perplexity", 12.3456) == "12.35"
    assert (threshold(0), threshold(0.25), threshold("trained")) == ("θ = 0", "θ = 0.25", "trained θ")
    assert (count(0), count(1000)) == ("0", "1,000")


@given(st.floats(0, 1))
def test_a_share_that_is_not_nothing_is_not_said_to_be_nothing(share: float) -> None:
    assert (percent(share) == "0 %") == (share == 0)
