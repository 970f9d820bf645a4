"""What a search for a mapping knows of a network and a chip: what there is to place, and where work falls."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from deltasim.simulator.mapping.mapping import partitions_of
from deltasim.simulator.mapping.send_counts import send_counts_of

if TYPE_CHECKING:
    from deltasim.networks.graph import Network
    from deltasim.networks.trace import Trace
    from deltasim.simulator.chip import Chip

GRAINS = 256
"""Parts of a population whose work is told apart."""

Reals = npt.NDArray[np.float64]
Spread = tuple[tuple[int, int], ...]
"""A population in the order of its neurons: cores, and how many lie on each."""


class Placing(NamedTuple):
    """A mapping as a search changes it: a spread for each population, memories by projection."""

    spreads: tuple[Spread, ...]
    memory: tuple[tuple[str, str], ...]


class Layout(NamedTuple):
    """What is placed and where: ``work`` of each neuron in counts, ``start`` the chip's own placement."""

    populations: tuple[str, ...]
    projections: tuple[str, ...]
    memories: tuple[str, ...]
    cores: int
    work: tuple[Reals, ...]
    start: Placing


def layout_of(network: Network, trace: Trace, chip: Chip) -> Layout:
    """The layout of a network on a chip, its work as a trace has it."""
    spreads = tuple(tuple((part.core, part.size) for part in parts) for parts in partitions_of(network, chip))
    return Layout(
        tuple(population.name for population in network.populations),
        tuple(projection.name for projection in network.projections),
        tuple(memory.name for memory in chip.memories if not memory.timeless),
        chip.cores.count,
        work_of(network, trace),
        Placing(spreads, tuple(sorted(chip.placement.explicit.memory.items()))),
    )


def work_of(network: Network, trace: Trace) -> tuple[Reals, ...]:
    """Of every neuron its multiply-accumulates, messages sent and updates. (neurons,) for each population."""
    sent = send_counts_of(trace, network).counts
    found = [np.full(population.size, float(trace.steps)) for population in network.populations]
    for projection, counts in zip(network.projections, sent, strict=True):
        source, target = network.index(projection.source), network.index(projection.target)
        found[source] += counts
        size = network.populations[target].size
        bounds = np.unique(np.linspace(0, size, min(size, GRAINS) + 1).astype(np.int64))
        words = counts @ projection.connection.column_words(bounds.tolist())
        found[target] += np.repeat(words / np.diff(bounds), np.diff(bounds))
    return tuple(found)


def in_part(work: Reals, share: float) -> Reals:
    """Weights of neurons, 1 in the mean: so much of each is its work, the rest the same for all.

    >>> in_part(np.array([3.0, 1.0]), 0.5)
    array([1.25, 0.75])
    """
    weights: Reals = share * work / work.mean() + 1 - share
    return weights


def by_work(work: Reals, cores: int, first: int = 0) -> Spread:
    """Neurons in their order on so many cores, each with its share of the work as nearly as can be.

    >>> by_work(np.array([4.0, 1.0, 1.0, 1.0, 1.0]), 2)
    ((0, 1), (1, 4))
    """
    cores = min(cores, work.size)
    ends = np.searchsorted(np.cumsum(work), work.sum() * np.arange(1, cores) / cores) + 1
    bounds = [0, *ends.tolist(), work.size]
    for place in range(1, cores):  # each core has a neuron
        bounds[place] = min(max(bounds[place], bounds[place - 1] + 1), work.size - (cores - place))
    return tuple((first + core, b - a) for core, (a, b) in enumerate(pairwise(bounds)))


def gathered(layout: Layout) -> tuple[Spread, ...]:
    """Each population on cores of its own, as many as its work asks for; one at least.

    >>> layout = Layout(("a", "b"), (), (), 4, (np.full(8, 3.0), np.full(8, 1.0)), Placing((), ()))
    >>> gathered(layout)
    (((0, 3), (1, 3), (2, 2)), ((3, 8),))
    """
    totals = np.array([work.sum() for work in layout.work])
    ends = np.cumsum(totals) / totals.sum() * layout.cores
    found, begin = [], 0
    for work, end in zip(layout.work, ends.tolist(), strict=True):
        last = max(begin + 1, min(round(end), layout.cores))
        first = min(begin, layout.cores - 1)
        found.append(by_work(work, max(1, last - first) if last <= layout.cores else 1, first))
        begin = last
    return tuple(found)
