"""Address mappings as data: which bits of an address name channel, rank, bank, row and column.

A mapping is an order of fields from the most significant bit down, as the names in the literature are
written. ``column:2`` takes the two lowest bits of the column that are not taken yet; a plain name takes all
the rest. The bits below are the bytes of one transaction.

Behind semicolons stand bits that are xor-ed: ``bank_group bank ^ row`` changes the bits of the bank group,
then those of the bank, lowest first, by as many bits of the row; ``bank[0] ^ row[3]`` and
``bank ^ row[4:6]`` take single bits, counted from 0, and bits from one up to another. All are bits of the
address itself, before any xor.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from deltasim.runtime.compiling import kernel, part
from deltasim.runtime.errors import InputError, nearest
from deltasim.simulator.dram.standard import Organisation, Standard

FIELDS = ("channel", "pseudo_channel", "rank", "bank_group", "bank", "row", "column")

MAPPINGS = {
    "RoBaRaCoCh": "row bank bank_group rank pseudo_channel column channel",
    "RoRaBaCoCh": "row rank pseudo_channel bank bank_group column channel",
    "RoCoBaRaCh": "row column bank rank pseudo_channel bank_group channel",  # bank-interleaved
    "ChRaBaRoCo": "channel rank pseudo_channel bank_group bank row column",
    "MOP4CLXOR": "row column bank bank_group rank pseudo_channel column:2 channel;"
    " pseudo_channel rank bank_group bank row ^ column",  # four transactions together, all else mixed in
}

Bit = tuple[str, int]  # a field and the number of its bit


class AddressBits(NamedTuple):
    """A mapping for one memory, flat: a field is the exclusive or of pieces of the address.

    ``pieces`` (n, 3) int64: shift right by the first, mask with the second, shift left by the third. The
    first ``channel_pieces`` give the channel, those up to ``bank_pieces`` the bank numbered over all
    channels, the rest the row. The address counts transactions of ``2 ** burst_bits`` bytes.
    """

    burst_bits: int
    channel_pieces: int
    bank_pieces: int
    pieces: npt.NDArray[np.int64]


def address_bits(standard: Standard, mapping: str = "RoBaRaCoCh") -> AddressBits:
    """Lay a mapping, by its name or as an order of fields, over the sizes of a memory.

    Errors: InputError for an unknown name or field, a field left out or taken twice, an xor by which two
    addresses would meet.

    >>> from deltasim.simulator.dram.loading import load_standard
    >>> bits = address_bits(load_standard("DDR4-2400"))
    >>> decode(bits, 8192)                        # one row further: the next bank group, so bank 4 of 16
    (0, 4, 0)
    >>> mixed = address_bits(load_standard("DDR4-2400"), "row bank bank_group column; bank_group ^ row")
    >>> decode(mixed, 1 << 17)                    # row 1: its bank group is xor-ed with 1
    (0, 4, 1)
    >>> address_bits(load_standard("DDR4-2400"), "row bank column")
    Traceback (most recent call last):
    deltasim.runtime.errors.InputError: --mapping: row bank column: the mapping does not cover bank_group. ...
    """
    order, *xors = MAPPINGS.get(mapping, mapping).split(";")
    made_of = standard.organisation
    sizes = field_bits(made_of)
    places = places_of(order, mapping, sizes)
    mixed = {bit: {place} for bit, place in places.items()}
    for statement in xors:
        for target, source in xored(statement, sizes):
            mixed[target] ^= {places[source]}
    if rank_of(mixed.values()) < len(mixed):
        rule = "by these xors two addresses would meet in one place"
        raise InputError("--mapping", short(mapping), rule, "Change a field by bits that stay.")
    return flatten(mixed, sizes, made_of.burst.bit_length() - 1)


def places_of(order: str, mapping: str, sizes: Mapping[str, int]) -> dict[Bit, int]:
    """The address bit of every bit of every field, counted from the lowest above a transaction's bytes."""
    words = order.replace(",", " ").split()
    if len(words) < 2:
        remedy = f"{nearest(short(mapping), MAPPINGS)} Or give an order like 'row bank bank_group column'."
        raise InputError("--mapping", short(mapping) or "nothing", "there is no such mapping", remedy)
    places: dict[Bit, int] = {}
    taken, whole = dict.fromkeys(FIELDS, 0), set[str]()
    for word in reversed(words):
        name, _, number = word.partition(":")
        if name not in sizes:
            raise InputError("--mapping", short(word), "there is no such field", nearest(short(name), FIELDS))
        if number and not re.fullmatch(r"[0-9]{1,9}", number):
            raise InputError(
                "--mapping", short(word), "a field takes a whole number of bits", "Write it like column:2."
            )
        if name in whole:
            raise InputError("--mapping", word, "all bits of the field are taken already", "Leave it out.")
        left = sizes[name] - taken[name]
        bits = int(number) if number else left
        if bits > left:
            rule = f"{name} has only {left} bits left in this memory"
            raise InputError("--mapping", word, rule, "Take fewer, or choose another mapping.")
        for bit in range(taken[name], taken[name] + bits):
            places[name, bit] = len(places)
        taken[name] += bits
        if not number:
            whole.add(name)
    missing = [name for name in FIELDS if taken[name] < sizes[name]]
    if missing:
        rule = f"the mapping does not cover {' and '.join(missing)}"
        remedy = "Add it." if len(missing) == 1 else "Add them."
        raise InputError("--mapping", short(mapping), rule, remedy)
    return places


