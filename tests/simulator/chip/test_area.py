"""Area and power at rest: sums over instances, values by hand, and what is not known is said to be so."""

from __future__ import annotations

import pytest

from deltasim.simulator.chip import load_chip
from deltasim.simulator.chip.area import idle_power, known_mm2, unknown_parts, watts
from deltasim.simulator.circuits.router import router
from deltasim.simulator.circuits.wires import link
from deltasim.simulator.sram.model import sram


def test_scratchpads_take_what_cacti_says() -> None:
    chip = load_chip("mesh64-hbm")
    lines = {line.part: line for line in idle_power(chip)}
    one = sram(128 * 1024, 256, 22)
    assert lines["scratchpad"].area_mm2 == pytest.approx(64 * one.area_mm2)
    assert one.area_mm2 == pytest.approx(0.113, rel=0.01)  # the figure the description derives
    assert lines["scratchpad"].static_w == pytest.approx(64 * one.leakage_w)


def test_a_core_takes_its_multipliers_and_updates_by_hand() -> None:
    """mesh16 in 45 nm, where all figures stand: 8 lanes, 4 updates, 8 comparators."""
    chip = load_chip("mesh16").changed({"node": "45 nm"})
    lines = {line.part: line for line in idle_power(chip)}
    multiply_8x16 = 282 * (128 / 64) ** 0.9077  # um2
    add_24 = 67 + (137 - 67) * 0.5  # between 16 and 32 bits, about
    registers = (8 + 16 + 24) * 5.98 / 0.81  # 40 to 45 nm
    lane = multiply_8x16 + add_24 + registers
    multiply_16 = 282 * 4**0.9077
    table = sram(512, 16, 45).area_mm2 * 1e6
    update = 3 * multiply_16 + 4 * 67 + 3 * table
    by_hand = (8 * lane + 4 * update + 8 * 2 * 67) * 1e-6
    assert lines["core"].area_mm2 == pytest.approx(16 * by_hand, rel=0.02)


def test_routers_and_links_take_what_their_parts_do() -> None:
    gone = {f"prices.{name}": None for name in ("link.flit", "router.flit")}
    chip = load_chip("mesh16-cached").changed({"network.pitch": "0.6 mm"} | gone)
    line = {line.part: line for line in idle_power(chip)}["network"]
    of = router(5, 64, 3 * 32, 22)
    assert line.area_mm2 == pytest.approx(16 * of.area_mm2 + 48 * link(64, 0.6e-3, 22).area_mm2)
    assert "16 routers" in line.why and "48 links" in line.why


def test_power_at_rest_counts_every_instance() -> None:
    lines = {line.part: line for line in idle_power(load_chip("mesh64-hbm"))}
    assert lines["core"].static_w == pytest.approx(64 * 17e-6)
    assert lines["hbm"].static_w == pytest.approx(
        8 * 2 * 0.5 * 1.2 * 28e-3
    )  # two pseudo channels each, powered down
    assert lines["network"].static_w == pytest.approx(845e-6)


def test_what_no_model_reaches_is_not_invented() -> None:
    lines = idle_power(load_chip("edgedrnn"))
    assert known_mm2(lines) is None
    assert unknown_parts(lines) == ("core", "network")
    assert [line.why for line in lines] == [
        "not known: arithmetic is priced by the numbers it works on (cores.arithmetic: not stated)",
        "off the chip",
        "not known: links are as long as tiles are apart (network.pitch: not stated)",
    ]
    mesh = idle_power(load_chip("mesh64-hbm"))
    assert unknown_parts(mesh) == ("network",)
    assert known_mm2(mesh) == pytest.approx(sum(line.area_mm2 or 0.0 for line in mesh))


def test_an_action_that_a_chip_does_not_know_takes_no_power() -> None:
    chip = load_chip("mesh16")
    assert watts(chip, "no.leakage") == 0.0 and watts(chip, "scratchpad.leakage") > 0
