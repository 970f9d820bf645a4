"""What a chip asks of its DRAM over a sequence, and when: the reference engine, its requests noted."""

from __future__ import annotations

from typing import NamedTuple

from deltasim.networks.trace import Trace
from deltasim.simulator.plan.plan import Plan


class Request(NamedTuple):
    """A read that has arrived at a DRAM: when, at which memory of the plan, from which address, how much."""

    arrived_ps: int
    memory: int
    address: int
    bytes: int


def requests_of(plan: Plan, trace: Trace) -> tuple[Request, ...]:
    """All reads of one sequence in order of arrival.

    >>> import numpy as np
    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.networks.trace import dense_trace
    >>> from deltasim.simulator.chip import load_chip
    >>> from deltasim.simulator.mapping.mapping import map_network
    >>> from deltasim.simulator.plan.compile import compile_plan
    >>> network, chip = random_stack("gru", 2, (4,), np.random.default_rng(0)), load_chip("edgedrnn")
    >>> plan = compile_plan(network, chip, map_network(network, chip))
    >>> found = requests_of(plan, dense_trace(network, [1]))
    >>> len(found), found[0].bytes                          # a column of 12 weights for each of 6 sources
    (6, 48)
    """
    from deltasim.simulator.engines.reference.engine import run_sequence

    requests: list[tuple[int, int, int, int]] = []
    run_sequence(plan, trace, requests=requests)
    return tuple(Request(*request) for request in requests)
