"""A NIR graph as a network: its neurons as populations, the nodes between them as projections."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any, NamedTuple

import numpy as np

from deltasim.networks.cells import Dense, Input
from deltasim.networks.connections import AllToAll, Connection, Convolution, Sparse
from deltasim.networks.graph import Network, Population, Projection
from deltasim.networks.importers.imported import Imported, Output
from deltasim.networks.importers.nir.graph import NEURONS, Graph, graph_of, read_graph
from deltasim.networks.importers.nir.neurons import Neurons, neurons_of
from deltasim.networks.importers.nir.notes import dressed, notes_of
from deltasim.networks.importers.nir.paths import (
    WEIGHTED,
    Map,
    map_of,
    paths_into,
    plain_source,
    populations_of,
    shape_of,
    synapses_of,
)
from deltasim.runtime.arrays import Numbers
from deltasim.runtime.errors import InputError
from deltasim.runtime.names import as_name

NEAR_WHOLE = 1e-6
"""How far a delay may be from whole steps, in steps."""


def import_nir(source: str | FilePath | Any, dt: float | None = None, reset: str | None = None) -> Imported:
    """The network of a ``.nir`` file, or of a ``nir.NIRGraph``.

    ``dt`` is the time step in seconds; without it that of the graph's metadata, which only graphs without
    time constants and delays can do without. ``reset`` is what a spike does (RESETS of the GLIF cell), which
    NIR does not say: "to_value" as its equations have it, unless the metadata say otherwise.
    Errors: InputError that names the node.
    """
    if isinstance(source, str | FilePath):
        graph, usual = read_graph(source), as_name(FilePath(source).stem)
    else:
        graph, usual = graph_of(source.to_dict(), "graph"), "nir"
    notes = notes_of(graph)
    name = notes.name or usual
    with np.errstate(over="ignore", invalid="ignore"):  # what is no number in float32 is named by the network
        plain = network_of(graph, name, dt or notes.dt, reset or notes.reset)
    network = dressed(plain, notes, dt or notes.dt, graph.place)
    outputs = (Output(0, 0, (network.output_size,)),)
    return Imported(network, (1, network.input_size), 0, outputs)


class Piece(NamedTuple):
    """A connection between two populations that is late by so many steps."""

    source: str
    target: str
    connection: Connection
    steps: int
    label: str


def network_of(graph: Graph, name: str, dt: float | None, reset: str) -> Network:
    """The network of a graph, thresholds 0."""
    places = populations_of(graph)
    names = dict(zip(places, unique([as_name(place) for place in places]), strict=True))
    populations, pieces = [], []
    for place in places:
        if graph.nodes[place].kind == "Input":
            populations.append(Population(names[place], Input(int(np.prod(shape_of(graph, place))))))
            continue
        neurons, found = population_of(graph, place, frozenset(places), dt, reset)
        populations.append(Population(names[place], neurons.cell, neurons.bias))
        pieces += [piece._replace(source=names[piece.source], target=names[piece.target]) for piece in found]
    outputs = []
    for place, node in graph.nodes.items():
        if node.kind == "Output":
            source = plain_source(graph, place)
            outputs.append(names[place if source is None else source])
    projections = tuple(projections_of(pieces, [p.name for p in populations if p.cell.kind == "input"]))
    return Network(name, tuple(populations), projections, tuple(dict.fromkeys(outputs)))


def population_of(
    graph: Graph, place: str, places: frozenset[str], dt: float | None, reset: str
) -> tuple[Neurons, list[Piece]]:
    """One population and what comes into it."""
    node = graph.nodes[place]
    paths = paths_into(graph, place, places)
    if not paths:
        raise InputError(node.place, node.kind, "nothing feeds it", "Join it to the graph.")
    maps = [map_of(graph, path) for path in paths]
    size = maps[0].size
    if node.kind in NEURONS:
        neurons = neurons_of(node, dt, reset)
        if neurons.cell.size == 1 < size:  # one value stands for all
            neurons = neurons_of(widened(node, size), dt, reset)
        size = neurons.cell.size
    else:
        neurons = Neurons(Dense(size), np.ones(size), np.zeros((1, size), np.float32))
    pieces: list[Piece] = []
    for path, found in zip(paths, maps, strict=True):
        if found.size != size:
            rule = f"it has {size} neurons"
            raise InputError(node.place, f"{found.size} values of {path.source}", rule, "Export it again.")
        weighted = [as_name(name) for name in path.nodes if graph.nodes[name].kind in WEIGHTED]
        pieces += pieces_of(found, neurons.gain, dt, path.source, place, (weighted or [""])[-1], node.place)
    row = constant_of(graph, place, places, size) * neurons.gain + neurons.bias[0]
    bias = np.concatenate([np.asarray(row, np.float32)[None], neurons.bias[1:]])
    return neurons._replace(bias=bias), pieces


def widened(node: Any, size: int) -> Any:
    """Neurons of which one value stands for all."""
    first = "r" if "r" in node.fields else "threshold"
    again = {name: np.full(size, node.array(name)) for name in (first, "v_leak") if name in node.fields}
    return node._replace(fields=node.fields | again)


def pieces_of(
    found: Map, gain: Numbers, dt: float | None, source: str, target: str, label: str, place: str
) -> Iterator[Piece]:
    """The connections of a path: one, or one for each of several delays."""
    behind = np.broadcast_to(found.behind, found.size) * gain
    connection = scaled(found, behind)
    early = steps_of(found.late_before, dt, place)
    late = steps_of(np.broadcast_to(found.late_behind, found.size), dt, place)
    if (early == early[0]).all() and (late == late[0]).all():
        yield Piece(source, target, connection, int(early[0] + late[0]), label)
        return
    sources, targets, weights = synapses_of(connection)
    steps = early[sources] + late[targets]
    for number in np.unique(steps).tolist():
        own = steps == number
        part = Sparse.from_synapses(
            sources[own], targets[own], weights[own], connection.source_size, connection.target_size
        )
        yield Piece(source, target, part, number, as_name(f"{label}.delay-{number}"))


def scaled(found: Map, behind: Numbers) -> Connection:
    """The connection of a path with its factors taken in."""
    before, connection = found.before, found.connection
    if connection is None:
        factors = before * behind
        if (factors == factors[0]).all():
            return Convolution(np.full((1, 1, 1, 1), factors[0], np.float32), (1, 1, found.size))
        places = np.arange(found.size)
        return Sparse.from_synapses(places, places, np.float32(factors), found.size, found.size)
    if (before == 1).all() and (behind == 1).all():
        return connection
    if isinstance(connection, AllToAll):
        return AllToAll(
            np.asarray(connection.columns * behind[None, None] * before[:, None, None], np.float32)
        )
    if isinstance(connection, Convolution):
        planes = before.reshape(connection.in_shape[0], -1), behind.reshape(connection.out_shape[0], -1)
        if all((plane == plane[:, :1]).all() for plane in planes):
            factor = planes[1][:, :1, None, None] * planes[0][None, :, :1, None]
            return connection.with_weights(np.asarray(connection.kernel * factor, np.float32))
    sources, targets, weights = synapses_of(connection)
    words = np.float32(weights * before[sources] * behind[targets])
    return Sparse.from_synapses(sources, targets, words, connection.source_size, connection.target_size)


def steps_of(seconds: Numbers, dt: float | None, place: str) -> Numbers:
    """Delays in whole steps."""
    if not seconds.any():
        return np.zeros(seconds.size, np.int64)
    if dt is None:
        rule = "a delay needs a time step, which the graph does not say"
        remedy = "Give one: deltasim import GRAPH --dt 0.1ms --out FOLDER."
        raise InputError(f"{place}: delay", f"{seconds.max():g} s", rule, remedy)
    steps = seconds / dt
    off = np.abs(steps - np.rint(steps)) > NEAR_WHOLE * np.maximum(steps, 1)
    if off.any():
        rule = f"a delay is whole steps of {dt:g} s"
        raise InputError(f"{place}: delay", f"{seconds[off][0]:g} s", rule, "Take a step that divides it.")
    return np.rint(np.minimum(steps, 2**31)).astype(np.int64)


def constant_of(graph: Graph, name: str, places: frozenset[str], size: int) -> Numbers:
    """What the biases between add to a population's input at every step."""
    total = np.zeros(size)
    node = graph.nodes[name]
    if node.kind in WEIGHTED:
        return total + bias_of(graph, name, size)
    for before in graph.into(name):
        total = total + given_by(graph, before, places, size)
    return total


