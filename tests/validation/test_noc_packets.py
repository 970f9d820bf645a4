"""The engines' network under the traffic of the flit network: equal alone, close under load."""

from __future__ import annotations

import numpy as np
import pytest

from deltasim.simulator.flit_network.fabric import parse_fabric
from deltasim.simulator.flit_network.measure import Router, measure_packets
from deltasim.simulator.flit_network.traffic import packets_of, random_packets
from deltasim.validation.noc_packets import packet_traffic


@pytest.mark.parametrize("topology", ["mesh:3x3", "torus:2x4", "ring:8", "star:5"])
@pytest.mark.parametrize("flits", [1, 4])
def test_alone_packets_take_as_long_as_flits(topology: str, flits: int) -> None:
    """One packet at a time from terminal 0 to every other, exactly."""
    fabric = parse_fabric(topology)
    alone = [(200 * end, 0, end, flits) for end in range(1, fabric.terminals)]
    packets = packets_of(alone, fabric.terminals)
    by_flit = measure_packets(fabric, packets, Router(2, 4)).latency.mean()
    found = packet_traffic(topology, packets, Router(2, 4))
    assert found.latency == pytest.approx(by_flit, rel=1e-12)
    assert (found.short, found.longer) == (0.0, 1.0)


def test_under_load_packets_are_close_to_flits() -> None:
    """A mesh of 4 x 4 at 0.2 flits a cycle: within 5 % of the flit network with the same packets."""
    fabric = parse_fabric("mesh:4x4")
    packets = random_packets("uniform", fabric.grid, 0.2, 4, 1000, np.random.default_rng(1))
    by_flit = measure_packets(fabric, packets, Router()).latency.mean()
    assert packet_traffic("mesh:4x4", packets, Router()).latency == pytest.approx(by_flit, rel=0.05)


def test_small_buffers_run_short_and_take_longer() -> None:
    """Everybody sends to terminal 0 at once through buffers of one packet."""
    rows = [(cycle, source, 0, 4) for source in range(1, 16) for cycle in range(0, 40, 4)]
    found = packet_traffic("mesh:4x4", packets_of(rows, 16), Router(1, 4))
    assert found.short > 0.05
    assert found.longer >= 1.0
