"""What the DRAM rule remembers: flat arrays of whole numbers over all channels of one memory."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from deltasim.simulator.dram.scheduling import fields as at
from deltasim.simulator.dram.timing import Timing

Integers = npt.NDArray[np.int64]


class Memory(NamedTuple):
    """All that a memory remembers, one row a thing, one column a field of `fields`.

    B banks, G bank groups, R ranks (and pseudo channels), C channels, S slots; all int64, times in ticks.
    Banks are numbered group by group, groups rank by rank, ranks channel by channel.
    """

    bank: Integers  # (B, BANK_FIELDS)
    shared: Integers  # (SHARED_FIELDS (G + R + 1),) group by group, rank by rank, then zeros: no limit
    rank: Integers  # (R, RANK_FIELDS)
    channel: Integers  # (C, CHANNEL_FIELDS)
    slot: Integers  # (S, SLOT_FIELDS)
    candidate: (
        Integers  # (2 B, CANDIDATE_FIELDS) for every channel its column candidates, then its row candidates
    )
    counts: Integers  # (C, COUNT_FIELDS)
    notes: (
        Integers  # (N, NOTE_FIELDS) of commands, the first row how many there are; N is 0 where none are kept
    )


def empty_memory(timing: Timing, notes: int = 0) -> Memory:
    """Make a memory at tick 0: every row closed, nothing waiting, the first refresh one interval away.

    With room for ``notes`` it notes its commands (`noting`).

    >>> from deltasim.simulator.dram.loading import load_standard
    >>> memory = empty_memory(load_standard("HBM2-2000").timing())
    >>> memory.bank.shape, memory.rank.shape      # 2 pseudo channels of 16 banks
    ((32, 16), (2, 13))
    """
    banks = timing.groups * timing.banks
    banks_of_channel = timing.ranks * banks
    bank = np.zeros((timing.channels * banks_of_channel, at.BANK_FIELDS), np.int64)
    bank[:, [at.OPEN_ROW, at.HEAD, at.TAIL, at.HIT, at.PLACES, at.PLACES + 1]] = (
        at.NOBODY
    )  # which is also CLOSED
    number = np.arange(len(bank))
    bank[:, at.BANK_RANK] = number // banks
    groups = timing.channels * timing.ranks * timing.groups
    bank[:, at.GROUP_SHARED] = number // timing.banks * at.SHARED_FIELDS
    bank[:, at.RANK_SHARED] = (groups + bank[:, at.BANK_RANK]) * at.SHARED_FIELDS

    rank = np.zeros((timing.channels * timing.ranks, at.RANK_FIELDS), np.int64)
    rank[:, at.ACTIVATES : at.ACTIVATES + 4] = -at.NEVER

    slots = timing.queue + banks_of_channel  # a request whose row was opened waits outside the queue
    slot = np.zeros((timing.channels * slots, at.SLOT_FIELDS), np.int64)
    slot[:, at.AFTER] = np.arange(1, len(slot) + 1)
    slot[slots - 1 :: slots, at.AFTER] = at.NOBODY
    channel = np.zeros((timing.channels, at.CHANNEL_FIELDS), np.int64)
    channel[:, at.FREE_SLOT] = np.arange(timing.channels) * slots
    channel[:, at.REFRESH_DUE] = timing.refresh_interval or at.NEVER
    channel[:, at.CLOCK_UNTIL] = 0 if timing.read_clock else 2 * at.NEVER
    channel[:, [at.BEST, at.BEST + 1]] = at.UNKNOWN
    channel[:, at.LISTS] = np.arange(timing.channels) * 2 * banks_of_channel
    channel[:, at.LISTS + 1] = channel[:, at.LISTS] + banks_of_channel
    return Memory(
        bank=bank,
        shared=np.zeros((len(rank) * (timing.groups + 1) + 1) * at.SHARED_FIELDS, np.int64),
        rank=rank,
        channel=channel,
        slot=slot,
        candidate=np.zeros((2 * len(bank), at.CANDIDATE_FIELDS), np.int64),
        counts=np.zeros((timing.channels, at.COUNT_FIELDS), np.int64),
        notes=np.zeros((notes + 1 if notes else 0, at.NOTE_FIELDS), np.int64),
    )
