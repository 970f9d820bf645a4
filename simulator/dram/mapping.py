"""Address mappings as data: which bits of an address name channel, rank, bank, row and column.

A mapping is an order of fields from the most significant bit down, as the names in the literature are
written. ``column:2`` takes the two lowest bits of the column that are not taken yet; a plain name takes all
the rest. The bits below are the bytes of one transaction.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from deltasim.runtime.compiling import kernel, part
from deltasim.runtime.errors import InputError, nearest
from deltasim.runtime.readers.files import whole
from deltasim.simulator.dram.standard import Organisation, Standard

FIELDS = ("channel", "pseudo_channel", "rank", "bank_group", "bank", "row", "column")


class Mapping(NamedTuple):
    """An order of fields, and the fields that are xor-ed with successive bits of the column.

    >>> MAPPINGS["RoBaRaCoCh"].order
    'row bank bank_group rank pseudo_channel column channel'
    """

    order: str
    xor: str = ""


MAPPINGS = {
    "RoBaRaCoCh": Mapping("row bank bank_group rank pseudo_channel column channel"),
    "RoRaBaCoCh": Mapping("row rank pseudo_channel bank bank_group column channel"),
    "RoCoBaRaCh": Mapping("row column bank rank pseudo_channel bank_group channel"),  # bank-interleaved
    "ChRaBaRoCo": Mapping("channel rank pseudo_channel bank_group bank row column"),
    "MOP4CLXOR": Mapping(
        "row column bank bank_group rank pseudo_channel column:2 channel",
        "pseudo_channel rank bank_group bank",
    ),
}


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

    Errors: InputError for an unknown name or field, a field left out or taken twice.

    >>> from deltasim.simulator.dram.loading import load_standard
    >>> bits = address_bits(load_standard("DDR4-2400"))
    >>> decode(bits, 8192)                        # one row further: the next bank group, so bank 4 of 16
    (0, 4, 0)
    >>> address_bits(load_standard("DDR4-2400"), "row bank column")
    Traceback (most recent call last):
    deltasim.runtime.errors.InputError: --mapping: row bank column: the mapping does not cover bank_group. ...
    """
    chosen = MAPPINGS.get(mapping)
    if chosen is None:
        words = mapping.replace(",", " ").split()
        if len(words) < 2:
            remedy = f"{nearest(mapping, MAPPINGS)} Or give an order like 'row bank bank_group column'."
            raise InputError("--mapping", mapping or "nothing", "there is no such mapping", remedy)
        chosen = Mapping(" ".join(words))
    made_of = standard.organisation
    left = field_bits(made_of)
    taken = dict.fromkeys(FIELDS, 0)
    pieces: list[Piece] = []
    place = 0
    for word in reversed(chosen.order.split()):
        name, _, number = word.partition(":")
        if name not in left:
            raise InputError("--mapping", word, "there is no such field", nearest(name, FIELDS))
        if number and whole(number, 64) is None:
            raise InputError(
                "--mapping",
                word,
                "a field takes a whole number of bits, at most 64",
                "Write it like column:2.",
            )
        if taken[name] == -1:
            raise InputError("--mapping", word, "all bits of the field are taken already", "Leave it out.")
        bits = int(number) if number else left[name]
        if bits > left[name]:
            rule = f"{name} has only {left[name]} bits left in this memory"
            raise InputError("--mapping", word, rule, "Take fewer, or choose another mapping.")
        if bits:
            pieces.append(Piece(name, taken[name], bits, place))
        place, left[name] = place + bits, left[name] - bits
        taken[name] = taken[name] + bits if number else -1
    missing = [name for name in FIELDS if left[name] > 0]
    if missing:
        rule = f"the mapping does not cover {' and '.join(missing)}"
        raise InputError("--mapping", mapping, rule, "Add it." if len(missing) == 1 else "Add them.")
    return flatten(pieces, chosen.xor.split(), field_bits(made_of), made_of.burst.bit_length() - 1)


class Piece(NamedTuple):
    """Bits of a field, from ``low`` on, that stand together in the address at ``place``."""

    field: str
    low: int
    bits: int
    place: int


def flatten(pieces: list[Piece], xor: list[str], sizes: dict[str, int], burst_bits: int) -> AddressBits:
    """Turn fields into pieces of the channel, of the bank numbered over all channels, and of the row."""
    low = 0
    mixed = list(pieces)  # with the column bits that are xor-ed onto other fields
    for name in xor:
        for piece in pieces:
            start = max(low, piece.low)
            bits = min(low + sizes[name], piece.low + piece.bits) - start
            if piece.field == "column" and bits > 0:
                mixed.append(Piece(name, start - low, bits, piece.place + start - piece.low))
        low += sizes[name]
    shift, in_bank = 0, {}
    for name in ("bank", "bank_group", "rank", "pseudo_channel", "channel"):  # from the lowest bit up
        in_bank[name], shift = shift, shift + sizes[name]

    def rows(base: dict[str, int]) -> list[tuple[int, int, int]]:
        chosen = [piece for piece in mixed if piece.field in base]
        return [(piece.place, (1 << piece.bits) - 1, base[piece.field] + piece.low) for piece in chosen]

    channel, bank, row = rows({"channel": 0}), rows(in_bank), rows({"row": 0})
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
