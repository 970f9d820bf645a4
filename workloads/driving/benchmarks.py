"""The driving benchmark: a drive cut into sequences, the networks that steer, and how well they do."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from deltasim.runtime.arrays import Floats
from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import is_folder
from deltasim.workloads.benchmark import Benchmark, CalibrationSet
from deltasim.workloads.driving.drive import Drive, inputs, padded
from deltasim.workloads.driving.scores import negative_rmse
from deltasim.workloads.driving.sources import source
from deltasim.workloads.driving.trained import SHIPPED, load

CALIBRATION_SEQUENCES = 4  # of the part to train on, evenly over it


def driving(data: str | Path | None = None, trained: Path | None = None) -> Benchmark:
    """One steering angle a frame; sequences of about 15 s, each from rest."""
    if trained is not None and not is_folder(trained):
        remedy = "Name a folder gru-N that `python -m deltasim.workloads.driving.making` wrote."
        raise InputError("trained", trained, "no such folder", remedy)
    found = source(data)
    networks = load(SHIPPED if trained is None else trained)
    drive = found.read("test")
    pieces = drive.pieces()
    foreign = "; the networks were trained on a radio-controlled car" if found.name == "udacity" else ""
    calibration = CalibrationSet(
        f"{drive.about}, training part, {CALIBRATION_SEQUENCES} sequences",
        lambda: calibration_set(found.read("train")),
    )
    return Benchmark(
        name="driving",
        about="the steering angle from a camera",
        network=networks.delta,
        dense_network=networks.dense,
        sequences=tuple(inputs(drive.frames[first:end]) for first, end in pieces),
        targets=padded(drive.steering, pieces),
        classes=np.zeros(len(pieces), np.int64),
        speakers=np.zeros(len(pieces), np.int64),
        score_name="negative RMSE",
        score=negative_rmse,
        data=f"{drive.about}, test part, {len(drive.frames):,} frames in {len(pieces)} sequences"
        + (foreign if trained is None else ""),
        data_digest=drive.digest,
        period_s=drive.period_s,
        calibration_set=calibration if found.trains else None,
    )


def calibration_set(drive: Drive) -> tuple[Floats, ...]:
    """A few sequences of a drive, evenly over it."""
    pieces = drive.pieces()
    count = min(CALIBRATION_SEQUENCES, len(pieces))
    chosen = [pieces[len(pieces) * place // count] for place in range(count)]
    return tuple(inputs(drive.frames[first:end]) for first, end in chosen)
