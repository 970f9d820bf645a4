"""Random memories and traffic."""

from __future__ import annotations

from hypothesis import strategies as st

from deltasim.simulator.dram.constraints import AFTER, COMMANDS, CONSTRAINTS, LEVELS, OF_PARTS, RANK, table
from deltasim.simulator.dram.timing import Timing


@st.composite
def timings(draw: st.DrawFn, channels: int = 1) -> Timing:
    """Any timing the rule may meet, also odd ones: small numbers bring constraints into play together."""
    ticks = st.integers(1, 12)
    few = st.integers(1, 3)
    burst = draw(st.integers(1, 4))
    precharge_slots = draw(few)
    row_open, precharge = draw(st.integers(1, 20)), precharge_slots - 1 + draw(ticks)
    ranks_on_bus, buses = draw(st.sampled_from([(1, 1), (2, 1), (1, 2), (2, 2)]))
    groups, banks = draw(st.sampled_from([1, 2])), draw(st.sampled_from([1, 2]))
    parts = draw(st.sampled_from([1, 1, banks, groups * banks]))
    apart = draw(st.sampled_from([0, 0, 0, 3, 8]))  # an activate in two halves
    clock = draw(st.sampled_from([0, 0, 10]))
    known = [(row.level, row.before, row.after) for row in (*CONSTRAINTS, *(OF_PARTS if parts > 1 else ()))]
    commands = st.sampled_from(COMMANDS[:AFTER])
    anything = st.tuples(st.sampled_from(LEVELS[: RANK + 1]), commands, commands)
    own = draw(st.lists(anything.filter(lambda row: row[0] != "bank" or row[2] != "refresh"), max_size=3))
    delays = {row: draw(ticks) for row in (*known, *own)}
    delays["bank", "precharge_set", "activate"] += precharge_slots - 1
    delays["four", "activate", "activate"] = draw(st.integers(1, 40))
    if apart:  # nothing is read from a row before it is whole
        delays["bank", "activate", "read"] += apart
        delays["bank", "activate", "write"] += apart
        row_open += apart
    delays["bank", "activate", "precharge"] = row_open
    delays["bank", "precharge", "activate"] = precharge
    delays["bank", "activate", "activate"] = row_open + precharge + draw(st.integers(0, 5))
    return Timing(
        between=table((*row, delay) for row, delay in delays.items()),
        tick_ps=1000,
        burst=burst,
        read_latency=draw(ticks) + burst,
        write_latency=draw(ticks) + burst,
        refresh_sets=parts,
        refresh_interval=draw(st.sampled_from([0, 150, 400])),
        power_down_after=draw(st.sampled_from([0, 5, 30])),
        power_down_least=draw(ticks),
        power_down_exit=draw(ticks),
        read_clock=clock,
        write_clock=clock and draw(st.integers(1, 14)),
        activate_slots=1 if apart else draw(few),
        activate_apart=apart,
        column_slots=draw(few),
        precharge_slots=precharge_slots,
        split_bus=0 if apart or clock else draw(st.integers(0, 1)),
        falling=0 if apart or clock else draw(st.integers(0, 1)),
        closed_page=draw(st.integers(0, 1)),
        queue=draw(st.sampled_from([1, 2, 8])),
        channels=channels,
        ranks=ranks_on_bus * buses,
        ranks_on_bus=ranks_on_bus,
        groups=groups,
        banks=banks,
    )


def traffic(most: int = 40) -> st.SearchStrategy[list[tuple[int, int, int, int, bool]]]:
    """Requests: ticks since the one before, bank (modulo what there is), row, column, write."""
    gap = st.one_of(st.integers(0, 3), st.integers(0, 200))
    return st.lists(
        st.tuples(gap, st.integers(0, 63), st.integers(0, 2), st.integers(0, 3), st.booleans()), max_size=most
    )


def burst_of(bank: int, row: int, column: int) -> int:
    """A number for a burst, of four to a row."""
    return (bank * 4 + row) * 4 + column
