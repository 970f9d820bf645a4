"""What has to pass between two DRAM commands, as data: level, command before, command after, latency.

The rule of a channel (`scheduling`) knows commands and levels, and looks every delay up in one table made of
these. A mechanism that is a delay between two commands is one more row here, or in a standard's description.
So does Ramulator 2 (Luo et al., IEEE CAL 2023) hold its timing constraints.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from deltasim.runtime.arrays import Integers
from deltasim.runtime.compiling import inlined

COMMANDS = ("activate", "read", "write", "precharge", "refresh", "precharge_set")
"""By number. ``precharge_set`` closes the rows of a rank that are to be refreshed; nothing waits for it to be
legal by itself, so it only comes before others."""
ACTIVATE, READ, WRITE, PRECHARGE, REFRESH, PRECHARGE_SET = range(6)
AFTER = 5  # commands that may wait for another

LEVELS = ("bank", "group", "rank", "bus", "four")
"""Whom a command holds up: the same bank; all banks of its bank group; of its rank; of the other ranks on its
data bus; and the fourth command after it in its rank."""
BANK, GROUP, RANK, BUS, FOUR = range(5)
STRIDE = len(LEVELS) * AFTER


class Constraint(NamedTuple):
    """``after`` comes no sooner than the sum of ``delays`` after ``before``, last tick to last tick.

    ``level`` is one of `LEVELS`, the commands are of `COMMANDS`. Delays are names of a standard's timing;
    with a minus in front they are taken off.
    """

    level: str
    before: str
    after: str
    delays: tuple[str, ...]


def rows(*described: str) -> tuple[Constraint, ...]:
    """Constraints from lines like ``bank activate read tRCD``; of several commands before, each.

    >>> rows("rank read|write precharge tA tB")[1]
    Constraint(level='rank', before='write', after='precharge', delays=('tA', 'tB'))
    """
    words = [line.split() for line in described]
    return tuple(
        Constraint(level, before, after, tuple(delays))
        for level, commands, after, *delays in words
        for before in commands.split("|")
    )


CONSTRAINTS = rows(
    "bank activate read tRCD",
    "bank activate write tRCD_WR",
    "bank activate precharge tRAS",
    "bank activate activate tRC",
    "bank precharge activate tRP",
    "bank precharge_set activate tRPab",
    "bank read precharge tRTP",
    "bank write precharge tCWL tBL tWR",
    "bank refresh activate tRFC",
    "group activate activate tRRD_L",
    "group read read tCCD_L",
    "group write write tCCD_L_WR",
    "group write read tCWL tBL tWTR_L",
    "rank activate activate tRRD_S",
    "rank read read tCCD_S",
    "rank read write tRTW",
    "rank write write tCCD_S_WR",
    "rank write read tCWL tBL tWTR_S",
    "rank precharge|precharge_set precharge tPPD",
    "bus read read tBL tCS",
    "bus write write tBL tCS",
    "bus read write tCL tDQSCK -tCWL tBL tCS",
    "bus write read tBL tCS tCWL -tCL -tDQSCK",
    "four activate activate tFAW",
)
"""Of every standard."""

OF_PARTS = rows(
    "rank refresh activate tREF_ACT",
    "rank refresh refresh tREF_REF",
    "rank activate refresh tRRD_S",
)
"""Where a rank is refreshed in parts."""


def place(level: str, before: str, after: str) -> int:
    """Where the table has a delay."""
    return COMMANDS.index(before) * STRIDE + LEVELS.index(level) * AFTER + COMMANDS.index(after)


def table(delays: Iterable[tuple[str, str, str, int]]) -> Integers:
    """The table of (level, before, after, ticks): of several the longest, 0 where nothing has to pass.

    >>> int(table([("bank", "activate", "read", 3), ("bank", "activate", "read", 5)]).sum())
    5
    """
    found = np.zeros(len(COMMANDS) * STRIDE, np.int64)
    for level, before, after, ticks in delays:
        at = place(level, before, after)
        found[at] = max(found[at], ticks)
    return found


@inlined
def least(between: Integers, level: int, before: int, after: int) -> int:
    """Ticks that have to pass at a level, of the table ``between``; for kernels."""
    return int(between[before * STRIDE + level * AFTER + after])
