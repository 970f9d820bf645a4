"""What the convolutional and the recurrent part of a network that steers fetch, counted apart."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from deltasim.networks.graph import Network
from deltasim.networks.trace import Trace
from deltasim.workloads.fetches import words_fetched

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
    words = words_fetched(network, trace).tolist()
    sent = np.bincount(trace.messages["projection"], minlength=len(words)).tolist()
    for number, projection in enumerate(network.projections):
        source = network.population(projection.source)
        part = int(source.name == FEATURES or source.cell.kind == "gru")
        every[part] += int(projection.connection.fan_out.sum()) * trace.steps
        fetched[part] += words[number]
        if projection.target not in network.outputs:
            columns[part] += sent[number]
    return Parts(*every), Parts(*fetched), Parts(*columns)
