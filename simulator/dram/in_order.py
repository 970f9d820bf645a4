"""A DRAM channel that serves whole columns in order: banks, open rows, refresh, one data bus.

The rule is a pure step on a small array of integers: each engine owns the state, and neither the rule.
Source of the constraints: JEDEC-style bank timing as in Ramulator 2; see ``docs/semantics.md``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from deltasim.runtime.compiling import inlined, kernel

State = npt.NDArray[np.int64]


class DramTiming(NamedTuple):
    """Timing of one channel: times in picoseconds, sizes in bytes.

    ``rotate`` is 1 when consecutive row-sized pieces of the address space rotate over the banks
    (row-bank-column), 0 when a bank is filled before the next (bank-row-column).
    """

    clock_ps: int
    read_ps: int  # CL: from the read command to the first data
    activate_ps: int  # RCD: from activate to read
    precharge_ps: int  # RP
    open_ps: int  # RAS: a row stays open at least this long
    read_to_precharge_ps: int  # RTP
    refresh_ps: int  # RFC
    interval_ps: int  # REFI
    burst_ps: int
    burst_bytes: int
    row_bytes: int
    banks: int
    rows: int
    rotate: int


class Service(NamedTuple):
    """What came of one column: when its data flow, and what was done for it."""

    first_ps: int  # first data on the bus
    last_ps: int  # last data off the bus
    free_ps: int  # the channel takes the next column from here
    bursts: int
    hits: int
    misses: int
    conflicts: int
    activates: int


# Layout of a channel's state: five scalars, then three values per bank.
BUS_FREE, NEXT_REFRESH, REFRESHES, ACTIVE_SINCE, ACTIVE_PS, BANKS = 0, 1, 2, 3, 4, 5
OPEN_ROW, READY, ACTIVATED, LAST_READ, PER_BANK = 0, 1, 2, 3, 4
CLOSED = -1


def channel_at_rest(timing: DramTiming) -> State:
    """State of a channel at time 0: all rows closed, the first refresh one interval away.

    >>> import deltasim.simulator.dram.in_order as dram
    >>> timing = dram.DramTiming(
    ...     1250, 13750, 13750, 13750, 35000, 7500, 260000, 7800000, 5000, 64, 8192, 8, 65536, 1)
    >>> dram.fetch(dram.channel_at_rest(timing), timing, 0, 0, 64)[:2]       # RCD + CL, then one burst
    (27500, 32500)
    """
    state = np.zeros(BANKS + PER_BANK * timing.banks, np.int64)
    state[NEXT_REFRESH] = timing.interval_ps
    state[ACTIVE_SINCE] = CLOSED
    for bank in range(timing.banks):
        at = BANKS + PER_BANK * bank
        state[at + OPEN_ROW] = CLOSED
        state[at + ACTIVATED] = state[at + LAST_READ] = -(1 << 60)
    return state


@kernel
def rests(state: State) -> bool:
    """Whether, when the next refresh is due, all rows are closed and nothing is under way."""
    idle_from = max(state[BUS_FREE], state[BANKS + READY])
    return bool(state[ACTIVE_SINCE] == CLOSED and idle_from <= state[NEXT_REFRESH])


@kernel
def refresh_until(state: State, timing: DramTiming, now_ps: int) -> int:
    """Carry out every refresh due by ``now_ps``; return when the channel may be used again.

    A refresh waits for the data under way, for the refresh before it and for the rows' minimum open time; it
    closes all rows and takes RFC. With all rows closed and nothing under way, each starts when it is due: all
    but the last of those are carried out at once.
    """
    usable = now_ps
    while state[NEXT_REFRESH] <= usable:
        if rests(state):
            several = (usable - state[NEXT_REFRESH]) // timing.interval_ps
            state[REFRESHES] += several
            state[NEXT_REFRESH] += several * timing.interval_ps
        start = max(state[NEXT_REFRESH], state[BUS_FREE], state[BANKS + READY])
        closing = state[ACTIVE_SINCE] != CLOSED
        for bank in range(timing.banks):
            at = BANKS + PER_BANK * bank
            if state[at + OPEN_ROW] != CLOSED:
                start = max(
                    start,
                    state[at + ACTIVATED] + timing.open_ps,
                    state[at + LAST_READ] + timing.read_to_precharge_ps,
                )
        if closing:
            state[ACTIVE_PS] += start - state[ACTIVE_SINCE]
            state[ACTIVE_SINCE] = CLOSED
            start += timing.precharge_ps
        for bank in range(timing.banks):
            at = BANKS + PER_BANK * bank
            state[at + OPEN_ROW] = CLOSED
            state[at + READY] = start + timing.refresh_ps
        state[REFRESHES] += 1
        state[NEXT_REFRESH] += timing.interval_ps
        usable = max(usable, start + timing.refresh_ps)
    return usable


@kernel
def fetch(state: State, timing: DramTiming, now_ps: int, address: int, size: int) -> Service:
    """Fetch ``size`` bytes from ``address``: whole bursts, part by part as rows end. Changes ``state``."""
    return fetched(state, timing, now_ps, address, size)


@inlined
def fetched(state: State, timing: DramTiming, now_ps: int, address: int, size: int) -> Service:
    """As `fetch`, compiled into its caller: a call would hand on the whole timing."""
    at_burst = address // timing.burst_bytes
    bursts = (address + size + timing.burst_bytes - 1) // timing.burst_bytes - at_burst
    left, per_row = bursts, timing.row_bytes // timing.burst_bytes
    piece = at_burst // per_row
    part = min(left, (piece + 1) * per_row - at_burst)
    inner = timing.banks if timing.rotate else timing.rows  # what a step from row to row runs through first
    outer, within = piece // inner, piece % inner
    hits = misses = conflicts = activates = 0
    command, first, last = now_ps, -1, 0
    while left > 0:
        bank, row = (within, outer) if timing.rotate else (outer, within)
        if state[NEXT_REFRESH] <= command:
            command = refresh_until(state, timing, command)
        at = BANKS + PER_BANK * bank
        read = command
        if state[at + OPEN_ROW] == row:
            hits += part
        else:
            activate = max(command, state[at + READY])
            if state[at + OPEN_ROW] == CLOSED:
                misses += 1
            else:
                conflicts += 1
                precharge = max(
                    command,
                    state[at + ACTIVATED] + timing.open_ps,
                    state[at + LAST_READ] + timing.read_to_precharge_ps,
                )
                activate = precharge + timing.precharge_ps
            hits += part - 1
            activates += 1
            if state[ACTIVE_SINCE] == CLOSED:
                state[ACTIVE_SINCE] = activate
            state[at + OPEN_ROW] = row
            state[at + ACTIVATED] = activate
            read = activate + timing.activate_ps
        data = max(read + timing.read_ps, state[BUS_FREE])
        last = data + part * timing.burst_ps
        state[BUS_FREE] = last
        state[at + LAST_READ] = last - timing.burst_ps - timing.read_ps
        if first < 0:
            first = data
        left -= part
        part, within = min(left, per_row), within + 1
        if within == inner:
            outer, within = outer + 1, 0
    return Service(first, last, max(now_ps + 1, first), bursts, hits, misses, conflicts, activates)


@kernel
def rest(state: State, timing: DramTiming, elapsed_ps: int) -> tuple[int, int, int]:
    """Finalise at ``elapsed_ps``: (refreshes, ps with a row open, ps with all rows closed)."""
    while state[NEXT_REFRESH] <= elapsed_ps:
        since, before = state[ACTIVE_SINCE], state[ACTIVE_PS]
        refresh_until(state, timing, elapsed_ps if rests(state) else state[NEXT_REFRESH])
        if since != CLOSED:  # the refresh may have had to wait beyond the end
            state[ACTIVE_PS] -= max(0, since + state[ACTIVE_PS] - before - elapsed_ps)
    active = state[ACTIVE_PS]
    if state[ACTIVE_SINCE] != CLOSED and state[ACTIVE_SINCE] < elapsed_ps:
        active += elapsed_ps - state[ACTIVE_SINCE]
    return state[REFRESHES], active, elapsed_ps - active
