"""ONNX models run by onnxruntime, to hold the imported network against them."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np

from deltasim.networks.importers.onnx.model import initial_states, read_model
from deltasim.runtime.arrays import Floats, Numbers
from deltasim.runtime.errors import InputError

TYPES = {1: np.float32, 10: np.float16, 11: np.float64}


def runner(path: Path) -> Callable[[Floats], list[Numbers]]:
    """A function that gives all outputs of the model for frames as it takes them, from states of zeros."""
    if importlib.util.find_spec("onnxruntime") is None:
        rule = "it needs the package onnxruntime, which is not installed"
        raise InputError("--check", path, rule, "Run pip install 'deltasim[import]'.")
    import onnxruntime

    graph = read_model(path).graph
    states = initial_states(graph)
    weights = {tensor.name for tensor in graph.initializer}
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def run(frames: Floats) -> list[Numbers]:
        feeds = {}
        for given in graph.input:
            if given.name in weights:
                continue
            kind = given.type.tensor_type
            shape = [dim.dim_value if dim.HasField("dim_value") else 1 for dim in kind.shape.dim]
            values = np.zeros(shape) if given.name in states else frames
            feeds[given.name] = values.astype(TYPES.get(kind.elem_type, np.float32))
        return [np.asarray(found, np.float64) for found in session.run(None, feeds)]

    return run
