"""From a float32 network to the fixed-point one that a chip computes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from deltasim.networks.graph import Network, Projection
from deltasim.networks.numbers.arithmetic import FixedPoint, Float32, Q, quantise
from deltasim.runtime.errors import InputError, nearest


def quantised(network: Network, arithmetic: FixedPoint, weights: Mapping[str, Q] | None = None) -> Network:
    """The same network in fixed point: weights and biases rounded half to even and saturated, thresholds
    kept.

    ``weights`` gives projections a weight format of their own, by role or by name; a name wins over a role.
    Weights are held as int8 where their format has at most 8 bits, as int16 up to 16, else int32; biases in
    the accumulator format.

    >>> import numpy as np
    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> stack = random_stack("gru", 4, (8,), np.random.default_rng(0))
    >>> network = quantised(stack, FixedPoint(), {"recurrent": Q(1, 3)})
    >>> network.projections[0].connection.weights.dtype, [network.weight_bits(number) for number in (0, 1)]
    (dtype('int8'), [8, 4])
    """
    if not isinstance(network.arithmetic, Float32):
        rule = "only a float32 network can be quantised"
        raise InputError(
            f"network {network.name}", network.arithmetic, rule, "Start from the float32 network."
        )
    own = weights or {}
    known = {"input", "recurrent", *(projection.name for projection in network.projections)}
    for name in own:
        if name not in known:
            rule = "weight formats are given by role or by projection name"
            raise InputError(f"network {network.name}", name, rule, nearest(name, known))

    def rounded(projection: Projection) -> Projection:
        form = own.get(projection.name, own.get(projection.role))
        replace(projection, weight_format=form).arithmetic(arithmetic)  # refuses a format there is not
        words = quantise(projection.connection.weights, arithmetic.weight if form is None else form)
        connection = projection.connection.with_weights(words)
        return replace(projection, connection=connection, weight_format=form)

    populations = tuple(
        population
        if population.bias is None
        else replace(population, bias=quantise(population.bias, arithmetic.accumulator))
        for population in network.populations
    )
    projections = tuple(map(rounded, network.projections))
    return replace(network, populations=populations, projections=projections, arithmetic=arithmetic)
