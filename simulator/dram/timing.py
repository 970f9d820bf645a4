"""What the DRAM rule reads: every delay between two commands, in ticks of the command clock, and the sizes.

A tick is one period of the command clock (``tCK``). A command of several ticks is told by its first: the
standards count most delays from the end of one command to the end of the next, which is made good here.
"""

from __future__ import annotations

from typing import NamedTuple


class Timing(NamedTuple):
    """Delays in ticks and sizes of one memory with its controller, flat, as kernels read them.

    ``a_to_b`` is the least number of ticks from the first of a command a to the first of a later command b.
    Suffixes say between whom: none is the same bank (activate, precharge) or any two banks of a rank (read,
    write); ``_group`` is the same bank group; ``_rank`` is two ranks on one data bus.

    >>> from deltasim.simulator.dram.loading import load_standard
    >>> timing = load_standard("DDR4-2400").timing()
    >>> timing.read_latency, timing.read_to_read, timing.read_to_read_group, timing.refresh_interval
    (21, 4, 6, 9364)
    """

    tick_ps: int
    burst: int  # ticks of the data bus for one transaction
    read_latency: int  # read command to the end of its data: tCL + tDQSCK + tBL
    write_latency: int  # write command to the end of its data: tCWL + tBL
    activate_to_read: int  # tRCD
    activate_to_write: int
    activate_to_precharge: int  # tRAS
    activate_to_activate: int  # tRC
    activate_to_activate_any: int  # tRRD_S
    activate_to_activate_group: int  # tRRD_L
    four_activates: int  # tFAW: the fifth activate waits this long after the first
    precharge_to_activate: int  # tRP
    precharge_set_to_activate: int  # after the precharge on the way to a refresh: tRPab of a whole rank
    precharge_to_precharge: int  # tPPD
    read_to_precharge: int  # tRTP
    write_to_precharge: int  # tCWL + tBL + tWR
    read_to_read: int  # tCCD_S
    read_to_read_group: int  # tCCD_L
    read_to_write: int  # tRTW
    write_to_write: int
    write_to_write_group: int
    write_to_read: int  # tCWL + tBL + tWTR_S
    write_to_read_group: int  # tCWL + tBL + tWTR_L
    read_to_read_rank: int  # tBL + tCS
    read_to_write_rank: int
    write_to_read_rank: int
    write_to_write_rank: int
    refresh_sets: int  # a rank is refreshed in so many parts: bank b belongs to part b modulo this
    refresh_interval: int  # from one refresh of the channel that is due to the next; 0 is never
    refresh_to_activate: int  # of a refreshed bank: tRFC
    refresh_to_activate_any: int  # of the other banks of the rank; 0 with one part
    refresh_to_refresh: int  # of one rank; 0 with one part
    activate_to_refresh_any: int  # of the other banks of the rank; 0 with one part
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
