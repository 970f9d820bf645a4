"""Several multiply arrays in a core: the columns of a partition's k-th neuron go to array k mod arrays."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.simulator.chip import load_chip
from deltasim.simulator.chip.describe import describe
from deltasim.simulator.chip.loading import ChipErrors
from deltasim.simulator.simulate import simulate
from tests.simulator.builders import assert_same_ledger, chain, chip, of_unit, step_cycles, trace_of

SOURCES = 24


def arrayed(arrays: int, **fields: object) -> dict[str, object]:
    """All elements are judged in the first cycle, a column of w words takes w cycles."""
    settings: dict[str, object] = {
        "cores.scan.elements_per_cycle": SOURCES,
        "cores.mac": {"lanes": 1, "arrays": arrays},
    }
    return settings | fields


@pytest.mark.parametrize("arrays", [1, 2, 3, 8])
@pytest.mark.parametrize(
    "sent", [[5], [0, 8, 16], [0, 1, 2, 3, 4, 5, 6, 7], [1, 3, 5, 7, 9, 11], list(range(SOURCES))]
)
def test_the_fullest_array_sets_the_pace(engine: str, arrays: int, sent: list[int]) -> None:
    """Judged at 1, first word at 1 + 2, then the fullest array's columns of 5 cycles, then the update."""
    network, work = chain(SOURCES, 5), 5
    trace = trace_of(network, [[(0, source) for source in sent]])
    ledger = simulate(network, trace, chip(arrayed(arrays)), engine=engine)
    fullest = max(Counter(source % arrays for source in sent).values())
    assert step_cycles(ledger) == [1 + 2 + fullest * work + 1]
    for array in range(arrays):
        columns = sum(source % arrays == array for source in sent)
        number = "" if arrays == 1 else str(array)
        assert of_unit(ledger, f"core0.mac{number}") == columns * work * 1000
        assert of_unit(ledger, f"core0.scratchpad{number}") == columns * 1000
    assert ledger.total("core.mac") == ledger.total("scratchpad.words") == len(sent) * work
    assert ledger.total("scratchpad.leakage") == ledger.elapsed_ps


def test_every_array_has_its_own_fetch_slots(engine: str) -> None:
    """With one slot a column takes 2 + 5 cycles; 4 arrays fetch side by side, and none lends a slot."""
    network = chain(8, 5)
    trace = trace_of(network, [[(0, 0), (0, 1), (0, 2), (0, 4)]])
    one_slot = arrayed(4, **{"cores.outstanding_fetches": 1})
    assert step_cycles(simulate(network, trace, chip(one_slot), engine=engine)) == [1 + 2 * 7 + 1]


def test_each_core_deals_its_own_partition_out(engine: str) -> None:
    """Sources 0-3 lie on core 0 and 4-7 on core 1: places 0 and 2 of both partitions go to array 0 of 2."""
    network = chain(8, 4)
    fields = {"cores.count": 2, "network.topology": "ring:2", "placement.explicit.cores": {"dense_0": [0]}}
    trace = trace_of(network, [[(0, 0), (0, 2), (0, 4), (0, 7)]])
    ledger = simulate(network, trace, chip(arrayed(2, **fields)), engine=engine)
    assert of_unit(ledger, "core0.mac0") == 3 * 4 * 1000
    assert of_unit(ledger, "core0.mac1") == 4 * 1000
    assert of_unit(ledger, "core1.mac0") == of_unit(ledger, "core1.mac1") == 0


@settings(max_examples=20)
@given(st.integers(1, 6), st.lists(st.integers(0, SOURCES - 1), unique=True))
def test_arrays_move_no_other_count(arrays: int, sent: list[int]) -> None:
    """Who multiplies changes when, never what: every count but those of time is that of one array."""
    network = chain(SOURCES, 3)
    trace = trace_of(network, [[(0, source) for source in sent]])
    several = simulate(network, trace, chip(arrayed(arrays)))
    alone = simulate(network, trace, chip(arrayed(1)))
    for action in (name for name in alone.actions if not name.endswith("leakage")):
        assert several.total(action) == alone.total(action), action
    assert several.elapsed_ps <= alone.elapsed_ps


def test_one_array_is_the_chip_without_the_field(engine: str) -> None:
    network = chain(SOURCES, 7)
    trace = trace_of(network, [[(0, source) for source in range(0, SOURCES, 3)]])
    plain = chip({"cores.mac": {"lanes": 2}})
    stated = chip({"cores.mac": {"lanes": 2, "arrays": 1}})
    assert_same_ledger(*(simulate(network, trace, of, engine=engine) for of in (plain, stated)))


def test_peaks_count_every_array() -> None:
    tables = describe(load_chip("edgedrnn").changed({"cores.mac.arrays": 4}))
    rows = {row[0]: row[1] for table in tables for row in table.rows}
    assert rows["multiply-accumulates"] == "4 G/s"
    assert rows["multiply accumulate"] == "8 lanes in each of 4 arrays"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"cores.mac": {"lanes": 4, "arrays": 0}},
            "cores.mac.arrays: 0: the least is 1. Use 1 or more.",
        ),
        (
            {"cores.mac": {"lanes": 4, "arrays": 8}, "cores.shared_units": [["mac", "update"]]},
            "cores.shared_units.0: [mac, update]: 8 multiply arrays work side by side and share nothing. "
            "Leave mac out, or use 1 array.",
        ),
    ],
)
def test_arrays_that_cannot_be(fields: dict[str, object], sentence: str) -> None:
    with pytest.raises(ChipErrors) as caught:
        chip(fields)
    assert sentence in str(caught.value)
