"""A network as a NIR graph: what NIR can express, as a file that its own package reads."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from deltasim.networks.cells import GLIF, LIF, Dense, LeakyIntegrator
from deltasim.networks.connections import AllToAll, Connection, Convolution, Sparse
from deltasim.networks.graph import Network, Population, Projection
from deltasim.networks.importers.nir.network import Piece, sent_back, unique
from deltasim.networks.importers.nir.notes import KEY, Notes, PopulationNotes, ProjectionNotes
from deltasim.networks.importers.nir.paths import MOST_WORDS, synapses_of
from deltasim.networks.numbers.arithmetic import Float32, WideSums
from deltasim.runtime.arrays import Numbers
from deltasim.runtime.disk.unfinished import new_file
from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.hdf5 import is_there

VERSION = "1.0.8"
"""Of the package whose files these are like."""

Content = dict[str, Any]


class Written(NamedTuple):
    """Nodes and edges while a graph is made."""

    nodes: dict[str, Content]
    edges: list[tuple[str, str]]


def export_nir(network: Network, path: str | Path, dt: float = 1e-4) -> Path:
    """Write a network as a NIR graph whose time step is ``dt`` seconds.

    Without what deltasim notes in the graph's metadata, thresholds of deltas among it, it is the dense
    network; with it ``import_nir`` reads back the very network. Errors: InputError that names the population
    or the projection that NIR cannot express. Needs the package h5py.
    """
    if not is_there():
        rule = "writing it needs the package h5py, which is not installed"
        raise InputError(path, ".nir", rule, "Run pip install 'deltasim[import]'.")
    if not (np.isfinite(dt) and dt > 0):
        raise InputError("dt", dt, "a time step is a positive number of seconds", "Give for example 1e-4.")
    content = content_of(network, dt)
    held = io.BytesIO()
    import h5py

    with h5py.File(held, "w") as file:
        file.create_dataset("version", data=VERSION, dtype=h5py.string_dtype())
        put(file.create_group("node"), content)
    with new_file(Path(path)) as part:
        part.write(held.getvalue())
    return Path(path)


def put(group: Any, content: Content) -> None:
    """Nested dictionaries into a group."""
    import h5py

    for name, value in content.items():
        if isinstance(value, dict):
            put(group.create_group(name), value)
        elif isinstance(value, str) or name == "edges":
            group.create_dataset(name, data=value, dtype=h5py.string_dtype())
        else:
            group.create_dataset(name, data=value)


def content_of(network: Network, dt: float) -> Content:
    """The graph as nested dictionaries, in the form of ``nir.NIRGraph.to_dict``.

    >>> from deltasim.networks import random_spiking
    >>> graph = content_of(random_spiking(8, 2, 0.2, np.random.default_rng(0)), 1e-3)
    >>> [node["type"] for node in graph["nodes"].values()]
    ['Input', 'LIF', 'Affine', 'Linear', 'Output']
    """
    refuse(network)
    shapes = {population.name: shape_in(network, population) for population in network.populations}
    written = Written({}, [])
    for population in network.populations:
        if population.cell.kind == "input":
            written.nodes[population.name] = {"type": "Input", "shape": np.array(shapes[population.name])}
        elif not isinstance(population.cell, Dense):
            written.nodes[population.name] = neuron(population, shapes[population.name], dt)
    late = implied(network)
    labels = unique([*written.nodes, *(own_name(network, projection) for projection in network.projections)])[
        len(written.nodes) :
    ]
    for number, projection in enumerate(network.projections):
        join(network, projection, labels[number], shapes, dt * (projection.delay - late[number]), written)
    for name in network.outputs:
        relay = isinstance(network.population(name).cell, Dense)
        end = name if relay else unique([*written.nodes, f"{name[:50]}-output"])[-1]
        written.nodes[end] = {"type": "Output", "shape": np.array(shapes[name])}
        if not relay:
            written.edges.append((name, end))
    notes = notes_for(network, labels, dt)
    return {
        "type": "NIRGraph",
        "nodes": written.nodes,
        "edges": written.edges,
        "metadata": {KEY: notes.model_dump_json(exclude_defaults=True), "dt": np.float64(dt)},
    }


def refuse(network: Network) -> None:
    """Raise InputError for what NIR cannot express of a network as a whole, and of each population."""
    place = f"network {network.name}"
    if not isinstance(network.arithmetic, Float32) or isinstance(network.arithmetic, WideSums):
        raise InputError(place, network.arithmetic, "NIR holds real numbers", "Export the float32 network.")
    rules = {p.cell.resets for p in network.populations if isinstance(p.cell, GLIF)}
    rules |= {"to_value" for p in network.populations if isinstance(p.cell, LIF)}
    if len(rules) > 1:
        rule = "NIR does not say how a spike resets, so one rule is noted for all populations"
        raise InputError(place, ", ".join(sorted(rules)), rule, "Use one rule.")
    for projection in network.projections:
        if projection.loss is not None:
            where, rule = f"{place}: projection {projection.name}", "NIR has no links that lose messages"
            raise InputError(where, projection.loss.probability, rule, "Leave the loss out.")
        if projection.budget is not None:
            where, rule = f"{place}: projection {projection.name}", "NIR has no budget of messages"
            raise InputError(where, projection.budget.rate, rule, "Leave the budget out.")
    for population in network.populations:
        cell, where = population.cell, f"{place}: population {population.name}"
        if population.pass_number or population.reverse:
            rule = "NIR has one pass over a sequence, forwards"
            raise InputError(where, f"pass {population.pass_number}", rule, "Export one direction.")
        if isinstance(cell, GLIF) and (cell.refractory or cell.has("adaptation")):
            value = "refractory period" if cell.refractory else "adaptive threshold"
            raise InputError(where, value, "NIR has no such neuron", "Leave it out.")
        if isinstance(cell, Dense):
            refuse_relay(network, population, where)
        elif not isinstance(cell, GLIF | LIF | LeakyIntegrator) and cell.kind != "input":
            rule = "NIR has no node for this cell"
            raise InputError(where, cell.kind, rule, "Export spiking, integrating and linear populations.")


def refuse_relay(network: Network, population: Population, where: str) -> None:
    """A population without memory is a sum of weighted nodes: an output, or between weights."""
    if population.cell.activation != "identity":  # type: ignore[union-attr]
        raise InputError(where, population.cell.activation, "NIR has no such node", "Use spiking neurons.")  # type: ignore[union-attr]
    into = [network.projections[number] for number in network.incoming[network.index(population.name)]]
    out_of = [projection for projection in network.projections if projection.source == population.name]
    is_output = population.name in network.outputs
    plain = [p for p in (*into, *out_of) if factor_of(p) is not None]
    if (is_output and out_of) or (not is_output and (len(into) != 1 or plain or into[0].delay)):
        rule = "a population without memory is written as weights: as an output, or between two weights"
        raise InputError(where, population.cell.kind, rule, "Give it neurons.")


def factor_of(projection: Projection) -> float | None:
    """What every value is multiplied by, where a projection goes from each neuron to that of its number."""
    connection = projection.connection
    if isinstance(connection, Convolution) and connection.kernel.shape == (1, 1, 1, 1):
        one_row = connection.in_shape[:2] == (1, 1) and connection.stride == (1, 1)
        return (
            float(connection.kernel[0, 0, 0, 0])
            if one_row and connection.padding == (0, 0) and connection.after is None
            else None
        )
    return None


def shape_in(network: Network, population: Population) -> tuple[int, ...]:
    """(C, H, W) of a population that a convolution reads or writes, else (size,)."""
    for projection in network.projections:
        connection = projection.connection
        if isinstance(connection, Convolution) and factor_of(projection) is None:
            if projection.source == population.name:
                return connection.in_shape
            if projection.target == population.name:
                return connection.out_shape
    return (population.size,)


def neuron(population: Population, shape: tuple[int, ...], dt: float) -> Content:
    """The node of a population of neurons."""
    cell: Any = population.cell
    bias = population.bias
    assert bias is not None
    own = getattr(cell, "own", ())
    given = {
        field.name: np.full(population.size, getattr(cell, field.name), np.float64)
        for field in fields(cell)
        if field.name in ("leak", "threshold", "reset", "synapse")
    }
    given |= {name: bias[1 + row].astype(np.float64) for row, name in enumerate(own)}
    leak, synapse = given["leak"], given.get("synapse", np.zeros(population.size))
    cuba, still = bool(synapse.any()), bool((leak == 1).all())
    for name, values in (("leak", leak), ("synapse", synapse)):
        if (values == 1).any() and not (name == "leak" and still and not cuba):
            rule = "a time constant without end is written for neurons that all have it, and no current"
            raise InputError(f"population {population.name}: {name}", 1, rule, "Give less than 1.")
    node: Content = {"type": ("Cuba" * cuba) + ("I" if still and not cuba else "LI")}
    ones, zeros = np.ones(population.size), np.zeros(population.size)
    if still and not cuba:
        node["r"] = ones
    elif cuba:
        tau_syn, tau_mem = dt / (1 - synapse), dt / (1 - leak)
        node |= {"tau_syn": tau_syn, "tau_mem": tau_mem, "r": tau_mem / dt, "v_leak": zeros}
        node["w_in"] = tau_syn / dt
    else:
        node |= {"tau": dt / (1 - leak), "r": 1 / (1 - leak), "v_leak": zeros}
    if cell.spiking:
        node["type"] += "F"
        node |= {"v_threshold": given["threshold"], "v_reset": given["reset"]}
    return {name: value if name == "type" else value.reshape(shape) for name, value in node.items()}


def implied(network: Network) -> list[int]:
    """For each projection the step of delay that a reader puts in by itself, as it lies on a cycle."""
    inputs = [population.name for population in network.inputs]

    def found(steps: list[int]) -> list[int]:
        pieces = [
            Piece(p.source, p.target, p.connection, own, p.label)
            for p, own in zip(network.projections, steps, strict=True)
        ]
        return [back for _, back in sent_back(pieces, inputs)]

    delays = [projection.delay for projection in network.projections]
    backs = found([0 if delay == 1 else delay for delay in delays])
    steps = [delay - back for delay, back in zip(delays, backs, strict=True)]
    return backs if found(steps) == backs else [0] * len(delays)


def own_name(network: Network, projection: Projection) -> str:
    """What the weighted node of a projection is called."""
    target = network.population(projection.target)
    if isinstance(target.cell, Dense) and target.name not in network.outputs:
        return target.name
    return projection.label or f"{projection.source[:30]}-{projection.target[:30]}"


def join(
    network: Network,
    projection: Projection,
    name: str,
    shapes: dict[str, tuple[int, ...]],
    late: float,
    written: Written,
) -> None:
    """The nodes and edges of a projection: delay, flattening, weights."""
    source, target = network.population(projection.source), network.population(projection.target)
    place, shape = f"projection {projection.name}", shapes[source.name]
    before = source.name
    if late:
        before = added(
            written, f"{name[:50]}-delay", {"type": "Delay", "delay": np.full(shape, late)}, before
        )
    bias = bias_in(network, projection, target, shapes)
    factor = factor_of(projection)
    relay = isinstance(target.cell, Dense)
    if factor is not None and not bias.any() and (shape == shapes[target.name]):
        if factor != 1:
            before = added(written, name, {"type": "Scale", "scale": np.full(shape, factor)}, before)
    elif isinstance(projection.connection, Convolution) and factor is None:
        before = added(written, name, convolution(projection.connection, bias, place), before)
    else:
        if len(shapes[target.name]) > 1:
            rule = f"NIR has no node that gives values the shape {shapes[target.name]}"
            raise InputError(place, "dense weights", rule, "Use a convolution.")
        if len(shape) > 1:
            flat = {"type": "Flatten", "input_type": np.array(shape), "start_dim": 0, "end_dim": -1}
            before = added(written, f"{name[:50]}-flat", flat, before)
        node: Content = {"type": "Linear", "weight": matrix(projection, place)}
        if bias.any():
            node |= {"type": "Affine", "bias": bias.astype(np.float32)}
        before = added(written, name, node, before)
    if not relay or target.name in network.outputs:
        written.edges.append((before, target.name))


def added(written: Written, name: str, node: Content, before: str) -> str:
    """Enter a node behind another; its name, numbered where it was taken."""
    own = unique([*written.nodes, name])[-1]
    written.nodes[own] = node
    written.edges.append((before, own))
    return own


def bias_in(
    network: Network, projection: Projection, target: Population, shapes: dict[str, tuple[int, ...]]
) -> Numbers:
    """The bias of the target where this projection is the one to carry it, else zeros."""
    into = [network.projections[number] for number in network.incoming[network.index(target.name)]]
    able = [p for p in into if factor_of(p) is None and not isinstance(p.connection, Convolution)]
    carrier = (able or into)[0]
    assert target.bias is not None
    row: Numbers = target.bias[0]
    return row if projection is carrier else np.zeros_like(row)


def convolution(connection: Convolution, bias: Numbers, place: str) -> Content:
    """A Conv2d node."""
    whole = int(np.prod(connection.out_shape)) == connection.target_size
    planes = bias.reshape(connection.out_shape[0], -1) if whole else bias[None]
    if connection.gates > 1 or not whole or connection.after is not None or (planes != planes[:, :1]).any():
        rule = "a Conv2d is whole, has one kernel, the same padding on both sides, one bias for each plane"
        raise InputError(place, "convolution", rule, "Use weights of their own.")
    return {
        "type": "Conv2d",
        "input_shape": np.array(connection.in_shape[1:]),
        "weight": connection.kernel,
        "stride": np.array(connection.stride),
        "padding": np.array(connection.padding),
        "dilation": np.array((1, 1)),
        "groups": 1,
        "bias": planes[:, 0].astype(np.float32),
    }


def matrix(projection: Projection, place: str) -> Numbers:
    """The weights (out, in)."""
    connection = projection.connection
    if connection.gates > 1:
        raise InputError(place, f"{connection.gates} gates", "NIR has no gates", "Export one gate.")
    if connection.source_size * connection.target_size > MOST_WORDS:
        size = f"{connection.source_size:,} x {connection.target_size:,}"
        rule = f"synapses are written as a matrix of at most {MOST_WORDS:,} weights"
        raise InputError(place, size, rule, "Split the population.")
    if isinstance(connection, AllToAll):
        return np.ascontiguousarray(connection.columns[:, 0].T)
    sources, targets, weights = synapses_of(connection)
    whole = np.zeros((connection.target_size, connection.source_size), np.float32)
    whole[targets, sources] = weights
    return whole


def notes_for(network: Network, labels: list[str], dt: float) -> Notes:
    """What a reader needs to make the very network again."""
    resets = [p.cell.resets for p in network.populations if isinstance(p.cell, GLIF)]
    ends = [(projection.source, projection.target) for projection in network.projections]
    return Notes(
        dt=dt,
        reset=resets[0] if resets else "to_value",
        name=network.name,
        outputs=list(network.outputs),
        populations=[*map(population_notes, network.populations)],
        projections=[
            ProjectionNotes(
                source=p.source,
                target=p.target,
                label=p.label,
                node=label if ends.count((p.source, p.target)) > 1 else "",
                role=p.role,
                theta=float(p.theta) if np.ndim(p.theta) == 0 else np.asarray(p.theta).tolist(),
                sparse=isinstance(p.connection, Sparse),
                silent=silent_in(p.connection),
            )
            for p, label in zip(network.projections, labels, strict=True)
        ],
    )


def silent_in(connection: Connection) -> list[int]:
    """Synapses of weight 0, which a matrix does not show: target * sources + source."""
    if not isinstance(connection, Sparse) or connection.weights.all():
        return []
    sources, targets, weights = synapses_of(connection)
    silent: list[int] = (targets * connection.source_size + sources)[weights == 0].tolist()
    return silent


def population_notes(population: Population) -> PopulationNotes:
    """A population's name, and its cell's numbers to the last digit."""
    cell = population.cell
    numbers = dict(float_fields(cell)) if isinstance(cell, GLIF | LIF | LeakyIntegrator) else {}
    return PopulationNotes(name=population.name, kind=cell.kind, cell=numbers)


def float_fields(cell: GLIF | LIF | LeakyIntegrator) -> Iterator[tuple[str, float]]:
    """The numbers that all neurons share."""
    for field in fields(cell):
        value = getattr(cell, field.name)
        if isinstance(value, float) and field.name not in getattr(cell, "own", ()):
            yield field.name, value