def given_by(graph: Graph, name: str, places: frozenset[str], size: int) -> Numbers:
    """The constant part of what a node gives."""
    node = graph.nodes[name]
    if name in places:
        return np.zeros(size)
    if node.kind in WEIGHTED:
        return bias_of(graph, name, size)
    total = np.zeros(size)
    for before in graph.into(name):
        total = total + given_by(graph, before, places, size)
    if node.kind == "Scale" and total.any():
        total = total * np.broadcast_to(node.array("scale"), shape_of(graph, name)).ravel()
    if node.kind == "Delay" and total.any():
        rule = "a bias that arrives late is not imported"
        raise InputError(node.place, "Delay", rule, "Put the delay before the weights.")
    return total


def bias_of(graph: Graph, name: str, size: int) -> Numbers:
    """The bias of a weighted node, of every value."""
    node = graph.nodes[name]
    if node.kind not in ("Affine", "Conv1d", "Conv2d"):
        return np.zeros(size)
    bias = node.array("bias").ravel()
    each = size // bias.size if node.kind != "Affine" and bias.size else 1
    if bias.size * each != size:
        rule = f"{size} values come out of it"
        raise InputError(f"{node.place}: bias", f"{bias.size} values", rule, "Export it again.")
    return np.repeat(bias, each)


