"""The services of one sequence as the compiled engine gives them: its events, noted in an array."""

from __future__ import annotations

import numpy as np

from deltasim.networks.trace import Trace
from deltasim.simulator.components.order import (
    COLUMN_KIND,
    REQUEST_KIND,
    RESPONSE_KIND,
    SCAN_KIND,
    UPDATE_KIND,
)
from deltasim.simulator.engines.compiled.engine import CompiledEngine, made_ready_for_events
from deltasim.simulator.engines.compiled.events.jobs import ORDINAL_BITS
from deltasim.simulator.engines.compiled.records import NOTE_ASKED, NOTE_QUEUED
from deltasim.simulator.engines.services import Job, Notes, Services, together
from deltasim.simulator.plan.plan import ABSENT, Plan


def services_of(plan: Plan, trace: Trace) -> Services:
    """All services of one sequence, as `deltasim.simulator.engines.reference.services.services_of` has them.

    A plan that can run in phases runs with events here, which have the same ledger: phases enter the services
    of a unit as one sum.

    >>> import numpy as np
    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.networks.trace import dense_trace
    >>> from deltasim.simulator.chip import load_chip
    >>> from deltasim.simulator.mapping.mapping import map_network
    >>> from deltasim.simulator.plan.compile import compile_plan
    >>> network, chip = random_stack("gru", 2, (4,), np.random.default_rng(0)), load_chip("edgedrnn")
    >>> plan = compile_plan(network, chip, map_network(network, chip))
    >>> found = services_of(plan, dense_trace(network, [1]))
    >>> macs = [one for one in found.served if plan.units[one.unit].kind == "mac"]
    >>> len(macs), sum(one.end_ps - one.start_ps for one in macs)
    (6, 240000)
    """
    engine = CompiledEngine(plan, made_ready_for_events(plan))
    ledger, noted = engine.run_noted(trace)
    notes = [Notes(unit) for unit in range(len(plan.units))]
    jobs = Jobs(plan, trace, engine)
    for what, unit, first, second, third in noted.tolist():
        if what == NOTE_QUEUED:
            notes[unit].queued(first, second)
        elif what == NOTE_ASKED:
            notes[unit].asked(first, second, third)
        else:
            notes[unit].served(
                first, second, None if third == ABSENT else jobs.named(plan.units[unit].kind, third)
            )
    return together(notes, ledger)


class Jobs:
    """The content of a job, read from the code that settles ties (`engines.compiled.events.jobs`)."""

    def __init__(self, plan: Plan, trace: Trace, engine: CompiledEngine) -> None:
        chip = engine.ready.tables.chip[0]
        self.cores, self.parts = int(chip["cores"]), int(chip["parts"])
        self.projections, self.populations = int(chip["projections"]), int(chip["populations"])
        self.step = np.repeat(np.arange(trace.steps), np.diff(trace.step_bounds)).tolist()
        self.projection = trace.messages["projection"].tolist()
        self.source = trace.messages["source"].tolist()

    def named(self, unit_kind: str, code: int) -> Job:
        """A fetch slot has a whole column; memories, links and multipliers have bursts of it."""
        kind, rest = code >> ORDINAL_BITS, code & ((1 << ORDINAL_BITS) - 1)
        if kind in (REQUEST_KIND, RESPONSE_KIND, COLUMN_KIND) and unit_kind != "fetch":
            rest //= self.parts
        ordinal, core = divmod(rest, self.cores)
        if kind == SCAN_KIND:
            return Job(kind, *divmod(ordinal, self.projections), ABSENT, core)
        if kind == UPDATE_KIND:
            return Job(kind, *divmod(ordinal, self.populations), ABSENT, core)
        return Job(kind, self.step[ordinal], self.projection[ordinal], self.source[ordinal], core)
