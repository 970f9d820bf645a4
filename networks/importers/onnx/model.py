"""An ONNX model as a network: nodes in order, numbers computed on the spot, values as tags."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from deltasim.networks.importers.imported import Imported
from deltasim.networks.importers.lowering.network import lower
from deltasim.networks.importers.lowering.outputs import outputs_of
from deltasim.networks.importers.lowering.signals import FRAMES, Frame, OtherAxis, Signals, Tagged
from deltasim.networks.importers.onnx.nodes import Node, State, Value
from deltasim.networks.importers.onnx.operators import MOVES, OPERATORS
from deltasim.runtime.arrays import Numbers
from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import is_file

if TYPE_CHECKING:
    import onnx

INITIAL = {"RNN": (5,), "GRU": (5,), "LSTM": (5, 6)}
"""Inputs of recurrent operators that say where they begin."""


def import_onnx(path: Path) -> Imported:
    """The network of an ONNX file, at threshold 0.

    Frames are the steps of the recurrent nodes; of a model without any, the batch, or, where that is fixed,
    one after another. Needs the package onnx. Errors: InputError that names the node and what is not
    imported, or a tensor that no node uses.
    """
    model = read_model(path)
    place = str(path)
    fault: InputError | None = None
    for axis in axes_of(model.graph):
        try:
            return read(model, path.stem, place, axis)
        except InputError as error:
            fault = fault or error
    assert fault is not None
    raise fault


def read_model(path: Path) -> onnx.ModelProto:
    """The model of a file. Errors: InputError for one that is missing or damaged."""
    if importlib.util.find_spec("onnx") is None:
        rule = "reading it needs the package onnx, which is not installed"
        raise InputError(path, path.suffix, rule, "Run pip install 'deltasim[import]'.")
    if not is_file(path):
        raise InputError(path, "no file", "a model is read from a file", "Check the path.")
    import onnx

    try:
        model = onnx.load(path)
        onnx.checker.check_model(model)
    except Exception as error:  # the library raises whatever damaged bytes lead it to
        text = " ".join(str(error).split())[:160] or type(error).__name__
        rule = f"this is no sound ONNX model: {text.rstrip('.')}"
        raise InputError(path, type(error).__name__, rule, "Export it again.") from None
    return model


def axes_of(graph: onnx.GraphProto) -> list[int | None]:
    """The axes along which the frames may lie; None: a batch is fixed to one, a frame by itself."""
    if {node.op_type for node in graph.node} & set(INITIAL):
        return [0, 1]
    stored = {tensor.name for tensor in graph.initializer}
    first = [given.type.tensor_type.shape.dim[:1] for given in graph.input if given.name not in stored]
    return [None] if all(dim[0].dim_value == 1 for dim in first if dim) else [0]


def read(model: onnx.ModelProto, title: str, place: str, axis: int | None) -> Imported:
    """The network of a model whose frames lie along this axis."""
    graph, signals = model.graph, Signals()
    known: dict[str, Value] = {"": None}
    stored = dict(initializers(graph, place))
    known.update(stored)
    states = initial_states(graph)
    layouts: list[tuple[str, tuple[int, ...]]] = []
    for given in graph.input:
        if given.name in stored:
            continue
        if given.name in states:
            known[given.name] = State(given.name)
            continue
        layout = layout_of(given, place, axis)
        layouts.append((given.name, layout))
        own = tuple(size for number, size in enumerate(layout) if number != axis)
        elements = signals.layers.source(plain(given.name), int(np.prod(own))).reshape(own)
        known[given.name] = Tagged(signals.spread(Frame(axis, elements)))
    if len(layouts) != 1:
        listed = ", ".join(name for name, _ in layouts) or "none"
        rule = "a model has one input of frames; others may only be where a recurrent layer begins"
        raise InputError(place, f"{len(layouts)} inputs: {listed}", rule, "Join them into one.")
    for number, node in enumerate(graph.node):
        for name, value in zip(node.output, results(model, node, number, known, signals), strict=False):
            known[name] = value
    given = [known[output.name] for output in graph.output]
    outputs, kept = outputs_of(signals, given, f"model {place}")
    refuse_unused(graph, [graph.output[output.number].name for output in outputs], stored, place)
    network = lower(signals.layers, kept, title)
    return Imported(network, layouts[0][1], axis, tuple(outputs))


def initializers(graph: onnx.GraphProto, place: str) -> Iterator[tuple[str, Numbers]]:
    """The tensors of the file. Errors: one that holds numbers that are not finite."""
    from onnx import numpy_helper

    for tensor in graph.initializer:
        values = np.asarray(numpy_helper.to_array(tensor))
        if values.dtype.kind not in "fiub":
            values = values.astype(np.float32)  # bfloat16 and its like
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            rule = f"every number of the tensor {tensor.name} is finite"
            raise InputError(place, values[~np.isfinite(values)][0], rule, "Export the model again.")
        yield tensor.name, values


def initial_states(graph: onnx.GraphProto) -> set[str]:
    """The inputs that are only where recurrent nodes begin."""
    readers: dict[str, list[bool]] = {}
    for node in graph.node:
        for number, name in enumerate(node.input):
            readers.setdefault(name, []).append(number in INITIAL.get(node.op_type, ()))
    return {given.name for given in graph.input if readers.get(given.name) and all(readers[given.name])}


def layout_of(given: onnx.ValueInfoProto, place: str, axis: int | None) -> tuple[int, ...]:
    """The shape of an input with FRAMES frames along the axis, and a batch of one."""
    kind = given.type.tensor_type
    shape = [dim.dim_value if dim.HasField("dim_value") else None for dim in kind.shape.dim]
    if kind.elem_type not in (1, 10, 11, 16) or not shape or (axis is not None and axis >= len(shape)):
        rule = "a model takes frames of real numbers"
        raise InputError(place, f"input {given.name}, shape {shape}", rule, "Export it with such an input.")
    found: list[int] = []
    for number, size in enumerate(shape):
        if number == axis:
            found.append(FRAMES)
        elif size:
            found.append(size)
        elif number < 2:
            found.append(1)
        else:
            rule = f"the size of axis {number} of input {given.name} is not said"
            raise InputError(place, f"shape {shape}", rule, "Export it with fixed sizes, frames apart.")
    return tuple(found)


def plain(name: str) -> str:
    """A name without the slashes that exporters put into it.

    >>> plain("/encoder.0/Conv")
    'encoder.0.Conv'
    """
    return name.strip("/").replace("/", ".").replace("->", "_") or "node"


def results(
    model: onnx.ModelProto, node: onnx.NodeProto, number: int, known: Mapping[str, Value], signals: Signals
) -> Sequence[Value]:
    """What a node gives."""
    label = node.name or (node.output[0] if node.output else f"node {number}")
    place = f"node {label} ({node.op_type})"
    inputs = tuple(known[name] for name in node.input)
    opset = next((own.version for own in model.opset_import if own.domain == node.domain), 1)
    if node.domain not in ("", "ai.onnx"):
        rule = f"operators of the domain {node.domain} are not imported"
        raise InputError(place, node.op_type, rule, "Export it with ONNX's own operators.")
    if not any(isinstance(value, Tagged | State) for value in inputs):
        return computed(model, node, place, inputs)
    refuse_states(node, place, inputs)
    if node.op_type in MOVES:
        return moved(model, node, place, inputs, signals)
    if node.op_type not in OPERATORS:
        rule = f"{node.op_type} is not among the operators that are imported"
        listed = ", ".join(sorted({*OPERATORS, *MOVES}))
        raise InputError(place, node.op_type, rule, f"Use one of: {listed}.")
    own = Node(
        node.op_type,
        plain(label),
        place,
        inputs,
        attributes_of(node),
        len(node.output),
        opset,
        model.producer_name,
    )
    try:
        given: Any = OPERATORS[node.op_type](signals, own)
    except InputError as error:
        if error.place != own.name:
            raise
        raise type(error)(place, error.value, error.rule, error.remedy) from None
    listed = given if isinstance(given, tuple) else (given,)
    asked = [name for name in node.output[len(listed) :] if name]
    if asked:
        rule = f"{node.op_type} gives {len(listed)} outputs here"
        raise InputError(place, f"output {asked[0]}", rule, "Leave the output out.")
    return listed


def refuse_states(node: onnx.NodeProto, place: str, inputs: Sequence[Value]) -> None:
    """Refuse an initial state anywhere but where a recurrent node begins."""
    for number, value in enumerate(inputs):
        if isinstance(value, State) and number not in INITIAL.get(node.op_type, ()):
            rule = "a further input of the model may only be the initial state of a recurrent layer"
            raise InputError(place, value.name, rule, "Join all inputs of a frame into one.")


def attributes_of(node: onnx.NodeProto) -> dict[str, Any]:
    """The attributes of a node, texts decoded."""
    import onnx

    found: dict[str, Any] = {}
    for attribute in node.attribute:
        value = onnx.helper.get_attribute_value(attribute)
        if isinstance(value, bytes):
            value = value.decode()
        elif isinstance(value, list):
            value = [each.decode() if isinstance(each, bytes) else each for each in value]
        found[attribute.name] = value
    return found


def computed(
    model: onnx.ModelProto, node: onnx.NodeProto, place: str, inputs: Sequence[Any]
) -> list[Numbers]:
    """What a node gives of numbers alone, by the reference that ONNX brings along."""
    from onnx import helper
    from onnx.reference import ReferenceEvaluator

    names = [name for name in node.input if name]
    graph = helper.make_graph(
        [node],
        "node",
        [helper.make_tensor_value_info(name, 1, None) for name in dict.fromkeys(names)],
        [helper.make_tensor_value_info(name, 1, None) for name in node.output if name],
    )
    alone = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    feeds = {name: value for name, value in zip(node.input, inputs, strict=True) if name}
    try:
        found = iter(ReferenceEvaluator(alone).run(None, feeds))
    except Exception as error:  # numpy's, of shapes that do not fit
        text = " ".join(str(error).split()).partition(". ")[0][:160]
        rule = f"it cannot be computed with frames of this shape and layout: {text.rstrip('.')}"
        raise OtherAxis(place, node.op_type, rule, "Export the model with frames of any number.") from None
    return [np.asarray(next(found)) if name else np.zeros(0) for name in node.output]


def moved(
    model: onnx.ModelProto, node: onnx.NodeProto, place: str, inputs: Sequence[Value], signals: Signals
) -> list[Value]:
    """What a node gives that only moves values: computed on tags."""
    given: list[Any] = []
    for number, value in enumerate(inputs):
        if isinstance(value, Tagged):
            given.append(value.tags.astype(np.float64))
        elif isinstance(value, np.ndarray) and joins(node, number, value):
            given.append(signals.constant(value).astype(np.float64))
        else:
            given.append(value)
    if node.op_type == "Dropout":
        return [inputs[0]]
    if node.op_type == "Pad" and model_opset(model) < 11:
        value = attributes_of(node).get("value", 0.0)
        if value:
            raise InputError(place, f"value {value}", "padding is zeros", "Export with opset 11 or later.")
    found = computed(model, node, place, given)
    if node.op_type in ("Shape", "Size"):
        return list(found)
    return [Tagged(np.rint(each).astype(np.int64)) for each in found]


def joins(node: onnx.NodeProto, number: int, value: Numbers) -> bool:
    """Whether numbers become values beside others: joined to them, or what is padded with."""
    return node.op_type == "Concat" or (node.op_type == "Pad" and number == 2 and value.dtype.kind == "f")


def model_opset(model: onnx.ModelProto) -> int:
    """The version of ONNX's own operators."""
    return next((int(own.version) for own in model.opset_import if own.domain in ("", "ai.onnx")), 1)


def refuse_unused(
    graph: onnx.GraphProto, outputs: Sequence[str], stored: Mapping[str, Numbers], place: str
) -> None:
    """Raise an InputError that names a tensor which nothing that the outputs need uses."""
    needed = set(outputs)
    for node in reversed(graph.node):
        if needed & set(node.output):
            needed |= set(node.input)
    left = [name for name in stored if name not in needed]
    if left:
        more = f" (and {len(left) - 1} more)" if len(left) > 1 else ""
        rule = "no node that is imported uses this tensor, so the network would not be the model"
        raise InputError(place, f"{left[0]}{more}", rule, "Leave it out of the model, or give its output.")
