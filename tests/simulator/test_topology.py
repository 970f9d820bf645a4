"""Topologies: routes connect, trees are trees, the nearest port is the nearest."""

from __future__ import annotations

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from networks.errors import InputError
from simulator.topology import BUS, Topology


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    kind = draw(st.sampled_from(["bus", "crossbar", "mesh", "ring", "star", "torus"]))
    if kind in ("mesh", "torus"):
        rows, columns = draw(st.integers(1, 6)), draw(st.integers(1, 6))
        return Topology.parse(f"{kind}:{rows}x{columns}", rows * columns)
    cores = draw(st.integers(1, 20))
    return Topology.parse(kind if kind == "bus" else f"{kind}:{cores}", cores)


@settings(max_examples=80)
@given(topologies(), st.data())
def test_routes_connect_and_trees_reach_everybody_once(topology: Topology, data: st.DataObject) -> None:
    nodes = st.integers(0, topology.nodes - 1)
    source, wanted = data.draw(nodes), data.draw(st.lists(nodes, max_size=8))
    for destination in wanted:
        here = source
        for link in topology.route(source, destination):
            start, end = topology.links[link]
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
    if topology.kind != "bus":
        ends = [topology.links[link][1] for link in links]
        assert len(set(ends)) == len(ends), "a node is entered once"
        for link, parent in tree:
            assert topology.links[link][0] == (source if parent == -1 else topology.links[links[parent]][1])


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
    assert Topology.parse("bus", 3).links == ((BUS, BUS),)
    assert Topology.parse("bus", 3).route(0, 2) == Topology.parse("bus", 3).memory_route(1, 1) == (0,)
    assert Topology.parse("mesh:2x2", 4).memory_route(1, 1) == ()
    ring = Topology.parse("ring:4", 4)
    assert [ring.links[link] for link in ring.route(0, 2)] == [(0, 1), (1, 2)], "ties go clockwise"
    assert [ring.links[link] for link in ring.route(0, 3)] == [(0, 3)]
    assert Topology.parse("ring:2", 2).links == ((0, 1), (1, 0))
    assert Topology.parse("ring:1", 1).links == ()
    star = Topology.parse("star:3", 3)
    assert star.nodes == 4
    assert [star.links[link] for link in star.route(0, 2)] == [(0, 3), (3, 2)]
    assert [star.links[link] for link in star.memory_return(3, 1)] == [(3, 1)]
    mesh = Topology.parse("mesh:4x4", 16)
    assert [mesh.links[link] for link in mesh.route(0, 5)] == [(0, 1), (1, 5)], "along the row first"


@pytest.mark.parametrize(
    ("text", "cores", "sentence"),
    [
        ("mash:4x4", 16, "network.topology: mash:4x4: there is no such topology. Did you mean mesh?"),
        ("mesh:4", 4, "a mesh is written mesh:4x4. Write mesh:4x4."),
        ("mesh:0x4", 4, "a mesh is written mesh:4x4."),
        ("bus:4", 4, "a bus is written bus."),
        ("ring", 4, "a ring is written ring:8."),
        ("ring:8", 4, "it has 8 cores and cores.count is 4. Make the two agree."),
    ],
)
def test_wrong_topologies_are_told(text: str, cores: int, sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        Topology.parse(text, cores)
    assert sentence in str(caught.value)


def test_a_node_that_is_not_there_is_told() -> None:
    with pytest.raises(InputError, match=r"topology: 9: nodes run from 0 to 3\. Name one of these\."):
        Topology.parse("mesh:2x2", 4).route(0, 9)
