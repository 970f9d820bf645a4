"""Address mappings: every address has a place of its own, and the orders mean what their names say."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.runtime.errors import InputError
from deltasim.simulator.dram.loading import load_standard
from deltasim.simulator.dram.mapping import FIELDS, MAPPINGS, address_bits, decode
from deltasim.simulator.dram.standard import Standard

DDR4 = load_standard("DDR4-2400")


def small(**sizes: int) -> Standard:
    """A memory of few addresses; ``row`` in bytes."""
    organisation = DDR4.organisation.model_copy(update={"burst": 64, **sizes})
    return DDR4.model_copy(update={"organisation": organisation})


SMALL = small(channels=2, pseudo_channels=2, ranks=2, bank_groups=2, banks=2, rows=4, row=64 * 8)
COUNT = 2 * 2 * 2 * 2 * 2 * 4 * 8  # transactions


@st.composite
def orders(draw: st.DrawFn) -> str:
    """Fields in any order, some of them cut into two."""
    words = []
    for field in FIELDS:
        words += [f"{field}:1", field] if draw(st.booleans()) else [field]
    shuffled = draw(st.permutations(words))
    for field in FIELDS:  # the piece with a number of bits comes first from below, so last in the order
        if f"{field}:1" in shuffled and shuffled.index(f"{field}:1") < shuffled.index(field):
            first, second = shuffled.index(f"{field}:1"), shuffled.index(field)
            shuffled[first], shuffled[second] = shuffled[second], shuffled[first]
    return " ".join(shuffled)


def places(mapping: str) -> list[tuple[int, int, int]]:
    bits = address_bits(SMALL, mapping)
    return [decode(bits, 64 * number) for number in range(COUNT)]


def assert_even(found: list[tuple[int, int, int]]) -> None:
    """Every row of every bank is met as often as it has columns, and banks belong to their channel."""
    assert all(found.count(place) == 8 for place in set(found))
    assert len(set(found)) == COUNT // 8
    assert all(bank // (COUNT // 8 // 4 // 2) == channel for channel, bank, _ in found)


@pytest.mark.parametrize("name", MAPPINGS)
def test_named_mappings_reach_every_place(name: str) -> None:
    assert_even(places(name))


@settings(max_examples=50, deadline=None)
@given(order=orders())
def test_any_order_of_fields_reaches_every_place(order: str) -> None:
    assert_even(places(order))


def test_a_row_bank_order_fills_a_row_before_the_next_bank() -> None:
    bits = address_bits(DDR4)
    assert [decode(bits, address)[1:] for address in (0, 8191, 8192, 4 * 8192, 16 * 8192)] == [
        (0, 0),
        (0, 0),
        (4, 0),  # the next bank group
        (1, 0),  # the next bank of the first group
        (0, 1),  # the next row
    ]


def test_a_bank_interleaved_order_changes_bank_with_every_transaction() -> None:
    bits = address_bits(DDR4, "RoCoBaRaCh")
    assert [decode(bits, 64 * number)[1] for number in range(6)] == [0, 4, 8, 12, 1, 5]


def test_mop4clxor_keeps_four_transactions_together_and_mixes_in_the_column() -> None:
    bits = address_bits(DDR4, "MOP4CLXOR")
    banks = [decode(bits, 64 * number)[1] for number in range(16)]
    assert [banks[number : number + 4] for number in range(0, 16, 4)] == [
        # bank group number xor the two lowest bits of the column
        [0, 4, 8, 12],
        [4, 0, 12, 8],
        [8, 12, 0, 4],
        [12, 8, 4, 0],
    ]


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [
        ("RoBaRaCoCx", "--mapping: RoBaRaCoCx: there is no such mapping. Did you mean RoBaRaCoCh?"),
        ("", "--mapping: nothing: there is no such mapping."),
        ("row bank column", "--mapping: row bank column: the mapping does not cover bank_group. Add it."),
        ("row column:2", "the mapping does not cover bank_group and bank and column. Add them."),
        ("row banks column", "--mapping: banks: there is no such field. Did you mean bank?"),
        ("row row bank column", "--mapping: row: all bits of the field are taken already. Leave it out."),
        (
            "row bank column:x",
            "--mapping: column:x: a field takes a whole number of bits, at most 64. Write it like column:2.",
        ),
        ("row bank column:9", "--mapping: column:9: column has only 7 bits left in this memory."),
    ],
)
def test_a_mapping_that_does_not_fit_is_named(mapping: str, sentence: str) -> None:
    with pytest.raises(InputError, match=re.escape(sentence)):
        address_bits(DDR4, mapping)
