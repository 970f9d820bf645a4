"""The routers: closed forms, one event at a time, and the laws under any traffic."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.simulator.flit_network.clock import run
from deltasim.simulator.flit_network.fabric import HOP_CYCLES, Fabric, parse_fabric
from deltasim.simulator.flit_network.measure import Router, measure_packets
from deltasim.simulator.flit_network.state import Packets, State, fresh_state
from deltasim.simulator.flit_network.traffic import packets_of

FOREVER = 10**7
FABRICS = ["mesh:3x3", "mesh:1x4", "torus:4x4", "torus:3x2", "ring:5", "ring:2"]
FABRICS += ["star:4", "tree:2x3", "crossbar:5", "bus:4"]
Rows = list[tuple[int, int, int, int]]


def carried(
    fabric: Fabric,
    rows: Rows,
    channels: int = 2,
    buffer: int = 4,
    hop: int = HOP_CYCLES,
    atomic: bool = False,
) -> tuple[Packets, State]:
    packets = packets_of(rows, fabric.terminals)
    wires = fabric.wires(channels, hop, atomic)
    state = fresh_state(wires, packets, channels, buffer)
    run(wires, packets, state, 0, 0, FOREVER, FOREVER)
    return packets, state


def latencies(
    fabric: Fabric,
    rows: Rows,
    channels: int = 2,
    buffer: int = 8,
    hop: int = HOP_CYCLES,
    atomic: bool = False,
) -> list[int]:
    packets, state = carried(fabric, rows, channels, buffer, hop, atomic)
    return [int(cycles) for cycles in state.records.arrived - packets.created]


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(FABRICS),
    ends=st.tuples(st.integers(0, 99), st.integers(0, 99)),
    flits=st.integers(1, 9),
    created=st.integers(0, 10**6),
    hop=st.integers(1, 9),
)
def test_a_packet_alone_takes_the_hop_cycles_of_every_router(
    name: str, ends: tuple[int, int], flits: int, created: int, hop: int
) -> None:
    fabric = parse_fabric(name)
    source, destination = (end % fabric.terminals for end in ends)
    routers = len(fabric.path(source, destination))
    alone = latencies(fabric, [(created, source, destination, flits)], buffer=16, hop=hop)
    assert alone == [hop * routers + 2 + flits - 1]


def test_a_slow_link_adds_its_latency_and_its_period() -> None:
    fabric = parse_fabric("mesh:1x3").with_links(latency=7, period=3)
    assert latencies(fabric, [(0, 0, 2, 1)]) == [4 * 3 + 2 + 2 * 6]
    # The last flit needs no virtual channel granted: behind the slow links it is a cycle closer to the first.
    assert latencies(fabric, [(0, 0, 2, 5)]) == [4 * 3 + 2 + 2 * 6 + 4 * 3 - 1]


def test_the_second_of_two_packets_for_one_output_waits_one_cycle() -> None:
    fabric = parse_fabric("crossbar:3")
    assert sorted(latencies(fabric, [(0, 0, 2, 1), (0, 1, 2, 1)])) == [6, 7]
    assert latencies(fabric, [(0, 0, 2, 1), (0, 1, 0, 1)]) == [6, 6]


def test_a_bus_moves_one_flit_a_cycle_whoever_sends() -> None:
    assert sorted(latencies(parse_fabric("bus:3"), [(0, 0, 2, 1), (0, 1, 0, 1)])) == [6, 7]
    fabric = parse_fabric("bus:8")
    rows = [(0, source, (source + 3) % 8, 5) for source in range(8)]
    _, state = carried(fabric, rows)
    assert state.records.arrived.max() == 6 + 8 * 5 - 1


def test_round_robin_is_fair() -> None:
    rows = [(0, source, 3, 1) for source in (0, 1, 2) for _ in range(40)]
    packets, state = carried(parse_fabric("crossbar:4"), rows)
    order = packets.source[np.argsort(state.records.arrived, kind="stable")]
    counts = np.array([np.bincount(order[: 3 * n], minlength=3) for n in range(2, 40)])
    assert np.ptp(counts, axis=1).max() <= 2


@pytest.mark.parametrize(("buffer", "gap"), [(1, 6), (2, 3), (5, 6 / 5), (6, 1), (8, 1)])
def test_a_stream_is_as_fast_as_credits_return(buffer: int, gap: float) -> None:
    """A slot is granted again after 6 cycles: 3 for its flit to arrive, 3 for the credit to come back."""
    (took,) = latencies(parse_fabric("mesh:1x6"), [(0, 0, 5, 201)], channels=1, buffer=buffer)
    assert (took - 4 * 6 - 2) / 200 == pytest.approx(gap, rel=0.03)


def test_a_channel_is_granted_again_once_the_last_flit_has_left() -> None:
    """2 cycles from packet to packet in one channel: one each for the grants of channel and switch."""
    rows = [(0, 0, 5, 1)] * 101
    alone = latencies(parse_fabric("mesh:1x6"), rows, channels=1)
    assert np.diff(np.sort(alone)).tolist() == [2] * 100
    two = latencies(parse_fabric("mesh:1x6"), rows, channels=2)
    assert np.diff(np.sort(two)).tolist() == [1] * 100


def test_an_atomic_channel_is_granted_again_when_its_last_credit_is_back() -> None:
    """8 cycles from grant to grant: switch 1, flit 3, the next router's grants 1, credit 3."""
    rows = [(0, 0, 5, 1)] * 101
    alone = latencies(parse_fabric("mesh:1x6"), rows, channels=1, atomic=True)
    assert np.diff(np.sort(alone)).tolist() == [8] * 100
    eight = latencies(parse_fabric("mesh:1x6"), rows, channels=8, atomic=True)
    assert np.diff(np.sort(eight)).tolist() == [1] * 100


