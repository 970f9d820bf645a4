"""How often every neuron sends: what a placement of hot columns goes by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from deltasim.networks.graph import Network
from deltasim.networks.trace import Trace
from deltasim.runtime.arrays import Integers
from deltasim.runtime.errors import InputError


@dataclass(frozen=True, eq=False)
class SendCounts:
    """Messages of every source neuron: ``counts[projection]`` has shape (sources,).

    They are taken on other data than those that are measured: counts of the very trace that is replayed
    knows what is to come.
    """

    counts: tuple[Integers, ...]


def send_counts_of(trace: Trace, network: Network) -> SendCounts:
    """Count a trace's messages by projection and source.

    Errors: InputError where the trace was not made by this network.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.networks.trace import dense_trace
    >>> network = random_stack("gru", 2, (3,), np.random.default_rng(0))
    >>> [counts.tolist() for counts in send_counts_of(dense_trace(network, [4]), network).counts]
    [[4, 4], [4, 4, 4]]
    """
    if trace.network_digest != network.digest:
        rule = f"the trace was not made by network {network.name}"
        raise InputError("send counts", trace.network_digest[:12], rule, "Execute this network again.")
    sizes = [projection.connection.source_size for projection in network.projections]
    offset = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    columns = offset[trace.messages["projection"]] + trace.messages["source"]
    counts = np.bincount(columns, minlength=int(offset[-1])).astype(np.int64)
    return SendCounts(tuple(np.split(counts, offset[1:-1])))


def even_send_counts(network: Network) -> SendCounts:
    """Every neuron once: what a dense run sends at every step.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> network = random_stack("gru", 2, (3,), np.random.default_rng(0))
    >>> [counts.tolist() for counts in even_send_counts(network).counts]
    [[1, 1], [1, 1, 1]]
    """
    sizes = (projection.connection.source_size for projection in network.projections)
    return SendCounts(tuple(np.ones(size, np.int64) for size in sizes))


def check_send_counts(send_counts: SendCounts, network: Network) -> None:
    """Send counts fit every network of the same shape, whatever its thresholds; else InputError."""
    given = [counts.size for counts in send_counts.counts]
    needed = [projection.connection.source_size for projection in network.projections]
    if given != needed:
        rule = f"send counts have a count for each source of network {network.name}: {needed}"
        raise InputError("send counts", given, rule, "Take them from a trace of this network.")
