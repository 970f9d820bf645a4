"""A price belongs to what it was given for: changed, its model gives it anew, or it is refused with why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import Chip, chip_from_content, chip_names, load_chip
from deltasim.simulator.chip.description import packaged_chips
from deltasim.simulator.chip.loading import ChipErrors
from deltasim.simulator.chip.prices.yaml_text import with_derived
from deltasim.simulator.circuits.wires import link
from deltasim.simulator.sram.model import sram

ABOUT = {"node": "22 nm", "kind": "estimated", "source": "a guess"}
SIZES = st.sampled_from([2**power * quarter // 4 for power in range(10, 23) for quarter in (4, 5, 6, 7)])


def stated(fields: dict[str, object] | None = None, **holds_for: str) -> Chip:
    """mesh16 with a price of its own for a read of its scratchpad: 4 pJ, half to twice."""
    price: dict[str, Any] = {"energy": "4 pJ", "low": "2 pJ", "high": "8 pJ", **ABOUT}
    price |= {"holds_for": holds_for} if holds_for else {}
    return load_chip("mesh16").changed({"prices.scratchpad.read": price, **(fields or {})})


def read_j(chip: Chip) -> float:
    return chip.priced["scratchpad.read"].value


@settings(max_examples=40, deadline=None)
@given(SIZES, st.sampled_from([32, 64, 128]), st.sampled_from([22, 32, 45, 65, 90]))
def test_a_stated_price_follows_its_model_and_keeps_what_it_knew(size: int, width: int, node: int) -> None:
    fields = {"memories.0.size": f"{size} B", "memories.0.width": f"{width} bit", "node": f"{node} nm"}
    chip = stated().changed(fields)
    factor = sram(size, width, node).read_j / sram(512 * 1024, 64, 22).read_j
    price = chip.priced["scratchpad.read"]
    assert price.value == pytest.approx(4e-12 * factor)
    assert (price.low, price.high) == (pytest.approx(2e-12 * factor), pytest.approx(8e-12 * factor))
    leak = chip.priced["scratchpad.leakage"].value
    assert leak == pytest.approx(sram(size, width, node).leakage_w), "no price of its own: the model's"
    back = chip.changed({"memories.0.size": "512 KiB", "memories.0.width": "64 bit", "node": "22 nm"})
    assert back == stated() and back.priced["scratchpad.read"] == stated().priced["scratchpad.read"]


def test_the_words_say_what_changed() -> None:
    chip = stated().changed({"memories.0.size": "16 KiB"})
    found = chip.resolved["scratchpad.read"]
    assert found.by == "scaled" and found.price is not None and found.price.kind == "estimated"
    assert found.price.source == "a guess; times 0.173, as it was given for size 512 KiB, not 16 KiB"


def test_a_description_may_say_what_its_price_holds_for() -> None:
    """Stated for 64 KiB, the memory has 512: the file is read as it means it."""
    elsewhere = stated(size="64 KiB")
    factor = sram(512 * 1024, 64, 22).read_j / sram(64 * 1024, 64, 22).read_j
    assert read_j(elsewhere) == pytest.approx(4e-12 * factor)
    assert read_j(elsewhere.changed({"memories.0.size": "64 KiB"})) == pytest.approx(4e-12)
    whatever = stated(size="any")
    assert read_j(whatever.changed({"memories.0.size": "16 KiB"})) == 4e-12
    assert read_j(whatever.changed({"memories.0.width": "32 bit"})) != 4e-12


def test_what_is_given_with_the_change_holds_as_it_is() -> None:
    chip = stated({"memories.0.size": "16 KiB"})
    assert read_j(chip) == 4e-12 and chip.resolved["scratchpad.read"].by == "stated"
    anew = stated().changed({"memories.0.size": "16 KiB", "prices.scratchpad.read.energy": "3 pJ"})
    assert read_j(anew) == 3e-12


def test_a_price_and_any_other_field_can_be_taken_away() -> None:
    chip = stated().changed({"prices.scratchpad.read": None})
    assert chip == load_chip("mesh16") and chip.resolved["scratchpad.read"].by == "derived"
    cached = load_chip("mesh16-cached")
    assert cached.changed({"cores.dma": None}).cores.dma is None
    gone = {f"prices.{name}": None for name in cached.prices if name.startswith("registers")}
    assert len(cached.changed({"memories.0": None, **gone}).memories) == 4
    for path, sentence in [
        ("cores.clock", "cores.clock: missing: the field is required"),
        ("cores.dmaa", "cores.dmaa: none: there is no such field to take away"),
        ("memories.7", "memories.7: 7: there are 3 entries here, from 0 on"),
        ("memories.x.size", "memories.x.size: x: there are 3 entries here"),
        ("name.of", "name.of: of: the path leads to no field"),
    ]:
        with pytest.raises(InputError) as caught:
            load_chip("mesh16").changed({path: None})
        assert sentence in str(caught.value)


NONE = "and none can be derived"
DRAM = [
    ("activate", "2.46 nJ"),
    ("read", "1.607 nJ"),
    ("io", "4.5 pJ"),
    ("refresh", "69.1 nJ"),
    ("background_active", "51.3 mW"),
    ("background_precharged", "43.2 mW"),
]


@pytest.mark.parametrize(
    ("chip", "fields", "sentences"),
    [
        (
            "edgedrnn",
            {"cores.clock": "250 MHz"},
            [
                "chip edgedrnn: prices.core.leakage: 2.2 W: it was given for clock 125 MHz, not 250 MHz, "
                f"{NONE}: no model says what a clock changes (clock: 250 MHz). Give one that holds now, or "
                "name what it does not depend on under holds_for as any."
            ],
        ),
        (
            "edgedrnn",
            {"memories.0.timing.clock": "400 MHz"},
            [
                f"prices.dram.{name}: {value}: it was given for clock 533.3 MHz, not 400 MHz, {NONE}: the "
                "currents of a DRAM belong to its parts and its clock, and no standard is named for them"
                for name, value in DRAM
            ],
        ),
        (
            "mesh16",
            {"node": "7 nm"},
            [
                f"prices.scratchpad.read: missing: every action has a price, {NONE}: CACTI 7 knows memories "
                "of 22 to 90 nm (node: 7 nm). Give one, or energy: 0 pJ"
            ],
        ),
        (
            "mesh16-cached",
            {"memories.1.size": "4 KiB"},
            [
                f"prices.cache.lookup: missing: every action has a price, {NONE}: CACTI 7 builds no bank of "
                "fewer than 32 words of 128 bit (the tags, 16 sets of 4: 256 B)."
            ],
        ),
    ],
)
def test_what_no_model_reaches_is_refused(chip: str, fields: dict[str, object], sentences: list[str]) -> None:
    with pytest.raises(ChipErrors) as caught:
        load_chip(chip).changed(fields)
    told = str(caught.value)
    assert all(sentence in told for sentence in sentences), told


def test_a_measured_power_at_rest_belongs_to_its_clock() -> None:
    content = load_chip("edgedrnn").content()
    content["prices"]["core.leakage"] |= {"kind": "measured"}
    del content["prices"]["core.leakage"]["holds_for"]
    with pytest.raises(ChipErrors, match=f"not 250 MHz, {NONE}: no model scales a measured power at rest"):
        chip_from_content(content).changed({"cores.clock": "250 MHz"})


def test_a_price_that_holds_at_any_clock_says_so() -> None:
    chip = load_chip("edgedrnn")
    content = chip.content()
    content["prices"]["core.leakage"]["holds_for"] = {"clock": "any"}
    freed = chip_from_content(content)
    assert freed.changed({"cores.clock": "250 MHz"}).priced["core.leakage"].value == 2.2
    assert freed.content()["prices"]["core.leakage"]["holds_for"] == {"clock": "any"}


def test_a_zero_says_that_something_is_counted_elsewhere() -> None:
    chip = load_chip("deltakws").changed({"memories.0.size": "48 kB"})
    assert chip.priced["sram.leakage"].value == 0 and chip.resolved["sram.leakage"].by == "stated"
    grown = sram(48000, 96, 65).read_j / sram(24000, 96, 65).read_j
    assert chip.priced["sram.read"].value == pytest.approx(5.56e-12 * grown)


def test_links_and_routers_follow_width_node_and_ports() -> None:
    chip = load_chip("mesh16")
    wide = chip.changed({"network.link_width": "128 bit"})
    assert wide.priced["link.flit_um"].value == pytest.approx(2 * 3.1e-15)
    assert wide.priced["router.buffer_write"].value == pytest.approx(2 * 1.5e-12)
    assert wide.priced["router.crossbar"].value == pytest.approx(4 * 0.4e-12), "twice as wide, twice as long"
    older = chip.changed({"node": "45 nm"})
    ratio = link(64, 1e-3, 45).energy_j / link(64, 1e-3, 22).energy_j
    assert older.priced["link.flit_um"].value == pytest.approx(ratio * 3.1e-15)
    ring = chip.changed({"network.topology": "ring:16"})
    assert ring.priced["router.crossbar"].value == pytest.approx(3 / 5 * 0.4e-12)
    assert ring.priced["network.leakage"].value == pytest.approx(51e-6)


@pytest.mark.parametrize("name", chip_names())
def test_a_copy_of_a_described_file_is_the_same_chip(name: str, tmp_path: Path) -> None:
    chip = load_chip(name)
    text = with_derived((packaged_chips() / f"{name}.yaml").read_text(), chip)
    copy = tmp_path / "copy.yaml"
    copy.write_text(text)
    assert load_chip(copy).priced == chip.priced and load_chip(copy) == chip
    assert with_derived(text, load_chip(copy)) == text, "derived prices are named once"
    anew = tmp_path / "anew.yaml"
    anew.write_text(with_derived(json.dumps(chip.content()), chip))
    assert load_chip(anew) == chip


def test_a_copy_with_a_smaller_memory_has_the_prices_of_a_smaller_memory(tmp_path: Path) -> None:
    text = with_derived((packaged_chips() / "mesh16.yaml").read_text(), load_chip("mesh16"))
    copy = tmp_path / "small.yaml"
    copy.write_text(text.replace("512 KiB", "16 KiB"))
    assert read_j(load_chip(copy)) == pytest.approx(sram(16 * 1024, 64, 22).read_j)
