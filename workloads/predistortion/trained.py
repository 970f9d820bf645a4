"""Trained networks in a folder: an amplifier's model, two predistorters for it, and their record."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from deltasim.networks.files.network import load_network, save_network
from deltasim.networks.graph import Network
from deltasim.runtime.errors import InputError
from deltasim.workloads.predistortion.amplifier import Amplifier
from deltasim.workloads.predistortion.features import FEATURES
from deltasim.workloads.training_record import RECORD, read_record, require_shape, write_record

SHIPPED = Path(__file__).parent / "trained"
REMEDY = "Train again with `deltasim train predistortion`."


class Trained(NamedTuple):
    """A dense and a delta network of one shape, the model they were trained through, and the record.

    ``record`` holds the recording's name and band, the recipe, what was chosen and how, and versions.
    """

    dense: Network
    delta: Network
    amplifier: Amplifier
    record: dict[str, Any]


def save(trained: Trained, folder: Path) -> None:
    """Write ``amplifier``, ``dense`` and ``delta`` (.safetensors, .json) and ``training.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    save_network(trained.amplifier.network, folder / "amplifier")
    save_network(trained.dense, folder / "dense")
    save_network(trained.delta, folder / "delta")
    write_record(folder, trained.record)


def load(folder: Path) -> Trained:
    """Read what `save` wrote; InputError for a missing or damaged file, or for networks of another task.

    >>> trained = load(SHIPPED)
    >>> trained.delta.input_size, trained.amplifier.network.input_size
    (6, 6)
    """
    record = read_record(folder, REMEDY)
    if not isinstance(record, dict) or not isinstance(record.get("band"), dict):
        rule = "a record of a training is a table of names, with the band of the signal"
        raise InputError(folder / RECORD, "damaged", rule, REMEDY)
    dense, delta, model = (load_network(folder / name) for name in ("dense", "delta", "amplifier"))
    rule = (
        f"a predistorter and an amplifier's model take {len(FEATURES)} features of a sample and give a sample"
    )
    require_shape(folder, (dense, delta, model), (len(FEATURES), 2), rule, REMEDY)
    return Trained(dense, delta, Amplifier(model), record)
