"""The stages of a phase as `phases` calls them: by their addresses.

Each is compiled apart, so that a chip compiles only what it needs: one without links never crosses them.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numba.core import types

from deltasim.runtime.arrays import Integers
from deltasim.runtime.calls import address_of, caller
from deltasim.simulator.engines.compiled.phases.eligible import (
    LINK_STAGE,
    RECEIVE_STAGE,
    SCAN_STAGE,
    PhasePlan,
)
from deltasim.simulator.engines.compiled.phases.fetch_dram import consume_streamed
from deltasim.simulator.engines.compiled.phases.fetch_scratchpad import consume_in_line
from deltasim.simulator.engines.compiled.phases.links import cross_links
from deltasim.simulator.engines.compiled.phases.receive import receive
from deltasim.simulator.engines.compiled.phases.scan import scan_all

DIRECTORY, NUMBER = types.Array(types.int64, 1, "C"), types.int64

# call_stage(address, (state, tables, arrivals, a, b, group)): the first three are directories, a and b the
# numbers that the stage asks for
call_stage = caller(NUMBER)

PHASE_STAGES = (scan_all, cross_links, receive, consume_in_line, consume_streamed)


@cache
def stage_address(stage: int) -> int:
    """Compile a stage, or load it, and say where it lies as long as the process runs."""
    function: Any = PHASE_STAGES[stage]
    return address_of(function, *[DIRECTORY] * 3, *[NUMBER] * 3)


def stage_addresses(forward: PhasePlan) -> Integers:
    """Where the stages lie that a plan needs, in the order of `PHASE_STAGES`; 0 for the others."""
    needed = {SCAN_STAGE, RECEIVE_STAGE, *forward.fetching.tolist()} | (
        {LINK_STAGE} if forward.routes.order.size else set()
    )
    addresses = [stage_address(stage) if stage in needed else 0 for stage in range(len(PHASE_STAGES))]
    return np.array(addresses, np.int64)
