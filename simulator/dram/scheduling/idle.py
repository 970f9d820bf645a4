"""A memory that nothing was asked of: its refreshes alone, without the rule for requests."""

from __future__ import annotations

from deltasim.runtime.compiling import kernel
from deltasim.simulator.dram.scheduling import fields as at
from deltasim.simulator.dram.scheduling.commands import refresh, refreshed_set
from deltasim.simulator.dram.scheduling.noting import note
from deltasim.simulator.dram.scheduling.packing import PLACED, SEEN_TABLES, view
from deltasim.simulator.dram.scheduling.queue import invalidate_best
from deltasim.simulator.dram.scheduling.scheduler import refresh_command
from deltasim.simulator.dram.scheduling.state import Integers


def was_never_asked(flat: Integers) -> bool:
    """Whether no run was ever handed in; for Python only."""
    registers = int(flat[SEEN_TABLES["register"].place])
    return bool(flat[registers + PLACED] == 0)


@kernel
def refresh_idle(flat: Integers, now_ps: int) -> None:
    """Issue every command up to ``now_ps`` of a memory that no run was ever handed in to.

    No row is open there, so refreshes are all that comes: the same as by `controller.advance`, of which the
    most is about requests. A chip that reads nothing from its DRAM need not compile that.
    """
    stream = view(flat)
    memory, timing = stream.memory, stream.timing
    limit = now_ps // timing.tick_ps
    for channel in range(timing.channels):
        while memory.channel[channel, at.REFRESH_DUE] <= limit:
            due = memory.channel[channel, at.REFRESH_DUE]
            tick, _, rank = refresh_command(memory, timing, channel, due)
            if tick > limit:
                break
            invalidate_best(memory, channel, at.ROW_CANDIDATES)
            invalidate_best(memory, channel, at.COLUMN_CANDIDATES)
            note(memory, tick, at.REFRESH, rank, 1, 0, refreshed_set(memory, timing, channel))
            refresh(memory, timing, channel, tick, rank)
