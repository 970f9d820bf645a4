"""Trained networks in a folder: a dense and a delta one, and the record of how they were made."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from deltasim.networks.files.network import load_network, save_network
from deltasim.networks.graph import Network
from deltasim.runtime.errors import InputError
from deltasim.workloads.training_record import RECORD, read_record, require_shape, write_record

SHIPPED = Path(__file__).parent / "trained"
REMEDY = "Train again with `python -m deltasim.workloads.sensor_faults.making`."


class Pair(NamedTuple):
    """Networks of one shape; ``record`` holds the command, the recipe, alarm levels, versions and results."""

    dense: Network
    delta: Network
    record: dict[str, Any]

    def level(self, kind: str) -> float:
        """The alarm level above which a node of the "dense" or the "delta" network gives alarm."""
        return float(self.record["results"][kind]["level"])


def save(trained: Pair, folder: Path) -> None:
    """Write ``dense`` and ``delta`` (.safetensors, .json) and ``training.json`` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    save_network(trained.dense, folder / "dense")
    save_network(trained.delta, folder / "delta")
    write_record(folder, trained.record)


def load(folder: Path, nodes: int) -> Pair:
    """Read what `save` wrote; InputError for a missing or damaged file, or for another number of nodes.

    >>> pair = load(SHIPPED / "metr-la", 207)
    >>> pair.delta.input_size, pair.delta.output_size, pair.level("delta") > 0
    (207, 207, True)
    """
    file = folder / RECORD
    record = read_record(folder, REMEDY)
    try:
        found = Pair(load_network(folder / "dense"), load_network(folder / "delta"), record)
        for kind in ("dense", "delta"):
            found.level(kind)  # each is a number
    except (KeyError, TypeError, ValueError):
        raise InputError(file, "damaged", "it is no record of a training of alarms", REMEDY) from None
    rule = f"this recording has {nodes} nodes, each with a reading and an alarm"
    require_shape(folder, found[:2], (nodes, nodes), rule, REMEDY)
    return found
