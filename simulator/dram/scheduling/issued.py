"""The commands of a memory behind its controller, noted while its requests are replayed."""

from __future__ import annotations

from collections.abc import Sequence

from deltasim.simulator.dram.issued import (
    ACTIVATE,
    ACTIVE,
    ACTIVE_DOWN,
    PRECHARGE,
    PRECHARGED_DOWN,
    READ,
    REFRESH,
    Command,
    Data,
    Issued,
    RankState,
    Request,
    filled,
)
from deltasim.simulator.dram.mapping import AddressBits
from deltasim.simulator.dram.scheduling import fields as at
from deltasim.simulator.dram.scheduling.controller import advance, ask, take
from deltasim.simulator.dram.scheduling.idle import refresh_idle
from deltasim.simulator.dram.scheduling.packing import pack, parts
from deltasim.simulator.dram.scheduling.state import Memory
from deltasim.simulator.dram.timing import Timing


def controlled_commands(
    timing: Timing, bits: AddressBits, requests: Sequence[Request], elapsed_ps: int
) -> Issued:
    """What a memory did from rest to the end of a run, for requests in the order in which it took them.

    >>> from deltasim.simulator.dram.loading import load_standard
    >>> from deltasim.simulator.dram.mapping import address_bits
    >>> standard = load_standard("DDR3-1600")
    >>> found = controlled_commands(standard.timing(), address_bits(standard), [Request(0, 0, 128)], 100000)
    >>> [(one.kind, one.start_ps, one.end_ps) for one in found.commands]
    [('activate', 0, 13750), ('read', 13750, 18750), ('read', 18750, 23750)]
    >>> [(one.start_ps, one.end_ps) for one in found.data]
    [(27500, 32500), (32500, 37500)]
    """
    room = 1024
    while True:
        flat = pack(timing, bits, len(requests), room)
        for ticket, request in enumerate(requests):
            advance(flat, request.time_ps - 1)
            ask(flat, request.time_ps, ticket, request.address, request.bytes, 0)
            while take(flat, request.time_ps).ticket >= 0:
                pass
        (advance if requests else refresh_idle)(flat, elapsed_ps)
        notes = parts(flat).notes
        if notes[0, 0] < len(notes):
            return Told(timing, parts(flat)).by(elapsed_ps)
        room = int(notes[0, 0])


class Told:
    """What the notes of a memory say, gathered in their order."""

    def __init__(self, timing: Timing, memory: Memory) -> None:
        self.timing, self.memory = timing, memory
        self.banks = timing.groups * timing.banks  # of a rank
        self.commands: list[Command] = []
        self.data: list[Data] = []
        self.opened: list[set[int]] = [set() for _ in memory.rank]  # banks with a row open
        self.since = [0] * len(memory.rank)  # since when any is
        self.active: list[list[RankState]] = [[] for _ in memory.rank]
        self.down: list[list[RankState]] = [[] for _ in memory.rank]
        for row in memory.notes[1 : int(memory.notes[0, 0]) + 1].tolist():
            self.enter(*row)

    def enter(self, tick: int, kind: int, target: int, count: int, apart: int, place: int) -> None:
        """One note; its fields are those of `fields`."""
        timing, rank, bank = self.timing, target // self.banks, range(target, target + 1)
        if kind == at.ACTIVATE:
            if not self.opened[rank]:
                self.since[rank] = tick + timing.activate_slots - 1
            self.opened[rank].add(target)
            self.command(ACTIVATE, bank, place, tick, timing.wait("bank activate read"))
        elif kind == at.COLUMN:
            for number in range(count):
                asked = tick + number * apart
                self.command(READ, bank, place, asked, timing.burst)
                self.burst(rank // timing.ranks_on_bus, target, asked + timing.read_latency)
        elif kind in (at.PRECHARGE, at.CLOSE):
            self.close(target, tick, timing.wait("bank precharge activate"))
        elif kind == at.DOWN:
            state = ACTIVE_DOWN if place else PRECHARGED_DOWN
            self.down[target].append(self.in_state(target, state, tick, tick + count))
        else:  # of a rank, all banks of a set
            refreshed = range(place, (target + 1) * self.banks, timing.refresh_sets)
            if kind == at.REFRESH:
                self.command(REFRESH, refreshed, -1, tick, timing.wait("bank refresh activate"))
            else:
                for one in sorted(self.opened[target].intersection(refreshed)):
                    self.close(one, tick, timing.wait("bank precharge_set activate"))

    def command(self, kind: str, banks: range, row: int, tick: int, ticks: int) -> None:
        tick_ps = self.timing.tick_ps
        self.commands.append(Command(kind, banks, row, tick * tick_ps, (tick + ticks) * tick_ps))

    def burst(self, bus: int, bank: int, end: int) -> None:
        tick_ps = self.timing.tick_ps
        self.data.append(Data(bus, bank, (end - self.timing.burst) * tick_ps, end * tick_ps))

    def in_state(self, rank: int, state: str, start: int, end: int) -> RankState:
        return RankState(rank, state, start * self.timing.tick_ps, end * self.timing.tick_ps)

    def close(self, bank: int, tick: int, ticks: int) -> None:
        """A row closes; with the last one its rank is precharged."""
        rank = bank // self.banks
        self.opened[rank].remove(bank)
        self.command(PRECHARGE, range(bank, bank + 1), -1, tick, ticks)
        if not self.opened[rank]:
            closed = tick + self.timing.precharge_slots - 1
            self.active[rank].append(self.in_state(rank, ACTIVE, self.since[rank], closed))

    def by(self, elapsed_ps: int) -> Issued:
        """All of it, until the end of the run."""
        return Issued(
            tuple(sorted(self.commands, key=lambda one: one.start_ps)),
            tuple(sorted(self.data, key=lambda one: one.start_ps)),
            tuple(state for rank in range(len(self.opened)) for state in self.states(rank, elapsed_ps)),
        )

    def states(self, rank: int, elapsed_ps: int) -> list[RankState]:
        """A rank's states; powered down it is so with rows open or closed."""
        record, tick_ps, after = self.memory.rank[rank], self.timing.tick_ps, self.timing.power_down_after
        active, down = list(self.active[rank]), list(self.down[rank])
        if self.opened[rank]:
            active.append(RankState(rank, ACTIVE, self.since[rank] * tick_ps, elapsed_ps))
        if after and record[at.PENDING] == 0:
            state = ACTIVE_DOWN if self.opened[rank] else PRECHARGED_DOWN
            down.append(RankState(rank, state, int(record[at.IDLE_FROM] + after) * tick_ps, elapsed_ps))
        known = list(down)
        for one in active:
            start_ps = one.start_ps
            for asleep in down:
                if one.start_ps <= asleep.start_ps < asleep.end_ps <= one.end_ps:
                    known.append(RankState(rank, ACTIVE, start_ps, asleep.start_ps))
                    start_ps = asleep.end_ps
            known.append(RankState(rank, ACTIVE, start_ps, one.end_ps))
        return filled(rank, (one for one in known if one.start_ps < one.end_ps), elapsed_ps)
