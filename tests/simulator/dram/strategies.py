"""Random memories and traffic."""

from __future__ import annotations

from hypothesis import strategies as st

from deltasim.simulator.dram.timing import Timing


@st.composite
def timings(draw: st.DrawFn, channels: int = 1) -> Timing:
    """Any timing the rule may meet, also odd ones: small numbers bring constraints into play together."""
    ticks = st.integers(1, 12)
    few = st.integers(1, 3)
    burst = draw(st.integers(1, 4))
    row_open, precharge = draw(st.integers(1, 20)), draw(ticks)
    ranks_on_bus, buses = draw(st.sampled_from([(1, 1), (2, 1), (1, 2), (2, 2)]))
    delays = {
        name: draw(ticks)
        for name in Timing._fields
        if "_to_" in name
        and name not in ("activate_to_precharge", "activate_to_activate", "precharge_to_activate")
    }
    return Timing(
        tick_ps=1000,
        burst=burst,
        read_latency=draw(ticks) + burst,
        write_latency=draw(ticks) + burst,
        activate_to_precharge=row_open,
        activate_to_activate=row_open + precharge + draw(st.integers(0, 5)),
        precharge_to_activate=precharge,
        four_activates=draw(st.integers(1, 40)),
        refresh=draw(st.integers(1, 30)),
        refresh_interval=draw(st.sampled_from([0, 150, 400])),
        power_down_after=draw(st.sampled_from([0, 5, 30])),
        power_down_least=draw(ticks),
        power_down_exit=draw(ticks),
        strobe_hold=draw(st.sampled_from([0, 0, 10])),
        activate_slots=draw(few),
        activate_apart=draw(st.sampled_from([0, 0, 1, 8])),
        column_slots=draw(few),
        precharge_slots=draw(few),
        split_bus=draw(st.integers(0, 1)),
        closed_page=draw(st.integers(0, 1)),
        queue=draw(st.sampled_from([1, 2, 8])),
        channels=channels,
        ranks=ranks_on_bus * buses,
        ranks_on_bus=ranks_on_bus,
        groups=draw(st.sampled_from([1, 2])),
        banks=draw(st.sampled_from([1, 2])),
        **delays,
    )


def traffic(most: int = 40) -> st.SearchStrategy[list[tuple[int, int, int, bool]]]:
    """Requests: ticks since the one before, bank (modulo what there is), row, write."""
    gap = st.one_of(st.integers(0, 3), st.integers(0, 200))
    return st.lists(st.tuples(gap, st.integers(0, 63), st.integers(0, 2), st.booleans()), max_size=most)
