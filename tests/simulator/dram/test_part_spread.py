"""What parts take of their datasheet, worked out by hand from the published currents."""

from __future__ import annotations

import math

import pytest

from deltasim.simulator.chip import load_chip
from deltasim.simulator.dram.part_spread import shares


def test_shares_by_hand() -> None:
    """A read: (119.16 - 36.78) mA of (140 - 45), less three times the root of 4.165 and 1.645 squared."""
    found = shares()
    mean, reach = 119.16 - 36.78, 3 * math.hypot(4.165, 1.645)
    assert found["read"] == (pytest.approx((mean - reach) / 95), pytest.approx((mean + reach) / 95))
    assert found["background_active"][1] == found["background_precharged_down"][1] == 1.0
    # The second part: 193.62 - 34.59 of 215 - 45; the first lies lower.
    assert found["refresh"][0] == pytest.approx((152.13 - 36.78 - 3 * math.hypot(3.575, 1.645)) / 125)
    assert found["background_active"][0] == pytest.approx((34.59 - 3 * 2.08) / 45)
    assert found["background_precharged"][0] == pytest.approx((33.49 - 3 * 1.7) / 42)
    assert found["background_precharged_down"][0] == pytest.approx((6.62 - 3 * 1.075) / 12)
    mean, reach = 61.99 * 38 - 36.78 * 28 - 36.68 * 10, 3 * math.hypot(38 * 1.6, 28 * 1.645, 10 * 1.66)
    stated = 70 * 38 - 45 * 28 - 45 * 10
    assert found["activate"] == (
        pytest.approx((mean - reach) / stated), pytest.approx((mean + reach) / stated),
    )  # fmt: skip


def test_a_dram_of_a_datasheet_is_priced_with_them() -> None:
    priced = load_chip("mesh16").priced  # LPDDR4-3200, by its datasheet
    read, io = priced["dram.read"], priced["dram.io"]
    assert (read.low, read.high) == pytest.approx([share * read.value for share in shares()["read"]])
    assert io.low is io.high is None  # not from currents: the spread of its kind
    down = priced["dram.background_precharged_down"]
    assert down.low == pytest.approx(shares()["background_precharged_down"][0] * down.value)
