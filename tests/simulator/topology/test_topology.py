"""Topologies: routes connect, trees are trees, the nearest port is the nearest."""

from __future__ import annotations

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.runtime.errors import InputError
from deltasim.simulator.topology import BUS, Topology, parse_topology
from deltasim.simulator.topology.table import FAMILIES


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    kind = draw(st.sampled_from(sorted(FAMILIES)))
    if kind == "tree":
        return parse_topology(f"tree:{draw(st.integers(1, 4))}x{draw(st.integers(1, 3))}")
    if kind in ("mesh", "torus"):
        rows, columns = draw(st.integers(1, 6)), draw(st.integers(1, 6))
        return parse_topology(f"{kind}:{rows}x{columns}", rows * columns)
    if kind == "cmesh":
        rows, columns, each = (draw(st.integers(1, 4)) for _ in range(3))
        return parse_topology(f"cmesh:{rows}x{columns}x{each}", rows * columns * each)
    cores = draw(st.integers(1, 20))
    return parse_topology(kind if kind == "bus" else f"{kind}:{cores}", cores)


@settings(max_examples=80)
@given(topologies(), st.data())
def test_routes_connect_and_trees_reach_everybody_once(topology: Topology, data: st.DataObject) -> None:
    nodes = st.integers(0, topology.nodes - 1)
    cores = st.integers(0, topology.cores - 1)
    source, wanted = data.draw(nodes), data.draw(st.lists(cores, max_size=8))
    for destination in wanted:
        here = source
        for link in topology.route(source, destination):
            start, end = topology.pairs[link]
            if topology.kind != "bus":
                assert start == here
                here = end
        assert here == destination or topology.kind == "bus"
        assert (topology.route(source, destination) == ()) == (source == destination)

    tree = topology.multicast_tree(source, wanted)
    links = [link for link, _ in tree]
    assert len(set(links)) == len(links)
    assert set(links) == {link for node in wanted for link in topology.route(source, node)}
    assert all(-1 <= parent < position for position, (_, parent) in enumerate(tree))
    if topology.kind not in ("bus", "tree"):  # a fat tree may come to a switch by two ways, for two cores
        ends = [topology.pairs[link][1] for link in links]
        assert len(set(ends)) == len(ends), "a node is entered once"
    if topology.kind != "bus":
        for link, parent in tree:
            assert topology.pairs[link][0] == (source if parent == -1 else topology.pairs[links[parent]][1])


@settings(max_examples=40)
@given(topologies(), st.data())
def test_routes_are_shortest_and_ports_nearest(topology: Topology, data: st.DataObject) -> None:
    nodes = st.integers(0, topology.nodes - 1)
    source, destination = data.draw(nodes), data.draw(nodes)
    graph = topology.as_networkx()
    hops = networkx.shortest_path_length(graph, source, destination)
    assert len(topology.route(source, destination)) == (min(hops, 1) if topology.kind == "bus" else hops)
    assert set(topology.layout()) == set(graph.nodes)
    assert len(set(topology.layout().values())) == len(graph.nodes)

    ports = data.draw(st.lists(nodes, min_size=1, max_size=4, unique=True))
    chosen = topology.nearest(source, ports)
    lengths = [len(topology.route(source, port)) for port in ports]
    assert chosen == lengths.index(min(lengths))


def test_what_each_topology_looks_like() -> None:
    assert parse_topology("bus", 3).pairs == ((BUS, BUS),)
    here = np.array([1])
    assert parse_topology("bus", 3).route(0, 2) == (0,)
    assert parse_topology("bus", 3).memory_routes(here, here)[1].tolist() == [0]
    assert parse_topology("mesh:2x2", 4).memory_routes(here, here)[1].tolist() == []
    ring = parse_topology("ring:4", 4)
    assert [ring.pairs[link] for link in ring.route(0, 2)] == [(0, 1), (1, 2)], "ties go clockwise"
    assert [ring.pairs[link] for link in ring.route(0, 3)] == [(0, 3)]
    assert parse_topology("ring:2", 2).pairs == ((0, 1), (1, 0))
    assert parse_topology("ring:1", 1).links == ()
    star = parse_topology("star:3", 3)
    assert star.nodes == 4
    assert [star.pairs[link] for link in star.route(0, 2)] == [(0, 3), (3, 2)]
    assert [star.pairs[link] for link in star.route(3, 1)] == [(3, 1)]
    mesh = parse_topology("mesh:4x4", 16)
    assert [mesh.pairs[link] for link in mesh.route(0, 5)] == [(0, 1), (1, 5)], "along the row first"


@pytest.mark.parametrize(
    ("text", "cores", "sentence"),
    [
        ("mash:4x4", 16, "network.topology: mash:4x4: there is no such topology. Did you mean mesh?"),
        ("mesh:4", 4, "a mesh is written mesh:4x4. Write mesh:4x4."),
        ("mesh:0x4", 4, "a mesh is written mesh:4x4."),
        ("bus:4x4", 16, "a bus is written bus."),
        ("ring", 4, "a ring is written ring:8."),
        ("ring:8", 4, "it has 8 cores and cores.count is 4. Make the two agree."),
        ("tree:3", 9, "a tree is written tree:4x3."),
        ("tree:2x3", 9, "it has 8 cores and cores.count is 9. Make the two agree."),
        ("tree:2x12", 4096, "it has more than 4,096 nodes. Give a tree of at most 4,096 nodes."),
        ("tree:99999x99999", 9, "it has more than 4,096 nodes."),
    ],
)
def test_wrong_topologies_are_told(text: str, cores: int, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_topology(text, cores)
    assert sentence in str(caught.value)


def test_a_node_that_is_not_there_is_told() -> None:
    with pytest.raises(InputError, match=r"topology: 9: nodes run from 0 to 3\. Name one of these\."):
        parse_topology("mesh:2x2", 4).route(0, 9)
