"""A builder of random recurrent networks of leaky integrate-and-fire neurons, of any size."""

from __future__ import annotations

import numpy as np

from deltasim.networks.cells import LIF, Input
from deltasim.networks.connections import Sparse
from deltasim.networks.graph import Network, Population, Projection
from deltasim.networks.numbers.arithmetic import Arithmetic, FixedPoint
from deltasim.runtime.arrays import Numbers
from deltasim.runtime.errors import InputError

GRAIN = 2.0**-12
"""Weights and biases are whole multiples of this, so that sums are exact in every arithmetic."""

CHUNK = 1 << 16  # sources drawn at once


def random_spiking(
    neurons: int,
    fan_out: int,
    rate: float,
    rng: np.random.Generator,
    *,
    inputs: int = 1,
    areas: int = 1,
    reach: int | None = None,
    leak: float = 0.9375,
    coupling: float = 0.2,
    arithmetic: Arithmetic | None = None,
    name: str = "random-spiking",
) -> Network:
    """Recurrent LIF neurons that each fire in about a share ``rate`` of the steps, by themselves.

    ``areas`` populations ``lif_0``, ``lif_1``, ... of ``neurons / areas`` each; every neuron has
    ``fan_out / areas'`` synapses into its own area and, where there are several, as many into the next
    (areas' = 1 or 2). The targets are distinct, one in each equal part of a window of ``reach`` neurons
    around its own place (all of the area by default). Biases are drawn so that a neuron alone fires every
    1 / rate steps, give or take half; weights are normal around 0, so that what a neuron receives has a
    standard deviation of ``coupling`` thresholds. ``inputs`` channels reach ``fan_out`` neurons of
    ``lif_0`` each, with half a threshold. The last area is the output.

    >>> network = random_spiking(64, 8, 0.2, np.random.default_rng(0))
    >>> [(p.name, p.connection.weight_words, p.delay) for p in network.projections]
    [('input->lif_0', 8, 0), ('lif_0->lif_0', 512, 1)]
    >>> from deltasim.networks.execute import execute
    >>> trace, _ = execute(network, [np.zeros((200, 1), np.float32)])
    >>> 0.1 < len(trace.messages) / (200 * 64) < 0.3
    True
    """
    size = neurons // areas
    share = fan_out if areas == 1 else fan_out // 2
    window = size if reach is None else min(reach, size)
    if neurons % areas or not 1 <= share <= window:
        rule = f"each of {areas} areas holds a whole number of neurons, at least one for each synapse"
        raise InputError(
            "random spiking network", f"{neurons} neurons, fan-out {fan_out}", rule, "Change one."
        )
    if not 0.0 < rate < 1.0:
        rule = "a rate is the share of steps in which a neuron fires"
        raise InputError("random spiking network: rate", rate, rule, "Give a number between 0 and 1.")
    spread = coupling / (fan_out * rate) ** 0.5
    populations = [Population("input", Input(inputs))]
    projections = []
    for area in range(areas):
        period = np.maximum(1.0, rng.uniform(0.5, 1.5, size) / rate)
        alone = (1.0 - leak) / (1.0 - leak**period) if leak < 1 else 1.0 / period
        bias = grains(alone).astype(np.float32)[None]
        populations.append(Population(f"lif_{area}", LIF(size, 1.0, leak), bias))
    for area in range(areas):
        own = f"lif_{area}"
        if area == 0:
            reached = random_synapses(inputs, size, min(fan_out, size), size, rng, None)
            projections.append(Projection("input", own, reached))
        into = {own, f"lif_{(area + 1) % areas}"}
        for target in sorted(into):
            synapses = random_synapses(size, size, share, window, rng, spread)
            projections.append(Projection(own, target, synapses, "recurrent", 1))
    network = Network(name, tuple(populations), tuple(projections), (populations[-1].name,))
    if isinstance(arithmetic, FixedPoint):
        from deltasim.networks.numbers.quantise import quantised

        return quantised(network, arithmetic)
    return network


def random_synapses(
    sources: int, targets: int, fan_out: int, window: int, rng: np.random.Generator, spread: float | None
) -> Sparse:
    """``fan_out`` distinct targets for each source; normal weights, or 0.5 where ``spread`` is None."""
    pointer = np.arange(sources + 1, dtype=np.int64) * fan_out
    places = np.empty((sources, fan_out), np.int32)
    weights = np.full((sources, fan_out), 0.5, np.float32)
    edges = np.arange(fan_out + 1, dtype=np.int64) * window // fan_out
    for first in range(0, sources, CHUNK):
        here = np.arange(first, min(first + CHUNK, sources))
        centre = here * targets // sources
        start = np.clip(centre - window // 2, 0, targets - window).astype(np.int32)
        drawn = rng.random((here.size, fan_out), np.float32) * np.diff(edges).astype(np.float32)
        strata = np.minimum(drawn.astype(np.int32), np.diff(edges).astype(np.int32) - 1)
        places[here] = start[:, None] + edges[:-1].astype(np.int32) + strata
        if spread is not None:
            weights[here] = grains(spread * rng.standard_normal((here.size, fan_out), np.float32))
    return Sparse(pointer, places.ravel(), weights.ravel(), targets)


def grains(values: Numbers) -> Numbers:
    """Rounded to whole grains."""
    return np.rint(values / GRAIN) * GRAIN
