"""How often every neuron sends: what a placement of hot columns goes by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from deltasim.networks.graph import Network
from deltasim.networks.trace import Trace
from deltasim.runtime.errors import InputError

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Profile:
    """Messages of every source neuron: ``counts[projection]`` has shape (sources,).

    It is taken on other data than those that are measured: a profile of the very trace that is replayed
    knows what is to come.
    """

    counts: tuple[Integers, ...]


def profile_of(trace: Trace, network: Network) -> Profile:
    """Count a trace's messages by projection and source.

    Errors: InputError where the trace was not made by this network.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.networks.trace import dense_trace
    >>> network = random_stack("gru", 2, (3,), np.random.default_rng(0))
    >>> [counts.tolist() for counts in profile_of(dense_trace(network, [4]), network).counts]
    [[4, 4], [4, 4, 4]]
    """
    if trace.network_digest != network.digest:
        rule = f"the trace was not made by network {network.name}"
        raise InputError("profile", trace.network_digest[:12], rule, "Execute this network again.")
    sizes = [projection.connection.source_size for projection in network.projections]
    offset = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    columns = offset[trace.messages["projection"]] + trace.messages["source"]
    counts = np.bincount(columns, minlength=int(offset[-1])).astype(np.int64)
    return Profile(tuple(np.split(counts, offset[1:-1])))


def even_profile(network: Network) -> Profile:
    """Every neuron once: what a dense run sends at every step.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> network = random_stack("gru", 2, (3,), np.random.default_rng(0))
    >>> [counts.tolist() for counts in even_profile(network).counts]
    [[1, 1], [1, 1, 1]]
    """
    sizes = (projection.connection.source_size for projection in network.projections)
    return Profile(tuple(np.ones(size, np.int64) for size in sizes))


def check_profile(profile: Profile, network: Network) -> None:
    """A profile fits every network of the same shape, whatever its thresholds; else InputError."""
    given = [counts.size for counts in profile.counts]
    needed = [projection.connection.source_size for projection in network.projections]
    if given != needed:
        rule = f"a profile has a count for each source of network {network.name}: {needed}"
        raise InputError("profile", given, rule, "Take it from a trace of this network.")
