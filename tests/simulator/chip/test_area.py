"""Area and power at rest: sums over instances, and what is not known is said to be so."""

from __future__ import annotations

import pytest

from deltasim.simulator.chip import load_chip
from deltasim.simulator.chip.area import idle_power, memory_mm2
from deltasim.simulator.sram.model import sram


def test_scratchpads_take_what_cacti_says() -> None:
    chip = load_chip("mesh64-hbm")
    lines = {line.part: line for line in idle_power(chip)}
    one = sram(128 * 1024, 256, 22)
    assert lines["scratchpad"].area_mm2 == pytest.approx(64 * one.area_mm2)
    assert one.area_mm2 == pytest.approx(0.113, rel=0.01)  # the figure the description derives
    assert lines["scratchpad"].static_w == pytest.approx(64 * 18.7e-6)
    assert memory_mm2(idle_power(chip)) == lines["scratchpad"].area_mm2


def test_power_at_rest_counts_every_instance() -> None:
    lines = {line.part: line for line in idle_power(load_chip("mesh64-hbm"))}
    assert lines["core"].static_w == pytest.approx(64 * 17e-6)
    assert lines["hbm"].static_w == pytest.approx(
        8 * 2 * 0.5 * 1.2 * 28e-3
    )  # two pseudo channels each, powered down
    assert lines["network"].static_w == pytest.approx(845e-6)


def test_what_the_fit_does_not_reach_is_not_invented() -> None:
    chip = load_chip("mesh64-hbm").changed({"node": "7 nm"})
    line = next(line for line in idle_power(chip) if line.part == "scratchpad")
    assert line.area_mm2 is None
    assert line.why == "7 nm: the SRAM table holds 22 to 65 nm"
    assert memory_mm2(idle_power(load_chip("edgedrnn"))) is None
    unknown = load_chip("mesh64-hbm").changed({"node": "not stated"})
    assert {line.why for line in idle_power(unknown) if line.part == "scratchpad"} == {"node: not stated"}
