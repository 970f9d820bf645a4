"""What is computed: the transmit rule, cells, connections, the graph, and the trace of messages it makes.

Names are looked up when they are first used, so that importing this costs nothing.

>>> from deltasim import networks
>>> networks.Q(8, 8).bits
16
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

NAMES = {
    "AllToAll": "deltasim.networks.connections",
    "Budget": "deltasim.networks.budget",
    "CELLS": "deltasim.networks.cells",
    "CONNECTIONS": "deltasim.networks.connections",
    "Conv2d": "deltasim.networks.cells",
    "Convolution": "deltasim.networks.connections",
    "Dense": "deltasim.networks.cells",
    "EDGEDRNN": "deltasim.networks.numbers.arithmetic",
    "FixedPoint": "deltasim.networks.numbers.arithmetic",
    "Formula": "deltasim.networks.cells",
    "Float32": "deltasim.networks.numbers.arithmetic",
    "GLIF": "deltasim.networks.cells",
    "GRU": "deltasim.networks.cells",
    "Input": "deltasim.networks.cells",
    "InputError": "deltasim.runtime.errors",
    "LIF": "deltasim.networks.cells",
    "TruncatedLIF": "deltasim.networks.cells",
    "LSTM": "deltasim.networks.cells",
    "LeakyIntegrator": "deltasim.networks.cells",
    "Loss": "deltasim.networks.loss",
    "MESSAGE": "deltasim.networks.trace",
    "Network": "deltasim.networks.graph",
    "Population": "deltasim.networks.graph",
    "Projection": "deltasim.networks.graph",
    "Q": "deltasim.networks.numbers.arithmetic",
    "RNN": "deltasim.networks.cells",
    "Sparse": "deltasim.networks.connections",
    "Trace": "deltasim.networks.trace",
    "dense_trace": "deltasim.networks.trace",
    "from_torch_state": "deltasim.networks.builders.torch",
    "import_model": "deltasim.networks.importers.models",
    "import_weights": "deltasim.networks.importers.pytorch.weights",
    "load_network": "deltasim.networks.files.network",
    "quantised": "deltasim.networks.numbers.quantise",
    "random_spiking": "deltasim.networks.builders.spiking",
    "random_stack": "deltasim.networks.builders.recurrent",
    "random_trace": "deltasim.networks.trace",
    "save_network": "deltasim.networks.files.network",
    "stack": "deltasim.networks.builders.recurrent",
}
"""Public names and where they live. ``execute`` and ``feed_forward`` share their module's name: import them
from there."""


def __getattr__(name: str) -> Any:
    if name not in NAMES:
        raise AttributeError(f"module 'deltasim.networks' has no attribute {name!r}")
    return getattr(import_module(NAMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *NAMES])
