"""Which scale of its thresholds a trained network is given: by what they do on the part held out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from deltasim.networks.graph import Network

SCALES = tuple(round(1.15**power, 3) for power in range(-12, 13))  # of all thresholds


class Point(NamedTuple):
    """On what is held out: the scale of all thresholds, the error, and the share that is not sent.

    ``sparsity`` is of inputs and states, as DeltaDPD counts it: the readout's messages are none of these.
    """

    scale: float
    nmse_db: float
    sparsity: float


def chosen(points: Sequence[Point], most_db: float) -> Point:
    """The largest scale whose error is small enough; where none is, the one of the least error.

    >>> points = [Point(0.5, -39.0, 0.3), Point(1.0, -38.0, 0.5), Point(2.0, -30.0, 0.8)]
    >>> chosen(points, -37.0).scale, chosen(points, -50.0).scale
    (1.0, 0.5)
    """
    good = [found for found in points if found.nmse_db <= most_db]
    if good:
        return max(good, key=lambda found: found.scale)
    return min(points, key=lambda found: found.nmse_db)


def sparse_enough(points: Sequence[Point], least: float) -> Point:
    """The smallest scale that leaves this share unsent; where none does, the largest.

    >>> points = [Point(0.5, -39.0, 0.3), Point(1.0, -38.0, 0.5), Point(2.0, -30.0, 0.8)]
    >>> sparse_enough(points, 0.45).scale, sparse_enough(points, 0.9).scale
    (1.0, 2.0)
    """
    enough = [found for found in points if found.sparsity >= least]
    if enough:
        return min(enough, key=lambda found: found.scale)
    return max(points, key=lambda found: found.scale)


def rescaled(network: Network, scale: float) -> Network:
    """The network with all thresholds of its recurrent layer and of what its readout hears scaled."""
    thetas = {p.name: np.asarray(p.theta) * scale for p in network.projections}
    return network.with_thresholds(thetas)
