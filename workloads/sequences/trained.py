"""Trained networks in a folder: a dense and a delta one, what their inputs are scaled with, their record."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from deltasim.networks.files.network import load_network, save_network
from deltasim.networks.graph import Network
from deltasim.runtime.errors import InputError
from deltasim.workloads.digits.trained import is_number
from deltasim.workloads.features import Normalisation
from deltasim.workloads.sequences.tasks import Task
from deltasim.workloads.training_record import RECORD, read_record, require_shape, write_record

SHIPPED = Path(__file__).parent / "trained"
REMEDY = "Train again with `deltasim train sequences`."


class Trained(NamedTuple):
    """Two networks of one shape, what their inputs are normalised with, and the record of the training."""

    dense: Network
    delta: Network
    normalisation: Normalisation
    record: dict[str, Any]


def save(trained: Trained, folder: Path) -> None:
    """Write ``dense`` and ``delta`` (.safetensors, .json) and ``training.json`` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    save_network(trained.dense, folder / "dense")
    save_network(trained.delta, folder / "delta")
    bands = {name: [float(value) for value in row] for name, row in trained.normalisation._asdict().items()}
    write_record(folder, {**trained.record, **bands})


def load(folder: Path, task: Task) -> Trained:
    """Read what `save` wrote; InputError for a missing or damaged file, or for networks of another task.

    >>> from deltasim.workloads.sequences.tasks import TASKS
    >>> load(SHIPPED / "synthetic", TASKS["synthetic"]).delta.input_size
    40
    """
    record = read_record(folder, REMEDY)
    held = record if isinstance(record, dict) else {}
    bands = [held.pop(name, None) for name in Normalisation._fields]
    if not all(
        isinstance(band, list) and len(band) == task.inputs and all(map(is_number, band)) for band in bands
    ):
        rule = f"a record of a training has the lists mean and deviation, {task.inputs} numbers for this task"
        raise InputError(folder / RECORD, "damaged, or of another task", rule, REMEDY)
    stored = Normalisation(*(np.array(band, np.float32) for band in bands))
    if not (stored.deviation > 1e-6).all():
        raise InputError(folder / RECORD, "a deviation of 0", "deviations are above 1e-6", REMEDY)
    found = Trained(load_network(folder / "dense"), load_network(folder / "delta"), stored, held)
    rule = f"{task.name} has {task.inputs} inputs and {task.outputs} outputs"
    require_shape(folder, found[:2], (task.inputs, task.outputs), rule, REMEDY)
    return found
