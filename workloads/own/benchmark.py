"""A user's network and sequences as a benchmark: scored where they have labels, compared where not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from deltasim.networks.graph import Network
from deltasim.runtime.errors import InputError
from deltasim.workloads.benchmark import Benchmark, Outputs
from deltasim.workloads.own.sequences import Sequences


def own_benchmark(network: Network, data: Sequences) -> Benchmark:
    """What a chip is measured on: the network with its own thresholds, beside itself with none.

    With labels the score is `last_accuracy`. Errors: InputError where there are more classes than outputs.

    >>> from deltasim.networks.builders.recurrent import random_stack
    >>> from deltasim.workloads.own.sequences import sequences
    >>> network = random_stack("gru", 2, (4,), np.random.default_rng(0))
    >>> own_benchmark(network, sequences("a.npy", [np.zeros((3, 2))])).targets is None
    True
    """
    targets = data.targets
    if targets is not None and targets.max() >= network.output_size:
        rule = f"the network has {network.output_size} outputs, one a class"
        names = f"{len(data.classes)} classes, the highest {data.classes[-1]}"
        raise InputError(data.source, names, rule, "Check the labels, or leave them out.")
    count = len(data.frames)
    return Benchmark(
        name=network.name,
        about=data.about,
        network=network,
        dense_network=network.with_thresholds(0.0),
        sequences=data.frames,
        targets=targets,
        classes=np.zeros(count, np.int64) if targets is None else targets,
        speakers=np.zeros(count, np.int64),
        score_name="accuracy",
        score=last_accuracy,
        points=last_right,
        data=data.about,
        data_digest=data.digest,
        thresholds="given",
        period_s=data.step_s,
    )


def last_accuracy(outputs: Outputs, targets: NDArray[np.int64]) -> float:
    """Share of sequences for which the largest output of the last frame is the class of their label.

    >>> last_accuracy([np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)], np.array([1]))
    1.0
    """
    return float(last_right(outputs, targets)[:, 0].mean())


def last_right(outputs: Outputs, targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """For each sequence whether it was recognised, of one. Shape (sequences, 2)."""
    found = np.array([frames[-1].argmax() for frames in outputs])
    return np.column_stack([found == targets, np.ones(len(found))]).astype(np.float64)
