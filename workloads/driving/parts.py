"""What the convolutional and the recurrent part of a network that steers fetch, counted apart."""

from __future__ import annotations

from typing import NamedTuple

from deltasim.networks.graph import Network
from deltasim.networks.trace import Trace

FEATURES = "dense_4"  # the population of the features: what it sends is the recurrent part's input


class Parts(NamedTuple):
    """Something of the convolutional part, and of the recurrent one."""

    convolutional: float
    recurrent: float


def words_of(network: Network, trace: Trace) -> tuple[Parts, Parts, Parts]:
    """Weight words of a dense run, words fetched, and columns fetched, for either part.

    The recurrent part is whatever reads the features or the states. Its readout counts among the words;
    columns are those of features and states into the GRU.

    >>> from deltasim.networks.builders.feed_forward import feed_forward
    >>> from deltasim.networks.cells import dense
    >>> from deltasim.networks.trace import dense_trace
    >>> import numpy as np
    >>> network = feed_forward((3,), [(dense.Parameters(np.ones((2, 3)), np.zeros(2)), "relu")])
    >>> words_of(network, dense_trace(network, [5]))[0]
    Parts(convolutional=30, recurrent=0)
    """
    every, fetched, columns = [0, 0], [0, 0], [0, 0]
    for number, projection in enumerate(network.projections):
        source = network.population(projection.source)
        part = int(source.name == FEATURES or source.cell.kind == "gru")
        sources = trace.messages["source"][trace.messages["projection"] == number]
        fan_out = projection.connection.fan_out
        every[part] += int(fan_out.sum()) * trace.steps
        fetched[part] += int(fan_out[sources].sum())
        if projection.target not in network.outputs:
            columns[part] += len(sources)
    return Parts(*every), Parts(*fetched), Parts(*columns)
