"""Every sentence a wrong description can cause, each with file, line, path, value, rule and remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import chip_from_content, load_chip
from deltasim.simulator.chip.description import packaged_chips
from deltasim.simulator.chip.loading import ChipErrors

PRICE = {"energy": "1 pJ", "node": "22 nm", "kind": "estimated", "source": "a guess"}


def told(changes: dict[str, object]) -> list[str]:
    with pytest.raises(ChipErrors) as caught:
        load_chip("mesh16").changed(changes)
    return str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("cores.clock", "500", "cores.clock: 500: a frequency needs its unit. Write it like 125 MHz."),
        ("cores.clock", 500, "cores.clock: 500: a frequency needs its unit. Write it like 125 MHz."),
        ("cores.clock", "500 ns", "cores.clock: 500 ns: expected a frequency, not s. Write it like 125 MHz."),
        ("cores.clock", "0 Hz", "cores.clock: 0 Hz: a frequency is above 0 and finite."),
        ("cores.clock", "inf Hz", "cores.clock: inf Hz: a frequency is above 0 and finite."),
        ("cores.clock", "fast", "cores.clock: fast: expected a frequency. Write it like 125 MHz."),
        ("cores.clock", True, "cores.clock: True: expected a frequency. Write it like 125 MHz."),
        ("memories.0.size", "-4 KiB", "memories.0.size: -4 KiB: a size in bytes is above 0 and finite."),
        ("memories.0.size", "1.5 B", "memories.0.size: 1.5 B: a size in bytes is a whole number of B."),
        ("memories.0.size", "64 Kibit", "expected a size in bytes, not bit. Write it like 64 KiB."),
        ("memories.0.size", "60 B", "memories.0.size: 60 B: a size is a multiple of the width, 8 B."),
        ("memories.0.width", "12 bit", "memories.0.width: 12 bit: a width is a whole number of bytes."),
        ("memories.0.latency", "1", "memories.0.latency: 1: a number of cycles needs its unit."),
        ("memories.0.latency", "-1 cycles", "a number of cycles is at least 0 and finite."),
        ("memories.0.kind", "oven", "memories.0: "),
        ("memories.0.name", "dram", "memories.0.name: dram: names of memories differ. Rename one."),
        (
            "memories.0.name",
            "core",
            "core: the name would collide with that of another action.",
        ),
        (
            "memories.0.sise",
            "4 KiB",
            "memories.0.sise: 4 KiB: there is no field sise here. Did you mean size",
        ),
        ("memories.1.ports", [0, 16], "memories.1.ports.1: 16: nodes of the topology run from 0 to 15."),
        ("memories.1.ports", [0, 0], "memories.1.ports: [0, 0]: a node has at most 1 port of a memory."),
        ("memories.1.ports", [], "memories.1.ports: []: expected at least 1 entry. Add one."),
        ("memories.1.ports", 0, "memories.1.ports: 0: expected a list. Write it like [0, 1]."),
        ("memories.1.standard", "DDR4-2401", "memories.1.standard: DDR4-2401: there is no such memory. Did"),
        ("memories.1.standard.timing.tRCD", "29", "standard.timing.tRCD: 29: a delay needs its unit."),
        ("memories.1.standard.timing.tRAS", 20, "memories.1.standard.timing.tRAS: 20"),
        (
            "memories.1.standard.organisation.rows",
            1000,
            "organisation.rows: 1000: a size is a power",
        ),
        ("memories.1.standard.speed", 1, "memories.1.standard.speed: 1: there is no field speed here."),
        ("memories.1.mapping", "RoBaRaCoC", "memories.1.mapping: RoBaRaCoC: there is no such mapping. Did"),
        (
            "memories.1.mapping",
            "row column",
            "memories.1.mapping: row column: the mapping does not cover bank",
        ),
        ("memories.1.page", "half", "memories.1.page: half: expected 'open' or 'closed'. Use one of these."),
        ("memories.1.queue", 0, "memories.1.queue: 0: the least is 1. Use 1 or more."),
        ("memories.1.queue", 2000, "memories.1.queue: 2000: the most is 1024. Use 1024 or less."),
        ("memories.1.power_down_after", 20, "memories.1.power_down_after: 20: a number of cycles needs its"),
        ("memories.1.size", "1 GiB", "memories.1.size: 1 GiB: there is no field size here."),
        ("memories", [], "memories: []: a chip has at least 1 memory that weights can lie in. Add a"),
        ("cores.mac.lanes", 0, "cores.mac.lanes: 0: the least is 1. Use 1 or more."),
        (
            "cores.mac.lanes",
            "8",
            "cores.mac.lanes: 8: expected a whole number. Write a number without",
        ),
        ("cores.mac.lanes", 1.5, "cores.mac.lanes: 1.5: expected a whole number."),
        (
            "cores.dma",
            {"burst": "4 B", "outstanding": 1},
            "cores.dma.burst: 4 B: a burst moves at least 8 B. Use for example 64 B.",
        ),
        (
            "cores.dma",
            {"burst": "72 B", "outstanding": 1},
            "cores.dma.burst: 72 B: a burst is whole accesses of dram, 32 B each. Use 96 B.",
        ),
        ("cores.dma", {"burst": "64 B"}, "cores.dma.outstanding: missing: the field is required. Add it."),
        ("cores.mac.lane", 8, "cores.mac.lane: 8: there is no field lane here. Did you mean lanes?"),
        ("cores.mac", 8, "cores.mac: 8: expected fields. Write lines of name: value."),
        ("cores.shared_units", [["scan", "walk"]], "cores.shared_units.0.1: walk: expected 'scan', 'send'"),
        (
            "cores.shared_units",
            [["scan"]],
            "shared_units.0: [scan]: a shared unit has at least 2 stages.",
        ),
        (
            "cores.shared_units",
            [["scan", "mac"], ["mac", "update"]],
            "mac: a stage belongs to one unit.",
        ),
        ("cores.count", 8, "network.topology: mesh:4x4: it has 16 cores and cores.count is 8."),
        ("network.topology", "mash", "network.topology: mash: there is no such topology. Did you mean mesh?"),
        ("network.hop_cycles", 0, "network.hop_cycles: 0: the least is 1."),
        ("synchronisation.policy", "later", "expected 'barrier', 'layer' or 'dataflow'. Use one of these."),
        (
            "placement.explicit.cores.gru_0",
            [16],
            "cores.gru_0.0: 16: cores run from 0 to 15.",
        ),
        (
            "placement.explicit.cores.gru_0",
            [1, 1],
            "gru_0: [1, 1]: a core holds one partition of a population.",
        ),
        (
            "placement.explicit.memory",
            {"input->gru_0": "dran"},
            "dran: there is no such memory. Did you mean",
        ),
        ("status", "dream", "status: dream: expected 'silicon' or 'hypothetical'."),
        ("node", "28", "node: 28: a technology node is a length. Write it like 28 nm, or: not stated."),
        ("about", "", "about: : the text is empty. Write at least a word."),
        ("name", 5, "name: 5: expected text. Write text."),
        ("prices.core.walk", PRICE, "prices.core.walk: priced: this chip has no such action."),
        (
            "prices.core.mac",
            PRICE | {"energy": "-1 pJ"},
            "mac.energy: -1 pJ: an energy is at least 0",
        ),
        ("prices.core.mac", PRICE | {"energy": "1 mW"}, "expected an energy, not W. Write it like 1.3 pJ."),
        (
            "prices.core.mac",
            PRICE | {"power": "1 W"},
            "energy and power: an action counted in",
        ),
        ("prices.core.leakage", PRICE, "energy: an action counted in ps has exactly one value, its power."),
        ("prices.core.mac", PRICE | {"kind": "guessed"}, "expected 'measured', 'simulated' or 'estimated'."),
        ("prices.core.mac", PRICE | {"source": ""}, "prices.core.mac.source: : the text is empty."),
    ],
)
def test_a_wrong_field_is_told(path: str, value: object, sentence: str) -> None:
    lines = told({path: value})
    assert any(sentence in line for line in lines), lines
    assert all(line.startswith("chip mesh16: ") for line in lines)


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (
            "memories.0.size",
            "1 MB",
            "memories.0.size: 1,000,000 B: a channel is whole rows in all 8 banks",
        ),
        (
            "memories.0.timing.row",
            "2001 B",
            "timing.row: 2,001 B: a row is a multiple of the burst, 16 B.",
        ),
        ("memories.0.timing.RAS", 5, "memories.0.timing.RAS: 5: a row stays open at least RCD, 7 cycles."),
        (
            "memories.0.timing.REFI",
            150,
            "time to work: more than RFC + RP + RAS = 166 cycles.",
        ),
        (
            "memories.0.timing.order",
            "column",
            "timing.order: column: expected 'row-bank-column' or",
        ),
    ],
)
def test_own_figures_of_a_dram_agree(path: str, value: object, sentence: str) -> None:
    with pytest.raises(ChipErrors) as caught:
        load_chip("edgedrnn").changed({path: value})
    assert sentence in str(caught.value)


def without(*path: str | int) -> dict[str, Any]:
    content = load_chip("mesh16").content()
    part: Any = content
    for name in path[:-1]:
        part = part[name]
    del part[path[-1]]
    return content


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        (("cores", "clock"), "cores.clock: missing: the field is required. Add it."),
        (
            ("memories", 1, "standard", "timing", "tCL"),
            "memories.1.standard.timing.tCL: missing: the field is required. Add it.",
        ),
        (("memories", 1, "standard"), "memories.1.timing: missing: the field is required. Add it."),
        (("memories", 0, "kind"), "a memory has a kind. Add kind: scratchpad or kind: dram."),
        (("prices", "core.mac", "source"), "prices.core.mac.source: missing: the field is required."),
    ],
)
def test_a_missing_field_is_told(path: tuple[str | int, ...], sentence: str) -> None:
    with pytest.raises(ChipErrors) as caught:
        chip_from_content(without(*path))
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        ("core.mac", "arithmetic is priced by the numbers it works on (cores.arithmetic: not stated)"),
        ("core.leakage", "arithmetic is priced by the numbers it works on (cores.arithmetic: not stated)"),
        ("core.state_read", "no model prices state that has no memory"),
        ("link.flit", "a link is priced by its length (network.pitch: not stated)"),
        ("dram.read", "the currents of a DRAM belong to its parts and its clock"),
    ],
)
def test_a_price_that_no_model_gives_is_asked_for_with_the_reason(action: str, reason: str) -> None:
    content = load_chip("edgedrnn").content()
    del content["prices"][action]
    with pytest.raises(ChipErrors) as caught:
        chip_from_content(content)
    unit = "power: 0 W" if action == "core.leakage" else "energy: 0 pJ"
    sentence = f"chip: prices.{action}: missing: every action has a price, and none can be derived: {reason}"
    assert str(caught.value).startswith(sentence)
    assert str(caught.value).endswith(f". Give one, or {unit} and why as its source.")


def test_all_faults_of_a_file_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    text = (packaged_chips() / "edgedrnn.yaml").read_text()
    text = text.replace("count: 1\n", "count: 0\n").replace("mac: {lanes: 8}", "mac: {lanes: -8}")
    text = text.replace("link_width: 64 bit", "link_width: 64")
    file = tmp_path / "wrong.yaml"
    file.write_text(text)
    lines = {line.split(":")[0].strip(): number for number, line in enumerate(text.splitlines(), 1)}
    with pytest.raises(ChipErrors) as caught:
        load_chip(file)
    assert str(caught.value).splitlines() == [
        f"{file}:{lines['count']}: cores.count: 0: the least is 1. Use 1 or more.",
        f"{file}:{lines['mac']}: cores.mac.lanes: -8: the least is 1. Use 1 or more.",
        f"{file}:{lines['link_width']}: network.link_width: 64: a width in bits needs its unit. "
        "Write it like 64 bit.",
    ]
    assert len(caught.value.errors) == 3


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name: [", ":1: not YAML: "),
        ("", ":1: an empty file: a description has the fields name, about, "),
        ("- 1\n- 2\n", ":1: something else: a description has the fields name, about, "),
        ("password: hunter2\nuser: me\n", ":1: something else: a description has the fields"),
        ("name: !!python/object:os.system {}\n", ":1: not YAML: a description uses no tags. Mend the line."),
        ("a: &a [*a]\n", ":1: not YAML: an alias stands inside what it names."),
    ],
)
def test_a_file_that_is_no_description_is_told(text: str, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "odd.yaml"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        load_chip(file)
    assert str(file) in str(caught.value) and sentence in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_field_that_is_given_twice_is_told(tmp_path: Path) -> None:
    file = tmp_path / "twice.yaml"
    file.write_text((packaged_chips() / "edgedrnn.yaml").read_text() + "name: b\n")
    last = len(file.read_text().splitlines())
    with pytest.raises(InputError, match=f":{last}: name: given twice: a field is given once. Remove one."):
        load_chip(file)


def test_names_and_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"chip: edgedrn: there is no such chip\. Did you mean edgedrnn"):
        load_chip("edgedrn")
    with pytest.raises(InputError, match=r"a description is a YAML text file .*No such file"):
        load_chip(tmp_path / "none.yaml")
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="it is not UTF-8 text"):
        load_chip(binary)


scalars = (
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | st.sampled_from(["1 pJ", "x", "8 bit"])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)


@settings(max_examples=100, deadline=None)
@given(st.data(), values)
def test_any_damage_to_a_description_ends_in_sentences(data: st.DataObject, value: object) -> None:
    content: Any = load_chip("mesh16").content()
    part = content
    while True:
        keys = list(part) if isinstance(part, dict) else list(range(len(part)))
        key = data.draw(st.sampled_from(keys))
        if isinstance(part[key], dict | list) and part[key] and data.draw(st.booleans()):
            part = part[key]
            continue
        part[key] = value
        break
    try:
        chip_from_content(content)
    except InputError as error:
        assert all(line.endswith(".") for line in str(error).splitlines())


CACHE = {
    "name": "cache",
    "kind": "cache",
    "behind": "dram",
    "size": "16 KiB",
    "line": "64 B",
    "ways": 4,
    "width": "64 bit",
    "latency": "1 cycle",
}
BUFFER = {
    "name": "buffer",
    "kind": "buffer",
    "ports": [5],
    "size": "64 KiB",
    "banks": 4,
    "width": "64 bit",
    "interleave": "8 B",
    "latency": "2 cycles",
}
REGISTERS = {"name": "registers", "kind": "registers", "size": "1 KiB", "width": "32 bit"}


@pytest.mark.parametrize(
    ("memory", "sentence"),
    [
        (
            CACHE | {"ways": 3},
            "ways: 3: 16,384 B are whole sets of 3 lines of 64 B. Use 16,512 B",
        ),
        (CACHE | {"line": "36 B", "ways": 1}, "line: 36 B: a line is whole accesses of 8 B. Use 40 B."),
        (
            CACHE | {"line": "48 B", "size": "48 B", "ways": 1},
            "line: 48 B: a line is whole accesses of dram",
        ),
        (
            CACHE | {"line": "96 B", "size": "96 B", "ways": 1},
            "line: 96 B: the memory behind, 1,073,741,824 B",
        ),
        (
            CACHE | {"behind": "scratchpad"},
            "behind: scratchpad: behind a cache is a DRAM, a serial memory or a shared buffer",
        ),
        (
            CACHE | {"behind": "drum"},
            "behind: drum: behind a cache is a DRAM, a serial memory or a shared buffer. Did",
        ),
        (CACHE | {"latency": "0 cycles"}, "latency: 0 cycles: a word comes at least 1 cycle after"),
        (BUFFER | {"banks": 63}, "banks: 63: the most is 62. Use 62 or less."),
        (
            BUFFER | {"interleave": "12 B"},
            "interleave: 12 B: banks change between accesses of 8 B. Use 16",
        ),
        (
            BUFFER | {"banks": 3},
            "size: 65,536 B: a buffer is 3 equal banks of whole interleaves, 8 B each",
        ),
        (BUFFER | {"ports": [16]}, "ports.0: 16: nodes of the topology run from 0 to 15. Name one of these."),
        (BUFFER | {"width": "12 bit"}, "width: 12 bit: a width is a whole number of bytes."),
        (REGISTERS | {"size": "1 KiB", "latency": "1 cycle"}, "there is no field latency here."),
        (REGISTERS | {"size": "1001 B"}, "size: 1,001 B: a size is a multiple of the width, 4 B. Round it."),
    ],
)
def test_memories_on_the_chip(memory: dict[str, object], sentence: str) -> None:
    """Each is the third memory of mesh16."""
    chip = load_chip("mesh16").content()
    with pytest.raises(ChipErrors) as caught:
        chip_from_content(chip | {"memories": [*chip["memories"], memory]})
    assert f"memories.2.{sentence}" in str(caught.value) or sentence in str(caught.value)


def test_weights_need_a_memory_and_registers_hold_none() -> None:
    chip = load_chip("mesh16").content()
    with pytest.raises(ChipErrors, match=r"memories: .registers.: a chip has at least 1 memory that weights"):
        chip_from_content(chip | {"memories": [REGISTERS]})
    two = [*chip["memories"], REGISTERS, REGISTERS | {"name": "more"}]
    with pytest.raises(ChipErrors, match="memories: registers: a core has one set of registers"):
        chip_from_content(chip | {"memories": two})
    placed = {"explicit": {"memory": {"input->gru_0": "registers"}}}
    with pytest.raises(ChipErrors, match="input->gru_0: registers: there is no such memory"):
        chip_from_content(chip | {"memories": two[:-1], "placement": placed})


def test_bursts_are_whole_lines() -> None:
    chip = load_chip("mesh16").content()
    cores = chip["cores"] | {"dma": {"burst": "96 B", "outstanding": 1}}
    with pytest.raises(ChipErrors, match=r"cores.dma.burst: 96 B: a burst is whole lines of cache, 64 B"):
        chip_from_content(chip | {"cores": cores, "memories": [*chip["memories"], CACHE]})


def test_what_rules_say_is_told_beside_faulty_fields() -> None:
    """Of a faulty record its sound fields are held against the rules, wherever it lies."""
    lines = told(
        {"cores.mac.lanes": 0, "cores.count": 8, "prices.core.mac.source": "", "prices.core.walk": PRICE}
    )
    for sentence in (
        "cores.mac.lanes: 0: the least is 1",
        "network.topology: mesh:4x4: it has 16 cores and cores.count is 8",
        "prices.core.mac.source: : the text is empty",
        "prices.core.walk: priced: this chip has no such action",
    ):
        assert any(sentence in line for line in lines), (sentence, lines)


def test_a_value_is_shown_whole_up_to_sixty_characters() -> None:
    assert f"status: {'x' * 60}: expected" in told({"status": "x" * 60})[0]
    assert "x" * 30 not in told({"status": "x" * 61})[0]


def test_a_buffer_is_told_the_size_that_fits() -> None:
    """3 banks of 8 bytes."""
    chip = load_chip("mesh16").content()
    with pytest.raises(ChipErrors, match=r"8 B each\. Use a multiple of 24 B\."):
        chip_from_content(chip | {"memories": [*chip["memories"], BUFFER | {"banks": 3}]})


def test_what_a_standard_does_not_state_is_told_at_its_field() -> None:
    (line,) = told({"memories.1.refresh": "same-bank"})
    assert line.startswith("chip mesh16: memories.1.refresh: same-bank: ")


@pytest.mark.parametrize(
    ("chip", "changes", "sentence"),
    [
        (
            "mesh16",
            {"placement.explicit": {"cores": {"gru_0": [0, 1]}, "neurons": {"gru_0": [5]}}},
            "placement.explicit.neurons.gru_0: 1 numbers: each core of the population has its number of "
            "neurons; cores names 2. Give one for each core.",
        ),
        (
            "mesh16",
            {"placement.layers": {"gru_0": "cached"}},
            "placement.layers.gru_0: cached: this chip has no cache. Add one or use nearest.",
        ),
        (
            "loihi",
            {"placement.policy": "streamed"},
            "placement.policy: streamed: this chip has no DRAM or serial memory. Add one or use nearest.",
        ),
        (
            "edgedrnn",
            {"placement.policy": "pinned"},
            "placement.policy: pinned: this chip has no scratchpad or buffer. Add one or use nearest.",
        ),
        (
            "mesh16",
            {"prices.core.update.holds_for": {"activation": "many"}},
            "prices.core.update.holds_for.activation: many: a number is integer, of 2 to 64 bits",
        ),
    ],
)
def test_rules_over_several_fields(chip: str, changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(ChipErrors) as caught:
        load_chip(chip).changed(changes)
    (only,) = str(caught.value).splitlines()
    assert sentence in only


def test_each_core_of_a_population_has_its_number_of_neurons() -> None:
    explicit = {"cores": {"gru_0": [0, 1]}, "neurons": {"gru_0": [5, 59]}}
    assert load_chip("mesh16").changed({"placement.explicit": explicit}).placement.explicit.neurons == {
        "gru_0": (5, 59)
    }
