"""What is computed: the transmit rule, cells, connections, the graph, and the trace of messages it makes.

Imports none of the other folders. Names are looked up when they are first used, so that ``import networks``
costs nothing.

>>> import networks
>>> networks.Q(8, 8).bits
16
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

NAMES = {
    "AllToAll": "networks.connections",
    "CELLS": "networks.cells",
    "CONNECTIONS": "networks.connections",
    "Conv2d": "networks.cells",
    "Convolution": "networks.connections",
    "Dense": "networks.cells",
    "FixedPoint": "networks.arithmetic",
    "Float32": "networks.arithmetic",
    "GRU": "networks.cells",
    "Input": "networks.cells",
    "InputError": "networks.errors",
    "LIF": "networks.cells",
    "LSTM": "networks.cells",
    "MESSAGE": "networks.trace",
    "Network": "networks.graph",
    "Population": "networks.graph",
    "Projection": "networks.graph",
    "Q": "networks.arithmetic",
    "RNN": "networks.cells",
    "Sparse": "networks.connections",
    "Trace": "networks.trace",
    "dense_trace": "networks.trace",
    "from_torch_state": "networks.torch_state",
    "load_network": "networks.formats",
    "quantised": "networks.quantise",
    "random_spiking": "networks.spiking",
    "random_stack": "networks.build",
    "random_trace": "networks.trace",
    "save_network": "networks.formats",
    "stack": "networks.build",
}
"""Public names and where they live. ``execute`` and ``feed_forward`` share their module's name: import them
from there."""


def __getattr__(name: str) -> Any:
    if name not in NAMES:
        raise AttributeError(f"module 'networks' has no attribute {name!r}")
    return getattr(import_module(NAMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *NAMES])
