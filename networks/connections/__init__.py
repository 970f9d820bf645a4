"""How a source neuron reaches its targets: which weights a message fetches, and what it adds to."""

from __future__ import annotations

from typing import TypeAlias

from networks.connections.all_to_all import AllToAll
from networks.connections.convolution import Convolution

Connection: TypeAlias = AllToAll | Convolution

CONNECTIONS: dict[str, type[AllToAll] | type[Convolution]] = {
    "all_to_all": AllToAll,
    "convolution": Convolution,
}

__all__ = ["CONNECTIONS", "AllToAll", "Connection", "Convolution"]
