"""The benchmark fashion-spiking: garments as trains of spikes, told apart by which neuron fires most."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import is_folder
from deltasim.workloads.benchmark import Benchmark, CalibrationSet
from deltasim.workloads.fashion.sources import source
from deltasim.workloads.fashion.trained import SHIPPED, load
from deltasim.workloads.nmnist.scores import accuracy, recognised

TESTED, CALIBRATION_SEQUENCES = 1000, 20


def fashion_spiking(data: str | Path | None = None, trained: Path | None = None) -> Benchmark:
    """One example a sequence. Spikes know no thresholds, so the dense network is the same one.

    Of a test part in a folder the first 1,000 are taken.
    """
    if trained is not None and not is_folder(trained):
        remedy = "Name a folder that `deltasim train fashion-spiking` wrote."
        raise InputError("trained", trained, "no such folder", remedy)
    found = source(data)
    made = load(SHIPPED if trained is None else trained, found.inputs)
    test = found.read("test", made.coding).first(TESTED)
    return Benchmark(
        name="fashion-spiking",
        about="a garment from the spikes of its pixels",
        network=made.network,
        dense_network=made.network,
        sequences=test.frames(),
        targets=test.labels,
        classes=test.labels,
        speakers=np.zeros(len(test.labels), np.int64),
        score_name="accuracy",
        score=accuracy,
        data=f"{test.about}, {len(test.labels)} of them",
        data_digest=test.digest,
        points=recognised,
        calibration_set=CalibrationSet(
            f"{test.about.partition(',')[0]}, training part, {CALIBRATION_SEQUENCES} of them",
            lambda: found.read("train", made.coding).first(CALIBRATION_SEQUENCES).frames(),
        ),
    )
