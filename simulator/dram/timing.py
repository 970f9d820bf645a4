"""What the DRAM rule reads: every delay between two commands, in ticks of the command clock, and the sizes.

A tick is one period of the command clock (``tCK``). A command of several slots takes effect in its last slot,
so ``t`` is the last tick the command holds the command bus.
"""

from __future__ import annotations

from typing import NamedTuple


class Timing(NamedTuple):
    """Delays in ticks and sizes of one memory with its controller, flat, as kernels read them.

    ``a_to_b`` is the least number of ticks from a command a to a later command b. Suffixes say between whom:
    none is the same bank (activate, precharge) or any two banks of a rank (read, write); ``_group`` is
    the same bank group; ``_rank`` is two ranks on one data bus.

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
    precharge_all_to_activate: int  # tRPab
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
    refresh: int  # tRFC
    refresh_interval: int  # tREFI; 0 is never
    power_down_after: int  # idle ticks before a rank powers down; 0 is never
    power_down_least: int  # tCKE
    power_down_exit: int  # tXP
    strobe_hold: (
        int  # a read or write command keeps the write clock for so long; 0 is for ever (no such clock)
    )
    activate_slots: int  # ticks of the command bus
    activate_apart: int  # an activate is two commands, the first up to so many ticks before; 0: in one piece
    column_slots: int
    precharge_slots: int
    split_bus: int  # 1: row and column commands have a bus each
    closed_page: int  # 1: a row is closed once no waiting request hits it
    queue: int  # requests a channel holds that wait for a row
    channels: int
    ranks: int  # ranks and pseudo channels of one channel, together
    ranks_on_bus: int  # ranks that share one data bus
    groups: int  # bank groups of a rank
    banks: int  # banks of a group
