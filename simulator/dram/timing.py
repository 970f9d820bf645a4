"""What the DRAM rule reads: the delays between commands, in ticks of the command clock, and the sizes.

A tick is one period of the command clock (``tCK``). A command of several ticks is told by its first: the
standards count most delays from the end of one command to the end of the next, which is made good here.
"""

from __future__ import annotations

from typing import NamedTuple

from deltasim.runtime.arrays import Integers
from deltasim.simulator.dram.constraints import place


class Timing(NamedTuple):
    """Delays in ticks and sizes of one memory with its controller, flat, as kernels read them.

    >>> from deltasim.simulator.dram.loading import load_standard
    >>> timing = load_standard("DDR4-2400").timing()
    >>> timing.read_latency, timing.wait("rank read read"), timing.wait("group read read")
    (21, 4, 6)
    """

    between: Integers  # the least ticks between two commands (`constraints.table`)
    tick_ps: int
    burst: int  # ticks of the data bus for one transaction
    read_latency: int  # read command to the end of its data: tCL + tDQSCK + tBL
    write_latency: int  # write command to the end of its data: tCWL + tBL
    refresh_sets: int  # a rank is refreshed in so many parts: bank b belongs to part b modulo this
    refresh_interval: int  # from one refresh of the channel that is due to the next; 0 is never
    power_down_after: int  # idle ticks before a rank powers down; 0 is never
    power_down_least: int  # tCKE
    power_down_exit: int  # tXP
    read_clock: int  # a read keeps the write clock for so long; 0 is for ever (no such clock)
    write_clock: int  # and a write
    activate_slots: int  # ticks of the command bus
    activate_apart: int  # an activate is two commands, the second so many ticks later at most; 0: one piece
    column_slots: int
    precharge_slots: int  # also of a refresh
    split_bus: int  # 1: row and column commands have a bus each
    falling: int  # 1: odd ticks are falling edges of the clock, at which only precharges begin
    closed_page: int  # 1: a row is closed once no waiting request hits it
    queue: int  # requests a channel holds that wait for a row
    channels: int
    ranks: int  # ranks and pseudo channels of one channel, together
    ranks_on_bus: int  # ranks that share one data bus
    groups: int  # bank groups of a rank
    banks: int  # banks of a group

    def wait(self, row: str) -> int:
        """The least ticks from the first of a command to the first of a later one; 0: nothing has to pass.

        ``row`` is level, command before and command after, as `deltasim.simulator.dram.constraints` has them.
        """
        return int(self.between[place(*row.split())])

    @property
    def longest(self) -> int:
        """No command waits longer for those before it, in ticks."""
        return int(self.between.sum()) + sum(self[1:])
