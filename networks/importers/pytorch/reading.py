"""A module that is being read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from deltasim.networks.importers.lowering.operators import Doubles
from deltasim.networks.importers.lowering.signals import Signals
from deltasim.networks.importers.pytorch.tensors import Tensors


@dataclass(frozen=True)
class State:
    """A further input of a module, which may only be where a recurrent layer begins: at zero."""

    name: str


@dataclass(frozen=True, eq=False)
class Reading:
    """A module that is being read: where its layers go, and its tensors by their whole names."""

    signals: Signals
    tensors: Tensors

    def tensor(self, prefix: str, name: str) -> Doubles | None:
        """The tensor of a module, or None where it has none."""
        whole = f"{prefix}{name}"
        return self.tensors.take(whole) if self.tensors.has(whole) else None


Handler = Callable[..., Any]
"""``handler(reading, place, prefix, module, *args, **kwargs)`` with the arguments of the module's forward."""
