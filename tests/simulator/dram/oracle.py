"""The DRAM rule written a second time, slowly: tick by tick, with every constraint looked up in the past."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from deltasim.simulator.dram.scheduling import fields as at
from deltasim.simulator.dram.timing import Timing

READ, WRITE = "read", "write"
ACTIVATE, PRECHARGE, CLOSE, SET, REFRESH = "activate", "precharge", "close", "set", "refresh"
KIND = {ACTIVATE: at.ACTIVATE, PRECHARGE: at.PRECHARGE, CLOSE: at.CLOSE, SET: at.PRECHARGE_SET}
WORDS = {CLOSE: "precharge", SET: "precharge_set"}  # of the table of constraints
FAR = 10_000  # no command is legal so much later than it is wanted


@dataclass
class Request:
    arrival: int
    order: int
    bank: int
    row: int
    burst: int
    is_write: bool
    owner: bool = False
    sharing: int = 0  # reads that come with its burst


@dataclass
class Issued:
    tick: int
    name: str
    bank: int  # -1 for commands of a rank
    rank: int
    closed: tuple[int, ...] = ()
    refreshed: tuple[int, ...] = ()
    begun: int = -1  # where it starts the write clock before


@dataclass
class Choice:
    """A command that is wanted: at one tick the least (first, order) goes."""

    first: int
    order: int
    kind: int
    target: int
    name: str
    ready: int


@dataclass
class Oracle:
    """One channel, no power-down."""

    timing: Timing
    history: list[Issued] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    open_row: dict[int, int] = field(default_factory=dict)
    closing: dict[int, int] = field(default_factory=dict)  # bank: tick
    refreshes: int = 0
    orders: int = 0

    @property
    def queued(self) -> int:
        return sum(not request.owner for request in self.requests) + sum(
            request.sharing for request in self.requests
        )

    @property
    def due(self) -> int:
        """When the next refresh is due: of all ranks at once."""
        t = self.timing
        if not t.refresh_interval:
            return at.NEVER
        return (self.refreshes // t.ranks + 1) * t.refresh_interval

    def ask(self, tick: int, bank: int, row: int, burst: int, is_write: bool) -> None:
        alike = [request for request in self.requests if request.burst == burst]
        if alike and not is_write and not alike[-1].is_write:
            alike[-1].sharing += 1
            return
        self.requests.append(Request(tick, self.orders, bank, row, burst, is_write))
        self.orders += 1

    def rank(self, bank: int) -> int:
        return bank // (self.timing.groups * self.timing.banks)

    def group(self, bank: int) -> int:
        return bank // self.timing.banks

    def after(self, before: Issued, name: str, bank: int, rank: int) -> int:
        """The first tick at which a command is legal after one of the past."""
        t, first, then = self.timing, WORDS.get(before.name, before.name), WORDS.get(name, name)
        banks = before.closed or before.refreshed or (before.bank,)
        wait = t.wait(f"bank {first} {then}") if bank in banks else 0
        if CLOSE in (name, before.name):  # a row that closes by itself: nothing but its bank knows
            return before.tick + wait
        if any(self.group(one) == self.group(bank) for one in banks):
            wait = max(wait, t.wait(f"group {first} {then}"))
        return before.tick + max(wait, self.in_rank(before, name, rank))

    def in_rank(self, before: Issued, name: str, rank: int) -> int:
        """What a rank waits for a command to it, or to another on its data bus."""
        t, first = self.timing, WORDS.get(before.name, before.name)
        if before.rank == rank:
            return t.wait(f"rank {first} {WORDS.get(name, name)}")
        on_bus = before.rank // t.ranks_on_bus == rank // t.ranks_on_bus and before.name in (READ, WRITE)
        return t.wait(f"bus {first} {WORDS.get(name, name)}") if on_bus else 0

    def ready(self, name: str, bank: int, rank: int, arrival: int) -> int:
        """The first tick at which banks, groups and ranks allow a command."""
        tick = max([arrival, *(self.after(before, name, bank, rank) for before in self.history)])
        if name == ACTIVATE:
            activates = [past.tick for past in self.history if past.name == ACTIVATE and past.rank == rank]
            if len(activates) >= 4:
                tick = max(tick, activates[-4] + self.timing.wait("four activate activate"))
        return tick

    def slots(self, name: str) -> int:
        t = self.timing
        return {ACTIVATE: t.activate_slots, READ: t.column_slots, WRITE: t.column_slots}.get(
            name, t.precharge_slots
        )

    def next_slot(self, name: str) -> int:
        is_column = name in (READ, WRITE)
        ticks = [
            past.tick + self.slots(past.name)
            for past in self.history
            if past.name != CLOSE and (not self.timing.split_bus or (past.name in (READ, WRITE)) == is_column)
        ]
        held_up = [past.tick + 1 for past in self.history if past.name == REFRESH]
        return max([0, *ticks, *held_up])

    def clock_until(self) -> int:
        """The write clock runs until then."""
        t = self.timing
        if not t.read_clock:
            return at.NEVER * 2
        clock = {READ: t.read_clock, WRITE: t.write_clock}
        return max([0, *(past.tick + clock[past.name] for past in self.history if past.name in clock)])

    def second_half(self) -> int:
        """The last tick for the second half of an activate, or 0: none is to come."""
        if not self.timing.activate_apart:
            return 0
        on_bus = [past for past in self.history if past.name != CLOSE]
        activates = [number for number, past in enumerate(on_bus) if past.name == ACTIVATE]
        if not activates:
            return 0
        free = on_bus[activates[-1]].tick + 1
        for past in on_bus[activates[-1] + 1 :]:
            begun = past.tick if past.begun < 0 else past.begun
            if begun > free:  # a tick was left, and it was sent there
                return 0
            free = past.tick + self.slots(past.name)
        return on_bus[activates[-1]].tick + self.timing.activate_apart

    def turn(self) -> tuple[int, list[int]]:
        """Rank and banks of the next refresh."""
        t = self.timing
        per_rank = t.groups * t.banks
        turn, rank = divmod(self.refreshes, t.ranks)
        part = turn % t.refresh_sets
        return rank, [
            bank
            for bank in range(rank * per_rank, (rank + 1) * per_rank)
            if bank % per_rank % t.refresh_sets == part
        ]

    def refresh_step(self) -> Choice | None:
        rank, banks = self.turn()
        if any(request.owner and request.bank in banks for request in self.requests):
            return None
        t = self.timing
        still_open = [bank for bank in banks if bank in self.open_row or bank in self.closing]
        said = [past for past in self.history if past.name != CLOSE]
        tick = max([self.due, *(past.tick + self.in_rank(past, PRECHARGE, rank) for past in said)])
        if still_open:
            for bank in still_open:
                tick = max([tick, *(self.after(past, CLOSE, bank, rank) for past in self.history)])
            return Choice(at.REFRESH_FIRST, 0, at.PRECHARGE_SET, rank, SET, tick)
        tick = max([tick, *(past.tick + self.in_rank(past, REFRESH, rank) for past in said)])
        earlier = t.precharge_slots - t.activate_slots  # from last tick to last, as an activate
        for bank in banks:
            for past in self.history:
                to = past.closed or past.refreshed or (past.bank,)
                after = t.wait(f"bank {WORDS.get(past.name, past.name)} activate") if bank in to else 0
                tick = max(tick, past.tick + after - earlier if after else 0)
        return Choice(at.REFRESH_FIRST, 0, at.REFRESH, rank, REFRESH, tick)

    def choices(self) -> Iterator[Choice]:
        for bank, tick in self.closing.items():
            yield Choice(at.AT_ONCE, bank, at.CLOSE, bank, CLOSE, tick)
        for bank in {request.bank for request in self.requests} - set(self.closing):
            waiting = [request for request in self.requests if request.bank == bank]
            head, rank = min(waiting, key=lambda request: request.order), self.rank(bank)
            hits = [request for request in waiting if request.row == self.open_row.get(bank)]
            if hits:
                hit = min(hits, key=lambda request: request.order)
                name = WRITE if hit.is_write else READ
                first, kind = (at.COLUMN_BUS if self.timing.split_bus else at.BY_AGE), at.COLUMN
                if any(request.owner for request in hits):
                    first, kind = at.ACTIVATED_FOR_FIRST, at.COLUMN_ACTIVATED_FOR
                ready = self.ready(name, bank, rank, hit.arrival)
                yield Choice(first, hit.order, kind, bank, name, ready)
            if not hits or head is not hit:
                name = PRECHARGE if bank in self.open_row else ACTIVATE
                ready = self.ready(name, bank, rank, head.arrival)
                yield Choice(at.BY_AGE, head.order, KIND[name], bank, name, ready)
        if self.due < at.NEVER and (step := self.refresh_step()):
            yield step

    def next_command(self) -> tuple[int, int, int]:
        """(tick, kind, target), as the rule gives it."""
        choices = list(self.choices())
        if not choices:
            return at.NEVER, at.NOTHING, at.NOBODY
        free = {choice.name: self.next_slot(choice.name) for choice in choices}
        half, until, due = self.second_half(), self.clock_until(), self.due
        begin = min(
            choice.ready if choice.name == CLOSE else max(choice.ready, free[choice.name])
            for choice in choices
        )
        for tick in range(begin, begin + FAR):
            if half and tick > max(free.values()):
                half = 0  # sent in the tick that was left

            def legal(choice: Choice, tick: int = tick, half: int = half) -> bool:
                if choice.name == CLOSE:
                    return tick >= choice.ready
                if tick < max(choice.ready, free[choice.name]):
                    return False
                if self.timing.falling and tick % 2 and choice.name not in (PRECHARGE, SET):
                    return False
                due_first = choice.first in (at.AT_ONCE, at.ACTIVATED_FOR_FIRST, at.REFRESH_FIRST)
                if tick >= due and not due_first:
                    return False
                two = choice.name in (READ, WRITE) and tick >= until
                return not half or (choice.name != ACTIVATE and tick + two < half)

            able = [choice for choice in choices if legal(choice)]
            if able:
                best = min(able, key=lambda choice: (choice.first, choice.order))
                return tick + (best.name in (READ, WRITE) and tick >= until), best.kind, best.target
        raise AssertionError("no command is ever legal")

    def issue(self, tick: int, kind: int, target: int) -> None:
        per_rank = self.timing.groups * self.timing.banks
        if kind == at.PRECHARGE_SET:
            _, banks = self.turn()
            closed = tuple(bank for bank in banks if bank in self.open_row or bank in self.closing)
            for bank in closed:
                self.open_row.pop(bank, None)
                self.closing.pop(bank, None)
            self.history.append(Issued(tick, SET, -1, target, closed))
            return
        if kind == at.REFRESH:
            self.history.append(Issued(tick, REFRESH, -1, target, refreshed=tuple(self.turn()[1])))
            self.refreshes += 1
            return
        rank = target // per_rank
        waiting = sorted(
            (request for request in self.requests if request.bank == target),
            key=lambda request: request.order,
        )
        if kind == at.ACTIVATE:
            waiting[0].owner = True
            self.open_row[target] = waiting[0].row
            self.history.append(Issued(tick, ACTIVATE, target, rank))
        elif kind in (at.PRECHARGE, at.CLOSE):
            self.open_row.pop(target, None)
            self.closing.pop(target, None)
            self.history.append(Issued(tick, PRECHARGE if kind == at.PRECHARGE else CLOSE, target, rank))
        else:
            hit = next(request for request in waiting if request.row == self.open_row[target])
            self.requests.remove(hit)
            begun = tick - 1 if tick > self.clock_until() else -1
            self.history.append(Issued(tick, WRITE if hit.is_write else READ, target, rank, begun=begun))
            more = any(request.row == self.open_row[target] for request in waiting if request is not hit)
            if self.timing.closed_page and not more:
                del self.open_row[target]
                self.closing[target] = max(self.after(past, CLOSE, target, rank) for past in self.history)
