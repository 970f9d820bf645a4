"""A topology from any graph: a list or a file of edges, or a networkx graph."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deltasim.runtime.arrays import Integers
from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import Unreadable, quoted, read_lines
from deltasim.simulator.topology.links import Link, Places, one_class
from deltasim.simulator.topology.shortest import UNREACHED, shortest_steps
from deltasim.simulator.topology.topology import Topology

if TYPE_CHECKING:
    import networkx

LARGEST = 1024  # nodes: shortest ways between all pairs take seconds there
PROPERTIES: dict[str, tuple[type, float, float, str]] = {
    "width": (float, 1 / 1024, 1024, "a factor from 1/1024 to 1024"),
    "latency": (int, 1, 1024, "a whole number of cycles from 1 to 1024"),
    "period": (int, 1, 1024, "a whole number of cycles from 1 to 1024"),
    "length": (float, 0, 1e9, "a number of tile pitches of at least 0"),
}
Edge = tuple[int, int, dict[str, Any]]
WRITTEN = re.compile(r"(\d{1,9})\s+(\d{1,9})(?:\s+(\S.*))?", re.ASCII)
NUMBER = re.compile(r"[-+]?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})(?:[eE][-+]?\d{1,3})?", re.ASCII)
PROPERTY = re.compile(rf"""['"](\w{{1,20}})['"]\s*:\s*({NUMBER.pattern})""", re.ASCII)
PROPERTY_LIST = re.compile(
    rf"\{{\s*(?:{PROPERTY.pattern}\s*(?:,\s*{PROPERTY.pattern}\s*)*)?,?\s*\}}", re.ASCII
)


def graph_topology(links: Iterable[Link], cores: int | None, place: str, nodes: int = 1) -> Topology:
    """Nodes from 0 on, at least ``nodes``; the first ``cores`` of them, without it all, are cores.

    Every node has a router. Routes have the fewest links; of several, each router takes the neighbour with
    the lowest number. Errors: InputError for nodes not numbered so, and where one cannot reach another.

    >>> graph_topology([Link(0, 1), Link(1, 0)], None, "edges").nodes
    2
    """
    ordered = tuple(sorted({link[:2]: link for link in links if link.start != link.end}.values()))
    named = {node for link in ordered for node in link[:2]} | set(range(nodes))
    nodes = max(named) + 1
    if len(named) != nodes:
        missing = next(node for node in range(nodes) if node not in named)
        rule = "the nodes of a topology are numbered from 0 without gaps, and each has an edge"
        raise InputError(place, f"no edge at node {missing}", rule, "Number them so.")
    if nodes > LARGEST:
        rule = f"a graph has at most {LARGEST:,} nodes"
        raise InputError(place, f"{nodes:,} nodes", rule, "Give a smaller one or a regular topology.")
    if cores is not None and nodes < cores:
        rule = f"it has {nodes:,} nodes and cores.count is {cores:,}"
        raise InputError(place, "edges", rule, "A core is a node: name all of them.")
    table, distance = shortest_steps(nodes, [link[:2] for link in ordered])
    if lost := np.argwhere(distance == UNREACHED).tolist():
        node, other = lost[0]
        rule = f"no way leads from it to node {other}: the topology is not connected"
        raise InputError(place, f"node {node}", rule, "Add the missing edge.")

    def step(here: Integers, to: Integers) -> tuple[Integers, Integers]:
        return one_class(table[here, to].astype(np.int64))

    count = nodes if cores is None else cores
    return Topology("graph", (nodes,), count, nodes, ordered, step, lambda: sprung(nodes, ordered), (count,))


def links_of(start: int, end: int, given: Mapping[str, Any], place: str) -> tuple[Link, Link]:
    """Both directions of an edge that may have a ``width`` (a factor), ``latency``, ``period``, ``length``.

    Errors: InputError for another property or a value that it cannot have.

    >>> links_of(0, 1, {"width": 0.25}, "edges")[1]
    Link(start=1, end=0, length=1.0, latency=1, period=4.0, between_chips=False)
    """
    for key, value in given.items():
        if key not in PROPERTIES:
            remedy = f"An edge has {', '.join(PROPERTIES)}."
            raise InputError(place, key, f"edge {start} {end} cannot have it", remedy)
        kind, least, most, rule = PROPERTIES[key]
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or (kind is int and not isinstance(value, int)) or not least <= value <= most:
            raise InputError(place, value, f"{key} of edge {start} {end} is {rule}", "Mend it.")
    period = given.get("period", 1) / given.get("width", 1)
    rest = (float(given.get("length", 1)), int(given.get("latency", 1)), float(period))
    return Link(start, end, *rest), Link(end, start, *rest)