@pytest.mark.parametrize(("buffer", "gap"), [(1, 7), (2, 7 / 2), (3, 7 / 3), (4, 2)])
def test_packets_of_one_flit_share_a_buffer(buffer: int, gap: float) -> None:
    """A slot is granted again after 7 cycles: as for a stream, and one for the next router's channel."""
    rows = [(0, 0, 5, 1)] * 201
    took = max(latencies(parse_fabric("mesh:1x6"), rows, channels=1, buffer=buffer))
    assert (took - 4 * 6 - 2) / 200 == pytest.approx(gap, rel=0.03)


def test_a_terminal_that_receives_returns_credits_like_a_router() -> None:
    """6 cycles from a slot's flit to the next one, also at the last router's exit, which is all there is."""
    (took,) = latencies(parse_fabric("crossbar:2"), [(0, 0, 1, 121)], channels=1, buffer=2)
    assert (took - 4 - 2) / 120 == pytest.approx(3, rel=0.03)


def test_ports_are_numbered_as_on_booksims_mesh() -> None:
    """Out: right, left, down, up, terminal; in: from there in the same order."""
    fabric = parse_fabric("mesh:3x3")
    wires = fabric.wires(1)
    assert wires.into[wires.first[4] : wires.first[5]].tolist() == [5, 3, 7, 1, -1 - 4]
    starts = np.searchsorted(wires.first, np.arange(wires.into.size), side="right") - 1
    inward = wires.entering[wires.bounds[4] : wires.bounds[5]]
    assert starts[inward[:4]].tolist() == [5, 3, 7, 1] and inward[4] == wires.first[-1] + 4


def test_backpressure_reaches_the_source() -> None:
    fabric = parse_fabric("mesh:1x4")
    rows = [(0, 0, 3, 64), (0, 3, 3, 64), (0, 2, 3, 64)]
    _, state = carried(fabric, rows, channels=1, buffer=2)
    assert state.buffers.peak.max() == 2 and (state.records.arrived > 0).all()


rows_of_traffic = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 99), st.integers(0, 99), st.integers(1, 7)),
    min_size=1,
    max_size=60,
)


