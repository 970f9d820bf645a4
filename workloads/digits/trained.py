"""Trained networks in a folder: a dense and a delta one, and the record of how they were made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from deltasim.networks.files.network import load_network, save_network
from deltasim.networks.graph import Network
from deltasim.runtime.errors import InputError
from deltasim.runtime.unfinished import new_file
from deltasim.workloads.features import BANDS, Normalisation

SHIPPED = Path(__file__).parent / "trained"
RECORD = "training.json"


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
    with new_file(folder / RECORD) as file:
        file.write((json.dumps(content, indent=1) + "\n").encode())


def load(folder: Path) -> Trained:
    """Read what `save` wrote; InputError for a missing or damaged file.

    >>> trained = load(SHIPPED / "digits-synthetic")
    >>> trained.delta.input_size, trained.dense.output_size
    (40, 10)
    """
    file = folder / RECORD
    remedy = "Train again with `deltasim train digits`."
    try:
        record = json.loads(file.read_text())
        stored = Normalisation(
            np.array(record.pop("mean"), np.float32), np.array(record.pop("deviation"), np.float32)
        )
    except FileNotFoundError:
        raise InputError(file, "no such file", "trained networks come with their record", remedy) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
        raise InputError(file, type(problem).__name__, "it is not a record of a training", remedy) from None
    fits = stored.mean.shape == stored.deviation.shape == (BANDS,)
    if not (fits and np.isfinite(stored.mean).all() and (stored.deviation > 0).all()):
        rule = f"mean and deviation are {BANDS} finite numbers, the deviations above 0"
        raise InputError(file, f"shapes {stored.mean.shape}, {stored.deviation.shape}", rule, remedy)
    return Trained(load_network(folder / "dense"), load_network(folder / "delta"), stored, record)


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
