"""A user's network and sequences as a benchmark: scored where they say what ought to come out."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from deltasim.networks.graph import Network
from deltasim.runtime.errors import InputError
from deltasim.workloads.benchmark import Benchmark
from deltasim.workloads.own.learning.task import TASKS, Task, task_of
from deltasim.workloads.own.scores import SCORINGS, padded
from deltasim.workloads.own.sequences import Sequences
from deltasim.workloads.training_record import RECORD, read_record


def own_benchmark(network: Network, data: Sequences, known: Task | None = None) -> Benchmark:
    """What a chip is measured on: the network with its own thresholds, beside itself with none.

    The score is that of the task the network was trained for, ``known``, or, without one, of what the data
    hold: targets of each frame, else labels, which are classes; without either there is none. Errors:
    InputError where they do not fit the network's outputs.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.workloads.own.sequences import sequences
    >>> network = random_stack("gru", 2, (4,), np.random.default_rng(0))
    >>> own_benchmark(network, sequences("a.npy", [np.zeros((3, 2))])).targets is None
    True
    """
    task = wanted(network, data, known)
    count = len(data.frames)
    scoring = SCORINGS["classes" if task is None else task.kind]
    classes = None if task is None else task.classes
    return Benchmark(
        name=network.name,
        about=data.about,
        network=network,
        dense_network=network.dense,
        sequences=data.frames,
        targets=None if task is None else padded(task),
        classes=np.zeros(count, np.int64) if classes is None else classes,
        speakers=np.zeros(count, np.int64),
        score_name=scoring.name,
        score=scoring.score,
        points=scoring.points,
        data=data.about,
        data_digest=data.digest,
        thresholds="given",
        period_s=data.step_s,
    )


def wanted(network: Network, data: Sequences, known: Task | None) -> Task | None:
    """What ought to come out, as far as the data say: None where they do not."""
    if known is not None:
        told = data.labels if known.kind in ("classes", "transcripts") else data.frame_targets
        return None if told is None else task_of(data, known.kind, known)
    if data.frame_targets is not None:
        task = task_of(data, None)
        outputs = network.output_size
        enough = task.outputs == outputs if task.kind == "values" else task.outputs <= outputs
        if not enough:
            noun = "values" if task.kind == "values" else "classes"
            rule = f"the network has {outputs} outputs"
            raise InputError(data.source, f"{task.outputs} {noun} a frame", rule, "Check the targets.")
        return task
    targets = data.targets
    if targets is None:
        return None
    if targets.max() >= network.output_size:
        rule = f"the network has {network.output_size} outputs, one a class"
        names = f"{len(data.classes)} classes, the highest {data.classes[-1]}"
        raise InputError(data.source, names, rule, "Check the labels, or leave them out.")
    return Task("classes", data.classes, network.output_size, tuple(targets))


def trained_for(folder: Path, outputs: int) -> Task | None:
    """The task in the record of a network's folder, without targets; None where there is none.

    Errors: InputError for a record that is damaged, or is of another network.
    """
    if not (folder / RECORD).is_file():
        return None
    record = read_record(folder, "Train again, or remove it.")
    if not isinstance(record, dict) or "task" not in record:
        return None
    kind, names = record["task"], record.get("outputs")
    sound = kind in TASKS and isinstance(names, list) and all(isinstance(name, str) for name in names)
    if not (sound and isinstance(names, list)) or len(names) + (kind == "transcripts") != outputs:
        rule = f"task and outputs are those of a training of {outputs} outputs"
        raise InputError(folder / RECORD, "other content", rule, "Train again, or remove it.")
    return Task(kind, tuple(names), outputs, ())