def xored(statement: str, sizes: Mapping[str, int]) -> Iterator[tuple[Bit, Bit]]:
    """Which bit is changed by which: pairs in order, until one side ends."""
    changed, found, by = statement.partition("^")
    if not found or "^" in by:
        rule = "behind a semicolon stand the fields that are changed, a ^, and those they are changed by"
        raise InputError(
            "--mapping", short(statement.strip()) or "nothing", rule, "Write it like bank ^ row."
        )
    yield from zip(named_bits(changed, sizes), named_bits(by, sizes), strict=False)


def named_bits(text: str, sizes: Mapping[str, int]) -> list[Bit]:
    """The bits that one side of an xor names, in order."""
    bits: list[Bit] = []
    for word in text.replace(",", " ").split():
        said = re.fullmatch(r"([a-z_]+)(?:\[([0-9]{1,3})(:)?([0-9]{1,3})?\])?", word)
        if not said or said[1] not in sizes:
            name = said[1] if said else short(word)
            remedy = f"{nearest(name, FIELDS)} Write bits like row[3] or row[4:6]."
            raise InputError("--mapping", short(word), "there is no such field", remedy)
        size = sizes[said[1]]
        low = int(said[2] or 0)
        high = size if said[2] is None or (said[3] and not said[4]) else int(said[4]) if said[4] else low + 1
        if said[2] is not None and not low < high <= size:
            rule = (
                f"{said[1]} has the bits 0 to {size - 1} in this memory" if size else f"{said[1]} has no bits"
            )
            raise InputError("--mapping", word, rule, "Name others, or leave it out.")
        bits += [(said[1], bit) for bit in range(low, high)]
    if not text.split():
        raise InputError("--mapping", "^", "an xor has fields on both sides", "Write it like bank ^ row.")
    return bits


def rank_of(rows: Iterable[set[int]]) -> int:
    """How many of these sums of bits are independent over the field of two elements."""
    basis: dict[int, int] = {}  # by highest bit
    for row in rows:
        value = sum(1 << place for place in row)
        while value and (top := value.bit_length()) in basis:
            value ^= basis[top]
        if value:
            basis[value.bit_length()] = value
    return len(basis)


def short(text: str) -> str:
    """A user's word, cut where it would fill the screen."""
    return text if len(text) <= 60 else f"{text[:50]}... ({len(text)} letters)"


def flatten(mixed: Mapping[Bit, set[int]], sizes: Mapping[str, int], burst_bits: int) -> AddressBits:
    """Turn fields into pieces of the channel, of the bank numbered over all channels, and of the row."""
    shift, in_bank = 0, {}
    for name in ("bank", "bank_group", "rank", "pseudo_channel", "channel"):  # from the lowest bit up
        in_bank[name], shift = shift, shift + sizes[name]

    def pieces(base: Mapping[str, int]) -> list[tuple[int, int, int]]:
        """Bits of the address that stand together, and together in the field."""
        wanted = sorted(
            (base[name] + bit - place, place)
            for (name, bit), places in mixed.items()
            if name in base
            for place in places
        )
        rows: list[tuple[int, int, int]] = []
        for number, (distance, place) in enumerate(wanted):
            if number and wanted[number - 1] == (distance, place - 1):
                first, mask, to = rows.pop()
                rows.append((first, mask << 1 | 1, to))
            else:
                rows.append((place, 1, place + distance))
        return rows

    channel, bank, row = pieces({"channel": 0}), pieces(in_bank), pieces({"row": 0})
    table = np.array(channel + bank + row, np.int64).reshape(-1, 3)
    return AddressBits(burst_bits, len(channel), len(channel) + len(bank), table)


def field_bits(made_of: Organisation) -> dict[str, int]:
    """Address bits of every field; the column counts transactions of a row."""
    sizes = {
        "channel": made_of.channels,
        "pseudo_channel": made_of.pseudo_channels,
        "rank": made_of.ranks,
        "bank_group": made_of.bank_groups,
        "bank": made_of.banks,
        "row": made_of.rows,
        "column": made_of.row // made_of.burst,
    }
    return {name: size.bit_length() - 1 for name, size in sizes.items()}


@kernel
def decode(bits: AddressBits, address: int) -> tuple[int, int, int]:
    """Give (channel, bank numbered over all channels, row) of a byte address within the memory."""
    unit = address >> bits.burst_bits
    channel, bank, row = 0, 0, 0
    for piece in range(bits.pieces.shape[0]):
        value = ((unit >> bits.pieces[piece, 0]) & bits.pieces[piece, 1]) << bits.pieces[piece, 2]
        if piece < bits.channel_pieces:
            channel ^= value
        elif piece < bits.bank_pieces:
            bank ^= value
        else:
            row ^= value
    return channel, bank, row


@part
def together(bits: AddressBits, unit: int) -> int:
    """How many transactions from ``unit`` on lie in the same row of the same bank, one after another."""
    low = 62
    for piece in range(bits.pieces.shape[0]):
        low = min(low, bits.pieces[piece, 0])
    return int((1 << low) - (unit & ((1 << low) - 1)))
