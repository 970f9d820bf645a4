"""The benchmark: all sequences of four bits, and whether the evolved networks tell their parity."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.arrays import Integers, Numbers
from deltasim.runtime.errors import InputError, nearest
from deltasim.runtime.readers.files import is_folder
from deltasim.workloads.benchmark import Benchmark
from deltasim.workloads.digits.corpus import digest_of
from deltasim.workloads.evolved_parity.parity import PARITY, SEQUENCES
from deltasim.workloads.evolved_parity.trained import SHIPPED, load


def evolved_parity(data: str | Path | None = None, trained: Path | None = None) -> Benchmark:
    """All 16 sequences; the answer is the larger output after the last bit."""
    if data is not None and str(data) != "generated":
        rule = "these are all sequences of four bits, there are no others"
        raise InputError("--data", data, rule, nearest(str(data), ["generated"]) or "Leave it out.")
    if trained is not None and not is_folder(trained):
        remedy = "Name a folder that `deltasim evolve evolved-parity` wrote."
        raise InputError("trained", trained, "no such folder", remedy)
    networks = load(SHIPPED if trained is None else trained)
    inputs = tuple(sequence.astype(np.float32) for sequence in SEQUENCES)
    return Benchmark(
        name="evolved-parity",
        about="whether an odd number of four bits were 1",
        network=networks.delta,
        dense_network=networks.dense,
        sequences=inputs,
        targets=PARITY,
        classes=PARITY,
        speakers=np.zeros(len(PARITY), np.int64),
        score_name="accuracy",
        score=share_right,
        data=f"all {len(PARITY)} sequences of four bits, on which the networks were evolved",
        data_digest=digest_of(*inputs, PARITY),
        points=points,
        thresholds="evolved",
    )


def points(outputs: Sequence[NDArray[np.float32]], targets: Integers) -> Numbers:
    """For each sequence whether it was told right, and 1."""
    told = np.array([values[-1].argmax() for values in outputs])
    return np.stack([told == targets, np.ones(len(targets))], axis=1).astype(np.float64)


def share_right(outputs: Sequence[NDArray[np.float32]], targets: NDArray[Any]) -> float | None:
    """The share told right.

    >>> share_right([np.array([[0.0, 1.0], [2.0, 1.0]], np.float32)], np.array([0]))
    1.0
    """
    return float(points(outputs, targets)[:, 0].mean())
