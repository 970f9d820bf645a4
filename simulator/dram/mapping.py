"""Address mappings as data: which bits of an address name channel, rank, bank, row and column.

A mapping is an order of fields from the most significant bit down, as the names in the literature are written.
``column:2`` takes the two lowest bits of the column that are not taken yet; a plain name takes all the rest.
The bits below are the bytes of one transaction.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from networks.errors import InputError, nearest
from networks.kernels import kernel
from simulator.dram.standard import Organisation, Standard

FIELDS = ("channel", "pseudo_channel", "rank", "bank_group", "bank", "row", "column")
CHANNEL, PSEUDO_CHANNEL, RANK, BANK_GROUP, BANK, ROW, COLUMN = 0, 1, 2, 3, 4, 5, 6


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
        "row column bank bank_group rank pseudo_channel column:2 channel", "pseudo_channel rank bank_group bank"
    ),
}


class AddressBits(NamedTuple):
    """A mapping for one memory, flat. All arrays are int64.

    ``pieces`` (n, 4): field, its place in the address (in transactions), mask, its place in the field;
    ``xors`` (m, 3): target field, place in the column, mask.
    """

    burst_bits: int  # a transaction is 2 ** burst_bits bytes
    capacity: int  # bytes
    pieces: npt.NDArray[np.int64]
    xors: npt.NDArray[np.int64]
    ranks: int
    groups: int
    banks: int
    pseudo_channels: int


def address_bits(standard: Standard, mapping: str = "RoBaRaCoCh") -> AddressBits:
    """Lay a mapping, by its name or as an order of fields, over the sizes of a memory.

    Errors: InputError for an unknown name or field, a field left out or taken twice.

    >>> from simulator.dram.loading import load_standard
    >>> bits = address_bits(load_standard("DDR4-2400"))
    >>> decode(bits, 8192)                        # one row further: the next bank group, so bank 4 of 16
    (0, 4, 0)
    >>> address_bits(load_standard("DDR4-2400"), "row bank column")
    Traceback (most recent call last):
    networks.errors.InputError: --mapping: row bank column: the mapping does not cover bank_group. Add it.
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
    pieces, place = [], 0
    for word in reversed(chosen.order.split()):
        name, _, number = word.partition(":")
        if name not in left:
            raise InputError("--mapping", word, "there is no such field", nearest(name, FIELDS))
        if number and not number.isdecimal():
            raise InputError("--mapping", word, "a field takes a whole number of bits", "Write it like column:2.")
        if taken[name] == -1:
            raise InputError("--mapping", word, "all bits of the field are taken already", "Leave it out.")
        bits = int(number) if number else left[name]
        if bits > left[name]:
            rule = f"{name} has only {left[name]} bits left in this memory"
            raise InputError("--mapping", word, rule, "Take fewer, or choose another mapping.")
        if bits:
            pieces.append((FIELDS.index(name), place, (1 << bits) - 1, taken[name]))
        place, left[name] = place + bits, left[name] - bits
        taken[name] = taken[name] + bits if number else -1
    missing = [name for name in FIELDS if left[name] > 0]
    if missing:
        rule = f"the mapping does not cover {' and '.join(missing)}"
        raise InputError("--mapping", mapping, rule, "Add it." if len(missing) == 1 else "Add them.")
    xors, low, bits_of = [], 0, field_bits(made_of)
    for name in chosen.xor.split():
        bits = min(bits_of[name], max(0, bits_of["column"] - low))
        if bits:
            xors.append((FIELDS.index(name), low, (1 << bits) - 1))
        low += bits_of[name]
    return AddressBits(
        made_of.burst.bit_length() - 1,
        standard.capacity_bytes,
        np.array(pieces, np.int64).reshape(-1, 4),
        np.array(xors, np.int64).reshape(-1, 3),
        made_of.ranks,
        made_of.bank_groups,
        made_of.banks,
        made_of.pseudo_channels,
    )


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
    fields = [0, 0, 0, 0, 0, 0, 0]
    for piece in range(bits.pieces.shape[0]):
        value = (unit >> bits.pieces[piece, 1]) & bits.pieces[piece, 2]
        fields[bits.pieces[piece, 0]] |= value << bits.pieces[piece, 3]
    for xor in range(bits.xors.shape[0]):
        fields[bits.xors[xor, 0]] ^= (fields[COLUMN] >> bits.xors[xor, 1]) & bits.xors[xor, 2]
    rank = (fields[CHANNEL] * bits.pseudo_channels + fields[PSEUDO_CHANNEL]) * bits.ranks + fields[RANK]
    bank = (rank * bits.groups + fields[BANK_GROUP]) * bits.banks + fields[BANK]
    return fields[CHANNEL], bank, fields[ROW]
