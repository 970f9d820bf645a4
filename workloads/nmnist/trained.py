"""A trained spiking network in a folder, and the record of how it was made."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from deltasim.networks.files.network import load_network, save_network
from deltasim.networks.graph import Network
from deltasim.runtime.errors import InputError
from deltasim.workloads.events import SIDE
from deltasim.workloads.training_record import RECORD, read_record, require_shape, write_record

SHIPPED = Path(__file__).parent / "trained"
REMEDY = "Train again with `python -m deltasim.workloads.nmnist.making`."


class Trained(NamedTuple):
    """A network, and the record: the command, the seed, the data's digest, the recipe, versions, results."""

    network: Network
    record: dict[str, Any]

    @property
    def step_us(self) -> float:
        """The time that a frame stands for."""
        return float(self.record["step_us"])


def save(trained: Trained, folder: Path) -> None:
    """Write ``network`` (.safetensors, .json) and ``training.json`` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    save_network(trained.network, folder)
    write_record(folder, trained.record)


def load(folder: Path) -> Trained:
    """Read what `save` wrote; InputError for a missing or damaged file, or for a network of another task.

    >>> load(SHIPPED / "synthetic").network.output_size
    10
    """
    file, record = folder / RECORD, read_record(folder, REMEDY)
    step = record.get("step_us") if isinstance(record, dict) else None
    if not (isinstance(step, int | float) and 0 < step < 1e9):
        rule = "a record of this training has the microseconds of a step"
        raise InputError(file, "damaged", rule, REMEDY)
    network = load_network(folder)
    rule = f"a network for digits takes {2 * SIDE * SIDE} pixels and gives 10 values"
    require_shape(folder, [network], (2 * SIDE * SIDE, 10), rule, REMEDY)
    return Trained(network, record)
