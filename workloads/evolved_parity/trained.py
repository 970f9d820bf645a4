"""Evolved networks in a folder: one that sends every change, one with its thresholds, and their record."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from deltasim.networks.evolution.population import Evolved, Plan
from deltasim.networks.files.checkpoint import remove_checkpoint
from deltasim.networks.files.network import load_network, save_network
from deltasim.networks.graph import Network
from deltasim.runtime.disk.output import told_in_a_sentence
from deltasim.runtime.errors import InputError
from deltasim.workloads.evolved_parity.parity import PARITY, Parity, correct
from deltasim.workloads.training_record import read_record, require_shape, write_record

SHIPPED = Path(__file__).parent / "trained"
REMEDY = "Evolve them again with `deltasim evolve evolved-parity`."


class Trained(NamedTuple):
    """Two networks, and the record of how they were evolved."""

    dense: Network
    delta: Network
    record: dict[str, Any]


def load(folder: Path) -> Trained:
    """Read both; InputError for a missing or damaged file, or for networks of another task.

    >>> load(SHIPPED).delta.input_size
    1
    """
    record = read_record(folder, REMEDY)
    if not isinstance(record, dict):
        raise InputError(folder, "damaged", "a record of an evolution is a table of names", REMEDY)
    found = Trained(load_network(folder / "dense"), load_network(folder / "delta"), record)
    require_shape(folder, found[:2], (1, 2), "parity takes one bit and gives two values", REMEDY)
    return found


def write_evolved(task: Parity, plan: Plan, last: Evolved, folder: Path, command: str) -> dict[str, Any]:
    """Write the best network of an evolution with its thresholds, the same without any, and the record.

    The checkpoint goes. Errors: InputError where the disk does not take it.
    """
    result = result_of(task, last)
    record = {
        "command": command,
        "plan": {**asdict(plan), "clip": None if np.isinf(plan.clip) else plan.clip},
        "result": result,
        "curve": [list(point) for point in last.curve],
    }
    delta = task.network(last.best, "evolved-parity")
    with told_in_a_sentence(folder):
        folder.mkdir(parents=True, exist_ok=True)
        save_network(delta.dense, folder / "dense")
        save_network(delta, folder / "delta")
        write_record(folder, record)
        remove_checkpoint(folder)
    return record


def result_of(task: Parity, last: Evolved) -> dict[str, Any]:
    """What the best network of an evolution does, and when the task was solved first."""
    run = task.run(last.best[None])
    network = task.network(last.best, "evolved-parity")
    return {
        "evaluations": last.evaluations,
        "solved_at": last.solved_at,
        "right": int(correct(run)[0]),
        "of": len(PARITY),
        "fitness": float(task.evaluate(last.best[None]).fitness[0]),
        "joules_of_sending_everything": None if task.joules is None else float(task.joules.share(run)[0]),
        "thresholds": {p.name: float(np.max(p.theta)) for p in network.projections},
    }
