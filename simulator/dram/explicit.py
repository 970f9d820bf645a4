"""The rule's timing for a DRAM channel that a chip describes by its own figures instead of a standard.

A description states what reads need. What it leaves out does not limit (tRRD, tFAW; bursts follow each other
without a gap, ``burst_cycles`` apart), or is derived as in DDR3: tCWL = tCL - 1, tWTR = tRTP and tWR = 2 tRTP
(7.5 ns and 15 ns in JEDEC JESD79-3). No rank powers down.
"""

from __future__ import annotations

import numpy as np

from networks.errors import InputError
from simulator.chip import parts
from simulator.dram.mapping import AddressBits
from simulator.dram.timing import Timing


def explicit_timing(of: parts.Timing, *, queue: int = 32, closed_page: bool = False) -> Timing:
    """Every delay between two commands of one channel of one rank, in ticks of its clock.

    >>> from simulator.chip import load_chip
    >>> timing = explicit_timing(load_chip("edgedrnn").memory("dram").timing)
    >>> timing.tick_ps, timing.read_latency, timing.activate_to_activate, timing.read_to_read
    (1875, 11, 27, 4)
    """
    write_column = max(1, of.CL - 1)
    read, write, burst = of.CL + of.burst_cycles, write_column + of.burst_cycles, of.burst_cycles
    return Timing(
        tick_ps=of.period_ps,
        burst=burst,
        read_latency=read,
        write_latency=write,
        activate_to_read=of.RCD,
        activate_to_write=of.RCD,
        activate_to_precharge=of.RAS,
        activate_to_activate=of.RAS + of.RP,
        activate_to_activate_any=1,
        activate_to_activate_group=1,
        four_activates=4,
        precharge_to_activate=of.RP,
        precharge_all_to_activate=of.RP,
        precharge_to_precharge=0,
        read_to_precharge=of.RTP,
        write_to_precharge=write + 2 * of.RTP,
        read_to_read=burst,
        read_to_read_group=burst,
        read_to_write=max(burst, read + 2 - write_column),
        write_to_write=burst,
        write_to_write_group=burst,
        write_to_read=write + of.RTP,
        write_to_read_group=write + of.RTP,
        read_to_read_rank=burst,
        read_to_write_rank=burst,
        write_to_read_rank=burst,
        write_to_write_rank=burst,
        refresh=of.RFC,
        refresh_interval=of.REFI,
        power_down_after=0,
        power_down_least=0,
        power_down_exit=0,
        strobe_hold=0,
        activate_slots=1,
        activate_apart=0,
        column_slots=1,
        precharge_slots=1,
        split_bus=0,
        closed_page=int(closed_page),
        queue=queue,
        channels=1,
        ranks=1,
        ranks_on_bus=1,
        groups=1,
        banks=of.banks,
    )


def explicit_bits(of: parts.Timing, size_bytes: int, *, place: str = "timing") -> AddressBits:
    """Where an address of a channel of ``size_bytes`` lies, in the order the description names.

    Errors: InputError where a size that address bits name is no power of two.

    >>> from simulator.chip import load_chip
    >>> from simulator.dram.mapping import decode
    >>> dram = load_chip("edgedrnn").memory("dram")
    >>> bits = explicit_bits(dram.timing, dram.size_bytes)
    >>> decode(bits, 0), decode(bits, 2048), decode(bits, 8 * 2048)      # rows of 2 KiB rotate over 8 banks
    ((0, 0, 0), (0, 1, 0), (0, 0, 1))
    """
    rows = size_bytes // (of.row_bytes * of.banks)
    named = {"banks": of.banks, "burst": of.burst_bytes, "row": of.row_bytes}
    if of.order == "bank-row-column":
        named["size"] = size_bytes
    for name, size in named.items():
        if size & (size - 1):
            rule = "a size that address bits name is a power of two"
            raise InputError(f"{place}.{name}", size, rule, "Use the next one.")
    column, bank = (of.row_bytes // of.burst_bytes).bit_length() - 1, of.banks.bit_length() - 1
    row = (rows - 1).bit_length()
    bank_at, row_at = (column, column + bank) if of.order == "row-bank-column" else (column + row, column)
    pieces = [(bank_at, of.banks - 1, 0), (row_at, (1 << row) - 1, 0)]
    return AddressBits(of.burst_bytes.bit_length() - 1, 0, 1, np.array(pieces, np.int64))
