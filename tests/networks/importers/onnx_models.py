"""Small ONNX models, made node by node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from deltasim.networks.importers.check import Difference, difference, noise
from deltasim.networks.importers.imported import Imported
from deltasim.networks.importers.onnx.model import import_onnx
from deltasim.networks.importers.onnx.running import runner
from deltasim.runtime.arrays import Numbers

NONE = "-"
"""An input that a node leaves out."""

Node = tuple[Any, ...]  # (operator, inputs, outputs, attributes)


def model(
    nodes: Sequence[Node],
    shape: Sequence[int | str],
    tensors: Mapping[str, Numbers] | None = None,
    *,
    opset: int = 17,
    outputs: Sequence[str] = ("y",),
    inputs: Mapping[str, Sequence[int | str]] | None = None,
    kind: int = 1,
    producer: str = "",
) -> onnx.ModelProto:
    """A model that reads ``x`` and gives ``y``, unless others are named."""
    given = {"x": shape, **(inputs or {})}
    listed = []
    for op, read, gives, *attributes in nodes:
        names = ["" if name == NONE else name for name in read.split()]
        listed.append(helper.make_node(op, names, gives.split(), **(attributes[0] if attributes else {})))
    graph = helper.make_graph(
        listed,
        "model",
        [helper.make_tensor_value_info(name, kind, list(own)) for name, own in given.items()],
        [helper.make_tensor_value_info(name, kind, None) for name in outputs],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in (tensors or {}).items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], producer_name=producer)
    made.ir_version = 9
    with suppress(onnx.shape_inference.InferenceError):
        made = onnx.shape_inference.infer_shapes(made)
    for output in made.graph.output:
        if not output.type.tensor_type.HasField("shape"):
            output.type.tensor_type.shape.dim.add()
    return made


def saved(made: onnx.ModelProto, folder: Path) -> Path:
    """The model in a file."""
    path = folder / "model.onnx"
    onnx.save(made, path)
    return path


def assert_agrees(made: onnx.ModelProto, folder: Path, part: float = 1e-5) -> Imported:
    """Import a model and hold the network against onnxruntime."""
    path = saved(made, folder)
    found = import_onnx(path)
    apart: Difference = difference(found, runner(path), noise(found, lengths=(1, 7)))
    assert apart.largest <= part * max(apart.output, 1e-3), apart
    return found
