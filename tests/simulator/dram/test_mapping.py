"""Address mappings: every address has a place of its own, and the orders mean what their names say."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.runtime.compiling import compiled
from deltasim.runtime.errors import InputError
from deltasim.simulator.dram.loading import load_standard
from deltasim.simulator.dram.mapping import FIELDS, MAPPINGS, AddressBits, address_bits, decode, together
from deltasim.simulator.dram.standard import Standard

DDR4 = load_standard("DDR4-2400")


def small(**sizes: int) -> Standard:
    """A memory of few addresses; ``row`` in bytes."""
    organisation = DDR4.organisation.model_copy(update={"burst": 64, **sizes})
    return DDR4.model_copy(update={"organisation": organisation})


SMALL = small(channels=2, pseudo_channels=2, ranks=2, bank_groups=2, banks=2, rows=4, row=64 * 8)
COUNT = 2 * 2 * 2 * 2 * 2 * 4 * 8  # transactions
ORDER = "row bank bank_group column"


@compiled
def run_of(bits: AddressBits, unit: int) -> int:
    """A part of a kernel, by itself."""
    return together(bits, unit)


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


@st.composite
def xors(draw: st.DrawFn) -> list[str]:
    """Statements that change fields by others, whole or in part."""
    sizes = {"channel": 1, "pseudo_channel": 1, "rank": 1, "bank_group": 1, "bank": 1, "row": 2, "column": 3}

    def side() -> str:
        words = []
        for field in draw(st.lists(st.sampled_from(FIELDS), min_size=1, max_size=3)):
            low = draw(st.integers(0, sizes[field] - 1))
            high = draw(st.integers(low + 1, sizes[field]))
            words.append(field + draw(st.sampled_from(["", f"[{low}]", f"[{low}:{high}]", f"[{low}:]"])))
        return " ".join(words)

    return [f"{side()} ^ {side()}" for _ in range(draw(st.integers(1, 3)))]


def bits_of(side: str, fields: dict[str, list[int]]) -> list[tuple[str, int]]:
    """The bits that one side names: ``field``, ``field[3]``, ``field[1:]``, ``field[1:3]``."""
    found = []
    for word in side.split():
        name, _, which = word.rstrip("]").partition("[")
        numbers = list(range(len(fields[name])))
        if ":" in which:
            low, _, high = which.partition(":")
            numbers = numbers[int(low) : int(high) if high else None]
        elif which:
            numbers = [int(which)]
        found += [(name, number) for number in numbers]
    return found


@settings(max_examples=40, deadline=None)
@given(order=orders(), changed=xors())
def test_any_xor_is_a_permutation_or_refused(order: str, changed: list[str]) -> None:
    """Fields are taken from the address bit by bit here, then xor-ed as the statements say."""
    sizes = {"channel": 1, "pseudo_channel": 1, "rank": 1, "bank_group": 1, "bank": 1, "row": 2, "column": 3}
    found = []
    for number in range(COUNT):
        fields: dict[str, list[int]] = {name: [] for name in FIELDS}
        rest = number
        for word in reversed(order.split()):
            name, _, width = word.partition(":")
            for _ in range(int(width or sizes[name] - len(fields[name]))):
                fields[name].append(rest & 1)
                rest >>= 1
        before = {name: list(bits) for name, bits in fields.items()}
        for statement in changed:
            left, _, right = statement.partition("^")
            for target, source in zip(bits_of(left, before), bits_of(right, before), strict=False):
                fields[target[0]][target[1]] ^= before[source[0]][source[1]]
        whole = {name: sum(bit << place for place, bit in enumerate(bits)) for name, bits in fields.items()}
        bank = 0
        for name in ("channel", "pseudo_channel", "rank", "bank_group", "bank"):
            bank = bank << 1 | whole[name]
        found.append((whole["channel"], bank, whole["row"], whole["column"]))
    mapping = "; ".join([order, *changed])
    if len(set(found)) < COUNT:
        with pytest.raises(InputError, match="by these xors two addresses would meet in one place"):
            address_bits(SMALL, mapping)
        return
    assert places(mapping) == [place[:3] for place in found]
    bits = address_bits(SMALL, mapping)
    for number in range(COUNT):  # bursts of a run stay in one row of one bank
        run = range(number, min(number + run_of(bits, number), COUNT))
        assert len({found[other][:3] for other in run}) == 1


@pytest.mark.parametrize("name", ["DDR4-2400", "HBM2-2000", "LPDDR5-6400", "DDR5-4800"])
def test_mop4clxor_is_that_of_ramulator(name: str) -> None:
    """Ramulator 2.1's mapper: a loop over the levels that xors with the column and shifts it."""
    standard = load_standard(name)
    made_of, bits = standard.organisation, address_bits(standard, "MOP4CLXOR")
    levels = [made_of.pseudo_channels, made_of.ranks, made_of.bank_groups, made_of.banks, made_of.rows]
    columns = made_of.row // made_of.burst
    for unit in np.random.default_rng(1).integers(0, standard.capacity_bytes // made_of.burst, 200).tolist():
        rest, low = divmod(unit, 4)
        level = []
        for size in levels[:-1]:
            rest, value = divmod(rest, size)
            level.append(value)
        row, high = divmod(rest, columns // 4)
        level.append(row)
        column = left = high << 2 | low
        for index, size in enumerate(levels):
            level[index] ^= left & (size - 1)
            left >>= size.bit_length() - 1
        bank = 0
        for size, value in zip(levels[:-1], level[:-1], strict=True):
            bank = bank * size + value
        assert decode(bits, unit * made_of.burst) == (0, bank, level[-1]), (unit, column)


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
            "--mapping: column:x: a field takes a whole number of bits. Write it like column:2.",
        ),
        ("row bank column:9", "--mapping: column:9: column has only 7 bits left in this memory."),
        ("row bank column:" + "9" * 5000, "... (5007 letters): a field takes a whole number of bits."),
        ("x" * 5000 + " y", "--mapping: y: there is no such field."),
        ("x" * 5000, f"--mapping: {'x' * 50}... (5000 letters): there is no such mapping."),
        (f"{ORDER}; bank", "--mapping: bank: behind a semicolon stand the fields that are changed, a ^, and"),
        (f"{ORDER};", "--mapping: nothing: behind a semicolon stand"),
        (f"{ORDER}; bank ^ row ^ column", "--mapping: bank ^ row ^ column: behind a semicolon stand"),
        (f"{ORDER}; bank ^", "--mapping: ^: an xor has fields on both sides. Write it like bank ^ row."),
        (
            f"{ORDER}; bank ^ rows",
            "--mapping: rows: there is no such field. Did you mean row? There are: bank",
        ),
        (f"{ORDER}; bank ^ row[16]", "--mapping: row[16]: row has the bits 0 to 15 in this memory."),
        (f"{ORDER}; bank ^ row[3:3]", "--mapping: row[3:3]: row has the bits 0 to 15 in this memory."),
        (f"{ORDER}; bank ^ rank[0]", "--mapping: rank[0]: rank has no bits. Name others, or leave it out."),
        (
            f"{ORDER}; bank ^ bank",
            "by these xors two addresses would meet in one place. Change a field by bits",
        ),
        (f"{ORDER}; row ^ bank; bank ^ row", "by these xors two addresses would meet in one place."),
    ],
)
def test_a_mapping_that_does_not_fit_is_named(mapping: str, sentence: str) -> None:
    with pytest.raises(InputError, match=re.escape(sentence)):
        address_bits(DDR4, mapping)
