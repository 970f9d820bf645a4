"""How a source neuron reaches its targets: which weights a message fetches, and what it adds to."""

from __future__ import annotations

from typing import TypeAlias

from deltasim.networks.connections.all_to_all import AllToAll
from deltasim.networks.connections.convolution import Convolution
from deltasim.networks.connections.sparse import Sparse

Connection: TypeAlias = AllToAll | Convolution | Sparse

CONNECTIONS: dict[str, type[AllToAll] | type[Convolution] | type[Sparse]] = {
    "all_to_all": AllToAll,
    "convolution": Convolution,
    "sparse": Sparse,
}

__all__ = ["CONNECTIONS", "AllToAll", "Connection", "Convolution", "Sparse"]
