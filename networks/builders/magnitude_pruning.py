"""Pruning by magnitude: the smallest weights of a network become none at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from deltasim.networks.connections import AllToAll, Sparse
from deltasim.networks.graph import Network, Projection
from deltasim.runtime.errors import InputError


def pruned(network: Network, share: float) -> Network:
    """The network without the smallest ``share`` of the weights of every all-to-all and sparse projection.

    What is left of one is sparse. Weights of convolutions are shared and stay. Errors: InputError for a share
    outside 0 to 1.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> network = random_stack("gru", 4, (8,), np.random.default_rng(0))
    >>> pruned(network, 0.75).weight_words / network.weight_words
    0.25
    """
    if not 0 <= share <= 1:
        raise InputError(
            "share", share, "a share of pruned weights lies within 0 to 1", "Give for example 0.9."
        )
    return replace(network, projections=tuple(without_smallest(p, share) for p in network.projections))


def without_smallest(projection: Projection, share: float) -> Projection:
    """One projection, pruned."""
    connection = projection.connection
    if not isinstance(connection, AllToAll | Sparse):
        return projection
    sizes = np.abs(connection.weights.astype(np.float64))
    gone = np.argsort(sizes, axis=None, kind="stable")[: int(share * sizes.size)]
    kept = np.ones(sizes.size, bool)
    kept[gone] = False
    if isinstance(connection, AllToAll):
        matrices = np.where(kept.reshape(sizes.shape), connection.columns, 0).transpose(1, 2, 0)
        return replace(projection, connection=Sparse.from_matrices(matrices))
    before = np.concatenate([[0], np.cumsum(kept)])
    left = Sparse(
        before[connection.pointer],
        connection.targets[kept],
        connection.weights[kept],
        connection.target_size,
        connection.gates,
    )
    return replace(projection, connection=left)
