"""The DRAM rule written a second time, slowly: every constraint is looked up in the history of commands."""

from __future__ import annotations

from dataclasses import dataclass, field

from deltasim.simulator.dram import fields as at
from deltasim.simulator.dram.timing import Timing

READ, WRITE = "read", "write"
ACTIVATE, PRECHARGE, CLOSE, ALL, REFRESH = "activate", "precharge", "close", "all", "refresh"
KIND = {ACTIVATE: at.ACTIVATE, PRECHARGE: at.PRECHARGE, CLOSE: at.CLOSE, ALL: at.PRECHARGE_ALL}


@dataclass
class Request:
    arrival: int
    order: int
    bank: int
    row: int
    is_write: bool
    owner: bool = False
    started: bool = False


@dataclass
class Issued:
    tick: int
    name: str
    bank: int  # -1 for commands of a rank
    rank: int
    closed: tuple[int, ...] = ()


@dataclass
class Oracle:
    """One channel, no power-down, no write clock, activates in one piece."""

    timing: Timing
    history: list[Issued] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    open_row: dict[int, int] = field(default_factory=dict)
    closing: dict[int, int] = field(default_factory=dict)  # bank: tick
    due: dict[int, int] = field(default_factory=dict)
    orders: int = 0

    def __post_init__(self) -> None:
        first = self.timing.refresh_interval or at.NEVER
        self.due = dict.fromkeys(range(self.timing.ranks), first)

    @property
    def queued(self) -> int:
        return sum(not request.owner for request in self.requests)

    def ask(self, tick: int, bank: int, row: int, is_write: bool) -> None:
        self.requests.append(Request(tick, self.orders, bank, row, is_write))
        self.orders += 1

    def rank(self, bank: int) -> int:
        return bank // (self.timing.groups * self.timing.banks)

    def group(self, bank: int) -> int:
        return bank // self.timing.banks

    def after(self, before: Issued, name: str, bank: int, rank: int) -> int:
        """The first tick at which a command is legal after one of the past."""
        t, same = self.timing, before.rank == rank
        wait = 0
        if name in (READ, WRITE):
            if before.bank == bank and before.name == ACTIVATE:
                wait = t.activate_to_read if name == READ else t.activate_to_write
            if before.name in (READ, WRITE):
                pair = f"{before.name}_to_{name}"
                if same:
                    wait = getattr(t, pair)
                    if self.group(before.bank) == self.group(bank) and pair != "read_to_write":
                        wait = max(wait, getattr(t, f"{pair}_group"))
                elif before.rank // t.ranks_on_bus == rank // t.ranks_on_bus:
                    wait = getattr(t, f"{pair}_rank")
        elif name == ACTIVATE:
            if before.name == ACTIVATE and same:
                wait = t.activate_to_activate_any
                if self.group(before.bank) == self.group(bank):
                    wait = max(wait, t.activate_to_activate_group)
                if before.bank == bank:
                    wait = max(wait, t.activate_to_activate)
            wait = max(wait, self.closed_to_activate(before, bank, rank))
        elif name in (PRECHARGE, CLOSE):
            if before.bank == bank:
                wait = {
                    ACTIVATE: t.activate_to_precharge,
                    READ: t.read_to_precharge,
                    WRITE: t.write_to_precharge,
                }.get(before.name, 0)
            if same and name == PRECHARGE and before.name in (PRECHARGE, ALL):
                wait = max(wait, t.precharge_to_precharge)
        return before.tick + wait

    def closed_to_activate(self, before: Issued, bank: int, rank: int) -> int:
        t = self.timing
        if before.name == REFRESH and before.rank == rank:
            return t.refresh
        if before.name == ALL and bank in before.closed:
            return t.precharge_all_to_activate
        return t.precharge_to_activate if before.name in (PRECHARGE, CLOSE) and before.bank == bank else 0

    def legal(self, name: str, bank: int, rank: int, arrival: int) -> int:
        t = self.timing
        tick = max([0, *(self.after(before, name, bank, rank) for before in self.history)])
        if name == CLOSE:
            return tick
        if name == ACTIVATE:
            activates = [past.tick for past in self.history if past.name == ACTIVATE and past.rank == rank]
            if len(activates) >= 4:
                tick = max(tick, activates[-4] + t.four_activates)
        return max(tick, max(self.next_slot(name), arrival) + self.slots(name) - 1)

    def slots(self, name: str) -> int:
        t = self.timing
        return {ACTIVATE: t.activate_slots, READ: t.column_slots, WRITE: t.column_slots}.get(
            name, t.precharge_slots
        )

    def next_slot(self, name: str) -> int:
        is_column = name in (READ, WRITE)
        ticks = [
            past.tick + 1
            for past in self.history
            if past.name != CLOSE and (not self.timing.split_bus or (past.name in (READ, WRITE)) == is_column)
        ]
        return max([0, *ticks])

    def refresh_step(self, rank: int) -> tuple[int, str] | None:
        if any(request.owner and self.rank(request.bank) == rank for request in self.requests):
            return None
        t, due, per_rank = self.timing, self.due[rank], self.timing.groups * self.timing.banks
        banks = range(rank * per_rank, (rank + 1) * per_rank)
        still_open = [bank for bank in banks if bank in self.open_row or bank in self.closing]
        tick = max(due, max(self.next_slot(ALL), due) + t.precharge_slots - 1)
        for past in self.history:
            if past.rank == rank and past.name in (PRECHARGE, ALL):
                tick = max(tick, past.tick + t.precharge_to_precharge)
        if still_open:
            for bank in still_open:
                tick = max([tick, *(self.after(past, CLOSE, bank, rank) for past in self.history)])
            return tick, ALL
        for bank in banks:
            for past in self.history:
                tick = max(tick, past.tick + self.closed_to_activate(past, bank, rank))
                if past.bank == bank and past.name == ACTIVATE:
                    tick = max(tick, past.tick + t.activate_to_activate)
        return tick, REFRESH

    def next_command(self) -> tuple[int, int, int]:
        """(tick, kind, target), as the rule gives it."""
        choices: list[tuple[int, int, int, int, int]] = []  # tick, class, order, kind, target
        for bank, tick in self.closing.items():
            choices.append((tick, at.CLOSE, bank, at.CLOSE, bank))
        for bank in {request.bank for request in self.requests} - set(self.closing):
            waiting = [request for request in self.requests if request.bank == bank]
            head = min(waiting, key=lambda request: request.order)
            due, rank = self.due[self.rank(bank)], self.rank(bank)
            hits = [request for request in waiting if request.row == self.open_row.get(bank)]
            if hits:
                hit = min(hits, key=lambda request: request.order)
                tick = self.legal(WRITE if hit.is_write else READ, bank, rank, hit.arrival)
                owned = any(request.owner for request in hits)
                kind = at.COLUMN_OWNED if owned else at.COLUMN
                if owned or tick < due:
                    choices.append((tick, kind, hit.order, kind, bank))
            if not hits or head is not hit:
                name = PRECHARGE if bank in self.open_row else ACTIVATE
                tick = self.legal(name, bank, rank, head.arrival)
                if tick < due:
                    choices.append((tick, at.ACTIVATE, head.order, KIND[name], bank))
        best = min(choices)[0] if choices else at.NEVER
        for rank, due in self.due.items():
            step = self.refresh_step(rank) if due <= best else None
            if step:
                kind = at.PRECHARGE_ALL if step[1] == ALL else at.REFRESH
                choices.append((step[0], kind, rank, kind, rank))
        if not choices or min(choices)[0] >= at.NEVER:
            return at.NEVER, at.NOTHING, at.NOBODY
        tick, _, _, kind, target = min(choices)
        return tick, kind, target

    def issue(self, tick: int, kind: int, target: int) -> None:
        per_rank = self.timing.groups * self.timing.banks
        if kind == at.PRECHARGE_ALL:
            banks = range(target * per_rank, (target + 1) * per_rank)
            closed = tuple(bank for bank in banks if bank in self.open_row or bank in self.closing)
            for bank in closed:
                self.open_row.pop(bank, None)
                self.closing.pop(bank, None)
            self.history.append(Issued(tick, ALL, -1, target, closed))
            return
        if kind == at.REFRESH:
            self.history.append(Issued(tick, REFRESH, -1, target))
            self.due[target] += self.timing.refresh_interval
            return
        rank = self.rank(target)
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
            self.history.append(Issued(tick, WRITE if hit.is_write else READ, target, rank))
            more = any(request.row == self.open_row[target] for request in waiting if request is not hit)
            if self.timing.closed_page and not more:
                del self.open_row[target]
                self.closing[target] = max(self.after(past, CLOSE, target, rank) for past in self.history)
