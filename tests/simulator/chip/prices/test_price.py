"""A price in every form it can be written in, its spread, and what is wrong with one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.simulator.chip import Price, chip_from_content, load_chip
from deltasim.simulator.chip.loading import ChipErrors

ABOUT = {"node": "22 nm", "kind": "estimated", "source": "a guess"}


def with_prices(prices: dict[str, object]) -> dict[str, Any]:
    """mesh16 with other forms in the place of some of its prices."""
    content = load_chip("mesh16").content()
    return content | {"prices": content["prices"] | prices}


@given(st.floats(1e-15, 1e-6), st.floats(0, 90))
def test_a_spread_is_the_same_in_every_form(value: float, share: float) -> None:
    shares = Price.model_validate(ABOUT | {"energy": f"{value!r} J ± {share!r} %"})
    ascii_only = Price.model_validate(ABOUT | {"energy": f"{value!r} J +- {share!r} %"})
    joules = Price.model_validate(ABOUT | {"energy": f"{value!r} J ± {value * share / 100!r} J"})
    low, high = value * (1 - share / 100), value * (1 + share / 100)
    named = Price.model_validate(
        ABOUT | {"energy": f"{value!r} J", "low": f"{low!r} J", "high": f"{high!r} J"}
    )
    for price in (shares, ascii_only, joules, named):
        assert price.value == value
        assert price.low == pytest.approx(low) and price.high == pytest.approx(high)
    assert Price.model_validate(shares.model_dump(mode="json", by_alias=True, exclude_none=True)) == shares


def test_node_kind_and_source_stand_once_and_a_quantity_alone_is_a_price() -> None:
    about = {"node": "45 nm", "kind": "measured", "source": "a bench"}
    chip = chip_from_content(
        with_prices(
            {
                "default": about,
                "core.mac": "1 pJ",
                "core.scan": "2 pJ ± 10 %",
                "core.leakage": "3 mW",
                "core.send": {"energy": "4 pJ", "node": "65 nm"},
            }
        )
    )
    assert {name: chip.prices[name].value for name in ("core.mac", "core.scan", "core.leakage")} == {
        "core.mac": 1e-12, "core.scan": 2e-12, "core.leakage": 3e-3,
    }  # fmt: skip
    assert chip.prices["core.scan"].low == pytest.approx(1.8e-12)
    mac, send = chip.prices["core.mac"], chip.prices["core.send"]
    assert (mac.node, mac.kind, mac.source) == ("45 nm", "measured", "a bench")
    assert (send.node, send.kind) == ("65 nm", "measured")
    assert chip_from_content(chip.content()) == chip


def test_a_price_can_be_left_to_the_model() -> None:
    chip = chip_from_content(with_prices({"core.mac": "derived", "scratchpad.read": "derived"}))
    assert "core.mac" not in chip.prices and chip.resolved["core.mac"].by == "derived"
    assert chip.priced["core.mac"].low is not None and chip.priced["core.mac"].high is not None


@pytest.mark.parametrize(
    ("prices", "sentence"),
    [
        ({"core.mac": "1 nm"}, "prices.core.mac.energy: 1 nm: expected an energy, not m."),
        ({"core.mac": ABOUT | {"energy": "1 pJ ± much"}}, "mac.energy: 1 pJ ± much: expected an energy."),
        ({"core.mac": ABOUT | {"energy": "1 pJ ± -3 %"}}, "1 pJ ± -3 %: a share is a number of per cent"),
        ({"core.mac": ABOUT | {"energy": "1 pJ ± 3 %", "low": "0 J"}}, "a spread is stated once. Leave low"),
        (
            {"core.mac": ABOUT | {"energy": "1 pJ", "low": "2 pJ"}},
            "mac.low: 2e-12 J: the price, 1e-12 J, lies",
        ),
        ({"core.mac": ABOUT | {"energy": "1 pJ", "high": "0.1 pJ"}}, "mac.high: 1e-13 J: the price, 1e-12 J"),
        ({"core.mac": ABOUT | {"energy": "1 pJ", "low": "2 W"}}, "mac.low: 2 W: expected an energy, not W."),
        ({"default": "22 nm"}, "prices.default: 22 nm: expected fields. Write node, kind and source."),
        (
            {"default": {"energy": "1 pJ"}},
            "prices.default.energy: 1 pJ: all prices of a file can share their",
        ),
        ({"core.mac": "1 pJ"}, "prices.core.mac.node: missing: the field is required. Add it."),
        (
            {"core.mac": ABOUT | {"energy": "1 pJ", "holds_for": {"bitz": "8 bit"}}},
            "core.mac.holds_for.bitz: 8 bit: the price does not depend on this. There are: accumulator,",
        ),
        (
            {"core.mac": ABOUT | {"energy": "1 pJ", "holds_for": {"weight": "8"}}},
            "core.mac.holds_for.weight: 8: a number is integer, of 2 to 64 bits, or float32, float16, bf",
        ),
    ],
)
def test_a_wrong_price_is_told(prices: dict[str, object], sentence: str) -> None:
    with pytest.raises(ChipErrors) as caught:
        chip_from_content(with_prices(prices))
    assert sentence in str(caught.value)
