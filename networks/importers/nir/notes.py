"""What deltasim notes in a NIR graph's metadata, which other programs do not read, and how it is read back.

NIR has no place for a time step, thresholds of deltas, a rule of reset, an order of populations. Without the
notes the graph is the dense network.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deltasim.networks.cells import GLIF, LIF
from deltasim.networks.cells.glif import RESETS
from deltasim.networks.connections import AllToAll, Sparse
from deltasim.networks.graph import Network, Population, Projection, projection_name
from deltasim.networks.importers.nir.graph import Graph
from deltasim.networks.importers.nir.paths import synapses_of
from deltasim.runtime.errors import InputError, nearest
from deltasim.runtime.names import is_name

KEY = "deltasim"
Word = Annotated[str, Field(max_length=200)]


class Plain(BaseModel):
    """Fields of exactly these types."""

    model_config = ConfigDict(strict=True, extra="forbid")


class PopulationNotes(Plain):
    """A population: its name, and its cell's fields to the last digit."""

    name: Word
    kind: Word = "glif"
    cell: dict[str, float] = {}


class ProjectionNotes(Plain):
    """A projection, by its ends and its label; ``node`` is the label that the graph gives it by itself.

    A ``sparse`` one has the synapses whose weight is not 0, and ``silent`` ones: target * sources + source.
    """

    source: Word
    target: Word
    label: Word = ""
    node: Word = ""
    role: Word = "input"
    theta: Annotated[float, Field(ge=0, allow_inf_nan=False)] | list[float] = 0.0
    sparse: bool = False
    silent: list[Annotated[int, Field(ge=0)]] = []


class Notes(Plain):
    """All that is noted; empty for a graph of others."""

    dt: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    reset: Word = "to_value"
    name: Word = ""
    outputs: list[Word] = []
    populations: Annotated[list[PopulationNotes], Field(max_length=10_000)] = []
    projections: Annotated[list[ProjectionNotes], Field(max_length=100_000)] = []


def notes_of(graph: Graph) -> Notes:
    """The notes of a graph; of one by another program the ``dt`` of its metadata, where there is one."""
    place, noted = f"{graph.place}: metadata", graph.metadata.get(KEY)
    if noted is None:
        found = Notes()
        dt = graph.metadata.get("dt")
        if isinstance(dt, np.ndarray | int | float | np.number):
            values = np.asarray(dt, np.float64).ravel()
            if values.size != 1 or not (np.isfinite(values[0]) and values[0] > 0):
                raise InputError(f"{place}: dt", values.tolist()[:4], "a time step is a positive number",
                                 "Give --dt.")  # fmt: skip
            found = Notes(dt=float(values[0]))
        return found
    try:
        found = Notes.model_validate_json(noted if isinstance(noted, str) else "")
    except ValidationError as error:
        detail = error.errors()[0]
        path = ".".join(str(part)[:60] for part in detail["loc"])
        rule = f"deltasim noted something else there ({path}: {detail['msg']})"[:200]
        raise InputError(f"{place}: {KEY}", "damaged", rule, "Export the graph again.") from None
    if found.reset not in RESETS:
        raise InputError(
            f"{place}: {KEY}", found.reset, "there is no such reset", nearest(found.reset, RESETS)
        )
    if found.name and not is_name(found.name):
        raise InputError(f"{place}: {KEY}", found.name[:40], "this is no name", "Export the graph again.")
    return found


def dressed(network: Network, notes: Notes, dt: float | None, place: str) -> Network:
    """The network with thresholds, roles and order as noted; at another ``dt`` the cells' numbers are new.

    Errors: InputError where the notes do not fit.
    """
    if not notes.populations:
        return network
    rule = "the notes are of another graph"
    where = f"{place}: metadata: {KEY}"
    known = {population.name: population for population in network.populations}
    if {noted.name for noted in notes.populations} != set(known):
        other = sorted({noted.name for noted in notes.populations} ^ set(known))[0]
        raise InputError(where, other, rule, "Export the graph again.")
    as_noted = [one if dt == notes.dt else one.model_copy(update={"cell": {}}) for one in notes.populations]
    populations = tuple(with_fields(known[noted.name], noted, where) for noted in as_noted)
    found = {projection.name: projection for projection in network.projections}
    projections = []
    for noted in notes.projections:
        name = projection_name(noted.source, noted.target, noted.node)
        if name not in found:
            raise InputError(where, name[:80], rule, "Export the graph again.")
        projections.append(with_notes(found.pop(name), noted))
    if found:
        raise InputError(where, next(iter(found)), rule, "Export the graph again.")
    outputs = tuple(notes.outputs) or network.outputs
    return Network(network.name, populations, tuple(projections), outputs)


def with_fields(population: Population, noted: PopulationNotes, where: str) -> Population:
    """A cell with its fields to the last digit: as noted, where they are those of the graph in float32."""
    cell: Any = population.cell
    given = {field.name: getattr(cell, field.name) for field in fields(cell)}
    for name, value in noted.cell.items():
        own = given.get(name)
        if not isinstance(own, float) or np.float32(own) != np.float32(value):
            rule = "the notes are of another graph"
            raise InputError(where, f"{noted.name}: {name[:40]}", rule, "Export the graph again.")
        given[name] = value
    if noted.kind == LIF.kind and isinstance(cell, GLIF) and cell.resets == "to_value":
        return replace(population, cell=LIF(cell.size, given["threshold"], given["leak"], given["reset"]))
    return replace(population, cell=type(cell)(**given))


def with_notes(projection: Projection, noted: ProjectionNotes) -> Projection:
    """A projection with thresholds and role; synapses one by one where it had them."""
    connection = projection.connection
    if noted.sparse and isinstance(connection, AllToAll):
        sources, targets, weights = synapses_of(connection)
        kept = (weights != 0) | np.isin(targets * connection.source_size + sources, noted.silent)
        sizes = connection.source_size, connection.target_size
        connection = Sparse.from_synapses(sources[kept], targets[kept], weights[kept], *sizes)
    theta = noted.theta if isinstance(noted.theta, float) else np.array(noted.theta, np.float64)
    return replace(projection, connection=connection, theta=theta, role=noted.role, label=noted.label)
