"""A fabric from any graph: a networkx graph, or a file of its edges."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from networks.errors import InputError
from simulator.noc.fabric import ARRIVED, Fabric, Link

if TYPE_CHECKING:
    import networkx

PROPERTIES: dict[str, tuple[type, str]] = {
    "latency": (int, "a whole number of cycles from 1 to 1024"),
    "period": (int, "a whole number of cycles from 1 to 1024"),
    "length": (float, "a number of tile pitches of at least 0"),
}


def fabric_from_graph(graph: networkx.Graph[int], name: str = "graph") -> Fabric:
    """Every node is a router with a terminal; every edge two links (one, in a directed graph).

    Nodes are 0 to N - 1. Edges may carry ``latency`` (cycles), ``period`` (cycles a flit) and ``length``
    (tile pitches), as a link between chips does. Routes have the fewest links; of several, each router takes
    the neighbour with the lowest number. Errors: InputError for other nodes, a graph in which one node cannot
    reach another, and (from :meth:`Fabric.wires`) for routes that can deadlock.

    >>> import networkx
    >>> fabric_from_graph(networkx.path_graph(4)).path(0, 3)
    (0, 1, 2, 3)
    """
    import networkx

    count = graph.number_of_nodes()
    if set(graph) != set(range(count)) or count == 0:
        raise InputError(
            name,
            f"nodes {', '.join(str(node) for node in list(graph)[:4])}",
            "the nodes of a topology are numbered from 0 without gaps",
            "Number them so.",
        )
    arrows: networkx.DiGraph[int] = networkx.DiGraph(graph)
    links = []
    for start, end, data in sorted(arrows.edges(data=True), key=lambda edge: edge[:2]):
        if start != end:
            links.append(Link(start, end, **_properties(name, start, end, data)))
    between = {(link.start, link.end): index for index, link in enumerate(links)}
    backward = arrows.reverse()
    toward = np.full((count, count), ARRIVED, np.int32)
    for terminal in range(count):
        distance = networkx.single_source_shortest_path_length(backward, terminal)
        for router in range(count):
            if router not in distance:
                raise InputError(
                    name,
                    f"node {router}",
                    f"no way leads from it to node {terminal}: the topology is not connected",
                    "Add the missing edge.",
                )
            if router != terminal:
                onward = min(
                    node
                    for node in arrows.successors(router)
                    if distance.get(node, count) == distance[router] - 1
                )
                toward[router, terminal] = between[router, onward]
    return Fabric(name, tuple(range(count)), (count,), count, tuple(links), toward, np.zeros_like(toward))


def read_edges(path: Path) -> Fabric:
    """Read a file with one edge a line, as ``networkx.write_edgelist`` writes it: ``0 1 {'latency': 8}``.

    ``#`` begins a comment; the braces may be left out. Edges lead both ways. Errors: InputError with the
    line.
    """
    import networkx

    graph: networkx.Graph[int] = networkx.Graph()
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        place = f"{path.name}:{number}"
        try:
            edges = networkx.parse_edgelist([text], nodetype=int).edges(data=True)
            ((start, end, data),) = edges
        except (TypeError, ValueError, IndexError, SyntaxError):
            raise InputError(
                place, text, "an edge is two node numbers", "Write for example 0 1 or 0 1 {'latency': 8}."
            ) from None
        _properties(place, start, end, data)
        graph.add_edge(start, end, **data)
    return fabric_from_graph(graph, path.name)


def _properties(place: str, start: int, end: int, data: dict[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for key, value in data.items():
        if key not in PROPERTIES:
            raise InputError(
                place, key, f"edge {start} {end} cannot have it", f"An edge has {', '.join(PROPERTIES)}."
            )
        kind, rule = PROPERTIES[key]
        fits = isinstance(value, (int, float)) and not isinstance(value, bool) and value == value
        if (
            not fits
            or (kind is int and not (isinstance(value, int) and 1 <= value <= 1024))
            or not 0 <= value < 1e9
        ):
            raise InputError(place, value, f"{key} of edge {start} {end} is {rule}", "Mend it.")
        given[key] = kind(value)
    return given
