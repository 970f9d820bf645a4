"""Trained networks in a folder: a dense and a delta one, and the record of how they were made."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from deltasim.networks.files.network import load_network, save_network
from deltasim.networks.graph import Network
from deltasim.runtime.errors import InputError
from deltasim.workloads.features import BANDS, Normalisation
from deltasim.workloads.training_record import RECORD, read_record, write_record

SHIPPED = Path(__file__).parent / "trained"


class Trained(NamedTuple):
    """A pair of networks of one shape, what their inputs are normalised with, and the record of the training.

    ``record`` holds the command, the seed, the digest of the data, the recipes, versions and results.
    """

    dense: Network
    delta: Network
    normalisation: Normalisation
    record: dict[str, Any]


def save(trained: Trained, folder: Path) -> None:
    """Write ``dense`` and ``delta`` (.safetensors, .json) and ``training.json`` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    save_network(trained.dense, folder / "dense")
    save_network(trained.delta, folder / "delta")
    content = {
        **trained.record,
        "mean": [float(value) for value in trained.normalisation.mean],
        "deviation": [float(value) for value in trained.normalisation.deviation],
    }
    write_record(folder, content)


def load(folder: Path) -> Trained:
    """Read what `save` wrote; InputError for a missing or damaged file.

    >>> trained = load(SHIPPED / "digits-synthetic")
    >>> trained.delta.input_size, trained.dense.output_size
    (40, 10)
    """
    file = folder / RECORD
    remedy = "Train again with `deltasim train digits`."
    record = read_record(folder, remedy)
    bands = [record.pop(name, None) if isinstance(record, dict) else None for name in ("mean", "deviation")]
    if not all(isinstance(band, list) and all(map(is_number, band)) for band in bands):
        rule = "a record of a training has the lists mean and deviation"
        raise InputError(file, "damaged", rule, remedy)
    stored = Normalisation(*(np.array(band, np.float32) for band in bands))
    fits = stored.mean.shape == stored.deviation.shape == (BANDS,)
    if not (fits and (stored.deviation > 1e-6).all()):
        rule = f"mean and deviation are {BANDS} numbers, the deviations above 1e-6"
        raise InputError(file, f"shapes {stored.mean.shape}, {stored.deviation.shape}", rule, remedy)
    return Trained(load_network(folder / "dense"), load_network(folder / "delta"), stored, record)


def is_number(value: object) -> bool:
    """Whether a value is a number that a band can have.

    >>> is_number(1.5), is_number(True), is_number(1e300)
    (True, False, False)
    """
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6


def shipped() -> dict[str, Trained]:
    """The trained networks in the box, by folder name.

    >>> "digits-synthetic" in shipped()
    True
    """
    return {folder.name: load(folder) for folder in sorted(SHIPPED.iterdir()) if folder.is_dir()}


if __name__ == "__main__":
    for _name, _pair in shipped().items():
        _result = _pair.record["result"]
        print(f"| {_name} | {_result['dense_score']:.1%} | {_result['score']:.1%}", end="")
        print(f" | {_result['weight_fetches_saved']:.1f} | `{_pair.record['command']}` |")