@settings(max_examples=120, deadline=None)
@given(
    name=st.sampled_from(FABRICS),
    rows=rows_of_traffic,
    channels=st.integers(2, 5),
    buffer=st.integers(1, 5),
    hop=st.integers(1, 6),
    atomic=st.booleans(),
)
def test_the_laws_hold_under_any_traffic(
    name: str, rows: Rows, channels: int, buffer: int, hop: int, atomic: bool
) -> None:
    fabric = parse_fabric(name)
    ends = fabric.terminals
    packets, state = carried(
        fabric, [(at, a % ends, b % ends, flits) for at, a, b, flits in rows], channels, buffer, hop, atomic
    )
    visited = fabric.routers_visited()[packets.source, packets.destination]
    assert (state.records.received == packets.flits).all()  # every flit arrives, none twice
    assert (state.records.arrived - packets.created >= hop * visited + 2 + packets.flits - 1).all()
    assert (state.records.entered >= packets.created).all()
    assert state.buffers.held.sum() == 0 and state.buffers.peak.max() <= buffer
    wires = fabric.wires(channels)
    links = wires.into[: wires.first[-1]] >= 0
    assert (
        state.records.crossings[: wires.first[-1]][links].sum() == ((visited - 1) * packets.flits).sum()
    )  # link traversals are route lengths


@settings(max_examples=40, deadline=None)
@given(
    rows=rows_of_traffic, buffer=st.integers(1, 4), name=st.sampled_from(["mesh:3x3", "tree:2x3", "star:5"])
)
def test_one_channel_keeps_the_order_between_two_terminals(rows: Rows, buffer: int, name: str) -> None:
    fabric = parse_fabric(name)
    ends = fabric.terminals
    packets, state = carried(
        fabric, [(at, a % ends, b % 2, flits) for at, a, b, flits in rows], channels=1, buffer=buffer
    )
    for source in range(ends):
        for destination in range(2):
            mine = (packets.source == source) & (packets.destination == destination)
            assert (np.diff(state.records.arrived[mine]) > 0).all()


def test_a_run_may_stop_and_go_on() -> None:
    fabric = parse_fabric("mesh:3x3")
    packets = packets_of([(n // 3, n % 9, n * 7 % 9, 1 + n % 4) for n in range(200)], 9)
    wires = fabric.wires(2)
    whole, parts = (fresh_state(wires, packets, 2, 3) for _ in range(2))
    end, _ = run(wires, packets, whole, 0, 0, FOREVER, FOREVER)
    reached = 0
    for limit in (1, 7, 30, 31, FOREVER):
        reached, missing = run(wires, packets, parts, reached, 0, FOREVER, limit)
    assert (reached, missing) == (end, 0)
    assert (whole.records.arrived == parts.records.arrived).all()


def test_two_runs_are_equal() -> None:
    rows = [(n // 3, n % 9, n * 7 % 9, 1 + n % 4) for n in range(200)]
    first, second = (carried(parse_fabric("mesh:3x3"), rows)[1] for _ in range(2))
    assert (first.records.arrived == second.records.arrived).all()


def test_routes_that_deadlock_are_noticed_and_not_waited_for() -> None:
    fabric = parse_fabric("ring:4")
    packets = packets_of([(0, n, (n + 2) % 4, 64) for n in range(4)], 4)
    wires = fabric.wires(2)
    trapped = wires._replace(lowest=np.zeros_like(wires.lowest), highest=np.ones_like(wires.highest))
    with pytest.raises(RuntimeError, match="the routes deadlock"):
        run(trapped, packets, fresh_state(trapped, packets, 1, 2), 0, 0, FOREVER, FOREVER)


def test_time_jumps_over_an_empty_network() -> None:
    packets = packets_of([(0, 0, 8, 1), (2**39, 0, 8, 1)], 9)
    measured = measure_packets(parse_fabric("mesh:3x3"), packets, Router(2, 2))
    assert measured.latency.tolist() == [22, 22] and measured.cycles > 2**39
