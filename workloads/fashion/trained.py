"""Trained spiking networks in a folder, and the record of how they were made."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from deltasim.networks.files.network import load_network, save_network
from deltasim.networks.graph import Network
from deltasim.runtime.errors import InputError
from deltasim.workloads.fashion.images import SIDE, Coding
from deltasim.workloads.training_record import RECORD, read_record, require_shape, write_record

SHIPPED = Path(__file__).parent / "trained"
REMEDY = "Train again with `deltasim train fashion-spiking`."


class Trained(NamedTuple):
    """A network, and the record: the command, the data, the recipe, the history, versions, results."""

    network: Network
    record: dict[str, Any]

    @property
    def coding(self) -> Coding:
        """How pictures are drawn for it."""
        return Coding(int(self.record["recipe"]["steps"]), float(self.record["recipe"]["peak"]))


def save(trained: Trained, folder: Path) -> None:
    """Write ``network`` (.safetensors, .json) and ``training.json`` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    save_network(trained.network, folder)
    write_record(folder, trained.record)


def load(folder: Path, inputs: int = SIDE * SIDE) -> Trained:
    """Read what `save` wrote; InputError for a missing or damaged file, or for a network of another task.

    >>> load(SHIPPED).network.output_size
    10
    """
    file, record = folder / RECORD, read_record(folder, REMEDY)
    recipe = record.get("recipe") if isinstance(record, dict) else None
    steps, peak = (recipe.get(name) if isinstance(recipe, dict) else None for name in ("steps", "peak"))
    if not (
        isinstance(steps, int) and 2 <= steps <= 10_000 and isinstance(peak, int | float) and 0 < peak <= 1
    ):
        rule = "a record of this training has the steps and the peak of its pictures"
        raise InputError(file, "damaged", rule, REMEDY)
    network = load_network(folder)
    rule = f"a network for these data takes {inputs} values and gives 10"
    require_shape(folder, [network], (inputs, 10), rule, REMEDY)
    return Trained(network, record)