def read_edges(path: Path) -> list[Link]:
    """Read a file with one edge a line: ``0 1``, ``0 1 0.25`` (a width factor) or ``0 1 {'latency': 8}``.

    The last is how ``networkx.write_edgelist`` writes it. ``#`` begins a comment. Edges lead both ways.
    Errors: InputError with the line.
    """
    return [link for start, end, given in read_rows(path) for link in links_of(start, end, given, path.name)]


def read_rows(path: Path) -> list[Edge]:
    """The edges of a file, with what each has."""
    try:
        rows = [parse_edge(text, f"{path.name}:{number}") for number, text in read_lines(path)]
    except Unreadable as error:
        remedy = "Name a file of edges."
        raise InputError(
            error.at(path.name), "unreadable", f"edges are lines of text ({error.reason})", remedy
        ) from None
    if not rows:
        raise InputError(path.name, "no edges", "a topology has at least one edge", "Add a line: 0 1.")
    return rows


def parse_edge(text: str, place: str) -> Edge:
    """One line of a file of edges.

    >>> parse_edge("2 3 {'latency': 8}", "edges:1")
    (2, 3, {'latency': 8})
    """
    wrong = InputError(
        place,
        quoted(text),
        "an edge is two node numbers",
        "Write for example 0 1, 0 1 0.5 (half as wide) or 0 1 {'latency': 8}.",
    )
    written = WRITTEN.fullmatch(text)
    if not written:
        raise wrong
    given = properties(written[3]) if written[3] else {}
    if given is None:
        raise wrong
    links_of(int(written[1]), int(written[2]), given, place)
    return int(written[1]), int(written[2]), given


def properties(text: str) -> dict[str, Any] | None:
    """What stands behind the nodes of an edge: a width, or several properties by name.

    >>> properties("0.5"), properties("{'latency': 8, 'width': 2}"), properties("open('x')")
    ({'width': 0.5}, {'latency': 8, 'width': 2}, None)
    """
    if NUMBER.fullmatch(text):
        return {"width": number_in(text)}
    if not PROPERTY_LIST.fullmatch(text):
        return None
    return {match[1]: number_in(match[2]) for match in PROPERTY.finditer(text)}


def number_in(text: str) -> int | float:
    """A number, whole where it is written so."""
    return int(text) if text.lstrip("+-").isdecimal() else float(text)


def graph_links(graph: networkx.Graph[int], place: str) -> list[Link]:
    """The links of a networkx graph: both ways, or one way each where it is directed."""
    if not set(graph) <= set(range(graph.number_of_nodes())):
        nodes = ", ".join(str(node) for node in list(graph)[:4])
        rule = "the nodes of a topology are numbered from 0 without gaps"
        raise InputError(place, f"nodes {nodes}", rule, "Number them so.")
    links: list[Link] = []
    for start, end, given in graph.edges(data=True):
        both = links_of(start, end, given, place)
        links += both[:1] if graph.is_directed() else both
    return links


def sprung(nodes: int, links: tuple[Link, ...]) -> Places:
    """Places as springs along the edges would have them, the mean edge one unit long."""
    if nodes < 2:
        return np.zeros((nodes, 2))
    import networkx

    graph: networkx.Graph[int] = networkx.Graph([link[:2] for link in links])
    found = networkx.spring_layout(graph, seed=1, iterations=100)
    places = np.array([found[node] for node in range(nodes)], np.float64)
    ends = np.array([link[:2] for link in links])
    mean = np.hypot(*(places[ends[:, 0]] - places[ends[:, 1]]).T).mean()
    spread: Places = places / mean
    return spread
