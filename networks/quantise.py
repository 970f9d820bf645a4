"""From a float32 network to the fixed-point one that a chip computes."""

from __future__ import annotations

from dataclasses import replace

from networks.arithmetic import FixedPoint, Float32, quantise
from networks.errors import InputError
from networks.graph import Network


def quantised(network: Network, arithmetic: FixedPoint) -> Network:
    """The same network in fixed point: weights and biases rounded half to even and saturated, thresholds
    kept.

    Weights are held as int8 where their format has at most 8 bits, else int16; biases in the accumulator
    format.

    >>> import numpy as np
    >>> from networks.build import random_stack
    >>> network = quantised(random_stack("gru", 4, (8,), np.random.default_rng(0)), FixedPoint())
    >>> network.projections[0].connection.weights.dtype, network.arithmetic.weight_bits
    (dtype('int8'), 8)
    """
    if not isinstance(network.arithmetic, Float32):
        rule = "only a float32 network can be quantised"
        raise InputError(
            f"network {network.name}", network.arithmetic, rule, "Start from the float32 network."
        )
    populations = tuple(
        population
        if population.bias is None
        else replace(population, bias=quantise(population.bias, arithmetic.accumulator))
        for population in network.populations
    )
    projections = tuple(
        replace(
            projection,
            connection=projection.connection.with_weights(
                quantise(projection.connection.weights, arithmetic.weight)
            ),
        )
        for projection in network.projections
    )
    return replace(network, populations=populations, projections=projections, arithmetic=arithmetic)
