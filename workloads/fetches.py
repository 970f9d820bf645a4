"""What the messages of a run fetch of the weights, and what thresholds save of it."""

from __future__ import annotations

import numpy as np

from deltasim.networks.graph import Network
from deltasim.networks.trace import Trace
from deltasim.runtime.arrays import Integers


def words_fetched(network: Network, trace: Trace) -> Integers:
    """Weight words that the messages of a trace fetch, for each projection: the columns of their sources.

    Each is multiplied once, so these are multiply-accumulates too. A message that is lost fetches nothing.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.networks.trace import dense_trace
    >>> network = random_stack("gru", 2, (4,), np.random.default_rng(0))
    >>> words_fetched(network, dense_trace(network, [3])).tolist()       # 3 x 2 x 12, 3 x 4 x 12
    [72, 144]
    """
    arrived = trace.arrived
    found = [
        int(projection.connection.fan_out[arrived["source"][arrived["projection"] == number]].sum())
        for number, projection in enumerate(network.projections)
    ]
    return np.array(found, np.int64)


def products_of(network: Network, trace: Trace) -> float:
    """Multiply-accumulates of a step, in the mean over a trace.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.networks.trace import dense_trace
    >>> network = random_stack("gru", 2, (4,), np.random.default_rng(0))
    >>> products_of(network, dense_trace(network, [3]))
    72.0
    """
    return float(words_fetched(network, trace).sum() / trace.steps)


def fetches_saved(network: Network, trace: Trace) -> float:
    """Weight words a dense run would fetch over the words fetched for the messages of a trace.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.networks.trace import dense_trace
    >>> network = random_stack("gru", 2, (4,), np.random.default_rng(0))
    >>> fetches_saved(network, dense_trace(network, [3]))
    1.0
    """
    every = sum(int(projection.connection.fan_out.sum()) for projection in network.projections)
    return every * (trace.steps // network.passes) / max(1, int(words_fetched(network, trace).sum()))
