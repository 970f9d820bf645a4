"""The topology that a description asks for: a family by name, a list of edges, several chips joined."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from deltasim.runtime.errors import InputError
from deltasim.simulator.topology import Link, Topology, parse_topology
from deltasim.simulator.topology.edges import graph_topology, links_of
from deltasim.simulator.topology.joined import joined

if TYPE_CHECKING:
    from deltasim.simulator.chip.parts import Interconnect, Joined

EDGES = "network.edges"


def described_topology(network: Interconnect, cores: int) -> Topology:
    """Build it, or take the one built before. Errors: InputError whose place is the path of the field."""
    edges = "" if network.edges is None else json.dumps(network.edges, default=str)
    speed = (network.period_ps, network.hop_cycles, network.link_width_bits)
    return wired(network.topology, edges, network.joined, *speed, cores)


@lru_cache(maxsize=64)
def wired(
    text: str, edges: str, between: Joined | None, period_ps: int, hop_cycles: int, flit_bits: int, cores: int
) -> Topology:
    """The topology of one chip, or of all chips where some are joined."""
    if between is None:
        return one_chip(text, edges, cores)
    outer = parse_topology(between.topology, None, "network.joined.topology")
    if cores % outer.cores:
        rule = f"the {cores:,} cores of cores.count are as many on each of the {outer.cores:,} chips"
        raise InputError("network.joined.topology", between.topology, rule, "Make the two agree.")
    inner = one_chip(text, edges, cores // outer.cores)
    hop = between.link.hop_cycles * between.link.period_ps / period_ps
    return joined(
        inner,
        outer,
        between.gateway,
        period=-(-flit_bits // between.link.width_bits) * between.link.period_ps / period_ps,
        latency=1 + hop - hop_cycles,
    )


def one_chip(text: str, edges: str, cores: int) -> Topology:
    if text != "graph":
        if edges:
            rule = "edges are given for topology graph only"
            raise InputError(EDGES, "given", rule, "Write topology: graph, or leave them out.")
        return parse_topology(text, cores)
    if not edges:
        raise InputError(EDGES, "missing", "topology graph has edges", "Give a list or a file of them.")
    links: list[Link] = []
    for number, row in enumerate(json.loads(edges)):
        links += edge(row, f"{EDGES}.{number}")
    return graph_topology(links, cores, EDGES)


def edge(row: list[Any], path: str) -> tuple[Link, Link]:
    """``[0, 1]``, ``[0, 1, 0.5]`` or ``[0, 1, {latency: 8}]``."""
    nodes = [node for node in row[:2] if isinstance(node, int) and not isinstance(node, bool) and node >= 0]
    if len(nodes) != 2 or len(row) > 3:
        rule = "an edge is two node numbers and a width factor where it is not 1"
        raise InputError(path, str(row)[:60], rule, "Write [0, 1] or [0, 1, 0.5].")
    given = row[2] if len(row) == 3 else {}
    return links_of(nodes[0], nodes[1], given if isinstance(given, dict) else {"width": given}, path)
