"""How long the ranks of a memory spent in each of the states that draw different power."""

from __future__ import annotations

from typing import NamedTuple

from deltasim.runtime.compiling import kernel
from deltasim.simulator.dram.scheduling import fields as at
from deltasim.simulator.dram.scheduling.state import Memory
from deltasim.simulator.dram.timing import Timing


class StateTicks(NamedTuple):
    """Ticks of all ranks together in each state; they add up to ranks times elapsed ticks."""

    active: int
    precharged: int
    active_down: int
    precharged_down: int


@kernel
def state_ticks(memory: Memory, timing: Timing, elapsed: int) -> StateTicks:
    """Count the ticks the ranks spent in each state from tick 0 to ``elapsed``.

    >>> from deltasim.simulator.dram.loading import load_standard
    >>> from deltasim.simulator.dram.scheduling.state import empty_memory
    >>> timing = load_standard("DDR3-1600").timing(power_down_after=100)
    >>> state_ticks(empty_memory(timing), timing, 1000)              # nothing ever comes
    StateTicks(active=0, precharged=100, active_down=0, precharged_down=900)
    """
    opened, down_opened, down_closed = 0, 0, 0
    for rank in range(memory.rank.shape[0]):
        is_open = memory.rank[rank, at.OPEN_BANKS] > 0
        opened += memory.rank[rank, at.TICKS_OPEN]
        if is_open:
            opened += max(0, elapsed - memory.rank[rank, at.OPEN_SINCE])
        down_opened += memory.rank[rank, at.TICKS_DOWN_OPEN]
        down_closed += memory.rank[rank, at.TICKS_DOWN_CLOSED]
        if timing.power_down_after > 0 and memory.rank[rank, at.PENDING] == 0:
            down = max(0, elapsed - memory.rank[rank, at.IDLE_FROM] - timing.power_down_after)
            if is_open:
                down_opened += down
            else:
                down_closed += down
    closed = elapsed * memory.rank.shape[0] - opened
    return StateTicks(opened - down_opened, closed - down_closed, down_opened, down_closed)
