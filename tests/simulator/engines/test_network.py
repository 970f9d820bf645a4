"""Messages on the network on chip by hand. Times in cycles of 1 GHz.

A message of f flits crosses k idle links in k * hop + f - 1 cycles. Around it lie the scan (1), the address
and the word (2), the multiplication (1) and the update (1).
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deltasim.networks.cells import Dense, Input
from deltasim.networks.graph import Network, Population, Projection
from deltasim.networks.numbers.arithmetic import FLOAT32
from deltasim.simulator.simulate import ENGINES, simulate
from tests.simulator.builders import DRAM, chain, chip, of_unit, ones, step_cycles, trace_of

AROUND = 1 + 2 + 1 + 1
ROUTES = [  # topology, cores, from, to, links between
    ("bus", 4, 0, 3, 1),
    ("mesh:3x3", 9, 0, 0, 0),
    ("mesh:3x3", 9, 0, 1, 1),
    ("mesh:3x3", 9, 0, 8, 4),
    ("mesh:3x3", 9, 5, 6, 3),
    ("ring:8", 8, 0, 3, 3),
    ("ring:8", 8, 0, 5, 3),  # the other way round
    ("ring:8", 8, 6, 2, 4),
    ("star:5", 5, 4, 1, 2),
]


def fields(topology: str, cores: int, **network: object) -> dict[str, object]:
    wide = {"cores.scan.elements_per_cycle": 64, "cores.count": cores, "network.topology": topology}
    return wide | {f"network.{name}": value for name, value in network.items()}


def placed(**cores: int) -> dict[str, object]:
    """Each population on one core."""
    return {"placement.explicit.cores": {population: [core] for population, core in cores.items()}}


@pytest.mark.parametrize(("topology", "cores", "start", "end", "links"), ROUTES)
@pytest.mark.parametrize(("bits", "flits"), [(8, 1), (64, 1), (65, 2), (300, 5)])
@pytest.mark.parametrize("hop", [1, 3])
def test_message_over_idle_links(
    engine: str, topology: str, cores: int, start: int, end: int, links: int, bits: int, flits: int, hop: int
) -> None:
    network = chain(4, 4)
    parts = fields(topology, cores, message_bits=bits, hop_cycles=hop) | placed(input=start, dense_0=end)
    ledger = simulate(network, trace_of(network, [[(0, 2)]]), chip(parts), engine=engine)
    way = links * hop + flits - 1 if links else 0
    assert step_cycles(ledger) == [AROUND + way]
    assert ledger.total("link.flit") == links * flits
    # a router for every link, and one more to leave by; a bus has none
    assert ledger.total("router.flit") == ((links + 1) * flits if links and topology != "bus" else 0)


def test_network_with_its_own_clock(engine: str) -> None:
    """At 400 MHz a network cycle is 2.5 ns: 4 hops of 2 cycles and 2 flits more take 10 of them."""
    network = chain(4, 4)
    parts = fields("mesh:3x3", 9, message_bits=192, hop_cycles=2, clock="400 MHz")
    parts |= placed(input=0, dense_0=8)
    ledger = simulate(network, trace_of(network, [[(0, 2)]]), chip(parts), engine=engine)
    assert ledger.step_latency_ps.tolist() == [AROUND * 1000 + 10 * 2500]


@given(
    messages=st.integers(1, 12),
    flits=st.integers(1, 6),
    hop=st.integers(1, 4),
    engine=st.sampled_from(ENGINES),
)
def test_messages_of_one_core_share_its_link(messages: int, flits: int, hop: int, engine: str) -> None:
    """All judged at once, they leave f cycles apart; over 3 hops the last arrives (m - 1) f later than the
    first.
    """
    network = chain(12, 4)
    parts = fields("ring:8", 8, message_bits=64 * flits, hop_cycles=hop) | placed(input=0, dense_0=3)
    trace = trace_of(network, [[(0, source) for source in range(messages)]])
    ledger = simulate(network, trace, chip(parts), engine=engine)
    assert step_cycles(ledger) == [AROUND + 3 * hop + flits - 1 + (messages - 1) * flits]
    assert of_unit(ledger, "link0-1") == messages * flits * 1000
    assert of_unit(ledger, "link0-1", "queue_wait_ps") == sum(range(messages)) * flits * 1000


@pytest.mark.parametrize(("topology", "waits"), [("bus", True), ("star:3", True), ("ring:3", False)])
def test_two_cores_meet_at_a_link(engine: str, topology: str, waits: bool) -> None:
    """Cores 0 and 1 send 4 flits each to core 2 at the same time. On the bus and on the star's last link
    the second waits for the first; on the ring they come from either side (and share only the receiver: 1
    cycle for the word).
    """
    network = Network(
        "join",
        (
            Population("left", Input(1)),
            Population("right", Input(1)),
            Population("sum", Dense(4), np.zeros((1, 4), np.float32)),
        ),
        (Projection("left", "sum", ones(1, 4)), Projection("right", "sum", ones(1, 4))),
        ("sum",),
        FLOAT32,
    )
    parts = fields(topology, 3, message_bits=256) | placed(left=0, right=1, sum=2)
    ledger = simulate(network, trace_of(network, [[(0, 0), (1, 0)]]), chip(parts), engine=engine)
    hops = 2 if topology.startswith("star") else 1
    assert step_cycles(ledger) == [AROUND + hops + 3 + (4 if waits else 1)]


def test_multicast_goes_along_a_tree(engine: str) -> None:
    """From core 0 of a 2 x 2 mesh to all: links 0-1, 1-3 and 0-2, each once; the farthest core is two hops
    away. Router traversals: one for each link, and one for each core at which the message leaves.
    """
    network = chain(4, 8)
    parts = fields("mesh:2x2", 4, message_bits=128, hop_cycles=2)
    parts |= {"placement.explicit.cores": {"input": [0]}}
    ledger = simulate(network, trace_of(network, [[(0, 2)]]), chip(parts), engine=engine)
    assert step_cycles(ledger) == [AROUND + 2 * 2 + 2 - 1]
    assert ledger.total("link.flit") == 3 * 2
    assert ledger.total("router.flit") == (3 + 3) * 2
    assert ledger.total("core.send") == 1
    assert ledger.total("core.receive") == 4
    assert [of_unit(ledger, link) for link in ("link0-1", "link0-2", "link1-3")] == [2000] * 3


def test_broadcast_on_a_bus_is_one_transfer(engine: str) -> None:
    """All cores receive the one packet."""
    network = chain(4, 8)
    parts = fields("bus", 4, message_bits=128) | {"placement.explicit.cores": {"input": [0]}}
    ledger = simulate(network, trace_of(network, [[(0, 2)]]), chip(parts), engine=engine)
    assert step_cycles(ledger) == [AROUND + 1 + 1]
    assert ledger.total("link.flit") == 2


@pytest.mark.parametrize("hop", [1, 2])
def test_weights_from_a_distant_port(engine: str, hop: int) -> None:
    """Core 3 of a ring of 4 fetches 64 bytes from the port at node 1, two hops away. Request of 2 flits: 2
    hop + 1. Data begin 12 later (RCD + CL); the head of the 8 flits comes after 2 hop, the tail 7 later;
    update 1.
    """
    network = chain(4, 16)
    parts = fields("ring:4", 4, request_bits=128, hop_cycles=hop) | placed(input=3, dense_0=3)
    parts |= {"memories": [DRAM | {"ports": [1]}]}
    ledger = simulate(network, trace_of(network, [[(0, 2)]]), chip(parts), engine=engine)
    assert step_cycles(ledger) == [1 + 1 + (2 * hop + 1) + 12 + (2 * hop + 7) + 1]
    assert ledger.total("link.flit") == 2 * 2 + 2 * 8
    assert ledger.total("router.flit") == 3 * 2 + 3 * 8


def test_a_core_takes_its_nearest_port(engine: str) -> None:
    """Ports at 0 and 2: a core at 2 needs no link, a core at 1 (equally far from both) takes the first."""
    network = chain(4, 16)
    for core, channel, flits in ((2, "dram1", 0), (1, "dram0", 1 + 8)):
        parts = fields("ring:4", 4) | placed(input=core, dense_0=core)
        parts |= {"memories": [DRAM | {"ports": [0, 2]}]}
        ledger = simulate(network, trace_of(network, [[(0, 2)]]), chip(parts), engine=engine)
        assert ledger.total("link.flit") == flits
        assert of_unit(ledger, channel) > 0


JOINED = {
    "topology": "ring:2",
    "link": {"width": "16 bit", "clock": "500 MHz", "hop_cycles": 5},
}


def test_a_message_between_chips(engine: str) -> None:
    """From core 1 of chip 0 to core 3 of chip 1, each a row of 2 with its gateway at its first node.

    The link between them takes 4 cycles of 2 ns for a flit: the last of 4 flits comes 3 * 8 behind the head,
    and stays so far behind it on the fast link after it. The head takes 1 + 10 + 1.
    """
    parts = fields("mesh:1x2", 4, message_bits=256, joined=JOINED) | placed(input=1, dense_0=3)
    network = chain(4, 4)
    ledger = simulate(network, trace_of(network, [[(0, 2)]]), chip(parts), engine=engine)
    assert step_cycles(ledger) == [AROUND + 12 + 24]
    assert (ledger.total("link.flit"), ledger.total("joined.flit")) == (2 * 4, 4)
    assert ledger.total("router.flit") == (3 + 1) * 4
    assert of_unit(ledger, "link0-2") == 4 * 8000
    assert (of_unit(ledger, "link2-3"), of_unit(ledger, "link2-3", "stalled_ps")) == (4000, 21000)


@pytest.mark.parametrize(
    ("topology", "extra", "way", "routers"),
    [
        ("graph", {"edges": [[0, 1, 0.5]]}, 2 + 2 * 2, 2),  # half as wide: 2 cycles a flit, the first too
        ("graph", {"edges": [[0, 1, 2]]}, 1 + 1, 2),  # twice as wide: half a cycle a flit
        ("graph", {"edges": [[0, 1, {"latency": 5}]]}, 5 + 2, 2),
        ("graph", {"edges": [[0, 2], [2, 1, 0.25]]}, 1 + 4 + 2 * 4, 3),  # node 2 is only a switch
        ("crossbar:2", {}, 2 + 2, 1),
        ("tree:2x1", {}, 2 + 2, 1),
        ("torus:1x2", {}, 1 + 2, 2),
    ],
)
def test_links_of_other_speeds_and_shapes(
    engine: str, topology: str, extra: dict[str, object], way: int, routers: int
) -> None:
    """A message of 3 flits from core 0 to core 1."""
    parts = fields(topology, 2, message_bits=192, **extra) | placed(input=0, dense_0=1)
    network = chain(4, 4)
    ledger = simulate(network, trace_of(network, [[(0, 2)]]), chip(parts), engine=engine)
    assert step_cycles(ledger) == [AROUND + way]
    assert ledger.total("router.flit") == routers * 3
