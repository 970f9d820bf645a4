"""Caches as SimPy resources: tags looked up, missing lines fetched, data read in order."""

from __future__ import annotations

from collections.abc import Callable

from simpy.events import Event

from deltasim.simulator.components.cache import empty_cache, lines_of, use_run
from deltasim.simulator.components.service_times import rounds
from deltasim.simulator.engines.reference.machine import REQUEST, Machine, Walk
from deltasim.simulator.engines.reference.recorder import Books
from deltasim.simulator.engines.reference.transfer import Transfer
from deltasim.simulator.plan.plan import CACHE, Plan


class Caches:
    """The caches of all cores; ``fetch`` brings lines from the memory behind and returns when they end."""

    def __init__(self, plan: Plan, machine: Machine, books: Books, fetch: Callable[[Transfer], Walk]) -> None:
        self.env, self.plan, self.machine, self.books, self.fetch = machine.env, plan, machine, books, fetch
        stores = plan.stores
        self.entries = {
            int(store): empty_cache(int(stores.sets[store]), int(stores.ways[store]))
            for store in (stores.kind == CACHE).nonzero()[0]
        }
        self.read_before: dict[int, Event] = {}  # cache -> the data have been read for the last look-up

    def read(self, transfer: Transfer) -> Walk:
        """Ends with the piece's first word and returns when the last one comes."""
        stores, store, books = self.plan.stores, transfer.store, self.books
        tags, name = int(stores.unit[store]), stores.component[store]
        period_ps, line_bytes = int(stores.period_ps[store]), int(stores.line_bytes[store])
        yield self.machine.units[tags].turn(self.machine.key(REQUEST, *transfer.job))
        line, end = lines_of(transfer.address, transfer.bytes, line_bytes)
        duration_ps = (end - line) * period_ps
        self.machine.units[tags].occupy(duration_ps, duration_ps)
        books.count(tags, f"{name}.lookup", end - line, transfer.layer)
        before, done = self.read_before.get(store), self.env.event()
        self.read_before[store] = done
        missing: list[Transfer] = []
        while line < end:
            run = use_run(
                self.entries[store], 0, int(stores.sets[store]), int(stores.ways[store]), line, end, False
            )
            for action, amount in (
                ("hit", run.hits),
                ("miss", run.missing),
                ("eviction", run.evictions),
                ("write_back", run.write_backs),
            ):
                books.count(tags, f"{name}.{action}", amount, transfer.layer)
            if run.missing:
                books.missed_bytes += run.missing * line_bytes
                missing.append(
                    Transfer(
                        int(stores.behind[store]),
                        run.first_missing * line_bytes,
                        run.missing * line_bytes,
                        (*transfer.job, len(missing)),
                        transfer.layer,
                    )
                )
            line = run.next_line
        yield self.env.timeout(duration_ps)
        yield self.env.all_of([self.env.process(self._fill(store, lines)) for lines in missing])
        if before is not None:
            yield before
        accesses = rounds(transfer.bytes, int(stores.width_bytes[store]))
        yield self.machine.units[tags + 1].turn(self.machine.key(REQUEST, *transfer.job))
        self.machine.units[tags + 1].occupy(accesses * period_ps, accesses * period_ps)
        books.count(tags + 1, f"{name}.read", accesses, transfer.layer)
        self.env.process(self._pass_on(done, accesses * period_ps))
        yield self.env.timeout(int(stores.latency_ps[store]))
        return self.env.now + (accesses - 1) * period_ps

    def _fill(self, store: int, lines: Transfer) -> Walk:
        """Fetch missing lines; ends with their last byte."""
        stores = self.plan.stores
        tail_ps = yield from self.fetch(lines)
        yield self.env.timeout(tail_ps - self.env.now)
        line_bytes = int(stores.line_bytes[store])
        accesses = lines.bytes // line_bytes * rounds(line_bytes, int(stores.width_bytes[store]))
        data, name = int(stores.unit[store]) + 1, stores.component[store]
        self.books.count(data, f"{name}.fill", accesses, lines.layer)
        self.books.count(data, f"{name}.fetched", lines.bytes, lines.layer)

    def _pass_on(self, done: Event, duration_ps: int) -> Walk:
        yield self.env.timeout(duration_ps)
        done.succeed()
