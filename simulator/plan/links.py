"""The network on chip of a plan: links as units, and the way to every memory."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from deltasim.runtime.arrays import Integers
from deltasim.simulator.chip import Chip
from deltasim.simulator.chip.virtual_channels import REQUESTS, RESPONSES
from deltasim.simulator.components.service_times import rounds
from deltasim.simulator.plan.input_queues import queues_along
from deltasim.simulator.plan.plan import InputBuffers, Links, MemoryInstances, Unit
from deltasim.simulator.plan.records import LINK, PATH, records
from deltasim.simulator.topology import Topology


def compile_links(
    chip: Chip,
    actions: tuple[str, ...],
    memories: MemoryInstances,
    limits: InputBuffers | None,
    units: list[Unit],
) -> Links:
    """Append the links to the units; lay out the paths to the memories."""
    topology, network = chip.topology, chip.network
    links = topology.links
    periods = np.array([max(1, round(network.period_ps * link.period)) for link in links], np.int64)
    leads = directions_of(chip)
    hop_of = {None: network.hop_cycles} | (network.directions.model_dump() if network.directions else {})
    cycles = [hop_of[where] + link.latency - 1 for where, link in zip(leads, links, strict=True)]
    hops = np.array([round(network.period_ps * Fraction(number)) for number in cycles], np.int64)
    first, width = len(units), network.link_width_bits
    if topology.is_bus:
        units.append(Unit("bus", "bus", 0))
    else:
        units += [Unit(f"link{start}-{end}", "link", start) for start, end in topology.pairs]
    remote = np.flatnonzero(memories.shared)
    ports = np.array([units[unit].node for unit in memories.records["unit"][remote].tolist()], np.int64)
    core, port = np.repeat(np.arange(chip.cores.count), len(ports)), np.tile(ports, chip.cores.count)
    routes = topology.memory_routes(core, port), topology.memory_routes(port, core)
    there, back = (spread_over(memories, remote, chip.cores.count, bounds) for bounds, _ in routes)
    ways = [
        along * (limits.queues if limits else 1) + queues_along(topology, limits, kind, bounds, along)
        for kind, (bounds, along) in zip((REQUESTS, RESPONSES), routes, strict=True)
    ]
    back += len(ways[0])
    routed = routers_at(topology)
    return Links(
        first_unit=first,
        period_ps=network.period_ps,
        flit_bytes=width // 8,
        message_flits=int(rounds(network.message_bits, width)),
        request_flits=int(rounds(network.request_bits, width)),
        queues=limits.queues if limits else 1,
        records=records(
            LINK,
            period_ps=periods,
            hop_ps=np.maximum(periods, hops),  # a head is not over before all of its flit is
            action=[
                actions.index("joined.flit" if link.between_chips else f"link.{where or 'flit'}")
                for where, link in zip(leads, links, strict=True)
            ],
            router=routed[:, 0],
            leave=routed[:, 1],
            length_um=link_lengths(chip),
        ),
        paths=records(PATH, there=there[:-1], there_end=there[1:], back=back[:-1], back_end=back[1:]),
        ways=np.concatenate(ways),
    )


def link_lengths(chip: Chip) -> Integers:
    """Micrometres of every link: its tile pitches times the pitch. A bus passes all cores in a row.

    A link between chips has a price of its own, and no length.
    """
    pitches = (
        [float(chip.cores.count)]
        if chip.topology.is_bus
        else [0.0 if link.between_chips else link.length for link in chip.topology.links]
    )
    return np.rint(np.array(pitches) * (chip.network.pitch_m or 0) * 1e6).astype(np.int64)


def directions_of(chip: Chip) -> list[str | None]:
    """Where each link of a mesh leads, where the chip tells directions apart; of others None."""
    topology = chip.topology
    if chip.network.directions is None:
        return [None] * len(topology.links)
    first, columns = topology.nodes - math.prod(topology.shape[:2]), topology.shape[1]
    where = {1: "east", -1: "west", columns: "south", -columns: "north"}
    if columns == 1:  # rows lie one below the other
        where = {1: "south", -1: "north"}
    return [None if min(pair) < first else where[pair[1] - pair[0]] for pair in topology.pairs]


def routers_at(topology: Topology) -> Integers:
    """For every link 1 where a router stands at its start and at its end. Shape (links, 2)."""
    first = topology.nodes if topology.is_bus else 0 if topology.routers else topology.cores
    return (np.array(topology.pairs, np.int64).reshape(-1, 2) >= first).astype(np.int64)


def spread_over(memories: MemoryInstances, remote: Integers, cores: int, bounds: Integers) -> Integers:
    """Bounds of the paths (core, memory) for every memory, where only the remote ones have a path."""
    lengths = np.zeros((cores, len(memories.component)), np.int64)
    lengths[:, remote] = np.diff(bounds).reshape(cores, len(remote))
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
