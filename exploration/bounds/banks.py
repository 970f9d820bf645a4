"""The least time a DRAM's banks take for a step: reads follow one another, and rows are closed and opened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from deltasim.exploration.bounds.work import Work
from deltasim.runtime.arrays import Integers
from deltasim.simulator.memories.dram import DramTiming
from deltasim.simulator.plan.plan import MemoryInstances

Reals = npt.NDArray[np.float64]

AT_ONCE = 1 << 21
"""Pieces of columns that are laid out together: some 100 MB."""


class Bank(NamedTuple):
    """What a bank of a memory needs, in picoseconds, and where bytes lie in it.

    Pieces of ``piece`` bytes lie in one row. ``read_ps`` is from one read of a row to the next, ``row_ps``
    from the last read of a row to the first of another: tRTP + tRP + tRCD.
    """

    piece: int
    burst: int
    banks: int
    read_ps: int
    row_ps: int
    data_ps: int


def bank_of(memories: MemoryInstances, memory: int) -> Bank | None:
    """The banks of a memory; None where it has none."""
    timing, controlled = memories.timing[memory], memories.controlled[memory]
    if isinstance(timing, DramTiming):
        apart = timing.read_to_precharge_ps + timing.precharge_ps + timing.activate_ps
        size, burst = timing.row_bytes, timing.burst_ps
        return Bank(size, timing.burst_bytes, timing.banks, burst, apart, burst)
    if controlled is None:
        return None
    of, bits = controlled
    ticks = sum(map(of.wait, ("bank read precharge", "bank precharge activate", "bank activate read")))
    low = int(bits.pieces[:, 0].min(initial=62))
    return Bank(
        1 << min(62, bits.burst_bits + low),
        1 << bits.burst_bits,
        of.channels * of.ranks * of.groups * of.banks,
        of.tick_ps * max(of.wait("rank read read"), of.wait("group read read")),
        of.tick_ps * ticks,
        of.tick_ps * of.burst,
    )


def bank_and_row(memories: MemoryInstances, memory: int, address: Integers) -> tuple[Integers, Integers]:
    """Where bytes lie: a bank numbered over the memory, and a row."""
    timing, controlled = memories.timing[memory], memories.controlled[memory]
    if isinstance(timing, DramTiming):
        outer, within = np.divmod(address // timing.row_bytes, timing.banks if timing.rotate else timing.rows)
        return (within, outer) if timing.rotate else (outer, within)
    assert controlled is not None
    bits, unit = controlled.bits, address >> controlled.bits.burst_bits
    bank, row = np.zeros_like(address), np.zeros_like(address)
    for number in range(bits.channel_pieces, len(bits.pieces)):
        shift, mask, to = bits.pieces[number].tolist()
        field = bank if number < bits.bank_pieces else row
        field ^= ((unit >> shift) & mask) << to
    return bank, row


def bank_times(work: Work) -> Iterator[tuple[int, Reals]]:
    """For each DRAM that columns are fetched from, its memory and what each bank needs at least at each step,
    in picoseconds. Shape (steps, banks).

    In a step a bank reads every burst of the rows that its columns lie in, and has to go from one row to
    another as often as there are others. Behind a cache nothing is known: all may be found in it.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.networks.trace import dense_trace
    >>> from deltasim.simulator.chip import load_chip
    >>> from deltasim.simulator.mapping.mapping import map_network
    >>> from deltasim.simulator.plan.compile import compile_plan
    >>> network, chip = random_stack("gru", 8, (16,), np.random.default_rng(0)), load_chip("edgedrnn")
    >>> work = Work(compile_plan(network, chip, map_network(network, chip)), dense_trace(network, [2]))
    >>> [(memory, times.shape) for memory, times in bank_times(work)]
    [(0, (2, 8))]
    """
    memories, steps = work.plan.memories, work.trace.messages["step"].astype(np.int64)
    for memory in range(len(memories.component)):
        bank = bank_of(memories, memory)
        mine = np.flatnonzero(work.segments["memory"] == memory)
        if bank is None or not len(mine):
            continue
        begin = work.segments["address"][mine]
        end = begin + work.segments["bytes"][mine]
        number = (end - 1) // bank.piece - begin // bank.piece + 1
        owner = np.repeat(np.arange(len(mine)), number)
        piece = begin[owner] // bank.piece + places(number)
        size = np.minimum(end[owner], (piece + 1) * bank.piece) - np.maximum(begin[owner], piece * bank.piece)
        banks, rows = bank_and_row(memories, memory, piece * bank.piece)
        column = work.column_of[mine][owner]
        order = np.argsort(column, kind="stable")
        first = np.searchsorted(column[order], np.arange(work.columns + 1))
        if memories.controlled[memory]:  # a burst that several wait for is read once
            size = size * (1 - work.shared_place[mine][owner])
        found = np.zeros((work.trace.steps, bank.banks))
        pieces = first[work.column + 1] - first[work.column]
        for messages in np.array_split(np.arange(len(steps)), 1 + int(pieces.sum()) // AT_ONCE):
            each = pieces[messages]  # of a step that is cut in two either part needs no more than all of it
            at = order[np.repeat(first[work.column[messages]], each) + places(each)]
            step = np.repeat(steps[messages], each)
            np.maximum(found, times_of(bank, step, banks[at], rows[at], size[at], found.shape), out=found)
        yield memory, found


def places(lengths: Integers) -> Integers:
    """0, 1, ... anew for each of some lengths.

    >>> places(np.array([2, 0, 3])).tolist()
    [0, 1, 0, 1, 2]
    """
    found: Integers = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return found


def times_of(
    bank: Bank, step: Integers, banks: Integers, rows: Integers, size: Integers, shape: tuple[int, int]
) -> Reals:
    """What banks need for pieces of rows, each read at a step."""
    where = step * bank.banks + banks
    high = int(rows.max(initial=0)) + 1
    key, of = np.unique(where * high + rows, return_inverse=True)
    bursts = np.maximum(1, np.ceil(np.bincount(of, size, len(key)) / bank.burst))
    at, visited = key // high, np.zeros(shape[0] * shape[1])
    reads = np.bincount(at, (bursts - 1) * bank.read_ps, len(visited))
    visited += np.bincount(at, minlength=len(visited))
    needed = reads + np.maximum(visited - 1, 0) * bank.row_ps + (visited > 0) * bank.data_ps
    found: Reals = needed.reshape(shape)
    return found
