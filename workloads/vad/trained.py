"""The detector: as it was given out, and in fixed point with thresholds tuned for a chip."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from deltasim.networks.files.network import load_network
from deltasim.networks.graph import Network
from deltasim.networks.numbers.arithmetic import FixedPoint, Q
from deltasim.networks.numbers.quantise import quantised
from deltasim.runtime.errors import InputError
from deltasim.workloads.training_record import read_record, require_shape
from deltasim.workloads.vad.scenes import BLOCK, CONTEXT

SHIPPED = Path(__file__).parent / "trained"
REMEDY = "Make it again with `python -m deltasim.workloads.vad.making`."
WEIGHT_BITS = 16
ARITHMETIC = FixedPoint(activation=Q(6, 10), weight=Q(1, 15), accumulator=Q(14, 18), lookup=Q(2, 14))


class Trained(NamedTuple):
    """The detector in float32 without thresholds, the one in fixed point with them, and their record."""

    dense: Network
    delta: Network
    record: dict[str, Any]


def load(folder: Path) -> Trained:
    """Read both; InputError for a missing or damaged file, or for networks of another task.

    >>> found = load(SHIPPED)
    >>> found.dense.input_size, found.delta.weight_bits(0)
    (576, 16)
    """
    record = read_record(folder, REMEDY)
    if not isinstance(record, dict):
        raise InputError(folder, "damaged", "a record of a tuning is a table of names", REMEDY)
    found = Trained(load_network(folder / "dense"), load_network(folder / "delta"), record)
    rule = f"a detector takes {CONTEXT + BLOCK} samples and gives one probability"
    require_shape(folder, found[:2], (CONTEXT + BLOCK, 1), rule, REMEDY)
    return found


def weight_formats(network: Network) -> Mapping[str, Q]:
    """For each projection the 16 bits that hold its largest weight with most fraction bits."""
    found = {}
    for projection in network.projections:
        largest = float(np.abs(projection.connection.weights).max(initial=0))
        integer = 1 + max(0, int(np.floor(np.log2(largest))) + 1 if largest else 0)
        found[projection.name] = Q(integer, WEIGHT_BITS - integer)
    return found


def in_fixed_point(network: Network) -> Network:
    """The detector with weights, activations and table outputs of 16 bits, and sums of 32."""
    return quantised(network, ARITHMETIC, weight_formats(network))
