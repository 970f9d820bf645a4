"""Trained networks in a folder: a dense and a delta one, and the record of how they were made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from deltasim.networks.files.network import load_network, save_network
from deltasim.networks.graph import Network
from deltasim.runtime.disk.unfinished import new_file
from deltasim.runtime.errors import InputError
from deltasim.workloads.training_record import RECORD, read_record

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
    with new_file(folder / RECORD) as file:
        file.write((json.dumps(trained.record, indent=1) + "\n").encode())


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
        levels = [found.level(kind) for kind in ("dense", "delta")]
    except (KeyError, TypeError, ValueError):
        raise InputError(file, "damaged", "it is no record of a training of alarms", REMEDY) from None
    for network in found[:2]:
        if (network.input_size, network.output_size) != (nodes, nodes):
            rule = f"this recording has {nodes} nodes, each with a reading and an alarm"
            value = f"{network.input_size} inputs, {network.output_size} outputs"
            raise InputError(folder, value, rule, REMEDY)
    assert len(levels) == 2
    return found
