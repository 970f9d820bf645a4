"""The benchmark nmnist: events of digits in steps of 10 ms, the spiking networks, and how well they do."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import is_folder
from deltasim.workloads.benchmark import Benchmark, CalibrationSet
from deltasim.workloads.nmnist.scores import accuracy, recognised
from deltasim.workloads.nmnist.sources import source
from deltasim.workloads.nmnist.trained import SHIPPED, load

CALIBRATION_SEQUENCES = 20  # of the part to train on


def nmnist(data: str | Path | None = None, trained: Path | None = None) -> Benchmark:
    """One digit a recording. Spikes know no thresholds, so the dense network is the same one."""
    if trained is not None and not is_folder(trained):
        remedy = "Name a folder that `python -m deltasim.workloads.nmnist.making` wrote."
        raise InputError("trained", trained, "no such folder", remedy)
    found = source(data)
    made = load(SHIPPED / found.name if trained is None else trained)
    test = found.read("test")
    return Benchmark(
        name="nmnist",
        about="a digit from the events of a camera",
        network=made.network,
        dense_network=made.network,
        sequences=test.frames(made.step_us),
        targets=test.labels,
        classes=test.labels,
        speakers=np.zeros(len(test.labels), np.int64),
        score_name="accuracy",
        score=accuracy,
        data=f"{test.about}, {len(test.labels)} recordings in steps of {made.step_us / 1000:g} ms",
        data_digest=test.digest,
        fallback=found.fallback,
        period_s=made.step_us * 1e-6,
        points=recognised,
        calibration_set=CalibrationSet(
            f"{test.about.rpartition(',')[0]}, training part, {CALIBRATION_SEQUENCES} recordings",
            lambda: found.read("train").frames(made.step_us)[:CALIBRATION_SEQUENCES],
        ),
    )
