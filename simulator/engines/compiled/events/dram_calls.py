"""The command-level DRAM rule as the kernels call it: by its address, which a plan's tables carry.

It is compiled apart, so that a chip without such a memory never compiles it.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from numba.core import types

from deltasim.runtime.calls import address_of, caller
from deltasim.simulator.dram.scheduling.controller import Completion, advance, ask, take

Named: Any = types.NamedUniTuple  # not typed by numba
FLAT, WHOLE = types.Array(types.int64, 1, "C"), types.int64
COMPLETION = Named(WHOLE, len(Completion._fields), Completion)

call_ask = caller(types.boolean)
call_advance = caller(WHOLE)
call_take = caller(COMPLETION)


class Addresses(NamedTuple):
    """Where the compiled rule lies; 0 where no memory needs it."""

    ask: int = 0
    advance: int = 0
    take: int = 0


@cache
def rule_addresses() -> Addresses:
    """Compile the rule, or load it, and say where it lies as long as the process runs."""
    return Addresses(
        address_of(ask, FLAT, *[WHOLE] * 5), address_of(advance, FLAT, WHOLE), address_of(take, FLAT, WHOLE)
    )
