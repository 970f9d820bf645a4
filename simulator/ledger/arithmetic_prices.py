"""What a multiply-accumulate costs for the numbers of each layer, where a chip says what its price is for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from deltasim.networks.numbers.arithmetic import Float32
from deltasim.simulator.chip.prices.resolve import price_for

if TYPE_CHECKING:
    from deltasim.networks.graph import Network
    from deltasim.simulator.chip import Chip, Price

MAC = "core.mac"


def numbers_of(network: Network, population: str) -> dict[str, str]:
    """The numbers that a layer works on, as a description names them; of several weights the widest.

    >>> import numpy as np
    >>> from deltasim.networks import FixedPoint, Q, quantised, random_stack
    >>> network = random_stack("gru", 4, (8,), np.random.default_rng(0))
    >>> numbers_of(network, "gru_0")["weight"]
    'float32'
    >>> narrow = quantised(network, FixedPoint(), {"recurrent": Q(1, 3), "input": Q(1, 2)})
    >>> numbers_of(narrow, "gru_0")
    {'weight': '4 bit', 'activation': '16 bit', 'accumulator': '24 bit'}
    """
    arithmetic = network.arithmetic
    if isinstance(arithmetic, Float32):
        single, sums = f"float{arithmetic.weight_bits}", f"float{arithmetic.accumulator_bits}"
        return {"weight": single, "activation": single, "accumulator": sums}
    weights = [
        network.weight_bits(number)
        for number, projection in enumerate(network.projections)
        if projection.target == population
    ]
    return {
        "weight": f"{max(weights, default=arithmetic.weight_bits)} bit",
        "activation": f"{arithmetic.activation_bits} bit",
        "accumulator": f"{arithmetic.accumulator_bits} bit",
    }


def mac_prices(chip: Chip, network: Network) -> dict[str, Price]:
    """The price of a multiply-accumulate for each layer; none where all have the chip's own.

    So it is on a chip that does not say what numbers its price is for. Errors: InputError where no model
    gives the price.
    """
    if chip.cores.arithmetic is None:
        return {}
    own = chip.cores.arithmetic.model_dump()
    wanted = {population.name: numbers_of(network, population.name) for population in network.populations}
    if all(numbers == own for numbers in wanted.values()):
        return {}
    return {
        layer: chip.priced[MAC] if numbers == own else price_for(chip, MAC, dict(numbers))
        for layer, numbers in wanted.items()
    }


def mean_price(counts: Mapping[str, int], prices: Mapping[str, Price]) -> Price:
    """One price that comes to the same as each layer's own: their mean over what was counted."""
    counted = {layer: count for layer, count in counts.items() if count} or dict(counts)
    used = [prices[layer] for layer in counted]
    joules = math.fsum(count * prices[layer].value for layer, count in counted.items())
    total = sum(counted.values())
    sources = "; or ".join(dict.fromkeys(price.source for price in used))
    mean = {"energy_j": joules / total if total else used[0].value, "low": None, "high": None}
    kind = used[0].kind if len({price.kind for price in used}) == 1 else "estimated"
    return used[0].model_copy(update=mean | {"kind": kind, "source": sources})
