"""How often an encoder goes over its elements in a step: once, and more where a budget makes it select."""

from __future__ import annotations

import numpy as np

from deltasim.networks.graph import Network
from deltasim.runtime.arrays import Integers
from deltasim.runtime.errors import InputError
from deltasim.simulator.chip import Chip
from deltasim.simulator.mapping.mapping import Mapping


def encoder_passes(network: Network, chip: Chip) -> Integers:
    """Passes of the encoder of each projection, (projections,). Messages leave in the last one.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.simulator.chip import load_chip
    >>> encoder_passes(random_stack("gru", 4, (8,), np.random.default_rng(0)), load_chip("mesh16")).tolist()
    [1, 1]
    """
    selecting = chip.cores.scan.select_passes or 1
    return np.array([1 if p.budget is None else 1 + selecting for p in network.projections], np.int64)


def check_parts(network: Network, mapping: Mapping) -> None:
    """Raise InputError for a budget whose parts are not those that the cores hold."""
    for projection in network.projections:
        if projection.budget is None:
            continue
        bounds = projection.budget.bounds(projection.connection.source_size)
        held = mapping.partitions[network.index(projection.source)]
        if not {part.start for part in held} <= set(bounds):
            place = f"network {network.name}: projection {projection.name}: budget"
            rule = f"a selection works within a core, and {projection.source} lies on {len(held)} cores"
            remedy = f"Give it {len(held)} parts, or place {projection.source} on one core."
            raise InputError(place, f"parts {projection.budget.parts}", rule, remedy)
