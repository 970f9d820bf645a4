"""The commands of a channel that serves columns in order, told from what its rule (`dram`) changes.

The rule works a column out in one step. Here it is asked row by row, and refresh by refresh, which comes to
the same (the tests hold the two against each other), and each step shows its commands in the banks' state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from deltasim.simulator.dram.issued import (
    ACTIVATE,
    ACTIVE,
    PRECHARGE,
    READ,
    REFRESH,
    Command,
    Data,
    Issued,
    RankState,
    Request,
    filled,
)
from deltasim.simulator.memories.dram import (
    ACTIVATED,
    ACTIVE_SINCE,
    BANKS,
    CLOSED,
    NEXT_REFRESH,
    OPEN_ROW,
    PER_BANK,
    READY,
    REFRESHES,
    DramTiming,
    State,
    channel_at_rest,
    fetch,
    refresh_until,
)


class Piece(NamedTuple):
    """The part of a column that lies in one row."""

    bank: int
    row: int
    address: int
    bytes: int


def pieces(timing: DramTiming, address: int, size: int) -> Iterator[Piece]:
    """Row by row, as the rule goes through a column, in whole bursts."""
    burst, per_row = timing.burst_bytes, timing.row_bytes // timing.burst_bytes
    at, end = address // burst, -(-(address + size) // burst)
    while at < end:
        number = at // per_row
        until = min(end, (number + 1) * per_row)
        outer, within = divmod(number, timing.banks if timing.rotate else timing.rows)
        bank, row = (within, outer) if timing.rotate else (outer, within)
        yield Piece(bank, row, at * burst, (until - at) * burst)
        at = until


def in_order_commands(timing: DramTiming, requests: Iterable[Request], elapsed_ps: int) -> Issued:
    """What a channel did from rest to the end of a run, for requests in the order in which it took them.

    >>> timing = DramTiming(
    ...     1250, 13750, 13750, 13750, 35000, 7500, 260000, 7800000, 5000, 64, 8192, 8, 65536, 1)
    >>> found = in_order_commands(timing, [Request(0, 0, 64)], 100000)
    >>> [(one.kind, one.start_ps, one.end_ps) for one in found.commands]        # RCD, then a burst's read
    [('activate', 0, 13750), ('read', 13750, 18750)]
    >>> [(one.start_ps, one.end_ps) for one in found.data]                      # CL after the read
    [(27500, 32500)]
    """
    channel = Channel(timing)
    for request in requests:
        for piece in pieces(timing, request.address, request.bytes):
            channel.refresh(request.time_ps)
            channel.fetch(request.time_ps, piece)
    channel.refresh(elapsed_ps)
    if channel.state[ACTIVE_SINCE] != CLOSED:
        channel.in_state(elapsed_ps)
    active = [one._replace(end_ps=min(one.end_ps, elapsed_ps)) for one in channel.active]
    states = filled(0, (one for one in active if one.start_ps < one.end_ps), elapsed_ps)
    return Issued(tuple(channel.commands), tuple(channel.data), tuple(states))


class Channel:
    """A channel under way, and what it has done so far."""

    def __init__(self, timing: DramTiming) -> None:
        self.timing, self.state = timing, channel_at_rest(timing)
        self.commands: list[Command] = []
        self.data: list[Data] = []
        self.active: list[RankState] = []

    def bank(self, number: int) -> State:
        place = BANKS + PER_BANK * number
        return self.state[place : place + PER_BANK]

    def refresh(self, now_ps: int) -> None:
        """Every refresh due by now, all rows closed before it."""
        timing, state = self.timing, self.state
        while state[NEXT_REFRESH] <= now_ps:
            before, since = int(state[REFRESHES]), int(state[ACTIVE_SINCE])
            opened = [bank for bank in range(timing.banks) if self.bank(bank)[OPEN_ROW] != CLOSED]
            refresh_until(state, timing, int(state[NEXT_REFRESH]))
            number = int(state[REFRESHES]) - before  # of several the later ones follow at once
            start_ps = int(self.bank(0)[READY]) - number * timing.refresh_ps
            for bank in opened:
                closing_ps = start_ps - timing.precharge_ps
                self.commands.append(Command(PRECHARGE, range(bank, bank + 1), -1, closing_ps, start_ps))
            if since != CLOSED:
                self.active.append(RankState(0, ACTIVE, since, start_ps - timing.precharge_ps))
            for _ in range(number):
                end_ps = start_ps + timing.refresh_ps
                self.commands.append(Command(REFRESH, range(timing.banks), -1, start_ps, end_ps))
                start_ps = end_ps

    def fetch(self, now_ps: int, piece: Piece) -> None:
        """A row's part of a column: precharge and activate where it was not open, then burst by burst."""
        timing, bank = self.timing, range(piece.bank, piece.bank + 1)
        service = fetch(self.state, timing, now_ps, piece.address, piece.bytes)
        if service.activates:
            start_ps = int(self.bank(piece.bank)[ACTIVATED])
            if service.conflicts:
                closing_ps = start_ps - timing.precharge_ps
                self.commands.append(Command(PRECHARGE, bank, -1, closing_ps, start_ps))
            end_ps = start_ps + timing.activate_ps
            self.commands.append(Command(ACTIVATE, bank, piece.row, start_ps, end_ps))
        for start_ps in range(service.first_ps, service.last_ps, timing.burst_ps):
            asked_ps, end_ps = start_ps - timing.read_ps, start_ps + timing.burst_ps
            self.commands.append(Command(READ, bank, piece.row, asked_ps, asked_ps + timing.burst_ps))
            self.data.append(Data(0, piece.bank, start_ps, end_ps))

    def in_state(self, until_ps: int) -> None:
        """Rows are still open at the end."""
        self.active.append(RankState(0, ACTIVE, int(self.state[ACTIVE_SINCE]), until_ps))
