"""Where deltas come from, and what the threshold of each layer costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from deltasim.networks.graph import Network
from deltasim.networks.trace import Trace
from deltasim.runtime.arrays import Floats, Integers
from deltasim.validation.delta_networks.measured import mean, thresholds_of
from deltasim.workloads.fetches import words_fetched

PARTS = 4  # of a recording, from its first frame to its last
CHANGES = (0.5, 2.0)  # factors of the threshold of one layer alone


class Sent(NamedTuple):
    """What a projection's encoder sent.

    ``occupancy`` is messages over elements, ``first`` that of the first frames alone, ``parts`` (PARTS,) that
    of each part of the recordings, ``words`` the share of all words fetched.
    """

    projection: str
    occupancy: float
    first: float
    parts: Floats
    words: float


def mean_of(found: Sequence[Sequence[Sent]]) -> list[Sent]:
    """The mean over the seeds, projection by projection."""
    return [
        Sent(
            each[0].projection,
            mean([seed.occupancy for seed in each]),
            mean([seed.first for seed in each]),
            np.mean([seed.parts for seed in each], axis=0),
            mean([seed.words for seed in each]),
        )
        for each in zip(*found, strict=True)
    ]


def part_of(bounds: Integers) -> Integers:
    """For every step the part of its sequence it lies in, 0 to PARTS - 1.

    >>> part_of(np.array([0, 4, 12])).tolist()
    [0, 1, 2, 3, 0, 0, 1, 1, 2, 2, 3, 3]
    """
    lengths = np.diff(bounds)
    return np.concatenate([np.arange(length) * PARTS // length for length in lengths.tolist()])


def sent(network: Network, trace: Trace) -> list[Sent]:
    """What every projection sent in a trace of frames (one pass)."""
    bounds = np.asarray(trace.sequence_bounds, np.int64)
    parts = part_of(bounds)
    steps_in = np.maximum(1, np.bincount(parts, minlength=PARTS))
    step_of = np.repeat(np.arange(trace.steps), np.diff(trace.step_bounds))
    fetched = words_fetched(network, trace)
    found = []
    for number, projection in enumerate(network.projections):
        size = projection.connection.source_size
        steps = step_of[trace.messages["projection"] == number]
        begin = int(np.isin(steps, bounds[:-1]).sum())
        found.append(
            Sent(
                projection.name,
                len(steps) / (trace.steps * size),
                begin / (trace.sequences * size),
                np.bincount(parts[steps], minlength=PARTS) / (steps_in * size),
                float(fetched[number] / sum(fetched)),
            )
        )
    return found


class Changed(NamedTuple):
    """One projection's threshold times a factor: change of the score, fetches saved over those before."""

    projection: str
    factor: float
    score: float
    saved: float


def sensitivity(
    networks: Sequence[Network], scored: Callable[[int, Network], tuple[float, float]]
) -> list[Changed]:
    """What a threshold of each projection costs, every other as it was trained; a network a seed.

    ``scored(seed, network)`` is its score and the weight fetches saved.
    """
    before = [scored(seed, network) for seed, network in enumerate(networks)]
    found = []
    for name in thresholds_of(networks[0]):
        for factor in CHANGES:
            scores, saved = [], []
            for seed, network in enumerate(networks):
                theta = np.asarray(thresholds_of(network)[name]) * factor
                changed = network.with_thresholds({name: float(theta) if theta.ndim == 0 else theta})
                score, fewer = scored(seed, changed)
                scores.append(score - before[seed][0])
                saved.append(fewer / before[seed][1])
            found.append(Changed(name, factor, mean(scores), mean(saved)))
    return found
