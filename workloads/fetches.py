"""What thresholds save of weight fetches, counted on the messages of a run."""

from __future__ import annotations

from deltasim.networks.graph import Network
from deltasim.networks.trace import Trace


def fetches_saved(network: Network, trace: Trace) -> float:
    """Weight words a dense run would fetch over the words fetched for the messages of a trace.

    >>> import numpy as np
    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.networks.trace import dense_trace
    >>> network = random_stack("gru", 2, (4,), np.random.default_rng(0))
    >>> fetches_saved(network, dense_trace(network, [3]))
    1.0
    """
    fetched, arrived = 0, trace.arrived
    for number, projection in enumerate(network.projections):
        sources = arrived["source"][arrived["projection"] == number]
        fetched += int(projection.connection.fan_out[sources].sum())
    every = sum(int(projection.connection.fan_out.sum()) for projection in network.projections)
    return every * (trace.steps // network.passes) / max(1, fetched)
