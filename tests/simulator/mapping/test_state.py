"""State has a home: its room by hand, the first memory that holds it, the sentence where none does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.networks import FixedPoint, quantised, random_stack
from deltasim.networks.connections import Sparse
from deltasim.networks.execute import execute
from deltasim.networks.graph import Network
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import Chip, chip_from_content, load_chip
from deltasim.simulator.chip.loading import ChipErrors
from deltasim.simulator.ledger.pricing import price
from deltasim.simulator.mapping.mapping import map_network
from deltasim.simulator.mapping.state import moved_bits, remembered_bytes, room_bytes
from deltasim.simulator.simulate import simulate
from deltasim.simulator.sram.model import sram
from tests.simulator.builders import assert_same_ledger, chain, content_of

STATE = {"name": "state", "kind": "state", "size": "1 KiB", "width": "32 bit"}
PAD = {"name": "scratchpad", "kind": "scratchpad", "size": "64 KiB", "width": "64 bit", "latency": "1 cycle"}
GUESS = {"node": "28 nm", "kind": "estimated", "source": "for tests"}


def homed(fields: dict[str, Any] | None = None, homes: list[str] | None = None) -> Chip:
    """The plain chip with a memory for state; what its neurons remember is priced by CACTI."""
    memories = [PAD, STATE | (fields or {})]
    content = content_of({"memories": memories, "placement": {"state": homes} if homes else {}})
    names = ("core.state_read", "core.state_write", "state.leakage")
    return chip_from_content(
        content | {"prices": {n: p for n, p in content["prices"].items() if n not in names}}
    )


def gru(inputs: int = 4, units: int = 10, fixed: bool = True) -> Network:
    network = random_stack("gru", inputs, (units,), np.random.default_rng(0), theta=0.05, readout=3)
    return quantised(network, FixedPoint()) if fixed else network


def test_room_by_hand() -> None:
    """A GRU of 10 in fixed point, 32 bits wide: 4 sums of 24 bits; h, its copy, and twice what was sent."""
    network = gru()
    assert remembered_bytes(network, 0, 4, 32) == 2 * 2 * 4, (
        "4 values and what was sent of them, two to a word"
    )
    assert remembered_bytes(network, 1, 10, 32) == 4 * 10 * 4 + (1 + 1 + 2) * 5 * 4
    assert remembered_bytes(network, 2, 3, 32) == 3 * 4 + 2 * 4, "a sum and a value; nothing is sent"
    assert remembered_bytes(gru(fixed=False), 1, 10, 32) == (4 + 4) * 10 * 4
    assert remembered_bytes(network, 1, 10, 256) == 4 * 32 + 4 * 32, "10 sums, or 16 values, to an access"


@given(st.integers(1, 64), st.integers(1, 32).map(lambda k: 8 * k), st.integers(1, 500))
def test_words_lie_side_by_side_and_in_one_access(bits: int, width: int, words: int) -> None:
    moved, room = moved_bits(bits, width), room_bytes(words, bits, width)
    assert moved >= bits and (moved <= width or bits > width)
    assert room * 8 % width == 0 and room * 8 >= words * bits
    accesses = room * 8 // width
    assert accesses <= words * max(1, -(-bits // width)) and (accesses - 1) * width < words * moved


def test_state_lies_in_the_first_memory_that_holds_it_and_weights_behind_it() -> None:
    network = gru()
    small = map_network(network, homed())
    assert [home.memory for home in small.homes] == ["state"] * 3
    assert [home.bytes for home in small.homes] == [16, 240, 20]
    assert small.blocks[0].base_address == 0
    both = homed({"size": "128 B"}, ["state", "scratchpad"])
    split = map_network(network, both)
    assert [home.memory for home in split.homes] == ["state", "scratchpad", "state"]
    assert split.homes[1].bytes == (4 * 5 + 4 * 3) * 8, "2 sums or 4 values to 64 bits"
    assert split.blocks[0].base_address == 256, "behind the state"
    assert split.digest != small.digest
    state = split.table()[2]
    assert state.rows[1] == ("gru_0", "scratchpad", "256", "16 bit", "32 bit")


def test_state_that_no_memory_holds_is_one_sentence() -> None:
    with pytest.raises(InputError) as caught:
        map_network(gru(units=100), homed())
    assert str(caught.value) == (
        "chip plain: memories.1.size: 1 KiB: layer gru_0 remembers 2,400 B (accumulators, states, last sent "
        "values), and 1,008 B of state are free. Use at least 3 KiB, more cores or scratchpad for state as "
        "well (placement.state)."
    )
    with pytest.raises(InputError, match=r"memories.0.size: 16 KiB: layer dense_0 .* of scratchpad are free"):
        map_network(chain(2, 40_000), load_chip("mesh16").changed({"memories.0.size": "16 KiB"}))


def test_weights_that_do_not_fit_beside_state_ask_for_room_for_both() -> None:
    chip = homed({"size": "128 B"}, ["state", "scratchpad"]).changed({"memories.0.size": "1 KiB"})
    with pytest.raises(InputError) as caught:
        map_network(gru(), chip)
    need = 256 + 4 * 32 + 10 * 32 + 10 * 8  # state; columns of 30 and 3 words, each from an access on
    assert f"Use {-(-need // 1024)} KiB" in caught.value.remedy or "Use 1 KiB" not in caught.value.remedy


@pytest.mark.parametrize(
    ("placement", "sentence"),
    [
        (
            ["dram"],
            "placement.state.0: dram: state lies in a scratchpad or a memory of kind state. There are:",
        ),
        (
            ["stat"],
            "placement.state.0: stat: state lies in a scratchpad or a memory of kind state. Did you mean",
        ),
        (["state", "state"], "placement.state.1: state: a memory is named once. Leave it out."),
        ([], "placement.state: []: expected at least 1 entry. Add one."),
    ],
)
def test_a_home_that_is_none_is_told(placement: list[str], sentence: str) -> None:
    with pytest.raises(ChipErrors) as caught:
        homed().changed({"placement.state": placement})
    assert sentence in str(caught.value)


@settings(max_examples=6, deadline=None)
@given(
    st.sampled_from([(32, 1024), (8, 4096), (256, 1024), (64, 256)]),
    st.booleans(),
    st.integers(1, 3),
)
def test_both_engines_count_the_same_state(memory: tuple[int, int], fixed: bool, steps: int) -> None:
    width, size = memory
    network = gru(fixed=fixed)
    frames = np.random.default_rng(steps).normal(size=(steps, 4)).astype(np.float32)
    trace, _ = execute(network, [frames])
    chip = homed({"size": f"{size} B", "width": f"{width} bit"}, ["state", "scratchpad"])
    one, other = (simulate(network, trace, chip, engine=engine) for engine in ("compiled", "simpy"))
    assert_same_ledger(one, other)
    homes = map_network(network, chip).homes
    read = sum(one.total(f"{name}.state_read") for name in ("state", "scratchpad"))
    values = one.total("core.scan") * 2  # every scanned value and what was sent of it
    by_hand = homes[0].value_bits * 2 * 4 * steps + homes[1].value_bits * 2 * 20 * steps
    assert values == 2 * 24 * steps
    rows = {layer: row for row, layer in enumerate(one.layers)}
    macs = {layer: int(one.layer_counts[row, one.actions.index("core.mac")]) for layer, row in rows.items()}
    by_hand += macs["gru_0"] * homes[1].sum_bits + macs["readout"] * homes[2].sum_bits
    by_hand += steps * (10 * (4 * homes[1].sum_bits + homes[1].value_bits))
    by_hand += steps * 3 * (homes[2].sum_bits + homes[2].value_bits)
    assert read == by_hand


def test_state_is_priced_by_the_size_and_width_of_its_memory() -> None:
    network = gru()
    trace, _ = execute(network, [np.random.default_rng(1).normal(size=(5, 4)).astype(np.float32)])
    chip = homed()
    ledger = simulate(network, trace, chip)
    array = sram(1024, 32, 28)
    joules = (
        ledger.total("state.state_read") * array.read_j / 32
        + ledger.total("state.state_write") * array.write_j / 32
    )
    energy = price(ledger, chip)
    assert energy.by_part["state"] == pytest.approx(joules)
    larger = homed({"size": "64 KiB"})
    again = simulate(network, trace, larger)
    assert price(again, larger).by_part["state"] > 5 * joules, "a larger memory costs more for the same words"
    assert chip.priced["state.leakage"].value == pytest.approx(array.leakage_w)


def test_state_in_a_scratchpad_costs_as_its_reads_are_stated() -> None:
    """1 pJ a read is stated, where CACTI says more; a bit of state is that much cheaper as well."""
    chip = homed(homes=["scratchpad"])
    array = sram(64 * 1024, 64, 28)
    assert chip.priced["scratchpad.state_read"].value == pytest.approx(1e-12 / 64)
    assert chip.priced["scratchpad.state_write"].value == pytest.approx(
        1e-12 / 64 * array.write_j / array.read_j
    )


def test_a_chip_that_does_not_say_is_as_it_was() -> None:
    network = gru()
    mapping = map_network(network, load_chip("edgedrnn"))
    assert {home.memory for home in mapping.homes} == {""} and len(mapping.table()) == 2
    trace, _ = execute(network, [np.ones((2, 4), np.float32)])
    ledger = simulate(network, trace, load_chip("edgedrnn"))
    macs, scanned = ledger.total("core.mac"), ledger.total("core.scan")
    updates = 2 * (10 * (4 + 1) + 3 * (1 + 1))
    assert ledger.total("core.state_read") == macs + 2 * scanned + updates


def test_sparse_sums_take_an_access_each() -> None:
    network = gru(8, 32)
    projections = list(network.projections)
    sparse = Sparse.from_matrices(np.stack([np.eye(32, dtype=np.int8)] * 3))
    projections[1] = replace(projections[1], connection=sparse)
    network = replace(network, projections=tuple(projections))
    narrow, wide = (
        map_network(network, homed({"size": "8 KiB", "width": f"{w} bit"})).homes for w in (32, 256)
    )
    assert (narrow[1].sum_bits, wide[1].sum_bits) == (32, 256)
