"""The engines' network, which moves packets, under the very traffic of the flit network.

A packet from terminal s in cycle c is the message of neuron ``s * cycles + c``, which the scan of core s
judges in cycle c and which has one target, on the packet's destination core. Sending and receiving take a
cycle a flit, as a terminal's wire does.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from deltasim.networks.cells import Dense, Input
from deltasim.networks.connections import Sparse
from deltasim.networks.graph import Network, Population, Projection
from deltasim.networks.numbers.arithmetic import FLOAT32
from deltasim.networks.trace import MESSAGE, Trace
from deltasim.simulator.chip import Chip
from deltasim.simulator.chip.actions import CORE_ACTIONS
from deltasim.simulator.chip.loading import chip_from_content
from deltasim.simulator.flit_network.measure import Router
from deltasim.simulator.flit_network.state import Packets
from deltasim.simulator.simulate import simulate

HOP_CYCLES = 4  # a head's time on a router it passes, wire included
TERMINAL_CYCLES = 6  # from a source into its router, and out of the last router
PERIOD_PS = 1000


class PacketTraffic(NamedTuple):
    """Mean latency of all packets in cycles, with buffers without limit, and what finite buffers do.

    ``short`` is the share of packets, per link crossed, for which a link was stalled for want of credits;
    ``longer`` the time to the last delivery with finite buffers over that without limit.
    """

    latency: float
    short: float
    longer: float


def packet_traffic(topology: str, packets: Packets, router: Router) -> PacketTraffic:
    """Run the packets, all of one size and no two from one terminal in a cycle, on the compiled engine.

    Latency is as the flit network counts it: ``4 * links + 6 + flits - 1`` cycles and all waits for links and
    terminals. The engine knows no cycles on the wires of terminals, which are those 6. It is stated for
    buffers without limit: a ledger does not say how long packets stood behind others in finite ones.

    >>> from deltasim.simulator.flit_network.traffic import packets_of
    >>> alone = packets_of([(0, 0, 5, 3)], terminals=6)
    >>> packet_traffic("mesh:2x3", alone, Router(1, 3))           # 3 links
    PacketTraffic(latency=20.0, short=0.0, longer=1.0)
    """
    network, trace = packet_network(packets)
    flits, terminals = int(packets.flits[0]), packets.bounds.size - 1
    free = simulate(network, trace, packet_chip(topology, terminals, flits, None))
    finite = simulate(network, trace, packet_chip(topology, terminals, flits, router))
    waited_ps = sum(
        wait
        for unit, wait in zip(free.units, free.queue_wait_ps.tolist(), strict=True)
        if unit.kind in ("link", "send", "receive")
    )
    count, crossed = packets.created.size, free.total("link.flit") / flits
    latency = (HOP_CYCLES * crossed + waited_ps / PERIOD_PS) / count + TERMINAL_CYCLES + flits - 1
    short = finite.total("link.credit_stall") / max(1.0, crossed)
    return PacketTraffic(latency, short, finite.elapsed_ps / free.elapsed_ps)


def packet_network(packets: Packets) -> tuple[Network, Trace]:
    """A neuron for every terminal and cycle; those that send have one target."""
    terminals, cycles = packets.bounds.size - 1, int(packets.created.max()) + 1
    neuron = packets.source.astype(np.int64) * cycles + packets.created
    order = np.argsort(neuron)
    sends = np.bincount(neuron, minlength=terminals * cycles)
    connection = Sparse(
        np.concatenate([[0], np.cumsum(sends)]),
        packets.destination[order],
        np.ones(neuron.size, np.float32),
        terminals,
    )
    populations = (
        Population("packets", Input(terminals * cycles)),
        Population("terminals", Dense(terminals), np.zeros((1, terminals), np.float32)),
    )
    network = Network(
        "traffic", populations, (Projection("packets", "terminals", connection),), ("terminals",), FLOAT32
    )
    messages = np.zeros(neuron.size, MESSAGE)
    messages["source"], messages["delta"] = neuron[order], 1.0
    bounds = np.array([0, neuron.size], np.int64)
    return network, Trace(messages, bounds, np.array([0, 1], np.int64), network.digest)


def packet_chip(topology: str, cores: int, flits: int, router: Router | None) -> Chip:
    """Cores that do nothing but send and receive, a flit of 64 bits a cycle, at 1 GHz."""
    interconnect: dict[str, Any] = {
        "topology": topology,
        "clock": "1 GHz",
        "link_width": "64 bit",
        "hop_cycles": HOP_CYCLES,
        "message_bits": 64 * flits,
        "request_bits": 64,
    }
    if router is not None:
        interconnect |= {"buffer": router.buffer, "virtual_channels": router.virtual_channels}
    nothing = {"node": "not stated", "kind": "estimated", "source": "only times are looked at"}
    actions = [(action.name, action.static) for action in CORE_ACTIONS]
    actions += [("scratchpad.read", False), ("scratchpad.leakage", True)]
    actions += [("link.flit", False), ("router.flit", False), ("network.leakage", True)]
    return chip_from_content(
        {
            "name": "terminals",
            "about": "a network on chip and what sends and receives",
            "status": "hypothetical",
            "node": "28 nm",
            "sources": [],
            "cores": {
                "count": cores,
                "clock": "1 GHz",
                "scan": {"elements_per_cycle": 1},
                "send": {"cycles": flits},
                "receive": {"cycles": flits},
                "mac": {"lanes": 64},
                "update": {"lanes": 64, "cycles": 1},
                "outstanding_fetches": 64,
            },
            "memories": [
                {
                    "name": "scratchpad",
                    "kind": "scratchpad",
                    "size": "1 GiB",
                    "width": "64 bit",
                    "latency": "1 cycle",
                }
            ],
            "network": interconnect,
            "synchronisation": {"policy": "dataflow", "cost": "0 cycles"},
            "prices": {
                name: nothing | ({"power": "0 W"} if static else {"energy": "0 J"})
                for name, static in actions
            },
        }
    )
