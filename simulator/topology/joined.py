"""Several chips joined by slower links: every chip has the same network inside, and one gateway."""

from __future__ import annotations

import numpy as np

from deltasim.runtime.arrays import Integers
from deltasim.runtime.errors import InputError
from deltasim.simulator.topology.links import Link, Places
from deltasim.simulator.topology.topology import Topology

LARGEST = 16_384  # nodes: a table of routes has an entry for every pair of them


def joined(inner: Topology, outer: Topology, gateway: int, period: float, latency: float) -> Topology:
    """Chip c of ``outer`` is a copy of ``inner``; packets between chips go through the ``gateway`` of each.

    Core i of chip c is core ``c * inner.cores + i``; the switches of the chips come after all cores, chip by
    chip, those between the chips last. ``period`` and ``latency`` of the links between chips are in cycles of
    the network inside. A route goes to the gateway, along ``outer`` from gateway to gateway, and on inside.
    Errors: InputError for a bus in either place and a gateway that is not there.

    >>> from deltasim.simulator.topology import parse_topology
    >>> four = joined(parse_topology("mesh:2x2"), parse_topology("ring:4"), gateway=0, period=4, latency=20)
    >>> four.cores, four.path(3, 5), sum(link.between_chips for link in four.links)
    (16, (3, 2, 0, 4, 5), 8)
    """
    for topology, path in ((inner, "network.topology"), (outer, "network.joined.topology")):
        if topology.is_bus:
            rule = "a bus can neither be joined to others nor join them"
            raise InputError(path, topology.kind, rule, "Use a ring, a mesh or another network of links.")
    first = 0 if inner.routers else inner.cores
    if not first <= gateway < inner.nodes:
        rule = f"the routers of a chip are its nodes {first} to {inner.nodes - 1}"
        raise InputError("network.joined.gateway", gateway, rule, "Name one of these.")
    chips, cores = outer.cores, outer.cores * inner.cores
    switches = inner.nodes - inner.cores
    nodes = chips * inner.nodes + outer.nodes - chips
    if nodes > LARGEST:
        rule = f"the chips have {nodes:,} nodes together; {LARGEST:,} is the most"
        raise InputError("network.joined.topology", f"{chips:,} chips", rule, "Join fewer or smaller ones.")

    def node_of(chip: Integers, local: Integers) -> Integers:
        within = cores + chip * switches + local - inner.cores
        return np.where(local < inner.cores, chip * inner.cores + local, within)

    def outer_node(at: Integers) -> Integers:
        return np.where(at < chips, node_of(at, np.full_like(at, gateway)), at + chips * (inner.nodes - 1))

    everywhere = np.arange(nodes)
    switch = np.maximum(everywhere - cores, 0)
    in_chip = switch < chips * switches
    chip_of_switch = switch // max(1, switches)
    place = np.where(in_chip, chip_of_switch, everywhere - chips * (inner.nodes - 1))
    local = np.where(in_chip, inner.cores + switch % max(1, switches), gateway)
    is_core = everywhere < cores
    place = np.where(is_core, everywhere // inner.cores, place)
    local = np.where(is_core, everywhere % inner.cores, local)

    def step(here: Integers, to: Integers) -> tuple[Integers, Integers]:
        apart = place[here] != place[to]
        leaving = apart & (local[here] == gateway)
        outward, outer_class = outer.step(place[here], place[to])
        inward, inner_class = inner.step(local[here], np.where(apart, gateway, local[to]))
        onward = np.where(leaving, outer_node(outward), node_of(place[here], inward))
        onward = np.where(here == to, to, onward)
        return onward, np.where(leaving, outer_class, inner_class)

    links = [
        link._replace(start=int(start), end=int(end))
        for chip in range(chips)
        for link in inner.links
        for start, end in [node_of(np.array([chip, chip]), np.array(link[:2]))]
    ]
    for link in outer.links:
        start, end = outer_node(np.array(link[:2]))
        long = link.length * max(inner.cores**0.5, 1.0)
        links.append(Link(int(start), int(end), long, latency, period, between_chips=True))

    def lay_out() -> Places:
        inside, between = inner.lay_out(), outer.lay_out()
        inside = inside - inside.mean(axis=0)
        width = float(np.ptp(inside, axis=0).max()) + 2.0
        places: Places = between[place] * width + np.where(place < chips, 1.0, 0.0)[:, None] * inside[local]
        return places

    shape = (chips, inner.cores)
    classes = max(inner.classes, outer.classes)
    return Topology(
        "joined", shape, cores, nodes, tuple(links), step, lay_out, (cores,), classes, inner.routers
    )
