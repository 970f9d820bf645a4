"""The services of one sequence as the reference engine gives them: its units tell a watch."""

from __future__ import annotations

from deltasim.networks.trace import Trace
from deltasim.simulator.engines.reference.engine import run_sequence
from deltasim.simulator.engines.services import Notes, Services, together
from deltasim.simulator.plan.plan import Plan


def services_of(plan: Plan, trace: Trace) -> Services:
    """All services of one sequence. Where a service begins before the one before it ends, that end counts.

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
    >>> len(macs), sum(one.end_ps - one.start_ps for one in macs)         # a column a source, stalls too
    (6, 240000)
    """
    notes = [Notes(unit) for unit in range(len(plan.units))]
    ledger = run_sequence(plan, trace, watches=notes)
    return together(notes, ledger)
