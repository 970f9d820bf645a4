"""A NIR graph as plain data: nodes with their arrays, nested graphs taken apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from deltasim.runtime.arrays import Numbers
from deltasim.runtime.errors import InputError, nearest
from deltasim.runtime.readers.files import Unreadable
from deltasim.runtime.readers.hdf5 import is_there, read_tree

FIELDS = {
    "Input": ("shape",),
    "Output": ("shape",),
    "Identity": (),
    "Affine": ("weight", "bias"),
    "Linear": ("weight",),
    "Scale": ("scale",),
    "Conv1d": ("weight", "bias", "stride", "padding", "dilation", "groups"),
    "Conv2d": ("weight", "bias", "stride", "padding", "dilation", "groups"),
    "SumPool2d": ("kernel_size", "stride", "padding"),
    "AvgPool2d": ("kernel_size", "stride", "padding"),
    "Flatten": ("start_dim", "end_dim"),
    "Delay": ("delay",),
    "Threshold": ("threshold",),
    "I": ("r",),
    "IF": ("r", "v_threshold"),
    "LI": ("tau", "r", "v_leak"),
    "LIF": ("tau", "r", "v_leak", "v_threshold"),
    "CubaLI": ("tau_syn", "tau_mem", "r", "v_leak", "w_in"),
    "CubaLIF": ("tau_syn", "tau_mem", "r", "v_leak", "v_threshold", "w_in"),
}
"""Every node and what it must have. ``v_reset`` is newer than some files; without it the reset is 0."""

NEURONS = ("Threshold", "I", "IF", "LI", "LIF", "CubaLI", "CubaLIF")
MOST_NODES = 10_000


class Node(NamedTuple):
    """One node: its kind and its fields; ``place`` names it in errors."""

    kind: str
    fields: dict[str, Any]
    place: str

    def array(self, name: str) -> Numbers:
        """A field as finite doubles. Errors: InputError."""
        value = self.fields.get(name)
        array = (
            np.asarray(value, np.float64) if isinstance(value, np.ndarray | np.number | int | float) else None
        )
        if array is None or array.size == 0 or not np.isfinite(array).all():
            shown = "nothing" if value is None else "what is no finite number"
            raise InputError(f"{self.place}: {name}", shown, f"a node {self.kind} has it", "Export it again.")
        return array

    def whole(self, name: str, count: int) -> tuple[int, ...]:
        """A field of ``count`` whole numbers, or one for all of them."""
        values = self.array(name).ravel()
        if values.size not in (1, count) or (values != np.rint(values)).any() or np.abs(values).max() > 2**31:
            rule = f"it is {count} whole numbers"
            raise InputError(f"{self.place}: {name}", values.tolist()[:8], rule, "Export it again.")
        return tuple(int(value) for value in np.broadcast_to(values, count))


class Graph(NamedTuple):
    """Nodes by name, without nesting, the edges between them in order, and what is said of the whole."""

    nodes: dict[str, Node]
    edges: tuple[tuple[str, str], ...]
    metadata: dict[str, Any]
    place: str

    def into(self, name: str) -> list[str]:
        """The nodes that feed a node, in order of the edges."""
        return [source for source, target in self.edges if target == name]

    def out_of(self, name: str) -> list[str]:
        return [target for source, target in self.edges if source == name]


def read_graph(path: str | Path) -> Graph:
    """The graph of a ``.nir`` file. Errors: InputError. Needs the package h5py."""
    if not is_there():
        rule = "reading it needs the package h5py, which is not installed"
        raise InputError(path, ".nir", rule, "Run pip install 'deltasim[import]'.")
    try:
        content = read_tree(path)
    except Unreadable as error:
        rule = f"a NIR graph is an HDF5 file ({error.reason})"
        raise InputError(path, "damaged", rule, "Export or copy it again.") from None
    node = content.get("node")
    if not isinstance(node, dict):
        raise InputError(path, "no node", "a NIR file holds its graph as node", "Export it again.")
    return graph_of(node, str(path))


def graph_of(content: dict[str, Any], place: str) -> Graph:
    """The graph of nested dictionaries, as files hold it and ``nir.NIRGraph.to_dict`` gives it."""
    nodes: dict[str, Node] = {}
    edges: list[tuple[str, str]] = []
    walk(content, "", place, nodes, edges)
    metadata = content.get("metadata", {})
    for name, node in nodes.items():
        if node.kind == "Input" and "shape" not in node.fields:
            raise InputError(f"{place}: node {name}", "Input", "an Input has a shape", "Export it again.")
    graph = Graph(nodes, tuple(dict.fromkeys(edges)), metadata if isinstance(metadata, dict) else {}, place)
    for kind in ("Input", "Output"):
        if not any(node.kind == kind for node in nodes.values()):
            raise InputError(place, f"no {kind}", f"a graph has at least one {kind}", "Export it again.")
    return graph


def walk(
    content: dict[str, Any],
    prefix: str,
    place: str,
    nodes: dict[str, Node],
    edges: list[tuple[str, str]],
) -> None:
    """Enter the nodes of a graph; those of a graph within are named after it, and its ends pass values on."""
    inner = content.get("nodes")
    if not isinstance(inner, dict) or not inner:
        raise InputError(place, prefix or "graph", "a graph has nodes", "Export it again.")
    ends: dict[str, tuple[list[str], list[str]]] = {}
    for name, node in inner.items():
        where, full = f"{place}: node {prefix}{name}", prefix + name
        given = node.get("type") if isinstance(node, dict) else None
        kind = given if isinstance(given, str) else ""
        if kind == "NIRGraph":
            walk(node, f"{full}.", place, nodes, edges)
            ends[name] = tuple(  # type: ignore[assignment]
                [f"{full}.{own}" for own, entry in node["nodes"].items() if entry.get("type") == end]
                for end in ("Input", "Output")
            )
        elif kind not in FIELDS:
            rule = "this is no node of NIR"
            raise InputError(where, kind[:40] or "no type", rule, nearest(kind[:40], FIELDS))
        else:
            nested = prefix and kind in ("Input", "Output")
            nodes[full] = Node("Identity" if nested else kind, node, where)
        if len(nodes) > MOST_NODES:
            raise InputError(place, f"{len(nodes):,} nodes", f"at most {MOST_NODES:,} are read", "Split it.")
    for edge in pairs(content.get("edges"), place):
        joined = []
        for end, name in enumerate(edge):
            if name not in inner:
                within = f" within {prefix[:-1]}" if prefix else ""
                rule = f"an edge{within} ends at a node that is not there"
                raise InputError(f"{place}: edge {edge[0]} -> {edge[1]}", name, rule, nearest(name, inner))
            own = ends[name][1 - end] if name in ends else [prefix + name]
            if len(own) != 1:
                rule = f"an edge to or from a graph within needs one {'Output' if end == 0 else 'Input'}"
                raise InputError(f"{place}: node {prefix}{name}", f"{len(own)}", rule, "Split the graph.")
            joined.append(own[0])
        edges.append((joined[0], joined[1]))


def pairs(edges: object, place: str) -> Iterator[tuple[str, str]]:
    """The edges of a graph, each two names."""
    for edge in edges if isinstance(edges, list | tuple) else ():
        names = isinstance(edge, list | tuple) and len(edge) == 2 and all(isinstance(e, str) for e in edge)
        if not names:
            raise InputError(f"{place}: edges", str(edge)[:60], "an edge is two names", "Export it again.")
        yield edge[0], edge[1]
