"""Trained forecasters in a folder: one that sends every change, one with a threshold, and their record."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from deltasim.networks.files.network import load_network
from deltasim.networks.graph import Network
from deltasim.runtime.errors import InputError
from deltasim.workloads.training_record import read_record, require_shape

SHIPPED = Path(__file__).parent / "trained"
REMEDY = "Train again with `python -m deltasim.workloads.mackey_glass.making`."


class Trained(NamedTuple):
    """Two networks with the same reservoir, and how threshold and ridge parameters were chosen."""

    dense: Network
    delta: Network
    record: dict[str, Any]


def load(folder: Path) -> Trained:
    """Read both; InputError for a missing or damaged file, or for networks of another task.

    >>> load(SHIPPED).delta.input_size
    2
    """
    record = read_record(folder, REMEDY)
    if not isinstance(record, dict):
        raise InputError(folder, "damaged", "a record of a training is a table of names", REMEDY)
    found = Trained(load_network(folder / "dense"), load_network(folder / "delta"), record)
    rule = "a forecaster takes a value and whether it is told, and gives one value"
    require_shape(folder, found[:2], (2, 1), rule, REMEDY)
    return found
