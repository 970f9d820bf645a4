"""Measuring: what stable means, how busy links are, and what a flit costs."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from deltasim.runtime.errors import InputError
from deltasim.simulator.flit_network.energy import FlitPrices
from deltasim.simulator.flit_network.fabric import parse_fabric
from deltasim.simulator.flit_network.measure import Measurement, Phases, Router, measure, measure_packets
from deltasim.simulator.flit_network.traffic import packets_of

QUICK = Phases(warm_up=1000, measured=4000)


def test_neighbours_on_a_torus_meet_nobody() -> None:
    plenty = Router(virtual_channels=16, buffer=4)  # 8 a class: one is always free again in time
    quiet = measure(parse_fabric("torus:4x4"), "neighbor", 0.3, router=plenty, phases=QUICK)
    assert quiet.latency.min() == quiet.latency.max() == 4 * 3 + 2
    assert quiet.hops_mean == 3 and quiet.stable


def test_a_bus_saturates_at_one_flit_a_cycle() -> None:
    bus = parse_fabric("bus:8")
    below = measure(bus, "uniform", 0.9 / 8, phases=QUICK)
    above = measure(bus, "uniform", 2 / 8, phases=Phases(1000, 4000, 4000))
    assert below.stable and below.accepted == pytest.approx(0.9 / 8, rel=0.05)
    assert not above.stable and above.accepted == pytest.approx(1 / 8, rel=0.01)


def test_a_mesh_cannot_pass_more_than_its_middle_holds() -> None:
    """Half of all flits cross the middle of a mesh: 8 x 8 terminals send at most 4 * 8 / 64 each."""
    flooded = measure(parse_fabric("mesh:8x8"), "uniform", 0.9, phases=Phases(500, 1500, 500))
    assert not flooded.stable and flooded.missing > 0
    assert 0.3 < flooded.accepted < 0.5


def test_a_run_that_never_delivers_has_no_latency() -> None:
    flooded = measure(parse_fabric("mesh:4x4"), "uniform", 0.01, phases=Phases(0, 3, 0), seed=3)
    assert flooded.to_dict()["latency_mean_cycles"] is None or flooded.latency.size


def test_figures_of_one_packet() -> None:
    mesh = parse_fabric("mesh:2x2")
    one: Measurement = measure_packets(mesh, packets_of([(0, 0, 3, 2)], 4), Router(1, 1))
    figures = one.to_dict()
    assert figures["hops_mean"] == 3 and figures["packets"] == 1 and figures["stable"]
    counts = one.counts
    assert (counts.buffer_writes, counts.buffer_reads, counts.link_flits) == (6, 6, 4)
    energy = counts.energy(FlitPrices.of_width(64), pitch_mm=2.0)
    assert energy["buffer_j"] == pytest.approx(6 * 2.5e-12)
    assert energy["crossbar_j"] == pytest.approx(6 * 0.4e-12)
    assert energy["link_j"] == pytest.approx(4 * 2 * 3.1e-12)
    assert energy["total_j"] == pytest.approx(sum(list(energy.values())[:3]))


def test_what_is_measured_unless_one_says_otherwise() -> None:
    """3,000 cycles of warm-up, 10,000 measured; channels that take the next packet at once."""
    fabric = parse_fabric("mesh:2x2")
    plain = measure(fabric, "uniform", 0.3, flits=2)
    same = measure(fabric, "uniform", 0.3, 2, Router(8, 8, 4, False), Phases(3000, 10_000, 10_000))
    assert plain.to_dict() == same.to_dict() and plain.stable and plain.missing == 0
    narrow = Router(virtual_channels=1, buffer=4)
    atomic = Router(virtual_channels=1, buffer=4, atomic_channels=True)
    quick = Phases(100, 1000)
    assert measure(fabric, "uniform", 0.3, 2, narrow, quick).latency.mean() < measure(
        fabric, "uniform", 0.3, 2, atomic, quick
    ).latency.mean()  # fmt: skip


def test_packets_count_in_the_phase_they_are_made_in() -> None:
    """Of three packets over one router, one is made before, one within, one behind the measured cycles."""
    fabric = parse_fabric("crossbar:2")
    packets = packets_of([(9, 0, 1, 3), (10, 0, 1, 3), (20, 0, 1, 3)], terminals=2)
    found = measure_packets(fabric, packets, None, Phases(warm_up=10, measured=10, drain=100))
    assert found.latency.size == 1 and found.offered == 3 / 20 and found.delivered_flits >= 6
    assert found.accepted == pytest.approx(found.accepted) and found.hops_mean == 1.0
    whole = measure_packets(fabric, packets)
    assert whole.latency.size == 3 and whole.missing == 0 and whole.delivered_flits == 9
    assert whole.offered == whole.accepted == 9 / (2 * whole.cycles)
    assert whole.busiest_link == pytest.approx(9 / whole.cycles)


def test_flits_on_links_are_route_lengths() -> None:
    ring = parse_fabric("ring:5")
    measured = measure_packets(ring, packets_of([(0, 0, 2, 3), (0, 4, 0, 1)], 5))
    loads = {
        (link.start, link.end): int(n) for link, n in zip(ring.links, measured.link_flits, strict=True) if n
    }
    assert loads == {(0, 1): 3, (1, 2): 3, (4, 0): 1}
    assert np.isclose(measured.counts.link_pitches, 7)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"flits": 0}, "--flits: 0: it is a whole number from 1"),
        ({"router": Router(0, 4)}, "--virtual-channels: 0"),
        ({"router": Router(65, 4)}, "--virtual-channels: 65"),
        ({"router": Router(4, 0)}, "--buffer: 0"),
        ({"phases": Phases(measured=0)}, "--cycles: 0"),
        ({"phases": Phases(warm_up=-1)}, "--warm-up: -1: it is a whole number from 0"),
        ({"phases": Phases(measured=10_000_000), "rate": 1.0}, "packets would be sent"),
        ({"seed": -1}, "--seed: -1"),
        ({"rate": 1.5}, "--rate: 1.5"),
        ({"traffic": "tornada"}, "--traffic: tornada: .* Did you mean tornado?"),
        ({"router": Router(hop_cycles=0)}, "--hop-cycles: 0"),
        ({"router": Router(hop_cycles=10**16)}, "--hop-cycles: 10,000,000,000,000,000"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence(settings: dict[str, object], sentence: str) -> None:
    given: dict[str, object] = {"traffic": "uniform", "rate": 0.1} | settings
    with pytest.raises(InputError, match=sentence):
        measure(parse_fabric("mesh:8x8"), **given)  # type: ignore[arg-type]


def test_links_that_take_too_long_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    packets = packets_of([(0, 0, 3, 1)], 4)
    with pytest.raises(InputError, match="a flit is at most 4,096 cycles under way"):
        measure_packets(parse_fabric("mesh:2x2").with_links(latency=10**12), packets)
    monkeypatch.setattr("deltasim.simulator.flit_network.measure.MOST_UNDER_WAY", 16 * 12 - 1)
    measure_packets(parse_fabric("mesh:2x2").with_links(latency=9), packets)
    with pytest.raises(InputError, match="12 cycles on each of 16 wires hold more than 191 flits"):
        measure_packets(parse_fabric("mesh:2x2").with_links(latency=10), packets)


@pytest.mark.parametrize(
    ("name", "load"),
    [("bus:4", 0.6), ("crossbar:4", 0.3), ("tree:2x2", 0.3), ("star:4", 0.225), ("mesh:2x2", 0.075)],
)
def test_the_busiest_link_has_its_closed_form(name: str, load: float) -> None:
    """At 0.15 flits a terminal and cycle, of which half go to terminal 0, or on a mesh a quarter each.

    A bus carries all four terminals' flits; the link to terminal 0 half of them, on a star without its own;
    on the mesh a terminal's two pairs in the other column share a link.
    """
    shares = np.full((4, 4), 1 / 4)
    if name != "mesh:2x2":
        shares[:, 0], shares[:, 1:] = 1 / 2, 1 / 6
    rows = [
        (cycle, source, destination, 1)
        for cycle, source, destination in _spread(shares, rate=0.15, cycles=12_000)
    ]
    measured = measure_packets(parse_fabric(name), packets_of(rows, 4))
    assert measured.busiest_link == pytest.approx(load, rel=0.01)


def _spread(shares: npt.NDArray[np.float64], rate: float, cycles: int) -> list[tuple[int, int, int]]:
    """Packets at a steady pace, each pair in its share."""
    return [
        (int(number / (rate * shares[source, destination])), source, destination)
        for source in range(len(shares))
        for destination in range(len(shares))
        for number in range(round(cycles * rate * shares[source, destination]))
    ]


def test_buffers_beyond_memory_are_refused() -> None:
    with pytest.raises(InputError, match=r"hold .* flits together"):
        measure(parse_fabric("mesh:16x16"), "uniform", 0.1, router=Router(64, 4096))


def test_two_packets_a_terminal_may_be_under_way() -> None:
    """Made in the last cycle measured, none arrives in time: four packets of three flits are just stable."""
    fabric, phases = parse_fabric("crossbar:2"), Phases(warm_up=0, measured=10, drain=100)
    for packets, stable in ((4, True), (5, False)):
        found = measure_packets(fabric, packets_of([(9, 0, 1, 3)] * packets, 2), None, phases)
        assert found.missing == 0 and found.accepted == 0 and found.stable == stable


def test_one_packet_has_a_latency() -> None:
    """Made in cycle 0: 4 cycles at each of 3 routers, 2 at the ends, its second flit 1 behind."""
    figures = measure_packets(parse_fabric("mesh:2x2"), packets_of([(0, 0, 3, 2)], 4)).to_dict()
    assert figures["latency_mean_cycles"] == figures["latency_p99_cycles"] == 4 * 3 + 2 + 1


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"flits": 65_537}, "--flits: 65,537: it is a whole number from 1 to 65,536"),
        ({"seed": 2**63 + 1}, "--seed: 9,223,372,036,854,775,809: it is a whole number from 0 to 9,223,372"),
    ],
)
def test_bounds_are_told(settings: dict[str, int], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        measure(parse_fabric("mesh:2x2"), "uniform", 0.1, **settings)
