"""What flits do on a chip that states its pitch: buffers written and read, switches crossed, wire driven."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from deltasim.simulator.chip.actions import ROUTER_ACTIONS
from deltasim.simulator.chip.loading import ChipErrors
from deltasim.simulator.flit_network.energy import SWITCH_PORTS, count_flits
from deltasim.simulator.flit_network.fabric import parse_fabric
from deltasim.simulator.ledger.pricing import price
from deltasim.simulator.simulate import simulate
from tests.simulator.builders import DRAM, chain, chip, trace_of
from tests.simulator.engines.test_network import fields, placed


@pytest.mark.parametrize(
    ("topology", "cores", "end"), [("mesh:3x3", 9, 8), ("torus:2x4", 8, 6), ("ring:6", 6, 2)]
)
def test_a_message_costs_what_the_flit_network_says(engine: str, topology: str, cores: int, end: int) -> None:
    """Of one message of 3 flits both networks count the same writes, reads, crossings and wire."""
    network = chain(4, 4)
    parts = fields(topology, cores, message_bits=192, pitch="0.5 mm") | placed(input=0, dense_0=end)
    ledger = simulate(network, trace_of(network, [[(0, 2)]]), chip(parts), engine=engine)
    fabric = parse_fabric(topology)
    hops = set(pairwise(fabric.path(0, end)))
    carried = np.array([3 if (link.start, link.end) in hops else 0 for link in fabric.links])
    entered, left = np.zeros(cores, np.int64), np.zeros(cores, np.int64)
    entered[0] = left[end] = 3
    counts = count_flits(fabric, carried, entered, left)
    found = [ledger.total(name) for name in ROUTER_ACTIONS]
    assert found == [counts.buffer_writes, counts.buffer_reads, counts.crossbar_ports / SWITCH_PORTS]
    assert ledger.total("link.flit") == counts.link_flits
    assert ledger.total("link.flit_um") == counts.link_pitches * 500
    assert ledger.total("router.flit") == 0


def test_a_fork_writes_once_and_reads_for_every_branch(engine: str) -> None:
    """From core 0 of a 2 x 2 mesh to all 4, 2 flits over 3 links: 1 + 3 writes, 3 + 3 reads."""
    network = chain(4, 8)
    parts = fields("mesh:2x2", 4, message_bits=128, pitch="1 mm") | {
        "placement.explicit.cores": {"input": [0]}
    }
    ledger = simulate(network, trace_of(network, [[(0, 2)]]), chip(parts), engine=engine)
    assert [ledger.total(name) for name in ROUTER_ACTIONS] == [2 * 4, 2 * 6, 2 * 6]
    assert ledger.total("link.flit_um") == 2 * 3 * 1000


def test_a_fetch_goes_there_and_back(engine: str) -> None:
    """2 links each way: a request of 2 flits and a response of 8."""
    network = chain(4, 16)
    parts = fields("ring:4", 4, request_bits=128, pitch="1 mm") | placed(input=3, dense_0=3)
    parts |= {"memories": [DRAM | {"ports": [1]}]}
    ledger = simulate(network, trace_of(network, [[(0, 2)]]), chip(parts), engine=engine)
    assert [ledger.total(name) for name in ROUTER_ACTIONS] == [3 * 10] * 3
    assert ledger.total("link.flit_um") == 2 * 10 * 1000


def test_a_bus_is_wire_only(engine: str) -> None:
    """A flit drives the bus along all 4 cores."""
    network = chain(4, 8)
    parts = fields("bus", 4, message_bits=128, pitch="1 mm") | {"placement.explicit.cores": {"input": [0]}}
    ledger = simulate(network, trace_of(network, [[(0, 2)]]), chip(parts), engine=engine)
    assert ledger.total("link.flit_um") == 2 * 4 * 1000
    assert not any(name in ledger.actions for name in ROUTER_ACTIONS)


def test_parts_that_add_up_to_the_one_price_give_the_same_energy() -> None:
    """Without forks: write 1, read 1, crossing 1 are a router of 3; 1000 um at 1/1000 are a link of 1."""
    network = chain(4, 4)
    plain = fields("mesh:3x3", 9, message_bits=192) | placed(input=0, dense_0=8)
    one = chip(plain).changed({"prices.router.flit": priced("3 pJ")})
    parts = chip(plain | {"network.pitch": "1 mm"}).changed({"prices.link.flit_um": priced("1 fJ")})
    trace = trace_of(network, [[(0, 2)]])
    both = [price(simulate(network, trace, design), design).by_part["network"] for design in (one, parts)]
    assert both[0] == pytest.approx(both[1], rel=1e-12)
    assert both[0] > 0


def priced(energy: str) -> dict[str, str]:
    return {"energy": energy, "node": "not stated", "kind": "estimated", "source": "for tests"}


def test_a_pitch_is_a_length() -> None:
    with pytest.raises(
        ChipErrors, match=r"network.pitch: 3 pJ: expected a length, not J. Write it like 0.6 mm"
    ):
        chip(fields("mesh:2x2", 4, pitch="3 pJ"))


def test_parts_have_prices_of_their_own() -> None:
    """Wires and the switch follow from node, width and ports; buffers whose depth is not stated do not."""
    with pytest.raises(ChipErrors) as caught:
        chip(fields("mesh:2x2", 4)).changed({"network.pitch": "1 mm"})
    told = [line.split(": ")[1:3] for line in str(caught.value).splitlines()]
    assert told == [
        ["prices.router.buffer_write", "missing"],
        ["prices.router.buffer_read", "missing"],
        ["prices.link.flit", "priced"],
        ["prices.router.flit", "priced"],
    ]
