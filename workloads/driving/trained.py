"""Trained networks in a folder: a dense and a delta one, and the record of how they were made."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from deltasim.networks.files.network import load_network, save_network
from deltasim.networks.graph import Network
from deltasim.runtime.errors import InputError
from deltasim.workloads.driving.drive import COLUMNS, ROWS
from deltasim.workloads.training_record import RECORD, read_record, require_shape, write_record

SHIPPED = Path(__file__).parent / "trained"
REMEDY = "Train again with `python -m deltasim.workloads.driving.making`."


class Trained(NamedTuple):
    """A pair of networks of one shape, and the record of the training.

    ``record`` holds the command, the seed, the digest of the data, the recipe, versions and results.
    """

    dense: Network
    delta: Network
    record: dict[str, Any]


def save(trained: Trained, folder: Path) -> None:
    """Write ``dense`` and ``delta`` (.safetensors, .json) and ``training.json`` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    save_network(trained.dense, folder / "dense")
    save_network(trained.delta, folder / "delta")
    write_record(folder, trained.record)


def load(folder: Path) -> Trained:
    """Read what `save` wrote; InputError for a missing or damaged file, or for networks of another task.

    >>> trained = load(SHIPPED)
    >>> trained.delta.input_size, trained.dense.output_size
    (2048, 1)
    """
    file = folder / RECORD
    record = read_record(folder, REMEDY)
    if not isinstance(record, dict):
        raise InputError(file, "damaged", "a record of a training is a table of names", REMEDY)
    found = Trained(load_network(folder / "dense"), load_network(folder / "delta"), record)
    rule = f"a network that steers takes {ROWS * COLUMNS} pixels and gives one angle"
    require_shape(folder, found[:2], (ROWS * COLUMNS, 1), rule, REMEDY)
    return found
