"""Chips in the box, their units, digests, changes and what describe shows of them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from deltasim.simulator.chip import Chip, chip_from_content, chip_names, load_chip
from deltasim.simulator.chip.actions import chip_actions
from deltasim.simulator.chip.describe import describe
from deltasim.simulator.chip.description import packaged_chips
from deltasim.simulator.memories.buffer import Buffer
from deltasim.simulator.memories.cache import Cache
from deltasim.simulator.memories.dram import Dram
from deltasim.simulator.memories.scratchpad import Scratchpad
from deltasim.simulator.memories.standard_dram import StandardDram
from deltasim.simulator.schema.quantities import QuantityError, period_ps, read_node, reads_as
from tests.simulator.builders import chip

STANDARDS = packaged_chips().parent / "dram" / "standards"

NAMES = (
    "deltakws",
    "deltarnn",
    "earbud",
    "edgedrnn",
    "loihi",
    "mcu-psram",
    "mesh16",
    "mesh16-cached",
    "mesh64-hbm",
    "motes",
    "predistorter",
    "spartus",
)


def test_the_chips_in_the_box() -> None:
    assert chip_names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_chip_loads_with_every_price_and_no_other(name: str) -> None:
    chip = load_chip(name)
    assert chip.name == name and chip.sources
    priced = [action.name for action in chip_actions(chip) if action.priced]
    assert set(chip.priced) == set(priced)
    assert len(set(action.name for action in chip_actions(chip))) == len(chip_actions(chip))
    for action in chip_actions(chip):
        if action.priced:
            price = chip.priced[action.name]
            assert (price.power_w is not None) == action.static
            assert price.value >= 0
            assert len(price.source) > 10


@pytest.mark.parametrize("name", NAMES)
def test_describe_shows_every_price_with_its_source(name: str) -> None:
    chip = load_chip(name)
    tables = {table.heading: table for table in describe(chip)}
    shown = {row[0]: row for row in tables["Prices"].rows}
    assert set(shown) == set(chip.priced)
    for action, price in chip.priced.items():
        assert price.source in shown[action] and price.kind in shown[action] and price.node in shown[action]
    for memory in chip.memories:
        assert f"Memory {memory.name}" in tables
    for table in tables.values():
        assert all(len(row) == len(table.columns) for row in table.rows)


@pytest.mark.parametrize("name", NAMES)
def test_a_description_survives_being_written_and_read(name: str) -> None:
    chip = load_chip(name)
    again = chip_from_content(json.loads(json.dumps(chip.content())))
    assert again.digest == chip.digest
    assert again == chip


def test_the_digest_is_of_the_content_not_of_the_text(tmp_path: Path) -> None:
    chip = load_chip("edgedrnn")
    text = (packaged_chips() / "edgedrnn.yaml").read_text()
    other = tmp_path / "other.yaml"
    other.write_text("# a comment\n" + text.replace("125 MHz", "0.125 GHz"))
    assert load_chip(other).digest == chip.digest
    other.write_text(text.replace("energy: 5.1 pJ", "energy: 5.2 pJ"))
    assert load_chip(other).digest != chip.digest


def test_edgedrnn_has_the_stages_of_the_released_design() -> None:
    """Of 1 + max(scan, macs) + 3 + 5 (H / N + 1) + 1 cycles, all but the maximum: fixed + cycles * H / N."""
    chip = load_chip("edgedrnn")
    update = chip.cores.update
    for hidden in (256, 512, 768):
        assert update.fixed + update.cycles * hidden // update.lanes == 1 + 3 + 5 * (hidden // 8 + 1) + 1
    assert (chip.cores.mac.lanes, chip.cores.period_ps, chip.network.link_width_bits) == (8, 8000, 64)
    dram = chip.memory("dram")
    assert isinstance(dram, Dram) and chip.memory_period_ps(dram) == 1875


def test_deltakws_follows_the_published_line() -> None:
    """16 inputs, 64 GRU and 12 readout neurons: T = 5.5 + 11.1 (1 - G) ms within 5 %."""
    chip = load_chip("deltakws")
    lanes, update = chip.cores.mac.lanes, chip.cores.update
    dense = (16 + 64) * -(-192 // lanes) + 64 * -(-12 // lanes)
    fixed = 2 * update.fixed + update.cycles * (64 + 12)
    for sparsity in (0.0, 0.5, 0.87, 1.0):
        seconds = (fixed + (1 - sparsity) * dense) * chip.cores.period_ps * 1e-12
        assert seconds == pytest.approx(5.5e-3 + 11.1e-3 * (1 - sparsity), rel=0.05)


def test_memories_know_their_clock_and_access() -> None:
    chip = load_chip("mesh64-hbm")
    scratchpad, hbm, *_ = chip.memories
    assert isinstance(scratchpad, Scratchpad) and isinstance(hbm, StandardDram)
    assert (chip.memory_period_ps(scratchpad), scratchpad.access_bytes) == (1250, 32)
    assert (chip.memory_period_ps(hbm), hbm.access_bytes, len(hbm.ports)) == (1000, 32, 8)
    assert chip.changed({"memories.0.clock": "400 MHz"}).memory_period_ps(scratchpad) == 1250
    slower = chip.changed({"memories.0.clock": "400 MHz"})
    assert slower.memory_period_ps(slower.memories[0]) == 2500


def test_python_objects_have_the_shape_of_the_file() -> None:
    chip = load_chip("mesh16")
    changed = chip.changed(
        {
            "cores.mac.lanes": 16,
            "memories.0.size": "64 KiB",
            "prices.core.mac": {"energy": "1 pJ", "node": "22 nm", "kind": "estimated", "source": "a guess"},
            "placement.explicit.cores.gru_0": [0, 1],
            "synchronisation.policy": "dataflow",
        }
    )
    assert changed.cores.mac.lanes == 16 and changed.memories[0].size_bytes == 65536
    assert changed.prices["core.mac"].value == pytest.approx(1e-12)
    assert changed.placement.explicit.cores == {"gru_0": (0, 1)}
    assert Chip.model_validate(changed.content()) == changed
    assert chip.cores.mac.lanes == 8, "the first chip is as it was"


@given(st.integers(1, 10**6), st.sampled_from(["", "k", "M", "G", "Ki", "Mi", "Gi"]))
def test_sizes_read_in_every_unit(count: int, prefix: str) -> None:
    scale = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}[prefix]
    read = reads_as(("B",), "a size in bytes", "64 KiB", whole=True, zero=False)
    assert read(f"{count} {prefix}B") == count * scale


@given(st.floats(1e3, 1e12))
def test_a_period_is_within_half_a_picosecond(frequency: float) -> None:
    assert abs(period_ps(frequency) - 1e12 / frequency) <= 0.5


@given(
    st.text(max_size=12) | st.none() | st.integers() | st.floats() | st.booleans() | st.lists(st.integers())
)
def test_anything_is_read_or_refused_in_words(text: object) -> None:
    read = reads_as(("J",), "an energy", "1.3 pJ", whole=False, zero=True)
    try:
        assert 0 <= read(text) < float("inf")
    except QuantityError as error:
        assert error.remedy == "Write it like 1.3 pJ."


def test_nodes() -> None:
    assert read_node("28 nm") == "28 nm" and read_node("not stated") == "not stated"
    for wrong in ("28", "28 MHz", "0 nm", "small", 28):
        with pytest.raises(QuantityError, match="a technology node is a length"):
            read_node(wrong)


def test_figures_that_follow_from_a_memory() -> None:
    """A stack of HBM has 2 pseudo channels behind a port; 16 KiB in sets of 4 lines of 64 B are 64 sets."""
    hbm = load_chip("mesh64-hbm").memory("hbm")
    assert isinstance(hbm, StandardDram) and hbm.ranks == 2
    cache = {"name": "near", "kind": "cache", "behind": "dram", "size": "16 KiB", "line": "64 B", "ways": 4}
    cache |= {"width": "64 bit", "latency": "1 cycle"}
    content = load_chip("mesh16").content()
    buffer = {"name": "shared", "kind": "buffer", "ports": [5], "size": "64 KiB", "banks": 4}
    buffer |= {"width": "64 bit", "interleave": "8 B", "latency": "2 cycles"}
    registers = {"name": "columns", "kind": "registers", "size": "1 KiB", "width": "32 bit"}
    described = chip_from_content(content | {"memories": [*content["memories"], cache, buffer, registers]})
    near, shared, columns = (described.memory(name) for name in ("near", "shared", "columns"))
    assert isinstance(near, Cache) and (near.sets, near.access_bytes) == (64, 64)
    assert isinstance(shared, Buffer) and (shared.places, shared.access_bytes) == (1, 8)
    assert columns.access_bytes == 4


def test_what_a_description_leaves_out() -> None:
    """A core has one array of multipliers; a link between chips has its own clock."""
    assert "arrays" not in (packaged_chips() / "edgedrnn.yaml").read_text()
    assert load_chip("edgedrnn").cores.mac.arrays == 1
    link = {"width": "16 bit", "clock": "500 MHz", "hop_cycles": 5}
    wiring = {"network.topology": "mesh:1x2", "cores.count": 4}
    joined = chip(wiring | {"network.joined": {"topology": "ring:2", "gateway": 0, "link": link}})
    assert joined.network.joined is not None and joined.network.joined.link.period_ps == 2000


def test_a_chip_is_equal_to_chips_of_its_content_alone() -> None:
    one = load_chip("edgedrnn")
    assert one == chip_from_content(one.content()) and one != load_chip("mesh16") and one != "edgedrnn"


def test_a_digest_is_that_of_the_sorted_content() -> None:
    one = load_chip("edgedrnn")
    plain = json.dumps(one.content(), sort_keys=True)
    assert one.digest == hashlib.sha256(plain.encode()).hexdigest()


def test_a_standard_in_a_file_beside_the_chip(tmp_path: Path) -> None:
    content = load_chip("mesh16").content()
    place = next(n for n, memory in enumerate(content["memories"]) if "standard" in memory)
    standard = yaml.safe_load((STANDARDS / "DDR4-2400.yaml").read_text(encoding="utf-8"))
    standard["name"] = "mine"
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(standard), encoding="utf-8")
    content["memories"][place]["standard"] = "mine.yaml"
    (tmp_path / "chip.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    memory = load_chip(tmp_path / "chip.yaml").memories[place]
    assert isinstance(memory, StandardDram) and memory.standard.name == "mine"
