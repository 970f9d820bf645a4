"""Power at a period, worked out for the run on paper: steps of 33 and 51 ns, then one of 9 ns.

While it waits: leakage 12 mW, the DRAM's background 1 mW, and a refresh of 20 pJ every 84 ns.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.reports.page.sections import power as section
from deltasim.reports.page.sections.cards import cards, lead
from deltasim.reports.power import responses
from deltasim.reports.summary import groups
from tests.reports.by_hand.specimen import result

IDLE_W = 13e-3 + (10**10 // 84_000) * 20e-12 / 1e-2


def at(nanoseconds: float) -> Any:
    return replace(result(), period_s=nanoseconds * 1e-9)


def test_every_step_in_time() -> None:
    """Three periods of 60 ns, of which 94 ns are worked; 2061 pJ for that."""
    found = at(60).power
    assert found.idle_w == pytest.approx(IDLE_W, rel=1e-9)
    assert found.mean_w == pytest.approx((2061e-12 + IDLE_W * 86e-9) / 180e-9, rel=1e-9)
    assert found.duty == pytest.approx(94 / 180) and found.late_steps == 0
    assert found.worst_step_s == pytest.approx(51e-9) and found.slack_s == pytest.approx(9e-9)
    assert found.step_p999_s == pytest.approx((33 + 0.998 * 18) * 1e-9)
    assert found.inferences_per_s == pytest.approx(2 / 180e-9)
    assert found.day_j == pytest.approx(86_400 * found.mean_w)


def test_a_late_step_lengthens_its_recording() -> None:
    """40 ns: the second step ends at 91, 11 behind the next arrival; 91 + 40 ns in all."""
    found = at(40).power
    assert found.late_steps == 1 and found.slack_s == pytest.approx(-11e-9)
    assert found.duty == pytest.approx(94 / 131)
    assert found.mean_w == pytest.approx((2061e-12 + IDLE_W * 37e-9) / 131e-9, rel=1e-9)


def test_a_late_step_holds_up_the_next() -> None:
    """30 ns: the second step arrives at 30, begins at 33 and ends at 84."""
    found = at(30).power
    assert found.late_steps == 2 and found.worst_step_s == pytest.approx(54e-9)


def test_a_step_that_ends_with_its_period_is_in_time() -> None:
    assert [at(period).power.late_steps for period in (50.999, 51.0, 51.001)] == [1, 0, 0]


@given(st.lists(st.integers(1, 50), min_size=1, max_size=30), st.integers(1, 50))
def test_responses_are_those_of_a_queue(latencies: list[int], period: int) -> None:
    free, expected = 0, []
    for step, latency in enumerate(latencies):
        free = max(free, step * period) + latency
        expected.append(free - step * period)
    assert responses(np.array(latencies), period).tolist() == expected


def test_without_a_period_there_is_no_power() -> None:
    held = result()
    assert held.power is None and held.to_dict()["power"] is None and section.section(held) is None
    titles = [group.title for group in groups(at(60))]
    assert titles.pop(2) == "Power" and titles == [group.title for group in groups(held)]


def test_the_table_and_the_page() -> None:
    rows = {row.label: row for row in groups(at(60))[2].rows}
    assert list(rows) == [
        "mean power, a step every 60.0 ns",
        "while it waits",
        "at work",
        "slack of the worst step",
        "late steps",
    ]
    assert (rows["at work"].delta, rows["late steps"].delta) == ("52.2 %", "0")
    assert [row.detail for row in rows.values()] == [False, True, True, True, True]
    card = next(card for card in cards(at(60)) if card.label == "Mean power")
    assert (card.shown, card.remark) == ("17.8 mW", "a step every 60.0 ns, at work 52.2 %")
    assert lead(at(60)).endswith("With a step every 60.0 ns the chip draws 17.8 mW.")
    told = section.section(at(40))
    assert told is not None and told.sentence.endswith(
        "1 step ends after the next has come, which waits for it."
    )
    shown = {row[0]: row[1] for row in told.grids[0].rows}
    assert (shown["worst step"], shown["slack of the worst step"]) == ("51.0 ns", "-11.0 ns")
    record = at(40).to_dict()["power"]
    assert record["late_steps"] == 1 and record["duty"] == pytest.approx(94 / 131)
