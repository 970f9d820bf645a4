"""What a DRAM did over time: commands of its banks, data on its buses, states of its ranks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

ACTIVATE, READ, PRECHARGE, REFRESH = "activate", "read", "precharge", "refresh"
ACTIVE, PRECHARGED = "active", "precharged"
ACTIVE_DOWN, PRECHARGED_DOWN = "active power-down", "precharged power-down"


class Request(NamedTuple):
    """Bytes to read, at the time the memory takes the request."""

    time_ps: int
    address: int
    bytes: int


class Command(NamedTuple):
    """A command to some banks, for as long as it keeps them: tRCD, a burst of data, tRP, tRFC.

    Banks are numbered over all ranks and channels; ``row`` is -1 where a command has none.
    """

    kind: str
    banks: range
    row: int
    start_ps: int
    end_ps: int


class Data(NamedTuple):
    """A burst on a data bus."""

    bus: int
    bank: int
    start_ps: int
    end_ps: int


class RankState(NamedTuple):
    """A rank in one of the states that draw different power."""

    rank: int
    state: str
    start_ps: int
    end_ps: int


class Issued(NamedTuple):
    """All of it, each kind in order of time."""

    commands: tuple[Command, ...]
    data: tuple[Data, ...]
    states: tuple[RankState, ...]


def filled(rank: int, known: Iterable[RankState], until_ps: int) -> list[RankState]:
    """States of a rank from 0 on, in order, with the gaps between them: there it is precharged.

    >>> filled(0, [RankState(0, "active", 10, 30)], 40)[::2]
    [RankState(rank=0, state='precharged', start_ps=0, end_ps=10), RankState(rank=0, state='precharged', \
start_ps=30, end_ps=40)]
    """
    found, at_ps = [], 0
    for one in sorted(known, key=lambda one: one.start_ps):
        if one.start_ps > at_ps:
            found.append(RankState(rank, PRECHARGED, at_ps, one.start_ps))
        if one.end_ps > at_ps:  # a row may be told open before the last command that closes one is whole
            found.append(one._replace(start_ps=max(at_ps, one.start_ps)))
            at_ps = one.end_ps
    if at_ps < until_ps:
        found.append(RankState(rank, PRECHARGED, at_ps, until_ps))
    return found
