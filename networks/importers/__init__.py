"""Networks from models that were made elsewhere: PyTorch modules and weights, ONNX."""

from __future__ import annotations

from typing import Any

NAMES = {
    "Imported": "deltasim.networks.importers.imported",
    "import_model": "deltasim.networks.importers.models",
    "import_module": "deltasim.networks.importers.pytorch.module",
    "import_weights": "deltasim.networks.importers.pytorch.weights",
}
"""Public names and where they live."""


def __getattr__(name: str) -> Any:
    from importlib import import_module as load

    if name not in NAMES:
        raise AttributeError(f"module 'deltasim.networks.importers' has no attribute {name!r}")
    return getattr(load(NAMES[name]), name)
