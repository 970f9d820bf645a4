"""Networks on disk: tensors as safetensors, the graph beside them as JSON. Never pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from deltasim.networks.budget import Budget
from deltasim.networks.connections import AllToAll, Connection, Convolution, Sparse
from deltasim.networks.files.description import VERSION, described_cell, require_description
from deltasim.networks.graph import Network, Population, Projection, projection_name
from deltasim.networks.loss import Loss
from deltasim.networks.numbers.arithmetic import FLOAT32, Arithmetic, FixedPoint, Q, WideSums
from deltasim.runtime.arrays import Numbers
from deltasim.runtime.disk.unfinished import new_file
from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import Unreadable, is_file, is_folder
from deltasim.runtime.readers.json_text import read_json
from deltasim.runtime.readers.tensors import read_tensors

FORMATS = ("activation", "weight", "accumulator", "lookup")
WEIGHTS = ("float32", "int8", "int16", "int32")
POINTERS, TARGETS, THRESHOLDS = ("int64",), ("uint16", "int32"), ("float64",)


def save_network(network: Network, path: str | Path) -> tuple[Path, Path]:
    """Write ``PATH.safetensors`` and ``PATH.json`` (``network.*`` inside PATH if that is a folder).

    Both are written aside and then renamed. Raw integers keep their type, so 8-bit weights take a byte each.
    Returns the two paths.

    >>> import tempfile
    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> network = random_stack("gru", 4, (8,), np.random.default_rng(0), theta=0.1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = save_network(network, folder)
    ...     again = load_network(folder)
    >>> [file.name for file in files], again.digest == network.digest
    (['network.safetensors', 'network.json'], True)
    """
    from safetensors.numpy import save

    tensors: dict[str, Numbers] = {}
    for population in network.populations:
        if population.bias is not None:
            tensors[f"{population.name}.bias"] = np.ascontiguousarray(population.bias)
    for projection in network.projections:
        connection = projection.connection
        tensors[f"{projection.name}.weights"] = connection.weights
        if isinstance(connection, Sparse):
            tensors[f"{projection.name}.pointer"] = connection.pointer
            tensors[f"{projection.name}.targets"] = connection.targets
        if np.ndim(projection.theta):
            tensors[f"{projection.name}.theta"] = np.ascontiguousarray(projection.theta, np.float64)
    weights, description = files_of(path)
    write_aside(weights, save(tensors))
    write_aside(description, (json.dumps(described(network), indent=1) + "\n").encode())
    return weights, description


def load_network(path: str | Path) -> Network:
    """Read what ``save_network`` wrote; the content must match the digest written with it.

    Raises InputError for a missing, damaged or foreign file, a missing tensor, a wrong shape, or NaN.
    """
    weights, description = files_of(path)
    remedy = "Save or copy the network again."
    for file in (weights, description):
        if not is_file(file):
            rule = "a network is a .json description with a .safetensors file beside it"
            raise InputError(file, "no file", rule, "Check the path.")
    try:
        tensors = read_tensors(weights)
    except Unreadable as error:
        raise InputError(
            weights, "damaged", f"a network's weights are safetensors ({error.reason})", remedy
        ) from None
    try:
        content = read_json(description)
        require_description(content)
    except Unreadable as error:
        rule = f"this is no readable network description ({error.reason})"
        raise InputError(error.at(description), "damaged", rule, remedy) from None
    network, digest = rebuilt(content, tensors, weights), content["digest"]
    if network.digest != digest:
        rule = "weights and description do not belong together, or one is damaged"
        raise InputError(description, f"digest {digest[:12]}", rule, remedy)
    return network


def files_of(path: str | Path) -> tuple[Path, Path]:
    """The two files a path means: a folder, a common prefix, or either file itself.

    >>> [file.name for file in files_of("trained/digits-0.2.json")]
    ['digits-0.2.safetensors', 'digits-0.2.json']
    """
    prefix = Path(path)
    if is_folder(prefix):
        prefix = prefix / "network"
    elif prefix.suffix in (".json", ".safetensors"):
        prefix = prefix.with_suffix("")
    return prefix.with_name(prefix.name + ".safetensors"), prefix.with_name(prefix.name + ".json")


def write_aside(file: Path, content: bytes) -> None:
    """Write beside the file and rename, so that it is never half-written."""
    with new_file(file) as part:
        part.write(content)


def described(network: Network) -> dict[str, Any]:
    """Everything of a network that is not a tensor."""
    arithmetic = network.arithmetic
    return {
        "format": "deltasim network",
        "version": VERSION,
        "name": network.name,
        "digest": network.digest,
        "arithmetic": arithmetic.described if isinstance(arithmetic, FixedPoint) else str(arithmetic),
        "outputs": network.outputs,
        "populations": [
            {
                "name": p.name,
                "cell": p.cell.kind,
                **asdict(p.cell),
                "sweep": p.pass_number,
                "reverse": p.reverse,
            }
            for p in network.populations
        ],
        "projections": [
            {
                "source": p.source,
                "target": p.target,
                "role": p.role,
                "delay": p.delay,
                "theta": "tensor" if np.ndim(p.theta) else float(p.theta),
                "connection": described_connection(p.connection),
                **({} if p.weight_format is None else {"weight_format": p.weight_format}),
                **({} if p.accumulators is None else {"accumulators": p.accumulators}),
                **({"label": p.label} if p.label else {}),
                **({} if p.loss is None else {"loss": asdict(p.loss)}),
                **({} if p.budget is None else {"budget": p.budget.described}),
            }
            for p in network.projections
        ],
    }


def described_connection(connection: Connection) -> dict[str, Any]:
    """A connection without its weights."""
    if isinstance(connection, AllToAll):
        return {"kind": "all_to_all"}
    if isinstance(connection, Sparse):
        return {"kind": "sparse", "target_size": connection.target_size, "gates": connection.gates}
    fields = ("in_shape", "stride", "padding", "start", "stop")
    shape = {field: getattr(connection, field) for field in fields}
    if connection.after is not None:
        shape["after"] = connection.after
    return {"kind": "convolution", **shape, **({} if connection.gates == 1 else {"gates": connection.gates})}


def rebuilt(content: Mapping[str, Any], tensors: Mapping[str, Numbers], place: Path) -> Network:
    """The network of a description and its tensors."""
    populations = []
    for entry in content["populations"]:
        fields = dict(entry)
        name, pass_number, reverse = (fields[key] for key in ("name", "sweep", "reverse"))
        cell = described_cell(fields, f"{place.with_suffix('.json')}: population {name}")
        bias = None if cell.kind == "input" else tensor(tensors, f"{name}.bias", place)
        populations.append(Population(name, cell, bias, pass_number, reverse))
    projections = []
    for entry in content["projections"]:
        fields = {key: value for key, value in entry.items() if value is not None}
        name = projection_name(fields["source"], fields["target"], fields.get("label", ""))
        fields["connection"] = rebuilt_connection(fields["connection"], tensors, name, place)
        if fields["theta"] == "tensor":
            fields["theta"] = tensor(tensors, f"{name}.theta", place, THRESHOLDS)
        if "weight_format" in fields:
            fields["weight_format"] = Q(*fields["weight_format"])
        if "accumulators" in fields:
            fields["accumulators"] = tuple(fields["accumulators"])
        if "loss" in fields:
            fields["loss"] = Loss(**fields["loss"])
        if "budget" in fields:
            fields["budget"] = Budget(**fields["budget"])
        projections.append(Projection(**fields))
    arithmetic: Arithmetic = WideSums() if content["arithmetic"] == str(WideSums()) else FLOAT32
    if content["arithmetic"] != str(arithmetic):
        given: dict[str, Any] = content["arithmetic"]
        formats = {name: Q(*value) for name, value in given.items() if name in FORMATS}
        arithmetic = FixedPoint(**(given | formats))
    outputs = tuple(content["outputs"])
    return Network(content["name"], tuple(populations), tuple(projections), outputs, arithmetic)


def rebuilt_connection(
    fields: Mapping[str, Any], tensors: Mapping[str, Numbers], name: str, place: Path
) -> Connection:
    """The connection of a description's entry and the tensors of its projection."""
    weights = tensor(tensors, f"{name}.weights", place)
    if fields["kind"] == "all_to_all":
        return AllToAll(weights)
    if fields["kind"] == "sparse":
        pointer = tensor(tensors, f"{name}.pointer", place, POINTERS)
        targets = tensor(tensors, f"{name}.targets", place, TARGETS)
        return Sparse(pointer, targets, weights, fields["target_size"], fields["gates"])
    shape = {key: tuple(fields[key]) for key in ("in_shape", "stride", "padding")}
    if fields.get("after") is not None:
        shape["after"] = tuple(fields["after"])
    return Convolution(
        weights, **shape, start=fields["start"], stop=fields["stop"], gates=fields.get("gates", 1)
    )


def tensor(
    tensors: Mapping[str, Numbers], name: str, place: Path, kinds: tuple[str, ...] = WEIGHTS
) -> Numbers:
    """One tensor of one of these types, or the sentence that says what is wrong with it."""
    remedy = "Save or copy the network again."
    if name not in tensors:
        rule = "the description names this tensor and the file lacks it"
        raise InputError(place, name, rule, remedy)
    if tensors[name].dtype.name not in kinds:
        rule = f"it holds {tensors[name].dtype.name}, and this tensor is of {' or '.join(kinds)}"
        raise InputError(f"{place}: {name}", tensors[name].dtype.name, rule, remedy)
    return tensors[name]
