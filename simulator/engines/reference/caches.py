"""Caches as SimPy resources: tags looked up, missing lines fetched, data read in order."""

from __future__ import annotations

from collections.abc import Callable

from simpy.events import Event

from deltasim.simulator.components.order import LOOKING_UP, READING_LINES
from deltasim.simulator.components.service_times import rounds
from deltasim.simulator.engines.reference.machine import Machine, Walk
from deltasim.simulator.engines.reference.recorder import Statistics
from deltasim.simulator.engines.reference.transfer import Transfer
from deltasim.simulator.memories.cache import empty_cache, lines_of, look_up_lines
from deltasim.simulator.memories.instance import CACHE
from deltasim.simulator.plan.plan import Plan


class Caches:
    """The caches of all cores; ``fetch`` brings lines from the memory behind and returns when they end."""

    def __init__(
        self, plan: Plan, machine: Machine, statistics: Statistics, fetch: Callable[[Transfer], Walk]
    ) -> None:
        self.env, self.plan, self.machine, self.statistics, self.fetch = (
            machine.env,
            plan,
            machine,
            statistics,
            fetch,
        )
        self.entries = {
            memory: empty_cache(int(one["sets"]), int(one["ways"]))
            for memory, one in enumerate(plan.memories.records)
            if one["kind"] == CACHE
        }
        self.read_before: dict[int, Event] = {}  # cache -> the data have been read for the last look-up

    def read(self, transfer: Transfer) -> Walk:
        """Ends with the burst's first word and returns when the last one comes."""
        memory, statistics, layer = transfer.memory, self.statistics, transfer.layer
        cache = self.plan.memories.records[memory]
        tags, data = int(cache["unit"]), int(cache["unit"]) + 1
        period_ps, line_bytes = int(cache["period_ps"]), int(cache["line_bytes"])
        yield self.machine.units[tags].turn(self.machine.key(LOOKING_UP, *transfer.job))
        line, end = lines_of(transfer.address, transfer.bytes, line_bytes)
        duration_ps = (end - line) * period_ps
        self.machine.units[tags].occupy(duration_ps, duration_ps)
        statistics.enter(tags, cache["lookup"], end - line, layer)
        before, done = self.read_before.get(memory), self.env.event()
        self.read_before[memory] = done
        missing: list[Transfer] = []
        while line < end:
            found = look_up_lines(
                self.entries[memory],
                0,
                int(cache["sets"]),
                int(cache["ways"]),
                line,
                end,
                False,
            )
            for action, amount in (
                ("hit", found.hits),
                ("miss", found.missing),
                ("eviction", found.evictions),
                ("write_back", found.write_backs),
            ):
                statistics.enter(tags, cache[action], amount, layer)
            if found.missing:
                statistics.missed_bytes += found.missing * line_bytes
                missing.append(
                    Transfer(
                        int(cache["next_level"]),
                        found.first_missing * line_bytes,
                        found.missing * line_bytes,
                        (*transfer.job, len(missing)),
                        layer,
                    )
                )
            line = found.next_line
        yield self.env.timeout(duration_ps)
        yield self.env.all_of([self.env.process(self._fill(memory, lines)) for lines in missing])
        if before is not None:
            yield before
        accesses = rounds(transfer.bytes, int(cache["width_bytes"]))
        yield self.machine.units[data].turn(self.machine.key(READING_LINES, *transfer.job))
        self.machine.units[data].occupy(accesses * period_ps, accesses * period_ps)
        statistics.enter(data, cache["read"], accesses, layer)
        self.env.process(self._pass_on(done, accesses * period_ps))
        yield self.env.timeout(int(cache["latency_ps"]))
        return self.env.now + (accesses - 1) * period_ps

    def _fill(self, memory: int, lines: Transfer) -> Walk:
        """Fetch missing lines; ends with their last byte."""
        cache = self.plan.memories.records[memory]
        tail_ps = yield from self.fetch(lines)
        yield self.env.timeout(tail_ps - self.env.now)
        line_bytes, data = int(cache["line_bytes"]), int(cache["unit"]) + 1
        accesses = lines.bytes // line_bytes * rounds(line_bytes, int(cache["width_bytes"]))
        self.statistics.enter(data, cache["fill"], accesses, lines.layer)
        self.statistics.enter(data, cache["fetched"], lines.bytes, lines.layer)

    def _pass_on(self, done: Event, duration_ps: int) -> Walk:
        yield self.env.timeout(duration_ps)
        done.succeed()
