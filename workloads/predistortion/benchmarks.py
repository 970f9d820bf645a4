"""The benchmark: a signal predistorted, and how linear a model of the amplifier then is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deltasim.runtime.errors import InputError
from deltasim.runtime.readers.files import is_folder
from deltasim.workloads.benchmark import Benchmark, CalibrationSet
from deltasim.workloads.predistortion.amplifier import Amplifier
from deltasim.workloads.predistortion.features import features, samples_of
from deltasim.workloads.predistortion.scores import nmse_db
from deltasim.workloads.predistortion.sources import source
from deltasim.workloads.predistortion.trained import SHIPPED, load

CALIBRATION_SAMPLES = 4000  # of the validation part


def predistortion(data: str | Path | None = None, trained: Path | None = None) -> Benchmark:
    """The test part of a recording, one sequence, a step a sample."""
    if trained is not None and not is_folder(trained):
        remedy = "Name a folder that `deltasim train predistortion` wrote."
        raise InputError("trained", trained, "no such folder", remedy)
    networks = load(SHIPPED if trained is None else trained)
    found = source(data)
    capture = found.read("test")
    own, other = capture.band.described(), networks.record["band"]
    if own != other:
        rule = f"the networks were trained for a signal of {other}"
        remedy = "Train for this amplifier with `deltasim train predistortion --data`, then give --trained."
        raise InputError("--data", f"{found.name}, a signal of {own}", rule, remedy)
    model, trained_for = networks.amplifier, networks.record.get("data")
    foreign = "" if capture.about == trained_for else f"; networks and model were trained for {trained_for}"
    calibration = CalibrationSet(
        f"{capture.about}, validation part, {CALIBRATION_SAMPLES:,} samples",
        lambda: (features(found.read("val").sent[:CALIBRATION_SAMPLES]),),
    )
    return Benchmark(
        name="predistortion",
        about="a signal distorted so that its amplifier makes it right",
        network=networks.delta,
        dense_network=networks.dense,
        sequences=(features(capture.sent),),
        targets=capture.wanted[None],
        classes=np.zeros(1, np.int64),
        speakers=np.zeros(1, np.int64),
        score_name="negative NMSE in dB",
        score=lambda outputs, wanted: negative_nmse(outputs, wanted, model),
        data=f"{capture.about}, test part, {len(capture.sent):,} samples at {own['rate_hz'] / 1e6:g} MHz; "
        f"scored through the model {model.digest[:12]}{foreign}",
        data_digest=capture.digest,
        period_s=capture.band.period_s,
        calibration_set=None if found.path is None else calibration,
    )


def negative_nmse(outputs: Sequence[NDArray[np.float32]], wanted: NDArray[Any], model: Amplifier) -> float:
    """How far below the signal the error lies behind the amplifier, in dB: more is better."""
    answers = [model.answer(samples_of(values)) for values in outputs]
    rows = [row[: len(answer)] for row, answer in zip(wanted, answers, strict=True)]
    return -nmse_db(np.concatenate(answers), np.concatenate(rows))
