"""One memory in one flat int64 array: what it is, what it remembers, and the runs asked of it.

The array describes itself, so a table with a row for every memory of a chip may hold memories of any shape,
each row filled up with anything. `pack` makes the array of a memory at rest, `view` gives its parts by
name without copying.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from simulator.dram import fields as at
from simulator.dram.borrowing import part
from simulator.dram.coming import COMING_FIELDS
from simulator.dram.mapping import AddressBits
from simulator.dram.state import Integers, Memory, empty_memory
from simulator.dram.timing import Timing

# run: bytes asked for under one ticket
TICKET, ARRIVAL, WRITE = 0, 1, 2
ADDRESS, END = 3, 4  # of its transactions that are not in a queue yet
LEFT, BURSTS = 5, 6  # transactions not served yet, and all
FIRST, LAST = 7, 8  # ticks: its first data begin, its last have passed
HITS, MISSES, CONFLICTS, ACTIVATES = 9, 10, 11, 12
AFTER = 13  # the next of its list
RUN_FIELDS = 14

# register
NOW = 0  # no command before this tick is left to issue
OLDEST, YOUNGEST = 1, 2  # runs that wait for the one that is fed to the queues
FEEDING = 3  # the run that is, or NOBODY
FED_LEFT = 4  # its transactions of one row that come next; with their place:
FED_CHANNEL, FED_BANK, FED_ROW = 5, 6, 7
FREE = 8  # unused entries of the table of runs
DONE = 9  # runs that are served, by LAST and TICKET
PLACED = 10  # entries ever used
REGISTERS = 11

# before the arrays: the fields of Timing, then
BURST_BITS, CHANNEL_PIECES, BANK_PIECES, PIECES, RUNS = (len(Timing._fields) + place for place in range(5))
HEAD = len(Timing._fields) + 5


class Stream(NamedTuple):
    """The parts of a packed memory."""

    timing: Timing
    bits: AddressBits
    memory: Memory
    run: Integers  # (runs, RUN_FIELDS)
    register: Integers  # (REGISTERS,)
    coming: Integers  # (channels, COMING_FIELDS)


def pack(timing: Timing, bits: AddressBits, runs: int) -> Integers:
    """Make a memory at rest that takes up to ``runs`` runs at a time, as one flat array.

    >>> from simulator.dram.loading import load_standard
    >>> from simulator.dram.mapping import address_bits
    >>> standard = load_standard("DDR4-2400")
    >>> flat = pack(standard.timing(), address_bits(standard), runs=16)
    >>> flat.ndim, str(flat.dtype)
    (1, 'int64')
    """
    run = np.zeros((runs, RUN_FIELDS), np.int64)
    run[:, AFTER] = [*range(1, runs), at.NOBODY]
    register = np.zeros(REGISTERS, np.int64)
    register[[OLDEST, YOUNGEST, FEEDING, DONE]] = at.NOBODY
    coming = np.zeros((timing.channels, COMING_FIELDS), np.int64)
    sizes = (bits.burst_bits, bits.channel_pieces, bits.bank_pieces, len(bits.pieces), runs)
    arrays = (*empty_memory(timing), run, register, coming, bits.pieces)
    return np.concatenate([np.array((*timing, *sizes), np.int64), *(array.ravel() for array in arrays)])


@part
def timing_of(flat: Integers) -> Timing:
    """Read the timing, field by field in its order."""
    return Timing(
        flat[0],
        flat[1],
        flat[2],
        flat[3],
        flat[4],
        flat[5],
        flat[6],
        flat[7],
        flat[8],
        flat[9],
        flat[10],
        flat[11],
        flat[12],
        flat[13],
        flat[14],
        flat[15],
        flat[16],
        flat[17],
        flat[18],
        flat[19],
        flat[20],
        flat[21],
        flat[22],
        flat[23],
        flat[24],
        flat[25],
        flat[26],
        flat[27],
        flat[28],
        flat[29],
        flat[30],
        flat[31],
        flat[32],
        flat[33],
        flat[34],
        flat[35],
        flat[36],
        flat[37],
        flat[38],
        flat[39],
        flat[40],
        flat[41],
        flat[42],
        flat[43],
        flat[44],
    )


@part
def view(flat: Integers) -> Stream:
    """Give the parts of a packed memory, which share its storage."""
    timing = timing_of(flat)
    ranks = timing.channels * timing.ranks
    banks_of_channel = timing.ranks * timing.groups * timing.banks
    banks, slots = timing.channels * banks_of_channel, timing.channels * (timing.queue + banks_of_channel)
    held = ranks * (timing.groups + 1) + 1
    a = HEAD
    b = a + banks * at.BANK_FIELDS
    bank = flat[a:b].reshape((banks, at.BANK_FIELDS))
    a, b = b, b + held * at.SHARED_FIELDS
    shared = flat[a:b].reshape((held, at.SHARED_FIELDS))
    a, b = b, b + ranks * at.RANK_FIELDS
    rank = flat[a:b].reshape((ranks, at.RANK_FIELDS))
    a, b = b, b + timing.channels * at.CHANNEL_FIELDS
    channel = flat[a:b].reshape((timing.channels, at.CHANNEL_FIELDS))
    a, b = b, b + slots * at.SLOT_FIELDS
    slot = flat[a:b].reshape((slots, at.SLOT_FIELDS))
    a, b = b, b + banks * 2 * at.WISH_FIELDS
    wish = flat[a:b].reshape((timing.channels, 2, at.WISH_FIELDS, banks_of_channel))
    a, b = b, b + timing.channels * at.COUNT_FIELDS
    counts = flat[a:b].reshape((timing.channels, at.COUNT_FIELDS))
    a, b = b, b + flat[RUNS] * RUN_FIELDS
    run = flat[a:b].reshape((flat[RUNS], RUN_FIELDS))
    a, b = b, b + REGISTERS
    register = flat[a:b]
    a, b = b, b + timing.channels * COMING_FIELDS
    coming = flat[a:b].reshape((timing.channels, COMING_FIELDS))
    a, b = b, b + flat[PIECES] * 3
    bits = AddressBits(
        flat[BURST_BITS], flat[CHANNEL_PIECES], flat[BANK_PIECES], flat[a:b].reshape((flat[PIECES], 3))
    )
    memory = Memory(bank, shared, rank, channel, slot, wish, counts)
    return Stream(timing, bits, memory, run, register, coming)