def projections_of(pieces: list[Piece], inputs: list[str]) -> Iterator[Projection]:
    """Projections of which every cycle has a delay: what goes back, from the inputs, is a step late."""
    late = sent_back(pieces, inputs)
    names: set[tuple[str, str, str]] = set()
    ends = [(piece.source, piece.target) for piece in pieces]
    for piece, (recurrent, back) in zip(pieces, late, strict=True):
        label = piece.label if ends.count((piece.source, piece.target)) > 1 else ""
        number = 2
        while (piece.source, piece.target, label) in names:
            label, number = as_name(f"{piece.label}.{number}"), number + 1
        names.add((piece.source, piece.target, label))
        role = "recurrent" if recurrent else "input"
        delay = piece.steps + back
        yield Projection(piece.source, piece.target, piece.connection, role, delay, label=label)


def sent_back(pieces: list[Piece], inputs: list[str]) -> list[tuple[bool, int]]:
    """For each piece, whether it lies on a cycle, and the step that it is late for that.

    Of the cycles without delay, those edges are late that do not lead on from the inputs: to a population
    that is as near to them, or nearer.
    """
    import networkx as nx

    whole: nx.DiGraph[str] = nx.DiGraph()
    quick: nx.DiGraph[str] = nx.DiGraph()
    whole.add_nodes_from([*inputs, *(end for piece in pieces for end in (piece.source, piece.target))])
    quick.add_nodes_from(whole)
    whole.add_edges_from((piece.source, piece.target) for piece in pieces)
    quick.add_edges_from((piece.source, piece.target) for piece in pieces if piece.steps == 0)
    order: dict[str, tuple[float, int]] = {}
    far = nx.multi_source_dijkstra_path_length(whole, set(inputs)) if inputs else {}
    for number, name in enumerate(whole):
        order[name] = (far.get(name, len(whole)), number)
    groups = [
        {
            name: number
            for number, group in enumerate(nx.strongly_connected_components(graph))
            for name in group
        }
        for graph in (whole, quick)
    ]
    found = []
    for piece in pieces:
        cyclic, without_delay = (group[piece.source] == group[piece.target] for group in groups)
        back = piece.steps == 0 and without_delay and order[piece.target] <= order[piece.source]
        found.append((cyclic, int(back)))
    return found


def unique(names: list[str]) -> list[str]:
    """The same names, numbered where one comes again.

    >>> unique(["a", "b", "a"])
    ['a', 'b', 'a-2']
    """
    found: list[str] = []
    for name in names:
        other, number = name, 2
        while other in found:
            other, number = f"{name[:58]}-{number}", number + 1
        found.append(other)
    return found
