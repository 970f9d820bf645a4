"""One memory in one flat int64 array: what it is, what it remembers, and the runs asked of it.

The array describes itself, so a table with a row for every memory of a chip may hold memories of any shape,
each row filled up with anything. `pack` makes the array of a memory at rest, `parts` gives its parts by name,
`view` does so in kernels.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from deltasim.runtime.packed_views import PackedTable, Seen, packed_viewer
from deltasim.simulator.dram.mapping import AddressBits
from deltasim.simulator.dram.scheduling import fields as at
from deltasim.simulator.dram.scheduling.state import Integers, Memory, empty_memory
from deltasim.simulator.dram.timing import Timing

# run: bytes asked for under one ticket
TICKET, ARRIVAL, WRITE = 0, 1, 2
ADDRESS, END = 3, 4  # of its transactions that are not in a queue yet
LEFT, BURSTS = 5, 6  # transactions not served yet, and all that were read or written for this run
FIRST, LAST = 7, 8  # ticks: its first data begin, its last have passed
HITS, MISSES, CONFLICTS, ACTIVATES = 9, 10, 11, 12
AFTER = 13  # the next of its list
RUN_FIELDS = 14

# register
NOW = 0  # no command before this tick is left to issue
OLDEST, YOUNGEST = 1, 2  # runs that wait for the one that is fed to the queues
FEEDING = 3  # the run that is, or NOBODY
FED_LEFT = 4  # its transactions of one row that come next; with their place:
FED_CHANNEL, FED_BANK, FED_ROW, FED_BURST = 5, 6, 7, 8
FREE = 9  # unused entries of the table of runs
DONE = 10  # runs that are served, by LAST and TICKET
PLACED = 11  # entries ever used
REGISTERS = 12

# coming, the next command of a channel as far as it is known: whether it is, and what it is
KNOWN, TICK, KIND, TARGET = 0, 1, 2, 3
COMING_FIELDS = 4


class Stream(NamedTuple):
    """The parts of a packed memory."""

    timing: Timing
    bits: AddressBits
    memory: Memory
    run: Integers  # (runs, RUN_FIELDS)
    register: Integers  # (REGISTERS,)
    coming: Integers  # (channels, COMING_FIELDS)


# The array: the words of Timing, those of AddressBits but for its pieces, where the tables begin with their
# number of rows, the tables.
WORDS = Timing._fields[1:]  # all but ``between``, which is a table
BITS = len(WORDS)
TABLES = {
    "bank": at.BANK_FIELDS,
    "shared": 1,
    "rank": at.RANK_FIELDS,
    "channel": at.CHANNEL_FIELDS,
    "slot": at.SLOT_FIELDS,
    "candidate": at.CANDIDATE_FIELDS,
    "counts": at.COUNT_FIELDS,
    "notes": at.NOTE_FIELDS,
    "run": RUN_FIELDS,
    "register": 1,
    "coming": COMING_FIELDS,
    "pieces": 3,
    "between": 1,
}
DIRECTORY = BITS + 3
HEAD = DIRECTORY + 2 * len(TABLES)

SEEN_TABLES = {
    name: PackedTable(DIRECTORY + 2 * number, fields) for number, (name, fields) in enumerate(TABLES.items())
}
SEEN_BITS = Seen(
    "AddressBits",
    {
        "burst_bits": BITS,
        "channel_pieces": BITS + 1,
        "bank_pieces": BITS + 2,
        "pieces": SEEN_TABLES["pieces"],
    },
)
SEEN = Seen(
    "Stream",
    {
        "timing": Seen(
            "Timing",
            {"between": SEEN_TABLES["between"]} | {name: place for place, name in enumerate(WORDS)},
        ),
        "bits": SEEN_BITS,
        "memory": Seen("Memory", {name: SEEN_TABLES[name] for name in Memory._fields}),
        "run": SEEN_TABLES["run"],
        "register": SEEN_TABLES["register"],
        "coming": SEEN_TABLES["coming"],
    },
)
view: Callable[[Integers], Stream] = packed_viewer(SEEN)


def pack(timing: Timing, bits: AddressBits, runs: int, notes: int = 0) -> Integers:
    """Make a memory at rest that takes up to ``runs`` runs at a time, as one flat array.

    With room for ``notes`` it notes its commands.

    >>> from deltasim.simulator.dram.loading import load_standard
    >>> from deltasim.simulator.dram.mapping import address_bits
    >>> standard = load_standard("DDR4-2400")
    >>> flat = pack(standard.timing(), address_bits(standard), runs=16)
    >>> flat.ndim, str(flat.dtype)
    (1, 'int64')
    """
    run = np.zeros((runs, RUN_FIELDS), np.int64)
    run[:, AFTER] = [*range(1, runs), at.NOBODY][:runs]
    register = np.zeros(REGISTERS, np.int64)
    register[[OLDEST, YOUNGEST, FEEDING, DONE]] = at.NOBODY
    register[FREE] = 0 if runs else at.NOBODY
    coming = np.zeros((timing.channels, COMING_FIELDS), np.int64)
    between, *words = timing
    arrays = (*empty_memory(timing, notes), run, register, coming, bits.pieces, between)
    head = [*words, bits.burst_bits, bits.channel_pieces, bits.bank_pieces]
    place = HEAD
    for array in arrays:
        head += [place, len(array)]
        place += array.size
    return np.concatenate([np.array(head, np.int64), *(array.ravel() for array in arrays)])


def parts(flat: Integers) -> Memory:
    """Give what a packed memory remembers; the arrays share its storage.

    >>> from deltasim.simulator.dram.loading import load_standard
    >>> from deltasim.simulator.dram.mapping import address_bits
    >>> standard = load_standard("HBM2-2000")
    >>> parts(pack(standard.timing(), address_bits(standard), runs=4)).bank.shape
    (32, 16)
    """
    arrays = []
    for name in Memory._fields:
        place, rows = flat[SEEN_TABLES[name].place :][:2]
        array = flat[place : place + rows * TABLES[name]]
        arrays.append(array if TABLES[name] == 1 else array.reshape(rows, TABLES[name]))
    return Memory(*arrays)
