"""Graphs of edges and joined chips as a description gives them: what they become, and what is refused."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import networkx
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from deltasim.reports.page.floorplan import floorplan
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import load_chip
from deltasim.simulator.flit_network.fabric import fabric_of
from deltasim.simulator.topology.topology import Topology
from tests.simulator.builders import PLAIN, chip, prices
from tests.simulator.wirings import TOPOLOGIES, wirings

LINK = {"width": "16 bit", "clock": "500 MHz", "hop_cycles": 5}


def fields(cores: int, wiring: dict[str, Any]) -> dict[str, object]:
    return {"cores.count": cores} | {f"network.{name}": value for name, value in wiring.items()}


@st.composite
def topologies(draw: st.DrawFn) -> Topology:
    count = draw(st.sampled_from(sorted(TOPOLOGIES)))
    wiring, nodes = draw(wirings(count))
    topology = chip(fields(count, wiring)).topology
    assert (topology.cores, topology.nodes) == (count, nodes)
    return topology


@settings(max_examples=60)
@given(topologies())
def test_every_way_leads_there_and_every_tree_is_the_union_of_its_routes(topology: Topology) -> None:
    everywhere = np.arange(topology.nodes)
    for node in range(topology.nodes):
        for end in range(topology.nodes):
            here = node
            for link in topology.route(node, end):
                start, onward = topology.pairs[link] if not topology.is_bus else (here, end)
                assert start == here
                here = onward
            assert here == end
    for source, reach in enumerate(topology.reaches(range(topology.cores))):
        routes = [topology.route(source, core) for core in range(topology.cores)]
        assert sorted(reach.link.tolist()) == sorted({link for route in routes for link in route})
        for core, route in enumerate(routes):
            entry, walked = int(reach.last[core]), []
            while entry >= 0:
                walked.append(int(reach.link[entry]))
                assert reach.behind[entry, core]
                entry = int(reach.parent[entry])
            assert tuple(reversed(walked)) == route
    bounds, links = topology.routes(everywhere, everywhere[::-1].copy())
    assert [tuple(links[a:b].tolist()) for a, b in pairwise(bounds)] == [
        topology.route(node, topology.nodes - 1 - node) for node in range(topology.nodes)
    ]


@settings(max_examples=40, deadline=None)
@given(topologies())
def test_the_flit_level_network_takes_the_same_ways(topology: Topology) -> None:
    fabric = fabric_of(topology, topology.kind)
    first = 0 if topology.routers or topology.is_bus else topology.cores
    for source in range(topology.cores):
        for end in range(topology.cores):
            if topology.is_bus or (source == end and not topology.routers):
                continue
            ours = tuple(node - first for node in topology.path(source, end) if node >= first)
            assert fabric.path(source, end) == ours


@settings(max_examples=30, deadline=None)
@given(topologies())
def test_all_of_it_is_drawn_and_nothing_on_top_of_another(topology: Topology) -> None:
    places = [(round(x, 6), round(y, 6)) for x, y in topology.layout().values()]
    assert len(set(places)) == len(places)


def test_a_graph_takes_the_lowest_of_equal_ways() -> None:
    square = chip(fields(4, {"topology": "graph", "edges": [[0, 2], [0, 1], [1, 3], [2, 3]]})).topology
    assert square.path(0, 3) == (0, 1, 3) and square.path(3, 0) == (3, 1, 0)
    for node in range(4):
        for end, hops in networkx.single_source_shortest_path_length(square.as_networkx(), node).items():
            assert len(square.route(node, end)) == hops


@pytest.mark.parametrize("wiring", [
    {"topology": "graph", "edges": [[0, 4], [1, 4], [2, 5], [3, 5], [4, 5, 0.5]]},
    {"topology": "mesh:1x2", "joined": {"topology": "ring:2", "link": LINK}},
])  # fmt: skip
def test_a_floorplan_draws_graphs_and_joined_chips(wiring: dict[str, Any]) -> None:
    described = chip(fields(4, wiring))
    plan = floorplan(described)
    kinds = [spot.kind for spot in plan.spots]
    assert (kinds.count("core"), kinds.count("hub")) == (4, described.topology.nodes - 4)
    assert sorted(line.number for line in plan.lines) == list(range(len(described.topology.links)))


def test_edges_come_from_a_file_beside_the_chip(tmp_path: Path) -> None:
    (tmp_path / "ways.txt").write_text("# two cores and a switch\n0 2\n2 1 0.5\n")
    content = PLAIN | {"network": PLAIN["network"] | {"topology": "graph", "edges": "ways.txt"}}
    content |= {"cores": PLAIN["cores"] | {"count": 2}}
    content |= {"prices": prices(content)}
    (tmp_path / "pair.yaml").write_text(yaml.safe_dump(content))
    named = load_chip(tmp_path / "pair.yaml")
    listed = chip(fields(2, {"topology": "graph", "edges": [[0, 2, {}], [2, 1, {"width": 0.5}]]}))
    assert named.digest == listed.digest
    assert [link.period for link in named.topology.links] == [1, 2, 1, 2]


@pytest.mark.parametrize(
    ("cores", "wiring", "sentence"),
    [
        (2, {"topology": "graph"}, "network.edges: missing: topology graph has edges"),
        (2, {"edges": [[0, 1]]}, "edges are given for topology graph only"),
        (2, {"topology": "graph", "edges": []}, "network.edges: .*expected at least 1 entry"),
        (4, {"topology": "graph", "edges": [[0, 1], [2, 3]]}, "node 0: no way leads from it to node 2"),
        (3, {"topology": "graph", "edges": [[0, 1]]}, "it has 2 nodes and cores.count is 3"),
        (2, {"topology": "graph", "edges": [[0, 3]]}, "no edge at node 1: the nodes of a topology"),
        (2, {"topology": "graph", "edges": [[0]]}, r"edges.0: \[0\]: an edge is two node numbers"),
        (2, {"topology": "graph", "edges": [[0, -1]]}, "an edge is two node numbers"),
        (2, {"topology": "graph", "edges": [[0, 1, 0]]}, "width of edge 0 1 is a factor from 1/1024"),
        (2, {"topology": "graph", "edges": [[0, 2000]]}, "the nodes of a topology are numbered"),
        (
            4,
            {"topology": "bus", "joined": {"topology": "ring:2", "link": LINK}},
            "network.topology: bus: a bus can neither be joined",
        ),
        (
            4,
            {"topology": "mesh:1x2", "joined": {"topology": "bus:2", "link": LINK}},
            "network.joined.topology: bus: a bus can neither",
        ),
        (
            4,
            {"topology": "mesh:1x2", "joined": {"topology": "ring:3", "link": LINK}},
            "network.joined.topology: ring:3: the 4 cores of cores.count are as many on each of the 3 chips",
        ),
        (
            4,
            {"topology": "mesh:1x2", "joined": {"topology": "ring:2", "gateway": 2, "link": LINK}},
            "network.joined.gateway: 2: the routers of a chip are its nodes 0 to 1",
        ),
        (
            4,
            {"topology": "crossbar:2", "joined": {"topology": "ring:2", "link": LINK}},
            "network.joined.gateway: 0: the routers of a chip are its nodes 2 to 2",
        ),
    ],
)
def test_what_cannot_be_wired_is_one_sentence(cores: int, wiring: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        chip(fields(cores, wiring))


def test_a_file_of_edges_that_is_not_there_is_told(tmp_path: Path) -> None:
    content = PLAIN | {"network": PLAIN["network"] | {"topology": "graph", "edges": "ways.txt"}}
    (tmp_path / "pair.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(InputError, match=r"network.edges: ways.txt: there is no such file"):
        load_chip(tmp_path / "pair.yaml")


def test_a_link_between_chips_has_its_own_pace() -> None:
    """64 bits over 16 at half the clock: 8 cycles a flit; its 5 cycles are 10 inside, less 1 of a hop."""
    wiring = {"topology": "mesh:1x2", "joined": {"topology": "ring:2", "link": LINK}}
    links = chip(fields(4, wiring)).topology.links
    assert {(link.period, link.latency) for link in links if link.between_chips} == {(8, 10)}
