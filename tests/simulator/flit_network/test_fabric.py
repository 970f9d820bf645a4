"""Fabrics: every route leads home, and none can deadlock."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import networkx
import numpy as np
import numpy.typing as npt
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.runtime.errors import InputError
from deltasim.simulator.flit_network.fabric import ARRIVED, Fabric, fabric_from_graph, parse_fabric
from deltasim.simulator.topology.deadlock import dependency_cycle
from deltasim.simulator.topology.table import FAMILIES
from tests.simulator.builders import content_of

sizes = st.integers(1, 6)
names = st.one_of(
    st.builds("{}:{}x{}".format, st.sampled_from(["mesh", "torus"]), sizes, sizes),
    st.builds("{}:{}".format, st.sampled_from(["ring", "star", "bus", "crossbar"]), st.integers(1, 12)),
    st.builds("tree:{}x{}".format, st.integers(1, 4), st.integers(1, 3)),
)


@settings(max_examples=60, deadline=None)
@given(name=names, channels=st.integers(2, 5))
def test_every_route_leads_home_over_links_that_exist(name: str, channels: int) -> None:
    fabric = parse_fabric(name)
    pairs = {(link.start, link.end) for link in fabric.links}
    assert len(pairs) == len(fabric.links)
    visited = fabric.routers_visited()
    for source in range(fabric.terminals):
        for destination in range(fabric.terminals):
            path = fabric.path(source, destination)
            assert (path[0], path[-1]) == (fabric.home[source], fabric.home[destination])
            assert all(hop in pairs for hop in pairwise(path))
            assert len(set(path)) == len(path) == visited[source, destination]
    wires = fabric.wires(channels)  # raises where packets could wait for each other
    assert (wires.lowest < wires.highest).all() and (wires.highest <= channels).all()


@pytest.mark.parametrize(
    ("name", "hops"), [("torus:6x6", 3.0), ("ring:8", 2.0), ("tree:2x3", 2 * (1 / 4 * 1 + 1 / 2 * 2))]
)
def test_mean_links_have_their_closed_form(name: str, hops: float) -> None:
    assert parse_fabric(name).routers_visited().mean() - 1 == pytest.approx(hops)


@pytest.mark.parametrize("name", ["ring:4", "ring:9", "torus:4x2", "torus:5x5"])
def test_one_channel_on_a_ring_is_refused_and_the_cycle_named(name: str) -> None:
    with pytest.raises(InputError, match=r"wait for each other around the links .*->.* at least 2 virtual"):
        parse_fabric(name).wires(1)


@settings(max_examples=40, deadline=None)
@given(data=st.data(), count=st.integers(2, 9))
def test_any_tree_graph_works_and_follows_shortest_ways(data: st.DataObject, count: int) -> None:
    graph: networkx.Graph[int] = networkx.Graph()
    graph.add_node(0)
    for node in range(1, count):
        graph.add_edge(node, data.draw(st.integers(0, node - 1)))
    fabric = fabric_from_graph(graph)
    fabric.wires(1)
    for source, lengths in networkx.all_pairs_shortest_path_length(graph):
        for destination, length in lengths.items():
            assert len(fabric.path(source, destination)) == length + 1


@settings(max_examples=40, deadline=None)
@given(count=st.integers(2, 7), edges=st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=16))
def test_any_graph_is_taken_or_refused_in_a_sentence(count: int, edges: set[tuple[int, int]]) -> None:
    graph: networkx.Graph[int] = networkx.Graph()
    graph.add_nodes_from(range(count))
    graph.add_edges_from((start % count, end % count) for start, end in edges)
    try:
        fabric_from_graph(graph).wires(1)
    except InputError as error:
        assert "not connected" in str(error) or "wait for each other" in str(error)


def test_a_dependency_cycle_is_a_cycle() -> None:
    fabric = fabric_from_graph(networkx.cycle_graph(6))
    with pytest.raises(InputError, match="around the links"):
        fabric.wires(4)
    ends = [(link.start, link.end) for link in fabric.links]
    cycle = dependency_cycle(_array(ends), _array(fabric.home), fabric.toward, fabric.dateline_class)
    for link, following in zip(cycle, cycle[1:] + cycle[:1], strict=True):
        assert ends[link][1] == ends[following][0]


def test_ties_go_to_the_lowest_neighbour() -> None:
    fabric = fabric_from_graph(networkx.Graph([(0, 1), (0, 2), (1, 3), (2, 3)]))
    assert fabric.path(0, 3) == (0, 1, 3) and fabric.path(3, 0) == (3, 1, 0)
    assert fabric.toward[0, 0] == ARRIVED


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("mash:8x8", "there is no such topology, chip or file of edges. Did you mean mesh?"),
        ("mesh61", "there is no such topology, chip or file of edges. Did you mean mesh16?"),
        ("nowhere.yaml", "nowhere.yaml"),
        ("mesh:8", "a mesh is written mesh:4x4"),
        ("mesh:0x4", "a mesh is written mesh:4x4"),
        ("ring", "a ring is written ring:8"),
        ("ring:4x4", "a ring is written ring:8"),
        ("tree:4x3x2", "a tree is written tree:4x3"),
        ("tree:1000000x1000000", "a tree is written tree:4x3"),
        ("mesh:99999x99999", "more than 4,096 nodes"),
        ("crossbar:2000", "more than 1,024 terminals"),
    ],
)
def test_a_bad_topology_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence.replace("?", r"\?")):
        parse_fabric(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0 1\n1 2\n3 4\n", "no way leads from it to node 3: the topology is not connected"),
        ("0 1\n1 x\n", "edges:2: other text: an edge is two node numbers"),
        ("0 1\n7\n", "edges:2: 7: an edge is two node numbers"),
        ("0 2\n", "numbered from 0 without gaps"),
        ("", "edges: no edges: a topology has at least one edge"),
        ("0 1 {'latency': 0}\n", "edges:1: 0: latency of edge 0 1 is a whole number of cycles from 1"),
        ("0 1 {'latency': nan}\n", "an edge is two node numbers"),
        ("0 1 0\n", "width of edge 0 1 is a factor from 1/1024 to 1024"),
        ("0 1 wide\n", "edges:1: other text: an edge is two node numbers"),
        ("0 5000\n", "numbered from 0 without gaps"),
        ("0 1 {'colour': 3}\n", "edge 0 1 cannot have it. An edge has width, latency, period, length"),
        ("0 1 {'length': -1}\n", "length of edge 0 1 is a number of tile pitches of at least 0"),
    ],
)
def test_a_bad_file_of_edges_is_one_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "edges"
    path.write_text(text)
    with pytest.raises(InputError, match=sentence):
        parse_fabric(str(path))


def test_a_file_of_edges_may_say_what_a_link_is(tmp_path: Path) -> None:
    path = tmp_path / "chips.edges"
    path.write_text("# two chips\n0 1\n1 2 {'latency': 20, 'period': 4, 'length': 30}  # between them\n2 3\n")
    fabric = parse_fabric(str(path))
    assert [link for link in fabric.links if link.latency > 1] == [(1, 2, 30, 20, 4), (2, 1, 30, 20, 4)]


def test_a_chip_stands_for_its_network(tmp_path: Path) -> None:
    """Two chips of two cores each: between them a flit takes four cycles of 2 ns and flies for longer."""
    link = {"width": "16 bit", "clock": "500 MHz", "hop_cycles": 9}
    joined = {"topology": "ring:2", "gateway": 0, "link": link}
    fields = {"cores.count": 4, "network.topology": "mesh:1x2", "network.joined": joined}
    path = tmp_path / "pair.yaml"
    path.write_text(yaml.safe_dump(content_of(fields)))
    fabric = parse_fabric(str(path))
    assert fabric.terminals == 4 and fabric.name == "pair.yaml"
    assert {(link.period, link.latency) for link in fabric.links} == {(1, 1), (8, 18)}
    mesh = parse_fabric("mesh:4x4")
    assert parse_fabric("mesh16").links == mesh.links


def test_every_shape_is_written_as_its_example() -> None:
    for family in FAMILIES.values():
        example = "bus:4" if family.example == "bus" else family.example
        assert isinstance(parse_fabric(example), Fabric)


def _array(values: object) -> npt.NDArray[np.int64]:

    return np.array(values)
