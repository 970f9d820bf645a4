"""How sure the joules of the run on paper are, and intervals of prices whose answer is known."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from deltasim.reports.page.sections import energy
from deltasim.reports.uncertainty.prices import Spread, intervals
from tests.reports.by_hand.expected import DELTA, PJ
from tests.reports.by_hand.specimen import result
from tests.reports.by_hand.test_record import PRICES, SPREAD, static

NORMAL_95 = 1.645
WIDE = 0.03  # what the sum of lognormals may be off Fenton and Wilkinson


def on_paper(shares: list[tuple[float, str]]) -> tuple[float, float]:
    """The interval of a sum of prices by Fenton and Wilkinson: as of a lognormal of its mean and variance."""
    mean = variance = 0.0
    for joules, kind in shares:
        s2 = (math.log(SPREAD[kind]) / NORMAL_95) ** 2
        mean += joules * math.exp(s2 / 2)
        variance += joules**2 * math.exp(s2) * (math.exp(s2) - 1)
    s2 = math.log(1 + variance / mean**2)
    middle, reach = math.log(mean) - s2 / 2, NORMAL_95 * math.sqrt(s2)
    return math.exp(middle - reach), math.exp(middle + reach)


def shares(prefix: tuple[str, ...], layer: str | None = None) -> Iterator[tuple[float, str]]:
    """Joules of an inference of each price whose action begins so, with its kind."""
    for action, price, _, kind in PRICES:
        counted = DELTA.counts[action]
        count = sum(counted) if layer is None else getattr(counted, layer)
        if action.startswith(prefix) and count * price:
            yield count * price * (PJ if static(action) else 1) / 2, kind


def close(interval: tuple[float, float], within: float = 0.015) -> object:
    return pytest.approx(interval, rel=within, abs=0.0)


def test_the_intervals_on_paper() -> None:
    """The scratchpad has one price, 8 pJ in all: 8 / 1.25 and 8 times 1.25."""
    found = result().sure
    assert found.parts["pad"] == close((6.4 * PJ, 10 * PJ))
    assert found.parts["dram"] == close(on_paper(list(shares(("dram",)))), WIDE)
    assert found.parts["network"] == close(on_paper(list(shares(("link", "router")))), WIDE)
    assert found.inference == close(on_paper(list(shares(("",)))), WIDE)
    assert found.layers["hidden"] == close(on_paper(list(shares(("",), "hidden"))), WIDE)
    assert found.layers["shared"] == close(on_paper(list(shares(("",), "shared"))), WIDE)
    assert found.layers["input"] == (0.0, 0.0)


def test_the_record_and_the_page_have_them() -> None:
    held = result()
    record = held.to_dict()["energy"]["interval_j"]
    assert record["inference"] == list(held.sure.inference)
    assert record["parts"]["pad"] == list(held.sure.parts["pad"]) and list(record["layers"]) == [
        "input", "hidden", "out", "shared",
    ]  # fmt: skip
    grid, drawn = energy.section(held).grids
    rows = {row[0]: row[1:] for row in grid.rows}
    assert rows["all"] == ("1.03 nJ", "961 pJ", "1.16 nJ") and rows["pad"][0] == "8.00 pJ"
    assert list(rows)[-3:] == ["layer hidden", "layer out", "layer shared"]
    assert [row[0] for row in drawn.rows] == [
        "energy per inference", "latency per inference", "energy saved", "latency saved", "accuracy",
    ]  # fmt: skip
    assert drawn.rows[1][1:] == ("47.0 ns", "9.00 ns", "85.0 ns")
    assert drawn.rows[4][1:] == ("50.00 %", "0.00 %", "100.00 %")
    again = replace(held)
    assert again.sure == held.sure


def test_a_stated_spread_goes_before_that_of_its_kind() -> None:
    stated = {"energy": "4 pJ", "low": "3 pJ", "high": "16 pJ", "node": "28 nm", "kind": "simulated"}
    chip = result().chip.changed({"prices.pad.read": stated | {"source": "paper"}})
    assert replace(result(), chip=chip).sure.parts["pad"] == close((6 * PJ, 32 * PJ))


def test_intervals_hold_nine_of_ten_true_prices() -> None:
    """Prices made up: the true ones are drawn by another generator, 4,000 times for 12 prices."""
    rng = np.random.default_rng(1)
    joules = rng.uniform(1, 10, 12)
    for factor in (1.1, 2.0):
        spreads = [Spread(f"a{n}", 1.0, 1 / factor, factor, j, f"a{n}") for n, j in enumerate(joules)]
        ((low, high),) = intervals(spreads, joules[:, None])
        true = rng.lognormal(0.0, math.log(factor) / NORMAL_95, (4000, 12)) @ joules
        assert ((true >= low) & (true <= high)).mean() == pytest.approx(0.9, abs=0.02)
