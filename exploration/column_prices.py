"""What one message of each source neuron costs on a chip, in joules: the prices of a training's messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from deltasim.networks.graph import Network
    from deltasim.networks.trace import Trace
    from deltasim.runtime.arrays import Floats
    from deltasim.simulator.chip import Chip


def column_prices(network: Network, chip: Chip) -> dict[str, Floats]:
    """Joules of a message of each source, by projection.

    For every projection the chip runs a step in which each source sends, and one in which nothing is sent.
    The difference is what the projection's messages cost, whatever they cost it in: fetches,
    multiply-accumulates, hops, and the time they take. It is shared out over its columns by their words.

    Errors: those of mapping the network to the chip.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.simulator.chip import load_chip
    >>> network = random_stack("gru", 4, (8,), np.random.default_rng(0))
    >>> prices = column_prices(network, load_chip("edgedrnn"))
    >>> {name: (array.shape, bool((array > 0).all())) for name, array in prices.items()}
    {'input->gru_0': ((4,), True), 'gru_0->gru_0': ((8,), True)}
    """
    from deltasim.simulator.ledger.pricing import price
    from deltasim.simulator.mapping.mapping import map_network
    from deltasim.simulator.plan.compile import compile_plan
    from deltasim.simulator.simulate import run_plan

    plan = compile_plan(network, chip, map_network(network, chip))
    found: dict[str, Floats] = {}
    for number, projection in enumerate(network.projections):
        words = np.asarray(projection.connection.fan_out, np.float64)
        sent, silent = (
            price(run_plan(plan, one_step(network, number, sends)), chip, network).total_j
            for sends in (True, False)
        )
        share = words / max(1.0, words.sum())
        found[projection.name] = np.asarray(max(0.0, sent - silent) * share, np.float32)
    return found


def one_step(network: Network, number: int, sends: bool) -> Trace:
    """A frame in which every source of a projection sends, or none."""
    from deltasim.networks.trace import from_counts

    projection = network.projections[number]
    sources = np.arange(projection.connection.source_size if sends else 0, dtype=np.int32)
    step = network.population(projection.target).pass_number
    steps, numbers, counts = (
        np.array([value] if sends else [], np.int64) for value in (step, number, len(sources))
    )
    bounds = np.array([0, network.passes], np.int64)
    ones = np.ones(len(sources), np.float32)
    return from_counts(sources, ones, steps, numbers, counts, bounds, network.digest)
