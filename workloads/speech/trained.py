"""Trained networks in a folder: a dense and a delta one of a fold, and the record of how they were made."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from deltasim.networks.files.network import load_network, save_network
from deltasim.networks.graph import Network
from deltasim.runtime.errors import InputError
from deltasim.workloads.speech.frames import INPUTS
from deltasim.workloads.speech.letters import OUTPUTS
from deltasim.workloads.speech.recordings import FOLDS
from deltasim.workloads.training_record import RECORD, read_record, require_shape, write_record

SHIPPED = Path(__file__).parent / "trained"
REMEDY = "Train again with `python -m deltasim.workloads.speech.making`."


class Trained(NamedTuple):
    """A fold's networks, and the record of the training: command, data, parts, recipe, what was chosen."""

    dense: Network
    delta: Network
    record: dict[str, Any]

    @property
    def fold(self) -> int:
        """The fold whose test part they have not heard."""
        return int(self.record["fold"])


def save(trained: Trained, folder: Path) -> None:
    """Write ``dense`` and ``delta`` (.safetensors, .json) and ``training.json`` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    save_network(trained.dense, folder / "dense")
    save_network(trained.delta, folder / "delta")
    write_record(folder, trained.record)


def load(folder: Path) -> Trained:
    """Read what `save` wrote; InputError for a missing or damaged file, or for networks of another task."""
    record = read_record(folder, REMEDY)
    fold = record.get("fold") if isinstance(record, dict) else None
    if not isinstance(fold, int) or not 0 <= fold < FOLDS:
        rule = f"a record of a training names its fold, 0 to {FOLDS - 1}"
        raise InputError(folder / RECORD, "damaged, or of another task", rule, REMEDY)
    found = Trained(load_network(folder / "dense"), load_network(folder / "delta"), record)
    rule = f"a network that writes down speech has {INPUTS} inputs and {OUTPUTS} outputs"
    require_shape(folder, found[:2], (INPUTS, OUTPUTS), rule, REMEDY)
    return found
